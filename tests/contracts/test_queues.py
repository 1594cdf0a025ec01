"""What must hold of examples/queues/ on every run."""

import pytest

from exhibits.run import Run
from tests.contracts.when import before, since


@pytest.mark.example("queues/producer_consumer.py")
def test_items_arrive_in_order_and_none_ends(run: Run) -> None:
    """The consumer gets the five items in the order they were put, and ends at the sentinel."""
    assert run.output == [*(f"Got item-{n}" for n in range(5)), "No more items"]


@pytest.mark.example("queues/bounded_queue.py")
def test_put_waits_for_room(run: Run) -> None:
    """put() on a full queue waits until get() makes room, and no item is lost."""
    assert run.output == [
        "accepted: [0, 1] - full: True",
        "producer waits: True",
        "received: [0, 1, 2, 3, 4]",
        "producer waits: False",
    ]


@pytest.mark.example("queues/empty_queue.py")
def test_empty_queue(run: Run) -> None:
    """On an empty queue get_nowait() raises queue.Empty at once, get(timeout=…) after a while."""
    assert run.output == [
        "get_nowait() raised queue.Empty",
        "get(timeout=0.5) raised queue.Empty",
        "get() returned 'late, but here'",
    ]


@pytest.mark.example("queues/one_sentinel.py")
def test_one_sentinel_ends_one_consumer(run: Run) -> None:
    """One sentinel ends one consumer: of three, two go on waiting until each has its own."""
    assert run.output == ["consumers after one None: 2", "consumers after one None each: 0"]


@pytest.mark.example("queues/shutdown.py", on=since(3, 13))
def test_shutdown_ends_every_consumer(run: Run) -> None:
    """After shutdown() consumers get what is left, then queue.ShutDown; put() raises it at once."""
    assert run.output == [
        "received [0, 1, 2, 3, 4, 5, 6, 7, 8]",
        "put() raised queue.ShutDown",
    ]


@pytest.mark.example(
    "queues/shutdown.py",
    on=before(3, 13),
    exit_code=1,
    stderr="AttributeError: 'Queue' object has no attribute 'shutdown'",
)
def test_no_shutdown_before_3_13(run: Run) -> None:
    """Before Python 3.13, queue.Queue has no shutdown()."""
    assert run.output == []

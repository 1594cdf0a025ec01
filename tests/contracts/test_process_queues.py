"""What must hold of examples/process_queues/ on every run."""

import pytest

from exhibits.run import Run
from tests.contracts.when import before, since


@pytest.mark.example("process_queues/producer_consumer.py")
def test_items_arrive_in_order(run: Run) -> None:
    """The consumer gets the three items in the order they were put, and ends at None."""
    assert run.output == [f"Got item-{n}" for n in range(3)]


@pytest.mark.example("process_queues/differences.py")
def test_methods_of_both(run: Run) -> None:
    """Both queues have get, put, qsize, empty and full; only queue.Queue has task_done, join."""
    assert run.output[:3] == [
        "both have: empty full get get_nowait put put_nowait qsize",
        "task_done: queue.Queue True, multiprocessing.Queue False",
        "join: queue.Queue True, multiprocessing.Queue False",
    ]


@pytest.mark.example("process_queues/differences.py", on=since(3, 13))
def test_shutdown_since_3_13(run: Run) -> None:
    """Since 3.13 queue.Queue has shutdown(); multiprocessing.Queue has not."""
    assert run.output[3] == "shutdown: queue.Queue True, multiprocessing.Queue False"


@pytest.mark.example("process_queues/differences.py", on=before(3, 13))
def test_shutdown_before_3_13(run: Run) -> None:
    """Before 3.13 neither queue has shutdown()."""
    assert run.output[3] == "shutdown: queue.Queue False, multiprocessing.Queue False"


@pytest.mark.example("process_queues/sentinel_identity.py")
def test_an_object_comes_back_as_another(run: Run) -> None:
    """An object() does not come back from the queue as itself; None does."""
    assert run.output == ["object() comes back as itself: False", "None comes back as itself: True"]


@pytest.mark.example("process_queues/changed_after_put.py")
def test_what_arrives_is_what_the_helper_thread_found(run: Run) -> None:
    """put() returns before the item is pickled, by a helper thread: later changes get in."""
    assert run.output == ["pickled by QueueFeederThread", "received []"]


@pytest.mark.example("process_queues/unpicklable_item.py", stderr="PicklingError: Can't pickle")
def test_an_unpicklable_item_is_lost(run: Run) -> None:
    """put() of what cannot be pickled raises nothing; the item is lost, the error printed."""
    assert run.output == ["put() raised nothing", "and nothing arrived"]


@pytest.mark.example("process_queues/join_before_get.py")
def test_join_before_get_waits(run: Run) -> None:
    """A process that has put 1 MB does not end until somebody gets it."""
    assert run.output == [
        "joined before get(); still running: True",
        "get() returned 1000000 characters",
        "joined after get(); still running: False",
    ]

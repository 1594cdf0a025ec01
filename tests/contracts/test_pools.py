"""What must hold of examples/pools/ on every run."""

import pytest

from exhibits.measure import drawn
from exhibits.run import Run
from tests.contracts.when import sampled


@pytest.mark.example("pools/map_in_order.py")
def test_results_in_input_order(run: Run) -> None:
    """map() gives the results in the order of the inputs, whatever finished first."""
    assert run.output == [
        "square(8) is done",
        "square(1) is done",
        "[1, 4, 9, 16, 25, 36, 49, 64]",
    ]


@pytest.mark.example("pools/leaving_with.py")
def test_leaving_with_throws_work_away(run: Run) -> None:
    """Leaving `with Pool()` terminates the workers: a result not yet collected never comes."""
    assert run.output == [
        "left the with block; result is ready: False",
        "get(timeout=1) raised multiprocessing.TimeoutError",
    ]


@pytest.mark.example("pools/close_and_join.py")
def test_close_and_join_wait(run: Run) -> None:
    """After close(), join() waits until the pool has done all its work."""
    assert run.output == ["left the with block; result is ready: True", "get() returned 1"]


@pytest.mark.example("pools/workers_share.py")
def test_workers_sums_in_input_order(run: Run) -> None:
    """Two workers do six sums; the results come in the order of the inputs."""
    sizes = [3_000_000, 1_000_000, 2_000_000, 1_000_000, 2_000_000, 3_000_000]
    assert run.output == [f"n={n}: {(n - 1) * n * (2 * n - 1) // 6}" for n in sizes]


@pytest.mark.example("pools/workers_share.py", on=sampled())
def test_the_two_workers_do_the_work(run: Run) -> None:
    """A pool of two is two processes, and they do the work: the main program mostly waits."""
    parent, *workers = (sum(lane.on_core) for lane in drawn(run.lanes or ()))
    assert len(workers) == 2
    assert parent < sum(workers)

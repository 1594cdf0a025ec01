"""What must hold of examples/pools/ on every run."""

import pytest

from exhibits.run import Run


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

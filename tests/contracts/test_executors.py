"""What must hold of examples/executors/ on every run."""

import pytest

from exhibits.run import Run
from tests.contracts.when import since, starting_by


@pytest.mark.example("executors/two_classes.py")
def test_same_results_from_both(run: Run) -> None:
    """Both executors give the same results, in the order of the inputs."""
    squares = [0, 1, 4, 9, 16, 25, 36, 49, 64, 81]
    assert run.output == [f"ThreadPoolExecutor {squares}", f"ProcessPoolExecutor {squares}"]


@pytest.mark.example("executors/leaving_with.py")
def test_leaving_with_waits(run: Run) -> None:
    """Leaving `with` an executor waits for all that was submitted."""
    assert run.output == [
        "ThreadPoolExecutor: left the with block; done: True",
        "ProcessPoolExecutor: left the with block; done: True",
    ]


@pytest.mark.example("executors/without_guard.py", on=starting_by("fork"))
def test_without_guard_fork_works(run: Run) -> None:
    """Without the guard, an executor of processes works where they are started by fork."""
    assert run.output == ["[0, 1, 4, 9, 16]"]


@pytest.mark.example(
    "executors/without_guard.py", on=since(3, 14), exit_code=1, stderr="bootstrapping phase"
)
def test_without_guard_since_3_14_fails(run: Run) -> None:
    """Without the guard, since Python 3.14 an executor of processes fails, with exit code 1."""
    assert run.output == []


@pytest.mark.example(
    "executors/without_guard.py",
    on=since(3, 15),
    exit_code=1,
    stderr="\nconcurrent.futures.process.BrokenProcessPool: ",
)
def test_without_guard_3_15_says_broken_process_pool(run: Run) -> None:
    """Without the guard, on 3.15 the error in the main program is BrokenProcessPool."""
    assert run.output == []


@pytest.mark.example("executors/not_just_the_class.py")
def test_processes_share_no_list_and_take_no_lambda(run: Run) -> None:
    """Threads fill the list and run a lambda; processes do neither."""
    assert run.output == [
        "ThreadPoolExecutor: 3 items; lambda: ran",
        "ProcessPoolExecutor: 0 items; lambda: PicklingError",
    ]


@pytest.mark.example("executors/exception_at_result.py")
def test_exception_comes_with_the_result(run: Run) -> None:
    """A task's exception is silent until result() is called, which raises it."""
    assert run.output == [
        "left the with block; nothing was raised",
        "result() raised ZeroDivisionError: division by zero",
    ]

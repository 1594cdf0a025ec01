"""What must hold of examples/processes/ on every run."""

import pytest

from exhibits.measure import cores_together
from exhibits.run import Run
from tests.contracts.when import before, exactly, sampled, since, starting_by, two_cores

BOOTSTRAPPING = "current process has finished its bootstrapping phase"


@pytest.mark.example("processes/two_processes.py")
def test_both_processes_compute(run: Run) -> None:
    """Each process prints its sum once; the main program's line comes last, exit codes 0."""
    sums = [f"n={n}: {sum_of_squares(n)}" for n in (8_000_000, 10_000_000)]
    assert sorted(run.output[:2]) == sorted(sums)
    assert run.output[2:] == ["Both are done, exit codes 0 0"]


@pytest.mark.example("processes/two_processes.py", on=sampled(), of=two_cores)
def test_two_processes_have_a_core_each(run: Run) -> None:
    """Two computing processes have at least 1.7 cores together, unless others hold them."""
    together = cores_together(run, ready=True)
    assert together is not None
    assert together >= 1.7


@pytest.mark.example("processes/own_memory.py")
def test_a_process_changes_its_own_copy(run: Run) -> None:
    """What a process appends to a list stays in that process; what a thread appends, all see."""
    assert run.output == [
        "the Process sees ['bread', 'milk, by Process']",
        "the main program sees ['bread']",
        "the Thread sees ['bread', 'milk, by Thread']",
        "the main program sees ['bread', 'milk, by Thread']",
    ]


@pytest.mark.example("processes/without_guard.py", on=starting_by("fork"))
def test_without_guard_fork_works(run: Run) -> None:
    """Without the guard, a script works where processes are started by fork."""
    assert run.output == ["The child works", "The child's exit code is 0"]


@pytest.mark.example(
    "processes/without_guard.py", on=exactly(3, 14), exit_code=1, stderr=BOOTSTRAPPING
)
def test_without_guard_3_14_fails(run: Run) -> None:
    """Without the guard, on 3.14 the child does not work and the main program fails too."""
    assert run.output == []


@pytest.mark.example("processes/without_guard.py", on=since(3, 15), stderr=BOOTSTRAPPING)
def test_without_guard_3_15_fails(run: Run) -> None:
    """Without the guard, on 3.15 the child ends with exit code 1 and the main program goes on."""
    assert run.output == ["The child's exit code is 1"]


@pytest.mark.example("processes/without_guard_spawn.py", stderr=BOOTSTRAPPING)
def test_without_guard_spawn_fails_once(run: Run) -> None:
    """Without the guard, a spawned child stops with one RuntimeError; no chain of processes."""
    assert run.output == ["The child's exit code is 1"]
    assert run.stderr.count("\nRuntimeError") == 1


@pytest.mark.example("processes/without_guard_pool.py")
def test_without_guard_a_pool_replaces_its_workers(run: Run) -> None:
    """Without the guard, a spawned pool's workers die and the pool starts others."""
    assert run.output == ["Workers died and were replaced: True"]


@pytest.mark.example("processes/start_methods.py")
def test_what_a_child_sees(run: Run) -> None:
    """A forked child has the parent's variables; a spawned one has what the file gives it."""
    assert run.output[:3] == [
        "fork: the child is __main__, setting is 'changed at run time'",
        "forkserver: the child is __mp_main__, setting is 'value in the file'",
        "spawn: the child is __mp_main__, setting is 'value in the file'",
    ]


@pytest.mark.example("processes/start_methods.py", on=before(3, 14))
def test_default_start_method_before_3_14(run: Run) -> None:
    """On Linux the default start method is fork up to Python 3.13."""
    assert run.output[3] == "the default here is fork"


@pytest.mark.example("processes/start_methods.py", on=since(3, 14))
def test_default_start_method_since_3_14(run: Run) -> None:
    """On Linux the default start method is forkserver since Python 3.14."""
    assert run.output[3] == "the default here is forkserver"


@pytest.mark.example("processes/file_runs_again.py")
def test_spawn_runs_the_file_again(run: Run) -> None:
    """Fork does not run the file again; spawn runs it once more for each process."""
    assert [line.strip() for line in run.output] == [
        "this file runs, as __main__",
        "fork:",
        "the child works",
        "the child works",
        "spawn:",
        "this file runs, as __mp_main__",
        "the child works",
        "this file runs, as __mp_main__",
        "the child works",
    ]


@pytest.mark.example("processes/printed_twice.py")
def test_a_fork_copies_what_waits_to_be_written(run: Run) -> None:
    """A line that waits to be written to a pipe when the process forks is written twice."""
    assert run.output == ["through a pipe: 2 times", "through a pipe, with -u: 1 time"]


def sum_of_squares(n: int) -> int:
    """Add up 0² + 1² + … + (n - 1)²."""
    return (n - 1) * n * (2 * n - 1) // 6

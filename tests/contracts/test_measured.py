"""What must hold of examples/measured/: ratios, with margins, and never seconds.

Many of them hold whatever else runs, of the best of several rounds. The others depend on who else
has the cores: such a contract is `of=undisturbed` or `of=punctual`. A script prints which share of
a core a single worker had, or how late a wait ended, and where that shows that others ran, there is
nothing to judge. That it prints this is itself held, on every run.
"""

import re
from statistics import median

import pytest

from exhibits.run import Run
from tests.contracts.when import (
    LONGEST,
    SHARE,
    punctual,
    since,
    undisturbed,
    with_gil,
    without_gil,
)

THREADS = ("threads", "ThreadPoolExecutor")
PROCESSES = ("processes", "ProcessPoolExecutor")


def figures(run: Run, label: str) -> list[float]:
    """What the line with this label says: a figure for each round."""
    found = re.search(rf"^{re.escape(label)}:((?: \d+(?:\.\d+)?)+)$", run.stdout, re.M)
    assert found, f"no figures for {label!r} in {run.stdout!r}"
    return [float(figure) for figure in found[1].split()]


def typical(run: Run, *labels: str) -> float:
    """The median of all rounds of the lines with these labels."""
    return median(figure for label in labels for figure in figures(run, label))


def best(run: Run, *labels: str) -> float:
    """The highest figure of all rounds of the lines with these labels."""
    return max(figure for label in labels for figure in figures(run, label))


def least(run: Run, label: str) -> float:
    """The lowest figure of all rounds of the line with this label: what load added least to."""
    return min(figures(run, label))


def labels(run: Run, beginning: str = "") -> list[str]:
    """The labels of the lines that begin so, in order."""
    return [line.partition(":")[0] for line in run.output if line.startswith(beginning)]


def holds_share(run: Run) -> None:
    """The script says which share of a core a single worker had, and it is one at most."""
    share = SHARE.search(run.stdout)
    assert share, f"no share of a core in {run.stdout!r}"
    assert 0 < float(share[1]) <= 1.01


@pytest.mark.example("measured/computing.py")
def test_computing_one_after_another_has_one_core(run: Run) -> None:
    """One thread that computes has one core at most, whatever else runs."""
    holds_share(run)


@pytest.mark.example("measured/hashing.py")
def test_hashing_one_after_another_has_one_core(run: Run) -> None:
    """One thread that hashes has one core at most, whatever else runs."""
    holds_share(run)


@pytest.mark.example("measured/starting.py")
def test_starting_tasks_has_one_core(run: Run) -> None:
    """To start tasks, asyncio has one core at most, whatever else runs."""
    holds_share(run)


@pytest.mark.example("measured/computing.py", on=with_gil, of=undisturbed)
def test_threads_compute_no_sooner_with_the_gil(run: Run) -> None:
    """With the GIL, two computing threads are done no sooner than one task after the other."""
    assert typical(run, *THREADS) <= 1.5


@pytest.mark.example("measured/computing.py", on=with_gil, of=undisturbed)
def test_processes_compute_sooner_with_the_gil(run: Run) -> None:
    """With the GIL, two computing processes, each with a core to itself, are sooner than threads.

    In the best of the rounds, start-up included.
    """
    assert best(run, *PROCESSES) > best(run, *THREADS)


@pytest.mark.example("measured/computing.py", on=without_gil, of=undisturbed)
def test_threads_compute_sooner_without_the_gil(run: Run) -> None:
    """Without the GIL, two computing threads are done sooner than two computing asyncio tasks."""
    assert typical(run, *THREADS) > typical(run, "asyncio")


@pytest.mark.example("measured/computing.py", on=without_gil, of=undisturbed)
def test_processes_compute_sooner_without_the_gil(run: Run) -> None:
    """Without the GIL, two computing processes are done sooner than two asyncio tasks, as well."""
    assert best(run, *PROCESSES) > best(run, "asyncio")


@pytest.mark.example("measured/computing.py", of=undisturbed)
def test_asyncio_computes_no_sooner(run: Run) -> None:
    """With asyncio, two computing tasks are done no sooner than one after the other."""
    assert typical(run, "asyncio") <= 1.5


@pytest.mark.example("measured/computing.py")
def test_interpreters_are_new_in_3_14(run: Run) -> None:
    """The executor of interpreters is there since Python 3.14, and not before."""
    there = "InterpreterPoolExecutor" in labels(run)
    assert there == (run.interpreter.minor >= (3, 14))


@pytest.mark.example("measured/hashing.py", of=undisturbed)
def test_threads_hash_at_the_same_time(run: Run) -> None:
    """Two threads hash two large blocks sooner than one after the other, with the GIL or not."""
    assert best(run, "threads") > 1.2


@pytest.mark.example("measured/waiting.py")
def test_ten_waits_at_once_take_one(run: Run) -> None:
    """Ten waits at once take at least as long as one: they are ten times as fast at most."""
    longest = LONGEST.search(run.stdout)
    assert longest, f"not said how long it took one after another: {run.stdout!r}"
    for way in labels(run):
        if way != longest[0]:
            assert best(run, way) <= float(longest[1]) / 0.1 + 0.01, way


@pytest.mark.example("measured/waiting.py")
def test_asyncio_waits_together(run: Run) -> None:
    """Ten waits at once, by asyncio, take less time than two of them one after another."""
    assert best(run, "asyncio") > 5


@pytest.mark.example("measured/waiting.py")
def test_threads_wait_together(run: Run) -> None:
    """Ten waits at once, by threads, take less time than three of them one after another."""
    for way in THREADS:
        assert best(run, way) > 10 / 3, way


@pytest.mark.example("measured/waiting.py", of=punctual)
def test_processes_wait_together(run: Run) -> None:
    """Ten waits at once, by processes, take less time than one after another."""
    for way in PROCESSES:
        assert best(run, way) > 1, way


@pytest.mark.example("measured/waiting.py", of=punctual)
def test_processes_gain_less_from_waiting(run: Run) -> None:
    """Ten waits at once are done later by processes than by asyncio: processes start slower."""
    for way in PROCESSES:
        assert best(run, way) < best(run, "asyncio"), way


@pytest.mark.example("measured/waiting.py", on=since(3, 14))
def test_interpreters_gain_less_from_waiting(run: Run) -> None:
    """Ten waits at once are done later by interpreters than by threads: they start slower."""
    assert best(run, "InterpreterPoolExecutor") < best(run, "ThreadPoolExecutor")


@pytest.mark.example("measured/starting.py", of=undisturbed)
def test_a_task_starts_sooner_than_a_thread(run: Run) -> None:
    """To start a task and await it costs less than half of starting a thread and joining it."""
    assert typical(run, "task") < typical(run, "thread") / 2


@pytest.mark.example("measured/starting.py")
def test_a_thread_starts_sooner_than_a_new_process(run: Run) -> None:
    """To start and join a thread costs less than half of a process by spawn or forkserver."""
    for process in labels(run, "process ("):
        if process != "process (fork)":
            assert least(run, "thread") < least(run, process) / 2, process


@pytest.mark.example("measured/starting.py", of=undisturbed)
def test_a_thread_starts_sooner_than_a_fork(run: Run) -> None:
    """To start and join a thread costs less than half of a process by fork, where there is fork."""
    if "process (fork)" in labels(run):
        assert least(run, "thread") < least(run, "process (fork)") / 2


@pytest.mark.example("measured/starting.py")
def test_fork_starts_sooner_than_spawn(run: Run) -> None:
    """To start a process costs less by fork than by spawn, where there is fork."""
    if "process (fork)" in labels(run):
        assert least(run, "process (fork)") < least(run, "process (spawn)")


@pytest.mark.example("measured/starting.py", on=since(3, 14))
def test_an_interpreter_starts_between_thread_and_spawn(run: Run) -> None:
    """An interpreter costs more to start than a thread, and less than a process by spawn."""
    interpreter = least(run, "interpreter")
    assert least(run, "thread") < interpreter < least(run, "process (spawn)")


@pytest.mark.example("measured/memory.py")
def test_a_waiting_task_takes_less_memory_than_a_thread(run: Run) -> None:
    """Of 1,000 as of 10,000, a waiting task takes less than a quarter of a thread's memory."""
    for count in ("1,000", "10,000"):
        assert typical(run, f"{count} tasks") < typical(run, "1,000 threads") / 4, count


@pytest.mark.example("measured/memory.py")
def test_ten_thousand_tasks_wait(run: Run) -> None:
    """10,000 tasks can wait at once; each takes less than 5 KiB."""
    assert typical(run, "10,000 tasks") < 5


@pytest.mark.example("measured/process_per_task.py")
def test_a_process_for_each_task_costs_more_than_a_pool(run: Run) -> None:
    """For ten small tasks a process each takes longer than a pool that is there already."""
    for method in ("fork", "forkserver", "spawn"):
        assert typical(run, f"{method}, times as long") > 1, method


@pytest.mark.example("measured/plain_increment_rounds.py", on=with_gil)
def test_no_round_loses_with_the_gil(run: Run) -> None:
    """With the GIL, on these versions, no round of the loop without a lock loses an update."""
    assert run.output == ["Rounds that lost updates: 0 of 20"]


@pytest.mark.example("measured/plain_increment_rounds.py", on=without_gil)
def test_any_round_may_lose_without_the_gil(run: Run) -> None:
    """Without the GIL, any round of the loop without a lock may lose updates, or none."""
    lost = re.fullmatch(r"Rounds that lost updates: (\d+) of 20\n", run.stdout)
    assert lost
    assert 0 <= int(lost[1]) <= 20


@pytest.mark.example("measured/plain_increment.py", on=with_gil)
def test_plain_increment_with_the_gil(run: Run) -> None:
    """With the GIL, on these versions, the loop without a lock counts to 500000."""
    assert run.output == ["500000"]


@pytest.mark.example("measured/plain_increment.py", on=without_gil)
def test_plain_increment_without_the_gil(run: Run) -> None:
    """Without the GIL, the loop without a lock counts to at most 500000."""
    assert 2 <= int(run.stdout) <= 500_000

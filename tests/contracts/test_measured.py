"""What must hold of examples/measured/ on every run: ratios, with margins."""

import re
from statistics import median

import pytest

from exhibits.run import Run
from tests.contracts.when import since, with_gil, without_gil

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


def labels(run: Run, beginning: str = "") -> list[str]:
    """The labels of the lines that begin so, in order."""
    return [line.partition(":")[0] for line in run.output if line.startswith(beginning)]


@pytest.mark.example("measured/computing.py", on=with_gil)
def test_threads_compute_no_sooner_with_the_gil(run: Run) -> None:
    """With the GIL, two computing threads are done no sooner than one task after the other."""
    assert typical(run, *THREADS) <= 1.5


@pytest.mark.example("measured/computing.py", on=with_gil)
def test_processes_compute_sooner_with_the_gil(run: Run) -> None:
    """With the GIL, two computing processes are done sooner than two threads, start-up included."""
    assert typical(run, *PROCESSES) > typical(run, *THREADS)


@pytest.mark.example("measured/computing.py", on=without_gil)
def test_threads_compute_sooner_without_the_gil(run: Run) -> None:
    """Without the GIL, two computing threads are done sooner than two computing asyncio tasks."""
    assert typical(run, *THREADS) > typical(run, "asyncio")


@pytest.mark.example("measured/computing.py", on=without_gil)
def test_processes_compute_sooner_without_the_gil(run: Run) -> None:
    """Without the GIL, two computing processes are done sooner than two asyncio tasks, as well."""
    assert typical(run, *PROCESSES) > typical(run, "asyncio")


@pytest.mark.example("measured/computing.py")
def test_asyncio_computes_no_sooner(run: Run) -> None:
    """With asyncio, two computing tasks are done no sooner than one after the other."""
    assert typical(run, "asyncio") <= 1.5


@pytest.mark.example("measured/computing.py")
def test_interpreters_are_new_in_3_14(run: Run) -> None:
    """The executor of interpreters is there since Python 3.14, and not before."""
    there = "InterpreterPoolExecutor" in labels(run)
    assert there == (run.interpreter.minor >= (3, 14))


@pytest.mark.example("measured/hashing.py")
def test_threads_hash_at_the_same_time(run: Run) -> None:
    """Two threads hash two large blocks sooner than one after the other, with the GIL or not."""
    assert typical(run, "threads") > 1


@pytest.mark.example("measured/waiting.py")
def test_asyncio_waits_together(run: Run) -> None:
    """Ten waits at once, by asyncio, take less time than two of them one after another."""
    assert typical(run, "asyncio") > 5


@pytest.mark.example("measured/waiting.py", on=with_gil)
def test_threads_wait_together(run: Run) -> None:
    """Ten waits at once, by threads, take less time than three of them one after another."""
    for way in THREADS:
        assert typical(run, way) > 10 / 3, way


@pytest.mark.example("measured/waiting.py")
def test_threads_and_processes_wait_together(run: Run) -> None:
    """Ten waits at once, by threads or processes, take less time than one after another."""
    for way in (*THREADS, *PROCESSES):
        assert typical(run, way) > 1, way


@pytest.mark.example("measured/waiting.py")
def test_processes_gain_less_from_waiting(run: Run) -> None:
    """Ten waits at once are done later by processes than by asyncio: processes start slower."""
    for way in PROCESSES:
        assert typical(run, way) < typical(run, "asyncio"), way


@pytest.mark.example("measured/waiting.py", on=since(3, 14))
def test_interpreters_gain_less_from_waiting(run: Run) -> None:
    """Ten waits at once are done later by interpreters than by threads: they start slower."""
    assert typical(run, "InterpreterPoolExecutor") < typical(run, "ThreadPoolExecutor")


@pytest.mark.example("measured/starting.py")
def test_a_task_starts_sooner_than_a_thread(run: Run) -> None:
    """To start a task and await it costs less than half of starting a thread and joining it."""
    assert typical(run, "task") < typical(run, "thread") / 2


@pytest.mark.example("measured/starting.py")
def test_a_thread_starts_sooner_than_a_process(run: Run) -> None:
    """To start and join a thread costs less than half of a process, by every start method."""
    for process in labels(run, "process ("):
        assert typical(run, "thread") < typical(run, process) / 2, process


@pytest.mark.example("measured/starting.py")
def test_fork_starts_sooner_than_spawn(run: Run) -> None:
    """To start a process costs less by fork than by spawn, where there is fork."""
    if "process (fork)" in labels(run):
        assert typical(run, "process (fork)") < typical(run, "process (spawn)")


@pytest.mark.example("measured/starting.py", on=since(3, 14))
def test_an_interpreter_starts_between_thread_and_spawn(run: Run) -> None:
    """An interpreter costs more to start than a thread, and less than a process by spawn."""
    interpreter = typical(run, "interpreter")
    assert typical(run, "thread") < interpreter < typical(run, "process (spawn)")


@pytest.mark.example("measured/memory.py")
def test_a_waiting_task_takes_less_memory_than_a_thread(run: Run) -> None:
    """Of 1,000 as of 10,000, a waiting task takes less than a quarter of a thread's memory."""
    for count in ("1,000", "10,000"):
        if f"{count} threads: refused" not in run.output:
            assert typical(run, f"{count} tasks") < typical(run, f"{count} threads") / 4, count


@pytest.mark.example("measured/memory.py")
def test_ten_thousand_tasks_wait(run: Run) -> None:
    """No system refuses 10,000 waiting tasks; each takes less than 5 KiB."""
    assert typical(run, "10,000 tasks") < 5


@pytest.mark.example("measured/process_per_task.py")
def test_a_process_for_each_task_costs_more_than_a_pool(run: Run) -> None:
    """For 20 small tasks a process each takes longer than a pool, by every start method."""
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

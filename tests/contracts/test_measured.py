"""What must hold of examples/measured/ on every run: ratios, with margins."""

import re

import pytest

from exhibits.run import Run
from tests.contracts.when import with_gil, without_gil


def figure(run: Run, label: str) -> float:
    found = re.search(rf"^{re.escape(label)}: ([\d.]+)$", run.stdout, re.M)
    assert found, f"no figure for {label!r} in {run.stdout!r}"
    return float(found[1])


@pytest.mark.example("measured/computing.py", on=with_gil)
def test_two_threads_share_one_core_with_the_gil(run: Run) -> None:
    """With the GIL, two computing threads together keep one core busy, not two."""
    assert figure(run, "cores busy, ThreadPoolExecutor") <= 1.1


@pytest.mark.example("measured/computing.py", on=without_gil)
def test_two_threads_use_two_cores_without_the_gil(run: Run) -> None:
    """Without the GIL, two computing threads keep more than one core busy."""
    assert figure(run, "cores busy, ThreadPoolExecutor") >= 1.3


@pytest.mark.example("measured/computing.py")
def test_two_processes_use_two_cores(run: Run) -> None:
    """Two computing processes keep more than one core busy."""
    assert figure(run, "cores busy, ProcessPoolExecutor") >= 1.3


@pytest.mark.example("measured/waiting.py")
def test_waits_overlap(run: Run) -> None:
    """Ten waits at once take less time than one after another, by threads, processes or tasks."""
    for way in ("threads", "processes", "asyncio tasks"):
        assert figure(run, f"{way}, times as fast") > 1, way


@pytest.mark.example("measured/waiting.py")
def test_threads_wait_together(run: Run) -> None:
    """Ten waits at once in threads take less time than two of them one after another."""
    assert figure(run, "threads, times as fast") > 5


@pytest.mark.example("measured/waiting.py")
def test_processes_gain_least_from_waiting(run: Run) -> None:
    """Ten waits at once are done no sooner by processes than by threads: they start slower."""
    processes = figure(run, "processes, times as fast")
    assert processes <= figure(run, "threads, times as fast")


@pytest.mark.example("measured/process_per_task.py")
def test_a_process_for_each_task_costs_more_than_a_pool(run: Run) -> None:
    """For 20 small tasks a process each takes longer than a pool, by every start method."""
    for method in ("fork", "forkserver", "spawn"):
        assert figure(run, f"{method}, times as long") > 1, method


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

"""Rounds: a contract that fails once is named with its round; one core is one; nothing stays."""

import json
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from exhibits.run import Run
from tests.machinery.conftest import ROOT, Tiny, alive_with
from tests.rounds import busy_loops

# A contract that does not hold the second time it is asked.
ONCE_IN_THREE = '''
"""What must hold of examples/threads/."""
from pathlib import Path
import pytest


@pytest.mark.example("threads/one.py")
def test_not_the_second_time(run):
    """It holds, but not the second time."""
    with Path("asked").open("a+") as asked:
        asked.write("x")
    assert Path("asked").stat().st_size != 2


@pytest.mark.example("threads/one.py")
def test_always(run):
    """It always holds."""
    assert run.stdout == "one\\n"
'''
# A contract about one core, and one about two; the latter does not hold.
CORES = '''
"""What must hold of examples/threads/."""
import pytest


@pytest.mark.example("threads/one.py")
def test_has_one_core(run):
    """The script may use one core, and its run says so."""
    assert (run.stdout, run.machine.cores) == ("1\\n", 1)


@pytest.mark.example("threads/one.py", of=lambda run: run.machine.cores >= 2)
def test_of_two_cores(run):
    """It is about two cores."""
    assert not run
'''


def with_example(tiny: Callable[..., Tiny], source: str, contracts: str) -> Tiny:
    project = tiny(time_limit=20)
    project.write("examples/threads/one.py", source)
    project.show("threads/one.py")
    project.add_contracts(contracts)
    shutil.copy(ROOT / "tests" / "rounds.py", project.root / "tests")
    return project


def counts(project: Tiny, mode: str) -> dict[str, Any]:
    path = project.project.build / "rounds" / f"{mode}.json"
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return found


def test_a_contract_that_fails_in_one_round_is_named_with_it(tiny: Callable[..., Tiny]) -> None:
    project = with_example(tiny, "print('one')\n", ONCE_IN_THREE)
    answer = project.command("tests.rounds", "3")
    assert answer.returncode == 1, answer.stderr
    found = counts(project, "idle")
    (failure,) = found["failures"]
    (name,) = found["runs"]
    named = f"threads.not_the_second_time on {name}, round 2: AssertionError: assert 2 != 2"
    assert answer.stdout.splitlines()[0].startswith(named)
    assert Run.from_json(Path(failure["run"]).read_text("utf-8")).stdout == "one\n"
    assert found["runs"] == {name: 3}
    assert found["judged"] == {"threads.not_the_second_time": 3, "threads.always": 3}
    assert "6 judgements by 2 contracts, 1 failures" in answer.stdout
    assert "confidence" not in answer.stdout


def test_rounds_in_which_all_holds_have_a_bound(tiny: Callable[..., Tiny]) -> None:
    project = with_example(tiny, "print('one')\n", ONCE_IN_THREE)
    project.write("asked", "already asked twice")
    answer = project.command("tests.rounds", "6", "--mode", "load")
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert counts(project, "load")["rounds"] == 6
    assert "less than 3/12 = 0.2 " in answer.stdout
    assert "least often, in less than 3/6 = 0.5" in answer.stdout


def test_a_run_that_meets_its_limit_is_a_failure(tiny: Callable[..., Tiny]) -> None:
    project = with_example(tiny, "print('one\\n' * 200)\n", ONCE_IN_THREE)
    answer = project.command("tests.rounds", "1")
    assert answer.returncode == 1, answer.stderr
    assert "round 1: Failed: the output limit was met" in answer.stdout.splitlines()[0]


def test_one_core_is_one_core(tiny: Callable[..., Tiny]) -> None:
    source = "import os\nprint(len(os.sched_getaffinity(0)))\n"
    project = with_example(tiny, source, CORES)
    answer = project.command("tests.rounds", "2", "--mode", "one-core")
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert counts(project, "one-core")["judged"] == {"threads.has_one_core": 2}
    assert counts(project, "one-core")["not_applicable"] == {"threads.of_two_cores": 2}
    assert "did not apply to 2 of 2 runs: threads.of_two_cores" in answer.stdout


def executed_below(pid: int) -> bool:
    """Whether a process below this one executes the example."""
    below = psutil.Process(pid).children(recursive=True)
    return any(one in below for one in alive_with("script/one.py"))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_rounds_that_are_stopped_leave_nothing_alive(
    tiny: Callable[..., Tiny], number: signal.Signals
) -> None:
    project = with_example(tiny, "import time\ntime.sleep(15)\n", ONCE_IN_THREE)
    with project.start("tests.rounds", "1", "--mode", "load") as process:
        while not executed_below(process.pid):
            assert process.poll() is None
            time.sleep(0.05)
        below = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(number)
        process.communicate(timeout=15)
    assert [one for one in below if one.is_running()] == []


def test_busy_loops_use_processor_time_until_they_are_ended() -> None:
    before = psutil.Process().children()
    with busy_loops(2):
        time.sleep(0.5)
        loops = [child for child in psutil.Process().children() if child not in before]
        assert len(loops) == 2
        assert all(loop.cpu_times().user > 0.02 for loop in loops)
    assert [loop for loop in loops if loop.is_running()] == []

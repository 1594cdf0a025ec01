"""Each of several scripts at a time is a user of its own, and has its own limit of tasks."""

import multiprocessing
import socket
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from exhibits import sandbox
from exhibits.follow import Limits
from exhibits.interpreters import Installation
from tests.machinery.conftest import Worker, become_a_builder

# Root makes each script another user; for anybody else, a sandbox has users of its own. Here they
# have numbers that no build uses, which may go on beside this.
NEEDED = sandbox._may_become_others()
# More than half of the tasks that its limits let a script have.
THREADS = 50
LIMITS = Limits(seconds=20, processes=5, threads=THREADS + 10)
SOURCE = f"""
import threading, time
for _ in range({THREADS}):
    threading.Thread(target=time.sleep, args=(0.5,)).start()
print("all were there")
"""


def test_no_two_have_one_number_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "NOBODYS", range(65_200, 65_203))
    with ExitStack() as stack:
        numbers = [stack.enter_context(sandbox.own_user()) for _ in range(3)]
        assert sorted(numbers) == ([65_200, 65_201, 65_202] if NEEDED else [0, 0, 0])
        if NEEDED:
            with pytest.raises(OSError, match="65200 to 65202"), sandbox.own_user():
                pass
    with sandbox.own_user() as number:
        assert number in numbers


def test_what_goes_wrong_while_a_number_is_taken_is_not_hidden() -> None:
    with pytest.raises(OSError, match="of the script"), sandbox.own_user():
        raise OSError("of the script")


def test_a_refused_socket_is_not_called_a_number_that_is_taken() -> None:
    with socket.socket(socket.AF_UNIX) as held:
        held.bind("\0exhibits-user-of-a-test")  # and a socket has one name only
        with pytest.raises(OSError, match="Invalid argument"):
            sandbox._first_free(held)


@pytest.fixture
def nobody(monkeypatch: pytest.MonkeyPatch, bytecode: Path) -> Iterator[Worker]:
    """Executes as for a builder who is not root: in a sandbox that has users of its own."""
    monkeypatch.setattr(sandbox, "_may_become_others", lambda: False)
    context = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(1, context, become_a_builder) as pool:
        yield Worker(pool, bytecode, sandboxed=True)


REPORTS = """
import os, sys, time
try:
    for number in os.listdir("/proc/1/fd"):
        if os.readlink(f"/proc/1/fd/{number}").startswith("pipe:"):
            with open(f"/proc/1/fd/{number}", "w") as report:
                report.write("REPORT\\n")
except PermissionError as error:
    print(type(error).__name__)
"""


@pytest.mark.parametrize("report", ["ended 0", "began 1e300", "began nan"])
def test_a_script_cannot_report_for_the_first_process(
    nobody: Worker, each: Installation, report: str
) -> None:
    source = REPORTS.replace("REPORT", report)
    run = nobody(source + "sys.exit(3)\n", each, LIMITS)
    assert (run.end, run.exit_code, run.output) == ("exited", 3, ["PermissionError"])
    assert 0 < run.duration <= LIMITS.seconds, "or it would have met its time limit"


def test_a_script_cannot_report_its_time_limit_away(nobody: Worker, newest: Installation) -> None:
    source = REPORTS.replace("REPORT", "began 1e300")
    run = nobody(source + "while True: time.sleep(1)\n", newest, Limits(seconds=2))
    assert (run.end, run.exit_code) == ("time limit", None)


def test_two_that_start_many_threads_do_not_take_them_from_one_another(
    monkeypatch: pytest.MonkeyPatch, bytecode: Path, newest: Installation
) -> None:
    """With one number for both, the system would refuse one of them its last threads."""
    assert LIMITS.tasks < 2 * THREADS
    monkeypatch.setattr(sandbox, "NOBODYS", range(65_203, 65_205))
    context = multiprocessing.get_context("fork")
    with ExitStack() as stack:
        pools = [
            stack.enter_context(ProcessPoolExecutor(1, context, become_a_builder)) for _ in range(2)
        ]
        workers = [Worker(pool, bytecode, sandboxed=True) for pool in pools]
        with ThreadPoolExecutor(2) as together:
            for _ in range(8):
                runs = together.map(lambda worker: worker(SOURCE, newest, LIMITS), workers)
                assert [run.output for run in runs] == [["all were there"]] * 2

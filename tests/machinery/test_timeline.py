"""Holds lanes to what the kernel counted: real scripts, watched on every interpreter."""

import resource
from dataclasses import replace

import pytest

from exhibits import timeline
from exhibits.follow import Limits
from exhibits.interpreters import Installation
from exhibits.pictures import name_of
from exhibits.run import BIN, Lane, Run
from tests.machinery.conftest import HERE, Worker, a_lane, a_run
from tests.machinery.test_execute import MANY, children, resources

pytestmark = pytest.mark.skipif(not timeline.POSSIBLE, reason="this system does not tell")

# Who works stays alive for a while after that, however seldom the machine lets us look: then the
# last look finds all of it. Each prints what the kernel counted of it until then.
WORK = """
import threading, time
from pathlib import Path


def work(seconds, *_):
    while time.thread_time() < seconds:
        pass
    counted = Path(f"/proc/self/task/{threading.get_native_id()}/schedstat").read_text().split()
    print(seconds, int(counted[0]) / 1e9, int(counted[1]) / 1e9, flush=True)
    time.sleep(0.5)
"""
THREADS = f"""
{WORK}
threads = [
    threading.Thread(target=time.sleep, args=(1,), name="sleeper"),
    threading.Thread(target=work, args=(0.4,), name="<b>& longer than the kernel keeps"),
    threading.Thread(target=work, args=(0.2,)),
]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""
PROCESSES = f"""
import multiprocessing
{WORK}
if __name__ == "__main__":
    context = multiprocessing.get_context("METHOD")
    processes = [context.Process(target=work, args=(seconds,)) for seconds in (0.6, 0.3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
"""
# How many processes multiprocessing starts for itself: none, the tracker, it and the fork server.
HELPERS = {"fork": 0, "spawn": 1, "forkserver": 2}
# A figure of a lane is rounded to 0.1 ms, as often as it has bins; and a thread goes on to print
# and to fall asleep after it has read its counter.
TOLERANCE = 0.02
# A process goes on to end its Python, which takes less than starting it; more on a busy machine.
ENDING = 0.15
# Moments are rounded to 1 ms.
ROUNDING = 0.001


def watch(worker: Worker, source: str, installation: Installation) -> tuple[Lane, ...]:
    """The lanes of a script that ended well."""
    run = worker(source, installation, Limits(seconds=20, threads=5_000), watched=True)
    assert (run.end, run.exit_code, run.stderr) == ("exited", 0, "")
    assert run.lanes is not None
    return run.lanes


@pytest.fixture(scope="module", params=HERE, ids=lambda one: one.interpreter.name)
def threads(worker: Worker, request: pytest.FixtureRequest) -> Run:
    """A script with a thread that sleeps and two that work, on each interpreter."""
    return worker(THREADS, request.param, watched=True)


@pytest.fixture(scope="module", params=HERE, ids=lambda one: one.interpreter.name)
def on(request: pytest.FixtureRequest) -> Installation:
    installation: Installation = request.param
    return installation


@pytest.fixture(scope="module", params=HELPERS)
def method(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture(scope="module")
def processes(worker: Worker, on: Installation, method: str) -> Run:
    """A script with two processes that work, by each start method on each interpreter."""
    return worker(PROCESSES.replace("METHOD", method), on, watched=True)


def counted(run: Run) -> dict[float, tuple[float, float]]:
    """What each that worked printed: how long, and what the kernel counted: on a core, ready."""
    assert (run.exit_code, run.stderr) == (0, "")
    lines = [tuple(map(float, line.split())) for line in run.output]
    return {seconds: (on_core, ready) for seconds, on_core, ready in lines}


def lanes_of(run: Run) -> tuple[Lane, ...]:
    assert run.lanes is not None
    return run.lanes


def about(seconds: float) -> object:
    return pytest.approx(seconds, abs=TOLERANCE)


def test_a_script_has_a_lane_for_each_thread_in_order_of_start(threads: Run) -> None:
    assert [(lane.process, lane.thread) for lane in lanes_of(threads)] == [
        (0, 0),
        (0, 1),
        (0, 2),
        (0, 3),
    ]
    assert not any(lane.helper for lane in lanes_of(threads))
    began = [lane.began for lane in lanes_of(threads)]
    assert began == sorted(began)


def test_a_thread_that_sleeps_is_on_no_core(threads: Run) -> None:
    sleeper = lanes_of(threads)[1]
    assert sum(sleeper.on_core) < 0.01
    assert sleeper.ended - sleeper.began > 0.8, "it lived for a second, and we looked all the time"


def test_a_thread_that_works_is_on_a_core_for_as_long_as_the_kernel_counted(threads: Run) -> None:
    work = counted(threads)
    _, _, first, second = lanes_of(threads)
    assert sum(first.on_core) == about(work[0.4][0]) == about(0.4)
    assert sum(second.on_core) == about(work[0.2][0]) == about(0.2)


def test_a_thread_is_held_back_for_as_long_as_the_kernel_counted(threads: Run) -> None:
    work = counted(threads)
    _, _, first, second = lanes_of(threads)
    # It may be held back once more after it has read its counter, for as long as others please.
    assert sum(first.held_back) >= work[0.4][1] - TOLERANCE
    assert sum(second.held_back) >= work[0.2][1] - TOLERANCE


def test_all_lanes_together_are_the_processor_time_of_the_run(threads: Run) -> None:
    # But for the last moments of the main thread, after the last look.
    total = sum(sum(lane.on_core) for lane in lanes_of(threads))
    assert 0.6 <= total <= threads.processor_time + TOLERANCE


def test_threads_have_their_names_from_3_14_on_and_none_before(threads: Run) -> None:
    names = [lane.name for lane in lanes_of(threads)]
    if threads.interpreter.minor >= (3, 14):
        assert names == ["", "sleeper", "<b>& longer tha", "Thread-1 (work)"]
    else:
        assert names == [""] * 4, "not even the name of the thread that started it"


def test_a_lane_is_called_as_its_thread_called_itself(worker: Worker, newest: Installation) -> None:
    source = """
        import threading, time
        def work():
            print(threading.current_thread().name.split(" (")[0])
            time.sleep(0.3)
        for name in ("logger", "Thread-A", None):
            threading.Thread(target=work, name=name).start()
            time.sleep(0.1)
        """
    run = worker(source, newest, watched=True)
    lanes = lanes_of(run)
    names = [name_of(lane, number, lanes) for number, lane in enumerate(lanes)]
    expected = (
        run.output if newest.interpreter.minor >= (3, 14) else ["Thread-1", "Thread-2", "Thread-3"]
    )
    assert names == ["main thread", *expected]


def test_every_bin_lies_in_the_life_of_its_lane(threads: Run) -> None:
    for lane in lanes_of(threads):
        assert len(lane.on_core) == len(lane.held_back) == int(lane.ended / BIN) + 1
        assert 0 <= lane.began < lane.ended <= threads.duration + ROUNDING
        assert min(lane.on_core) >= 0
        if lane.thread:
            assert not any(lane.on_core[: int(lane.began / BIN)]), "nothing before it began"


def test_a_watched_run_comes_back_from_json_as_it_was(threads: Run) -> None:
    assert lanes_of(threads)
    assert Run.from_json(threads.to_json()) == threads


def test_each_process_has_lanes_in_order_of_start(processes: Run) -> None:
    mains = [lane for lane in lanes_of(processes) if lane.thread == 0]
    assert [lane.process for lane in mains] == list(range(len(mains)))
    assert [lane.process for lane in lanes_of(processes)] == sorted(
        lane.process for lane in lanes_of(processes)
    )
    assert {lane.process: lane.thread for lane in reversed(lanes_of(processes))} == {
        lane.process: 0 for lane in mains
    }


def test_processes_of_multiprocessing_are_helpers_and_no_others_are(
    processes: Run, method: str
) -> None:
    lanes = lanes_of(processes)
    helpers = {lane.process for lane in lanes if lane.helper}
    others = {lane.process for lane in lanes if not lane.helper}
    assert len(helpers) == HELPERS[method]
    assert len(others) == 3, "the script, and two that a fork server may have forked"
    assert 0 in others


def test_a_process_that_works_is_on_a_core_for_as_long_as_the_kernel_counted(
    processes: Run,
) -> None:
    work = counted(processes)
    _, first, second = (
        lane for lane in lanes_of(processes) if not lane.helper and lane.thread == 0
    )
    for lane, (on_core, _) in ((first, work[0.6]), (second, work[0.3])):
        assert on_core - TOLERANCE <= sum(lane.on_core) <= on_core + TOLERANCE + ENDING


def test_no_process_has_the_name_of_its_parent(processes: Run) -> None:
    mains = [lane for lane in lanes_of(processes) if lane.thread == 0]
    assert {lane.name for lane in mains} == {""}


def test_processes_that_share_one_core_are_held_back(worker: Worker, each: Installation) -> None:
    run = worker(
        f"""
{WORK}
import os
os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:1])
children = []
for _ in range(2):
    if (child := os.fork()) == 0:
        work(0.4)
        os._exit(0)
    children.append(child)
for child in children:
    os.waitpid(child, 0)
        """,
        each,
        watched=True,
    )
    _, *children = lanes_of(run)
    assert [sum(lane.on_core) for lane in children] == [about(0.4), about(0.4)]
    for lane in children:  # while one worked, the other could not; more where others work too
        assert sum(lane.held_back) > 0.5 * sum(lane.on_core)


def test_a_wait_stands_where_it_was_not_where_the_kernel_counted_it() -> None:
    counted = [(0.0, 0.0), (0.1, 0.0), (0.38, 0.0), (0.4, 0.25), (0.5, 0.26)]
    found = timeline._waits_per_bin(counted, 11)
    assert found == pytest.approx([0, 0, 0, *[0.05] * 5, 0.005, 0.005, 0], abs=0.001)


def test_the_lane_of_a_process_ends_with_it_not_when_its_parent_asks(
    worker: Worker, newest: Installation
) -> None:
    source = """
    import os
    import time

    child = os.fork()
    if not child:
        time.sleep(0.2)
        os._exit(0)
    time.sleep(1)
    os.waitpid(child, 0)
    """
    parent, child = (worker(source, newest, watched=True)).lanes or ()
    assert child.ended < parent.ended - 0.5


def test_a_living_process_with_an_empty_command_line_keeps_its_lane(
    worker: Worker, newest: Installation
) -> None:
    """Every process has one for a moment of its execve, and that may be when we look at it."""
    source = """
    import ctypes, time
    facts = open("/proc/self/stat").read().rpartition(")")[2].split()  # proc(5)
    code, code_end, stack = map(int, facts[23:26])
    data, data_end, heap, arguments, _, environment, its_end = map(int, facts[42:49])
    libc = ctypes.CDLL(None)
    libc.sbrk.restype = ctypes.c_void_p
    memory = (ctypes.c_uint64 * 13)(  # prctl(2), PR_SET_MM_MAP; the last one: no other program
        *(code, code_end, data, data_end, heap, libc.sbrk(0), stack),
        *(arguments, arguments, environment, its_end, 0, 0xFFFFFFFF << 32),
    )
    libc.prctl(35, 14, memory, ctypes.c_size_t(ctypes.sizeof(memory)), 0)
    print(open("/proc/self/cmdline").read(), end="", flush=True)
    time.sleep(0.5)
    """
    run = worker(source, newest, watched=True)
    assert (run.end, run.exit_code, run.output) == ("exited", 0, [])
    (lane,) = lanes_of(run)
    assert lane.ended > 0.4


def test_a_process_without_its_parent_keeps_its_lane(worker: Worker, newest: Installation) -> None:
    run = worker(
        f"""
{WORK}
import os
if os.fork() == 0:
    if os.fork() == 0:
        time.sleep(0.3)
        work(0.2)
        os._exit(0)
    time.sleep(0.3)
    os._exit(0)
os.wait()
time.sleep(1)
        """,
        newest,
        watched=True,
    )
    *_, orphan = lanes_of(run)
    assert (orphan.process, orphan.thread) == (2, 0)
    assert sum(orphan.on_core) == about(0.2)


def test_a_run_that_is_not_watched_has_no_lanes(worker: Worker, each: Installation) -> None:
    run = worker("import time; time.sleep(0.1)", each)
    assert run.lanes is None
    assert Run.from_json(run.to_json()).lanes is None


def test_watching_changes_nothing_that_a_script_prints(
    worker: Worker, newest: Installation
) -> None:
    source = "import threading; print(threading.active_count()); print(open('/dev/fd/0').read())"
    watched, alone = (worker(source, newest, watched=watched) for watched in (True, False))
    assert (watched.stdout, watched.stderr) == (alone.stdout, alone.stderr)
    assert (watched.end, watched.exit_code) == (alone.end, alone.exit_code)


@pytest.mark.parametrize("source", ["", "import os; os._exit(0)", "raise SystemExit"])
def test_a_script_of_a_moment_has_at_most_its_own_lane(
    worker: Worker, each: Installation, source: str
) -> None:
    run = worker(source, each, watched=True)
    assert (run.end, run.exit_code) == ("exited", 0)
    assert [(lane.process, lane.thread) for lane in lanes_of(run)] in ([], [(0, 0)])


@pytest.mark.parametrize(
    "source",
    [
        """
        import threading
        for _ in range(1000):
            thread = threading.Thread(target=int)
            thread.start()
            thread.join()
        """,
        """
        import threading, time
        over = threading.Event()
        threads = [threading.Thread(target=over.wait) for _ in range(1000)]
        for thread in threads:
            thread.start()
        time.sleep(1)
        over.set()
        for thread in threads:
            thread.join()
        """,
        """
        import os
        for _ in range(200):
            if os.fork() == 0:
                os._exit(0)
            os.wait()
        """,
    ],
    ids=["threads, one after another", "threads, all at once", "processes"],
)
def test_many_that_are_short_break_nothing_and_leave_no_file_open(
    worker: Worker, newest: Installation, source: str
) -> None:
    worker("", newest, watched=True)
    before = worker.do(resources)
    lanes = watch(worker, source, newest)
    assert (lanes[0].process, lanes[0].thread) == (0, 0)
    if "over" in source:
        assert len(lanes) == 1001
    assert worker.do(resources) == before
    assert worker.do(children) == []


def test_more_threads_than_files_may_be_open_break_nothing(
    worker: Worker, newest: Installation
) -> None:
    source = """
        import threading, time
        over = threading.Event()
        threads = [threading.Thread(target=over.wait) for _ in range(100)]
        for thread in threads:
            thread.start()
        time.sleep(0.3)
        over.set()
        """
    soft, hard = worker.do(resource.getrlimit, resource.RLIMIT_NOFILE)
    try:
        worker.do(resource.setrlimit, resource.RLIMIT_NOFILE, (80, hard))
        watch(worker, source, newest)
    finally:
        worker.do(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.parametrize(
    ("source", "limits", "ending"),
    [
        ("while True: pass", Limits(3), "time limit"),
        ("while True: print('again')", Limits(20, 1_000, MANY), "output limit"),
    ],
    ids=["time", "output"],
)
def test_the_watch_ends_when_a_limit_ends_the_script(
    worker: Worker, newest: Installation, source: str, limits: Limits, ending: str
) -> None:
    worker("", newest, watched=True)
    before = worker.do(resources)
    source = f"import os, time\nif os.fork() == 0: time.sleep(120)\ntime.sleep(0.3)\n{source}"
    run = worker(source, newest, limits, watched=True)
    assert run.end == ending
    assert [lane.process for lane in lanes_of(run)] == [0, 1]
    assert max(lane.ended for lane in lanes_of(run)) <= run.duration + ROUNDING
    assert worker.do(resources) == before
    assert worker.do(children) == []


def test_threads_that_come_and_go_are_limited_for_each_has_a_lane(
    worker: Worker, newest: Installation
) -> None:
    source = """
        import threading, time
        until = time.monotonic() + 8
        while time.monotonic() < until:
            threads = [threading.Thread(target=time.sleep, args=(0.1,)) for _ in range(20)]
            for thread in threads: thread.start()
            for thread in threads: thread.join()
        """
    run = worker(source, newest, Limits(20, threads=100), watched=True)
    assert (run.end, run.exit_code) == ("thread limit", None)
    assert 100 < len(lanes_of(run)) < 200


def test_a_script_that_cannot_start_is_not_watched(worker: Worker, newest: Installation) -> None:
    gone = replace(newest, executable=str(worker.bytecode / "gone"))
    before = worker.do(resources)
    with pytest.raises(OSError, match="No such file"):
        worker("", gone, watched=True)
    assert worker.do(resources) == before


@pytest.mark.parametrize("lanes", [None, (), (a_lane([0.5, 1]), a_lane([0], 1, 2, "é <b>", True))])
def test_lanes_come_back_from_json_as_they_were(lanes: tuple[Lane, ...] | None) -> None:
    run = a_run(lanes=lanes)
    assert Run.from_json(run.to_json()) == run


def test_a_name_that_is_no_text_does_not_end_the_watch(
    worker: Worker, newest: Installation
) -> None:
    run = worker(
        f"""
{WORK}
import ctypes
time.sleep(0.2)
ctypes.CDLL(None).prctl(15, bytes([0xff, 0xfe]))  # PR_SET_NAME
work(0.3)
        """,
        newest,
        watched=True,
    )
    (lane,) = lanes_of(run)
    assert lane.ended > run.duration / 2
    assert sum(lane.on_core) >= 0.3 - TOLERANCE


def test_what_a_forked_child_of_a_fork_server_forks_is_no_helper(
    worker: Worker, newest: Installation
) -> None:
    lanes = watch(
        worker,
        """
        import multiprocessing, time


        def child():
            process = multiprocessing.get_context("fork").Process(target=time.sleep, args=(0.5,))
            process.start()
            process.join()


        if __name__ == "__main__":
            process = multiprocessing.get_context("forkserver").Process(target=child)
            process.start()
            process.join()
        """,
        newest,
    )
    assert len({lane.process for lane in lanes if lane.helper}) == 2
    assert len({lane.process for lane in lanes if not lane.helper}) == 3


def test_no_lane_is_on_a_core_for_longer_than_it_lives(
    worker: Worker, newest: Installation
) -> None:
    lanes = watch(
        worker,
        f"""
{WORK}
import os
for _ in range(10):
    if os.fork() == 0:
        while time.thread_time() < 0.1:
            pass
        os._exit(0)
    os.wait()
        """,
        newest,
    )
    assert len(lanes) > 5
    for lane in lanes[1:]:
        assert sum(lane.on_core) <= lane.ended - lane.began + TOLERANCE

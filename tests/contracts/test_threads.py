"""What must hold of examples/threads/ on every run."""

import pytest

from exhibits.measure import cores_together
from exhibits.run import Run
from tests.contracts.when import printed_before, sampled, two_cores, with_gil, without_gil

LINES = (
    "Thread A: sleeping for 2 s",
    "Thread B: sleeping for 1 s",
    "Thread B: done",
    "Thread A: done",
    "Both threads are done",
)


@pytest.mark.example("threads/start_and_join.py")
def test_each_text_once(run: Run) -> None:
    """Both threads say that they start and that they are done, each exactly once."""
    assert [run.stdout.count(line) for line in LINES] == [1] * len(LINES)
    assert len(run.stdout) == sum(len(line) + 1 for line in LINES)


@pytest.mark.example("threads/start_and_join.py", of=printed_before("Thread B: done", 2))
def test_the_shorter_sleep_ends_first(run: Run) -> None:
    """B, which sleeps for one second, is done before A, which sleeps for two and starts first."""
    assert run.stdout.index("Thread B: done") < run.stdout.index("Thread A: done")


@pytest.mark.example("threads/start_and_join.py")
def test_join_waits(run: Run) -> None:
    """What follows join() is executed after the threads have ended."""
    assert run.output[-1] == "Both threads are done"


@pytest.mark.example("threads/start_and_join.py", on=sampled())
def test_sleeping_threads_need_no_core(run: Run) -> None:
    """A sleeping thread is on a core for less than a tenth of its time."""
    _, *threads = run.lanes or ()
    assert len(threads) == 2
    for lane in threads:
        assert sum(lane.on_core) < (lane.ended - lane.began) / 10


@pytest.mark.example("threads/two_computing.py")
def test_both_have_counted_down(run: Run) -> None:
    """Both computing threads end, with the GIL and without."""
    assert run.output == ["Both have counted down"]


@pytest.mark.example("threads/two_computing.py", on=sampled(with_gil))
def test_two_computing_threads_share_a_core_with_the_gil(run: Run) -> None:
    """With the GIL, two computing threads have at most 1.1 cores together: they take turns."""
    together = cores_together(run)
    assert together is not None
    assert together <= 1.1


@pytest.mark.example("threads/two_computing.py", on=sampled(without_gil), of=two_cores)
def test_two_computing_threads_have_a_core_each_without_the_gil(run: Run) -> None:
    """Without the GIL, two computing threads have at least 1.7 cores, unless others hold them."""
    together = cores_together(run, ready=True)
    assert together is not None
    assert together >= 1.7


@pytest.mark.example(
    "threads/missing_comma.py",
    stderr="TypeError: greet() takes 1 positional argument but 5 were given",
)
def test_args_without_the_comma(run: Run) -> None:
    """With `args=("Alice")` the function is called with five arguments, one for each letter."""
    assert run.output == ["The main thread carries on"]


@pytest.mark.example("threads/called_too_early.py")
def test_target_called_too_early(run: Run) -> None:
    """With `target=work()` the main thread runs work(); with `target=work` the new one does."""
    assert run.output == ["work() runs in MainThread", "work() runs in the new thread"]


@pytest.mark.example("threads/return_value.py")
def test_return_value(run: Run) -> None:
    """join() returns None; a result has to be left where the caller can find it."""
    assert run.output == ["join() returned None", "collected [(0, 0), (1, 1), (2, 4), (3, 9)]"]


@pytest.mark.example("threads/exception_in_thread.py", stderr="ZeroDivisionError: division by zero")
def test_exception_ends_its_own_thread_only(run: Run) -> None:
    """An exception ends its own thread; join() does not raise it, and the program goes on."""
    assert run.output == ["join() raised nothing; still running: False"]
    assert run.stderr.startswith("Exception in thread Thread-1 (divide):\n")


@pytest.mark.example("threads/started_twice.py")
def test_started_twice(run: Run) -> None:
    """A thread starts once; join() before start() and a second start() raise RuntimeError."""
    assert run.output == [
        "join() too early: cannot join thread before it is started",
        "The thread runs",
        "start() again: threads can only be started once",
    ]


@pytest.mark.example("threads/join_with_timeout.py")
def test_join_with_timeout(run: Run) -> None:
    """join(timeout) returns None in any case; is_alive() tells whether the thread has ended."""
    assert run.output == [
        "join(timeout=0.5) returned None",
        "still running: True",
        "still running: False",
    ]


@pytest.mark.example("threads/mixed_lines.py")
def test_print_writes_twice(run: Run) -> None:
    """print() writes the text and its end apart, so another thread's text can come between."""
    assert run.output[:3] == ["one lineone line", "", ""]


@pytest.mark.example("threads/mixed_lines.py")
def test_one_write_stays_whole(run: Run) -> None:
    """A line that carries its newline, printed with `end=""`, is written in one piece."""
    assert run.output[3:] == ["one line", "one line", ""]


@pytest.mark.example("threads/buffering.py")
def test_how_python_buffers_what_it_prints(run: Run) -> None:
    """Python writes line by line to a terminal, in larger lumps to a pipe, in pieces with -u."""
    assert run.output == [
        "terminal:    line by line: True, piece by piece: False",
        "pipe:        line by line: False, piece by piece: False",
        "pipe and -u: line by line: False, piece by piece: True",
    ]

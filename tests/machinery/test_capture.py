"""Holds the capture of many runs to executing what is needed, at the right moment, and no more."""

import io
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path

import psutil
import pytest
from rich.console import Console

from exhibits import capture as capture_module
from exhibits import sandbox, timeline
from exhibits.capture import capture, wait_until_idle
from exhibits.interpreters import Installation
from exhibits.project import Problem
from exhibits.run import Run
from exhibits.store import Store
from tests.machinery.conftest import Tiny

# Notes in a file of the test's when it began and ended, and who it was.
NOTING = """
import os, sys, time
began = time.monotonic()
time.sleep({seconds})
line = f"{name} {{began}} {{time.monotonic()}}\\n"
file = os.open({log!r}, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
os.write(file, line.encode())
"""


@dataclass(frozen=True)
class Interval:
    """What one run noted."""

    name: str
    began: float
    ended: float

    def overlaps(self, other: "Interval") -> bool:
        return self.began < other.ended and other.began < self.ended


@pytest.fixture
def project(tiny: Callable[..., Tiny], quiet: None) -> Tiny:
    """A project for which any machine is idle enough to measure on."""
    return tiny(time_limit=20)


@pytest.fixture
def store(project: Tiny) -> Store:
    return Store(project.project.runs)


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file in which scripts note what they do, which they could not from within a sandbox."""
    monkeypatch.setattr(sandbox, "possible", lambda: False)
    return tmp_path / "log"


def add_noting(project: Tiny, log: Path, *examples: str, seconds: float = 0) -> None:
    for name in examples:
        source = NOTING.format(name=name, seconds=seconds, log=str(log))
        project.write(f"examples/{name}", source)


def noted(log: Path) -> Iterator[Interval]:
    for line in log.read_text().splitlines():
        name, began, ended = line.split()
        yield Interval(name, float(began), float(ended))


def written(store: Store) -> dict[str, int]:
    return {p.parent.name: p.stat().st_mtime_ns for p in store.folder.rglob("*.json")}


def capture_all(
    project: Tiny,
    installations: tuple[Installation, ...],
    store: Store,
    console: Console | None = None,
) -> list[Run]:
    capture(project.project, installations, project.project.example_names(), store, console)
    return store.all()


def test_every_example_is_executed_on_every_interpreter(
    project: Tiny, installations: tuple[Installation, ...], store: Store
) -> None:
    project.write("examples/threads/one.py", "print('one')")
    project.write("examples/locks/two.py", "print('two')")
    made = capture_all(project, installations, store)
    expected = {
        (example, installation.interpreter)
        for example in ("threads/one.py", "locks/two.py")
        for installation in installations
    }
    assert {(run.example, run.interpreter) for run in made} == expected
    assert {run.stdout for run in made} == {"one\n", "two\n"}
    assert {(run.end, run.exit_code) for run in made} == {("exited", 0)}


def test_twenty_scripts_give_twenty_runs(project: Tiny, newest: Installation, store: Store) -> None:
    for number in range(20):
        project.write(f"examples/threads/n{number}.py", f"print({number})")
    made = capture_all(project, (newest,), store)
    assert sorted(int(run.stdout) for run in made) == list(range(20))


def test_valid_runs_are_kept_and_only_the_changed_example_is_executed(
    project: Tiny, newest: Installation, store: Store, log: Path
) -> None:
    add_noting(project, log, "threads/same.py", "threads/changed.py")
    capture_all(project, (newest,), store)
    before = written(store)
    project.write("examples/threads/changed.py", "print('changed')")
    made = {run.example: run for run in capture_all(project, (newest,), store)}
    after = written(store)
    assert made["threads/changed.py"].stdout == "changed\n"
    assert after["same"] == before["same"]
    assert after["changed"] > before["changed"]
    assert len(list(noted(log))) == 2, "nothing was executed again"


def test_nothing_is_executed_when_every_run_is_valid(
    project: Tiny, newest: Installation, store: Store, log: Path
) -> None:
    add_noting(project, log, "threads/same.py", "measured/same.py")
    assert capture_all(project, (newest,), store) == capture_all(project, (newest,), store)
    assert len(list(noted(log))) == 2


def test_an_interpreter_that_is_new_here_is_the_only_one_to_execute(
    project: Tiny, installations: tuple[Installation, ...], store: Store
) -> None:
    first, second, *_ = installations
    project.write("examples/threads/one.py", "print('one')")
    (before,) = capture_all(project, (first,), store)
    runs = capture_all(project, (first, second), store)
    assert before in runs
    assert {run.interpreter for run in runs} == {first.interpreter, second.interpreter}


def test_another_build_of_an_interpreter_executes_again(
    project: Tiny, newest: Installation, store: Store
) -> None:
    project.write("examples/threads/one.py", "print('one')")
    capture_all(project, (newest,), store)
    rebuilt = replace(newest, interpreter=replace(newest.interpreter, build="rebuilt"))
    (run,) = capture_all(project, (rebuilt,), store)
    assert run.interpreter.build == "rebuilt"


def test_sleeping_scripts_overlap(
    project: Tiny, installations: tuple[Installation, ...], store: Store, log: Path
) -> None:
    add_noting(project, log, "threads/a.py", "threads/b.py", seconds=1)
    capture_all(project, installations[:2], store)
    intervals = list(noted(log))
    assert len(intervals) == 4
    assert all(one.overlaps(other) for one, other in combinations(intervals, 2))


def test_measured_scripts_run_alone_and_after_all_others(
    project: Tiny, installations: tuple[Installation, ...], store: Store, log: Path
) -> None:
    add_noting(
        project, log, "threads/a.py", "zz/b.py", "measured/c.py", "measured/d.py", seconds=0.3
    )
    capture_all(project, installations[:2], store)
    intervals = list(noted(log))
    measured = [one for one in intervals if one.name.startswith("measured/")]
    others = [one for one in intervals if one not in measured]
    assert (len(measured), len(others)) == (4, 4)
    assert max(one.ended for one in others) < min(one.began for one in measured)
    assert not any(one.overlaps(other) for one, other in combinations(measured, 2))


def test_each_measured_script_waits_until_the_machine_is_idle(
    project: Tiny, newest: Installation, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[int] = []
    monkeypatch.setattr(capture_module, "wait_until_idle", lambda: waits.append(len(store.all())))
    for name in ("threads/a.py", "measured/b.py", "measured/c.py"):
        project.write(f"examples/{name}", "pass")
    capture_all(project, (newest,), store)
    assert waits == [1, 2], "before each of the two, with all that was executed before it in store"


@pytest.mark.parametrize(
    ("use", "looks"),
    [([3.0], 1), ([90.0, 50.0, 3.0, 90.0], 3), ([99.0] * 1000, capture_module.LOOKS)],
    ids=["idle", "idle in a while", "never idle"],
)
def test_waiting_for_an_idle_machine_ends(
    monkeypatch: pytest.MonkeyPatch, use: list[float], looks: int
) -> None:
    seen = iter(use)
    monkeypatch.setattr(psutil, "cpu_percent", lambda interval: next(seen))
    wait_until_idle()
    assert len(use) - len(list(seen)) == looks


def test_a_vanished_interpreter_is_named_with_the_remedy(
    project: Tiny, newest: Installation, store: Store, tmp_path: Path
) -> None:
    project.write("examples/threads/one.py", "pass")
    gone = replace(newest, executable=str(tmp_path / "gone"))
    with pytest.raises(Problem) as problem:
        capture(
            project.project,
            [gone],
            ["threads/one.py"],
            store,
            pages={"threads/one.py": "docs/a.md"},
        )
    (line,) = str(problem.value).splitlines()
    assert line.startswith(f"docs/a.md: examples/threads/one.py on {newest.interpreter.name}: ")
    assert "nox -s interpreters" in line


def test_a_script_meets_signals_as_in_a_terminal(
    project: Tiny, newest: Installation, store: Store
) -> None:
    """The processes that execute leave Ctrl-C to their parent; a script must not inherit that."""
    project.write(
        "examples/threads/interrupted.py",
        """
        import signal
        ignored = [s.name for s in signal.Signals if signal.getsignal(s) is signal.SIG_IGN]
        print(ignored, signal.pthread_sigmask(signal.SIG_BLOCK, ()))
        try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt:
            print("interrupted")
        """,
    )
    (run,) = capture_all(project, (newest,), store)
    assert run.output == ["['SIGPIPE', 'SIGXFSZ'] set()", "interrupted"], "as Python itself sets"


def test_the_progress_bar_says_how_many_runs_are_done_and_failed(
    project: Tiny, newest: Installation, store: Store
) -> None:
    for number in range(2):
        project.write(f"examples/threads/n{number}.py", "pass")
    project.write("examples/threads/floods.py", "while True: print()")
    screen = io.StringIO()
    with pytest.raises(Problem):
        capture_all(
            project, (newest,), store, console=Console(file=screen, force_terminal=True, width=100)
        )
    assert "3/3" in screen.getvalue()
    assert "1 failed" in screen.getvalue()


def test_nothing_to_execute_is_no_problem(
    project: Tiny, newest: Installation, store: Store
) -> None:
    assert capture_all(project, (newest,), store) == []


def test_a_run_that_met_a_limit_is_not_kept(
    project: Tiny, newest: Installation, store: Store
) -> None:
    project.write("examples/threads/ends.py", "pass")
    project.write("examples/threads/floods.py", "while True: print('again')")
    with pytest.raises(Problem, match="floods"):
        capture_all(project, (newest,), store)
    assert [run.example for run in store.all()] == ["threads/ends.py"]


def test_only_the_examples_whose_timeline_a_page_shows_are_watched(
    project: Tiny, newest: Installation, store: Store
) -> None:
    for name in ("seen", "unseen"):
        project.write(f"examples/threads/{name}.py", "import time; time.sleep(0.2)")
    project.show("threads/seen.py", by="timeline")
    seen, unseen = capture_all(project, (newest,), store)
    assert (seen.example, unseen.example) == ("threads/seen.py", "threads/unseen.py")
    assert seen.lanes is not None
    assert bool(seen.lanes) == timeline.POSSIBLE
    assert unseen.lanes is None


def test_watched_scripts_run_alone_and_after_all_others(
    project: Tiny, installations: tuple[Installation, ...], store: Store, log: Path
) -> None:
    add_noting(project, log, "threads/a.py", "threads/b.py", "zz/c.py", "zz/d.py", seconds=0.3)
    project.show("threads/a.py", "threads/b.py", by="timeline")
    capture_all(project, installations[:2], store)
    intervals = list(noted(log))
    watched = [one for one in intervals if one.name.startswith("threads/")]
    others = [one for one in intervals if one not in watched]
    assert (len(watched), len(others)) == (4, 4)
    assert max(one.ended for one in others) < min(one.began for one in watched)
    assert not any(one.overlaps(other) for one, other in combinations(watched, 2))


def test_a_run_that_nobody_watched_is_made_again_when_a_page_shows_its_timeline(
    project: Tiny, newest: Installation, store: Store, log: Path
) -> None:
    add_noting(project, log, "threads/a.py", "threads/b.py")
    assert [run.lanes for run in capture_all(project, (newest,), store)] == [None, None]
    project.show("threads/a.py", by="timeline")
    a, b = capture_all(project, (newest,), store)
    assert (a.lanes is not None, b.lanes) == (True, None)
    assert [one.name for one in noted(log)].count("threads/a.py") == 2
    assert capture_all(project, (newest,), store) == [a, b]
    assert len(list(noted(log))) == 3, "nothing was executed again"


def test_where_sampling_is_impossible_a_watched_run_has_no_lane_and_is_kept(
    project: Tiny, newest: Installation, store: Store, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timeline, "POSSIBLE", False)
    add_noting(project, log, "threads/a.py", seconds=0.2)
    project.show("threads/a.py", by="timeline")
    (run,) = capture_all(project, (newest,), store)
    assert (run.exit_code, run.lanes) == (0, ())
    assert capture_all(project, (newest,), store) == [run]
    assert len(list(noted(log))) == 1, "asking again would not help"


@pytest.fixture
def repeated(tiny: Callable[..., Tiny], quiet: None) -> Tiny:
    """A project with examples that are executed three times."""
    return tiny(time_limit=20, repeated=("threads/again.py", "measured/again.py"))


def test_a_repeated_example_is_executed_again_and_again_on_every_interpreter(
    repeated: Tiny, installations: tuple[Installation, ...], log: Path
) -> None:
    two, store = installations[:2], Store(repeated.project.runs)
    add_noting(repeated, log, "threads/again.py", "threads/once.py", "measured/again.py")
    names = repeated.project.example_names()
    capture(repeated.project, two, names, store, repeats=True)
    executed = Counter(interval.name for interval in noted(log))
    assert executed == {"threads/again.py": 6, "threads/once.py": 2, "measured/again.py": 6}
    assert Counter(run.example for run in store.all()) == dict.fromkeys(names, 2)
    assert Counter((run.example, run.interpreter) for run in store.repeats()) == {
        (name, one.interpreter): 2
        for name in ("threads/again.py", "measured/again.py")
        for one in two
    }


def test_nothing_is_repeated_unless_asked_for(
    repeated: Tiny, newest: Installation, log: Path
) -> None:
    store = Store(repeated.project.runs)
    add_noting(repeated, log, "threads/again.py")
    assert len(capture_all(repeated, (newest,), store)) == len(list(noted(log))) == 1
    assert store.repeats() == []


def test_valid_repeats_are_kept(repeated: Tiny, newest: Installation, log: Path) -> None:
    store = Store(repeated.project.runs)
    add_noting(repeated, log, "threads/again.py")
    for _ in range(2):
        capture(repeated.project, [newest], ["threads/again.py"], store, repeats=True)
    assert len(list(noted(log))) == 3


def test_what_is_shown_of_a_repeated_example_runs_alone_and_its_repeats_do_not(
    repeated: Tiny, newest: Installation, log: Path
) -> None:
    store = Store(repeated.project.runs)
    add_noting(repeated, log, "threads/again.py", "measured/again.py", seconds=0.5)
    repeated.show("threads/again.py", by="timeline")
    names = ["threads/again.py", "measured/again.py"]
    capture(repeated.project, [newest], names, store, repeats=True)
    for run in store.all() + store.repeats():
        assert (run.lanes is not None) == (run.example == "threads/again.py"), "repeats as well"
    *repeats, first, second = sorted(noted(log), key=lambda one: one.began)
    assert {first.name, second.name} == set(names), "these are shown"
    assert max(one.ended for one in repeats) < first.began < first.ended < second.began
    assert all(one.overlaps(other) for one, other in combinations(repeats, 2))


def test_a_repeat_that_meets_a_limit_is_named_and_not_kept(
    repeated: Tiny, newest: Installation, log: Path
) -> None:
    source = f"""
        import os
        file = os.open({str(log)!r}, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(file, b"x")
        while os.fstat(file).st_size == 3:
            print("again")
        """
    repeated.write("examples/threads/again.py", source)
    store = Store(repeated.project.runs)
    with pytest.raises(Problem) as problem:
        capture(repeated.project, [newest], ["threads/again.py"], store, repeats=True)
    lines = str(problem.value).splitlines()
    assert all(line.startswith("examples/threads/again.py on ") for line in lines)
    assert 1 <= len(lines) == 3 - len(store.all() + store.repeats())


@pytest.fixture
def busy() -> Iterator[None]:
    """Another program that takes all it can get of a core."""
    with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as program:
        try:
            yield
        finally:
            program.kill()


def test_a_measured_run_that_others_disturbed_is_made_again_but_not_for_ever(
    tiny: Callable[..., Tiny],
    newest: Installation,
    log: Path,
    monkeypatch: pytest.MonkeyPatch,
    busy: None,
) -> None:
    monkeypatch.setattr(capture_module, "IDLE", 100.0)
    project = tiny(time_limit=20)
    add_noting(project, log, "measured/a.py", "threads/b.py", "threads/c.py", seconds=1)
    project.show("threads/b.py", by="timeline")
    runs = capture_all(project, (newest,), Store(project.project.runs))
    executed = Counter(interval.name for interval in noted(log))
    tries = capture_module.TRIES
    assert executed == {"measured/a.py": tries, "threads/b.py": tries, "threads/c.py": 1}
    assert len(runs) == 3


def test_a_measured_run_that_nobody_disturbed_is_made_once(
    project: Tiny, newest: Installation, store: Store, log: Path
) -> None:
    add_noting(project, log, "measured/a.py")
    capture_all(project, (newest,), store)
    assert len(list(noted(log))) == 1

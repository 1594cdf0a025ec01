"""What happens to a build from outside: signals, full disks, jumping clocks, files that change.

Each event is a real one, at a moment that hurts; afterwards the published site is the former one or
the new one, whole, and nothing is left running.
"""

import os
import random
import shutil
import signal
import subprocess
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest

from exhibits import build as build_module
from exhibits import interpreters
from exhibits.build import build
from exhibits.interpreters import Installation, probe
from exhibits.project import Problem
from exhibits.run import Run
from exhibits.store import Store
from tests.machinery.conftest import FORMER, ROOT, Tiny, a_run, alive_with, end

TOKEN = f"event_{uuid.uuid4().hex[:8]}"
SLEEPS = "import time\ntime.sleep({seconds})\nprint('slept')\n"
CONTRACT = '''
@pytest.mark.example("threads/{name}.py")
def test_{name}(run):
    """It has slept."""
    assert run.output == ["slept"]
'''
# How many builds are interrupted, and how many at a time.
INTERRUPTIONS, AT_ONCE = 200, 4


def make(project: Tiny, names: list[str], seconds: float = 0.2, scripts: int = 1) -> Tiny:
    """Fill a project with scripts that sleep, their page and contracts, and a published site."""
    project.configure(names, time_limit=30)
    scripts_named = [f"{TOKEN}_{number}" for number in range(scripts)]
    for name in scripts_named:
        project.write(f"examples/threads/{name}.py", SLEEPS.format(seconds=seconds))
    project.show(*(f"threads/{name}.py" for name in scripts_named))
    contracts = "".join(CONTRACT.format(name=name) for name in scripts_named)
    project.add_contracts(f'"""Contracts."""\nimport pytest\n{contracts}')
    project.publish_before()
    return project


@pytest.fixture
def project(tiny: Callable[..., Tiny], newest: Installation) -> Tiny:
    """A project of one script on one interpreter, ready to be built."""
    return make(tiny(), [newest.interpreter.name])


def mounted(folder: Path, size: str) -> tuple[str, ...]:
    """What to start a command by, so that it finds a file system of this size at `folder`."""
    folder.mkdir(exist_ok=True)
    become_root = () if os.geteuid() == 0 else ("--map-root-user",)
    mount = f'mount -t tmpfs -o size={size} tmpfs "$0" && exec "$@"'
    return ("unshare", *become_root, "--mount", "sh", "-c", mount, str(folder))


@pytest.fixture
def inside(project: Tiny, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tiny]:
    """The project as the current folder, to be built in this very process."""
    monkeypatch.chdir(project.root)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield project
    for number, handler in before.items():  # a build that publishes ends with signals ignored
        signal.signal(number, handler)


def is_whole(page: str) -> bool:
    return page == FORMER or (page.rstrip().endswith("</html>") and "slept" in page)


# Files that change during a build


def at(step: str, event: Callable[[], object], monkeypatch: pytest.MonkeyPatch) -> None:
    """Let something happen when a step of the build has been done."""
    do = getattr(build_module, step)

    def and_then(*arguments: object) -> None:
        do(*arguments)
        event()

    monkeypatch.setattr(build_module, step, and_then)


def change(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b" ")


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-10])


def put_a_foreign_run(path: Path) -> None:
    run = Run.from_json(path.read_text("utf-8"))
    path.write_text(replace(run, lines=a_run(stdout="foreign\n").lines).to_json(), "utf-8")


def put_a_newer_record(path: Path) -> None:
    path.write_text(path.read_text("utf-8").replace("{", '{"of_tomorrow": 1, ', 1), "utf-8")


@pytest.mark.parametrize("step", ["judge", "write_pages"])
@pytest.mark.parametrize("event", [truncate, put_a_foreign_run, put_a_newer_record, Path.unlink])
def test_a_run_that_changes_after_it_was_made_stops_the_build(
    inside: Tiny,
    monkeypatch: pytest.MonkeyPatch,
    step: str,
    event: Callable[[Path], None],
) -> None:
    runs = inside.project.runs
    at(step, lambda: event(next(runs.rglob("*.json"))), monkeypatch)
    with pytest.raises(Problem) as problem:
        build(inside.project)
    assert "nothing is published" in str(problem.value).splitlines()[-1]
    assert inside.published == FORMER


@pytest.mark.parametrize(
    "path", ["docs/index.md", "mkdocs.yml", "tests/contracts/test_threads.py", "examples"]
)
def test_a_source_that_changes_during_the_build_stops_it(
    inside: Tiny, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    changed = inside.root / path
    if changed.is_dir():
        changed = next(changed.rglob("*.py"))
    at("judge", lambda: change(changed), monkeypatch)
    with pytest.raises(Problem) as problem:
        build(inside.project)
    *_, line = lines = str(problem.value).splitlines()
    assert line.startswith("nothing is published: ")
    assert changed.relative_to(inside.root).as_posix() in str(problem.value)
    assert len(lines) <= 3
    assert inside.published == FORMER


def test_what_is_left_out_is_below_the_project(tmp_path: Path) -> None:
    """A project may be in a folder of such a name."""
    root = tmp_path / "node_modules" / "project"
    for name in ("docs/index.md", "docs/node_modules/x.md", "docs/__pycache__/x.md"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("text", "utf-8")
    assert list(build_module.digests(root, ("docs",))) == ["docs/index.md"]


def test_a_site_that_cannot_be_moved_leaves_the_former_one(project: Tiny) -> None:
    """A file system of its own below build/site: what is built in it cannot be renamed."""
    built = project.root / "build/site"
    with project.start("exhibits", "build", before=mounted(built, "300m")) as process:
        out, err = process.communicate(timeout=120)
    assert process.returncode == 1
    assert "nothing is published: " in err.splitlines()[-1]
    assert "Traceback" not in out + err
    assert project.published == FORMER


@pytest.mark.parametrize("path", ["docs/planted.js", "build/runs/threads/planted/3.10.json"])
def test_a_file_that_is_new_during_the_build_stops_it(
    inside: Tiny, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    at("judge", lambda: inside.write(path, "alert(1)"), monkeypatch)
    with pytest.raises(Problem, match=f"^nothing is published: {path} changed"):
        build(inside.project)
    assert inside.published == FORMER


def test_a_hidden_file_of_an_editor_stops_no_build(
    inside: Tiny, monkeypatch: pytest.MonkeyPatch
) -> None:
    at("judge", lambda: inside.write("docs/.index.md.swp", "draft"), monkeypatch)
    build(inside.project)
    assert "slept" in inside.published
    assert not (inside.root / "site/.index.md.swp").exists()


def test_a_script_that_plants_a_file_of_the_site_is_named(
    tiny: Callable[..., Tiny], newest: Installation
) -> None:
    """In a sandbox it cannot; without one, the build publishes nothing."""
    project = make(tiny(), [newest.interpreter.name])
    planted = project.root / "docs/planted.js"
    source = f"open({str(planted)!r}, 'w').write('alert(1)')\n{SLEEPS.format(seconds=0)}"
    project.write(f"examples/threads/{TOKEN}_0.py", source)
    answer = project.command("exhibits", "build", **project.without_sandbox())
    assert answer.returncode == 1
    assert "nothing is published: docs/planted.js changed during the build" in answer.stderr
    assert project.published == FORMER


FALSE = '"""Contracts."""\nimport pytest\n' + CONTRACT.format(name="{name}").replace(
    '["slept"]', '["danced"]'
)


@pytest.mark.parametrize(
    "variables",
    [
        {"PYTEST_ADDOPTS": "-k 'not event'"},
        {"PYTEST_ADDOPTS": "--collect-only"},
        {"PYTEST_ADDOPTS": "--assert=plain", "PYTHONOPTIMIZE": "1"},
        {"PYTEST_ADDOPTS": "-p no:tests.contracts.conftest"},
        {"PYTHONOPTIMIZE": "2"},
    ],
    ids=str,
)
def test_no_variable_of_the_builder_lets_a_false_contract_hold(
    project: Tiny, variables: dict[str, str]
) -> None:
    project.add_contracts(FALSE.format(name=f"{TOKEN}_0"))
    answer = project.command("exhibits", "build", **variables)
    assert answer.returncode == 1
    assert "does not hold: It has slept." in answer.stderr
    assert project.published == FORMER


def test_no_variable_of_the_builder_has_a_block_of_a_page_executed(project: Tiny) -> None:
    page = project.root / "docs/index.md"
    page.write_text(f"{page.read_text('utf-8')}\n```python\nprint(6 * 7000)\n```\n", "utf-8")
    answer = project.command("exhibits", "build", MARKDOWN_EXEC_AUTO="python")
    assert answer.returncode == 0, answer.stderr
    assert "42000" not in project.published
    assert "7000" in project.published


def test_what_was_judged_before_vouches_for_no_later_run(
    project: Tiny, newest: Installation
) -> None:
    assert project.command("exhibits", "build").returncode == 0
    project.configure([newest.interpreter.name], time_limit=2)
    project.write(f"examples/threads/{TOKEN}_0.py", "while True: pass\n")
    assert project.command("exhibits", "build").returncode == 1
    answer = project.command("exhibits", "pages")
    assert answer.returncode == 1
    assert "there are no checked runs in build/" in answer.stderr
    assert not (project.root / "build/pages").exists()


@pytest.fixture
def moved(newest: Installation, tmp_path: Path) -> Installation:
    """A real interpreter at a place of its own, where it may be changed."""
    home = tmp_path / "python"
    library = home / "lib" / Path(newest.library).name
    unused = shutil.ignore_patterns("test", "site-packages", "dist-packages", "__pycache__")
    shutil.copytree(newest.library, library, ignore=unused, ignore_dangling_symlinks=True)
    (home / "bin").mkdir()
    executable = shutil.copy(newest.executable, home / "bin" / Path(newest.executable).name)
    copy = probe(executable)
    assert copy.library == str(library)
    return copy


@pytest.mark.parametrize("event", ["vanishes", "is another", "starts otherwise"])
def test_an_interpreter_that_changes_during_the_build_stops_it(
    inside: Tiny,
    moved: Installation,
    monkeypatch: pytest.MonkeyPatch,
    event: str,
) -> None:
    asked = [moved.executable, "-I", "-c", "import site; print(site.getsitepackages()[-1])"]
    packages = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()
    helper = Path(packages, "helper", "__init__.py")
    helper.parent.mkdir(parents=True)
    helper.write_text("", "utf-8")
    (helper.parents[1] / "helper.pth").write_text("import helper\n", "utf-8")
    moved = probe(moved.executable)
    monkeypatch.setattr(interpreters, "found", lambda _: (moved,))
    happens = {
        "vanishes": lambda: Path(moved.executable).unlink(),
        "is another": lambda: change(Path(moved.library, "queue.py")),
        "starts otherwise": lambda: change(helper),
    }
    at("judge", happens[event], monkeypatch)
    with pytest.raises(Problem) as problem:
        build(inside.project)
    (line,) = str(problem.value).splitlines()
    assert moved.executable in line
    assert inside.published == FORMER


def test_an_interpreter_that_vanishes_while_scripts_run_is_named_for_each_script_left(
    inside: Tiny, moved: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = make(inside, [moved.interpreter.name], seconds=1, scripts=24)
    monkeypatch.setattr(interpreters, "found", lambda _: (moved,))

    def vanish() -> None:
        while not list(project.project.runs.rglob("*.json")):
            time.sleep(0.01)
        Path(moved.executable).unlink()

    thread = threading.Thread(target=vanish)
    thread.start()
    with pytest.raises(Problem) as problem:
        build(project.project)
    thread.join()
    lines = str(problem.value).splitlines()
    on = f"on {moved.interpreter.name}: could not be executed ("
    assert all(line.startswith("docs/index.md: examples/threads/") for line in lines)
    assert all(on in line for line in lines)
    assert 1 <= len(lines) == 24 - len(Store(project.project.runs).all())
    assert project.published == FORMER


# Another build, a full disk, a clock that jumps


def test_a_second_build_in_the_same_checkout_is_refused_in_one_line(
    tiny: Callable[..., Tiny], newest: Installation
) -> None:
    project = make(tiny(), [newest.interpreter.name], seconds=5)
    with project.start("exhibits", "build") as first:
        while not alive_with(TOKEN):
            assert first.poll() is None
            time.sleep(0.05)
        for command in ("build", "capture"):
            second = project.command("exhibits", command)
            assert second.returncode == 1
            (line,) = second.stderr.splitlines()
            assert line.startswith("another build is at work in project/")
        out, err = first.communicate(timeout=60)
    assert (first.returncode, err) == (0, ""), out
    assert "slept" in project.published


@pytest.mark.parametrize("size", ["16k", "1m"])
@pytest.mark.parametrize("full", ["build/site", "build"])
def test_a_full_disk_stops_the_build_in_one_line(project: Tiny, full: str, size: str) -> None:
    command = mounted(project.root / full, size)
    with project.start("exhibits", "build", before=command) as process:
        out, err = process.communicate(timeout=120)
    assert process.returncode == 1
    assert "Traceback" not in out + err
    assert "No space left on device" in err
    assert len(err.splitlines()) <= 2
    assert err.splitlines()[-1].endswith("site/ is as it was")
    assert project.published == FORMER


# Executes a script that sleeps for half a second. (A whole build does not survive libfaketime, in
# which time.sleep() fails now and then: not ours. What dates do to pages is in test_again.py.)
EXECUTES = """
from pathlib import Path
from exhibits.execute import adopt_orphans, execute
from exhibits.follow import Limits
from exhibits.interpreters import Installation, Interpreter

adopt_orphans()
source = b"import time\\ntime.sleep(0.5)\\nprint('slept')\\n"
print(execute("threads/x.py", source, {installation!r}, Limits(), Path({bytecode!r})).to_json())
"""


# Seconds by which the clock jumps: no run is that long, however busy the machine.
DAY = 86_400


@pytest.mark.parametrize("jumps", [f"+0 i{DAY}", f"+0 i-{DAY}"], ids=["ahead", "back"])
def test_a_clock_that_jumps_changes_no_duration(
    project: Tiny, newest: Installation, bytecode: Path, jumps: str
) -> None:
    """Every look at the clock finds another day."""
    code = EXECUTES.format(installation=newest, bytecode=str(bytecode / "of_the_jumps"))
    project.write("executes.py", code)
    library = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
    clock = {"LD_PRELOAD": str(library), "FAKETIME": jumps}
    clock |= {f"{prefix}DONT_FAKE_MONOTONIC": "1" for prefix in ("", "FAKETIME_")}  # both are read
    answer = project.command("executes", **clock)
    run = Run.from_json(answer.stdout)
    assert (run.end, run.stdout, run.stderr) == ("exited", "slept\n", "")
    assert 0.5 <= run.duration < DAY
    assert 0.5 <= run.lines[0].at < DAY
    started = datetime.fromisoformat(run.started)
    assert abs(started - datetime.now(UTC)) > timedelta(hours=12), "the clock did jump"


# Ctrl-C and SIGTERM


@pytest.mark.parametrize("mode", ["in a sandbox", "without"])
@pytest.mark.parametrize(
    "before", [("env", "--default-signal=HUP"), ("nohup",)], ids=["plain", "nohup"]
)
def test_a_terminal_that_is_closed_ends_a_build_unless_it_has_nohup(
    tiny: Callable[..., Tiny],
    newest: Installation,
    short_path: Path,
    before: tuple[str, ...],
    mode: str,
) -> None:
    project = make(tiny(), [newest.interpreter.name], seconds=3, scripts=2)
    variables = {"TMPDIR": str(short_path)}
    if mode == "without":
        variables |= project.without_sandbox()
    with project.start("exhibits", "build", before=before, **variables) as process:
        until = time.monotonic() + 30
        while not alive_with(f"{TOKEN}_1.py") and time.monotonic() < until:
            time.sleep(0.05)
        os.killpg(process.pid, signal.SIGHUP)
        _, err = process.communicate(timeout=120)
    assert alive_with(TOKEN) == []
    assert list(short_path.iterdir()) == []
    if before == ("nohup",):
        assert (process.returncode, err.replace("nohup: ignoring input\n", "")) == (0, "")
        assert "slept" in project.published
    else:
        assert (process.returncode, err) == (130, "interrupted; site/ is as it was\n")
        assert project.published == FORMER


def test_a_build_whose_worker_is_stopped_can_be_interrupted(
    tiny: Callable[..., Tiny], newest: Installation
) -> None:
    project = make(tiny(), [newest.interpreter.name])
    source = "import os, signal, time\nos.kill(os.getppid(), signal.SIGSTOP)\ntime.sleep(60)\n"
    project.write(f"examples/threads/{TOKEN}_0.py", source)
    with project.start("exhibits", "build", **project.without_sandbox()) as process:
        until = time.monotonic() + 30
        while not alive_with(f"{TOKEN}_0.py") and time.monotonic() < until:
            time.sleep(0.05)
        time.sleep(1)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)
    assert process.returncode == 130
    assert alive_with(TOKEN) == []


# bubblewrap fails when anybody tries it for the second time, as where no process can be started.
FAILS_ONCE = """#!/bin/sh
for last; do :; done
if [ "$last" = true ]; then
    mkdir FOLDER/first 2> /dev/null || { mkdir FOLDER/second 2> /dev/null && exit 1; }
fi
exec BWRAP "$@"
"""


def test_a_sandbox_that_fails_once_lets_no_script_run_without(
    tiny: Callable[..., Tiny], newest: Installation
) -> None:
    project = make(tiny(), [newest.interpreter.name], scripts=4)
    bwrap = project.write("bin/bwrap", "")
    real = str(shutil.which("bwrap"))
    bwrap.write_text(FAILS_ONCE.replace("FOLDER", str(bwrap.parent)).replace("BWRAP", real))
    bwrap.chmod(0o755)
    path = f"{bwrap.parent}{os.pathsep}{os.environ['PATH']}"
    assert project.command("exhibits", "build", timeout=300, PATH=path).returncode == 0
    runs = Store(project.project.runs).all()
    assert [run.sandboxed for run in runs] == [True] * 4


def test_signals_at_random_moments_leave_a_whole_site_and_nothing_running(
    tmp_path: Path, bytecode: Path, newest: Installation, short_path: Path
) -> None:
    """Each project is built again and again, interrupted each time; and at last it is not."""
    projects = []
    for number in range(AT_ONCE):
        project = Tiny(tmp_path / f"project{number}")
        project.project.build.mkdir(parents=True)
        project.project.bytecode.symlink_to(bytecode)
        projects.append(make(project, [newest.interpreter.name], scripts=3))
    whole = max(ThreadPoolExecutor(AT_ONCE).map(lambda one: timed(one, short_path), projects))
    chance = random.Random(20_000)
    tries = [
        (
            projects[number % AT_ONCE],
            chance.uniform(0, whole),
            chance.choice([signal.SIGINT, signal.SIGTERM]),
            chance.choice([os.kill, os.killpg]),
        )
        for number in range(INTERRUPTIONS)
    ]

    def all_of(number: int) -> list[int]:
        return [interrupt(*one, short_path) for one in tries[number::AT_ONCE]]

    with ThreadPoolExecutor(AT_ONCE) as pool:
        codes = [code for done in pool.map(all_of, range(AT_ONCE)) for code in done]
    assert len(codes) == INTERRUPTIONS
    assert codes.count(130) > INTERRUPTIONS / 4, "most were interrupted while they built"
    for project in projects:
        assert project.command("exhibits", "build", timeout=120).returncode == 0
        assert "slept" in project.published
    assert alive_with(TOKEN) == []
    assert list(short_path.iterdir()) == []


def timed(project: Tiny, temporary: Path) -> float:
    """Seconds that a build takes that nobody interrupts."""
    began = time.monotonic()
    answer = project.command("exhibits", "build", timeout=120, TMPDIR=str(temporary))
    assert answer.returncode == 0, answer.stderr
    project.publish_before()
    return time.monotonic() - began


def interrupt(
    project: Tiny,
    after: float,
    number: signal.Signals,
    kill: Callable[[int, int], None],
    temporary: Path,
) -> int:
    """Build, send a signal after so many seconds, and look at what is left; the exit code."""
    with project.start("exhibits", "build", TMPDIR=str(temporary)) as process:
        time.sleep(after)
        family = psutil.Process(process.pid).children(recursive=True)
        kill(process.pid, number)
        try:
            out, err = process.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            end(process.pid)
            raise
    assert is_whole(project.published)
    left = [str(one) for one in family if one.is_running() and one.status() != "zombie"]
    assert left == [], (number, kill, process.returncode, out, err)
    if process.returncode == 130:
        assert err == "interrupted; site/ is as it was\n"
        assert project.published == FORMER
    elif process.returncode == 0:
        assert "slept" in project.published
        project.publish_before()
    else:  # before it could take signals into its own hands
        assert process.returncode == -number, (process.returncode, out, err)
        assert project.published == FORMER
    return process.returncode

"""Holds the commands to this: whatever goes wrong, one line says what, where and the remedy."""

import os
import signal
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from exhibits.downloads import ZIP
from exhibits.interpreters import Installation
from exhibits.store import Store
from tests.machinery.conftest import Tiny, a_run, alive_with, end

TOKEN = f"sleeps_{uuid.uuid4().hex}"
HANGS = "import time\nprint('last words', flush=True)\ntime.sleep(120)\n"
FLOODS = "while True: print('again')\n"


@pytest.fixture
def oldest(installations: tuple[Installation, ...]) -> str:
    return installations[0].interpreter.name


def lines_without_traceback(answer: "subprocess.CompletedProcess[str]") -> list[str]:
    """What a command that failed said on stderr."""
    assert answer.returncode == 1
    assert "Traceback" not in answer.stdout + answer.stderr
    return answer.stderr.splitlines()


def test_capture_stores_the_runs_and_copies_the_examples_to_download(
    tiny: Callable[..., Tiny],
) -> None:
    project = tiny()
    source = project.write("examples/threads/one.py", "print('one')\n")
    project.write("docs/examples/threads/former.py", "pass\n")
    project.show("threads/one.py")
    answer = project.command("exhibits", "capture")
    assert (answer.returncode, answer.stderr) == (0, "")
    assert [run.stdout for run in Store(project.project.runs).all()] == ["one\n"]
    folder = project.root / "docs/examples"
    copies = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert copies == {"threads/one.py", ZIP}, "the former one is gone"
    assert (folder / "threads/one.py").read_bytes() == source.read_bytes()


def test_capture_executes_anew_unless_told_to_reuse(tiny: Callable[..., Tiny]) -> None:
    project = tiny()
    project.write("examples/threads/one.py", "import uuid; print(uuid.uuid4())\n")
    project.show("threads/one.py")
    printed = []
    for options in ([], ["--reuse"], []):
        assert project.command("exhibits", "capture", *options).returncode == 0
        printed += [run.stdout for run in Store(project.project.runs).all()]
    first, reused, anew = printed
    assert first == reused != anew


def test_capture_forgets_the_runs_of_examples_that_are_gone(tiny: Callable[..., Tiny]) -> None:
    project = tiny()
    Store(project.project.runs).save(a_run(example="threads/gone.py"))
    project.write("examples/threads/one.py", "pass\n")
    project.show("threads/one.py")
    assert project.command("exhibits", "capture").returncode == 0
    assert [run.example for run in Store(project.project.runs).all()] == ["threads/one.py"]


def test_capture_names_the_page_and_line_of_a_misspelt_example(tiny: Callable[..., Tiny]) -> None:
    project = tiny()
    project.write("examples/threads/one.py", "pass\n")
    project.show("threads/one.py", "threads/onne.py")
    (line,) = lines_without_traceback(project.command("exhibits", "capture"))
    assert line.startswith("docs/index.md:6: there is no examples/threads/onne.py; did you mean ")
    assert not project.project.runs.exists(), "nothing was executed"


def test_capture_names_scripts_that_meet_a_limit_and_keeps_the_other_runs(
    tiny: Callable[..., Tiny], oldest: str
) -> None:
    project = tiny()
    project.write("examples/threads/hangs.py", HANGS)
    project.write("examples/threads/floods.py", FLOODS)
    project.write("examples/threads/good.py", "print('good')\n")
    project.show("threads/hangs.py", "threads/floods.py", "threads/good.py")
    answer = project.command("exhibits", "capture")
    floods, hangs = sorted(lines_without_traceback(answer))
    assert floods.startswith(f"docs/index.md: examples/threads/floods.py on {oldest}: printed more")
    assert "print less, or raise the limits in pyproject.toml" in floods
    assert hangs.startswith(
        f"docs/index.md: examples/threads/hangs.py on {oldest}: was still running after 2 s"
    )
    assert "'last words'" in hangs
    assert "make it end, or raise time_limit in pyproject.toml" in hangs
    good = next(run for run in Store(project.project.runs).all() if "good" in run.example)
    assert (good.end, good.stdout) == ("exited", "good\n")


def test_capture_says_that_no_interpreter_is_here(tiny: Callable[..., Tiny]) -> None:
    project = tiny(names=("3.1",))
    (line,) = lines_without_traceback(project.command("exhibits", "capture"))
    assert line == "none of Python 3.1 is here: uv python install 3.1"


def test_outside_a_checkout_a_command_says_so(tiny: Callable[..., Tiny]) -> None:
    project = tiny()
    (project.root / "mkdocs.yml").unlink()
    (line,) = lines_without_traceback(project.command("exhibits", "capture"))
    assert line.endswith("run from the top folder of a checkout")


def test_interpreters_are_listed_with_their_facts(tiny: Callable[..., Tiny], oldest: str) -> None:
    answer = tiny().command("exhibits", "interpreters")
    assert answer.returncode == 0
    assert answer.stdout.startswith(f"{oldest} ")
    assert "GIL on" in answer.stdout


@pytest.fixture
def capturing(tiny: Callable[..., Tiny], short_path: Path) -> Iterator["subprocess.Popen[str]"]:
    """A capture of scripts that sleep, some of them running; TOKEN is in their command lines."""
    project = tiny(time_limit=20)
    names = [f"threads/{TOKEN}_{number}.py" for number in range(12)]
    for name in names:
        project.write(f"examples/{name}", "import time\ntime.sleep(120)\n")
    project.show(*names)
    process = project.start("exhibits", "capture", TMPDIR=str(short_path))
    try:
        while process.poll() is None and len(alive_with(TOKEN)) < 2:
            time.sleep(0.05)
        assert list(short_path.glob("exhibits-*"))
        yield process
    finally:
        for pid in (process.pid, *(left.pid for left in alive_with(TOKEN))):
            end(pid)
        process.communicate()


@pytest.mark.parametrize("whom", ["the terminal's group", "the command alone"])
def test_ctrl_c_ends_capture_at_once_and_leaves_nothing_behind(
    capturing: "subprocess.Popen[str]", whom: str, short_path: Path
) -> None:
    if whom == "the command alone":
        os.kill(capturing.pid, signal.SIGINT)
    else:
        os.killpg(capturing.pid, signal.SIGINT)
    _, stderr = capturing.communicate(timeout=12)  # scripts that sleep for 20 s are not waited for
    assert alive_with(TOKEN) == []
    assert capturing.returncode == 130
    assert stderr == "interrupted; site/ is as it was\n"
    assert list(short_path.iterdir()) == []


# What tests/contracts holds, in a tiny project: each fault below must break the build in one line.
GOOD = '''
"""What must hold of examples/threads/."""
import pytest


@pytest.mark.example("threads/good.py")
def test_good(run):
    """Good is good."""
    assert run.stdout == "good\\n"
'''
FAULTY = '''

@pytest.mark.example("threads/fails.py")
def test_fails(run):
    """It ends well."""


@pytest.mark.example("threads/warns.py")
def test_warns(run):
    """It says nothing on stderr."""


@pytest.mark.example("threads/false.py")
def test_false(run):
    """It prints another thing."""
    assert run.stdout == "another thing"


@pytest.mark.example("threads/expected.py", exit_code=1, stderr="ValueError: on purpose")
def test_expected(run):
    """It fails on purpose."""


@pytest.mark.example("threads/silent.py", stderr="a warning")
def test_silent(run):
    """It warns."""


@pytest.mark.example("threads/other_error.py", exit_code=1, stderr="KeyError")
def test_other_error(run):
    """It raises a KeyError."""
'''
HELD = {
    "good": "print('good')",
    "expected": "raise ValueError('on purpose')",
}
BROKEN = {
    "fails": ("raise SystemExit(3)", "It ends well.", "exit code 3, not 0"),
    "warns": (
        "import sys; print('beware', file=sys.stderr)",
        "It says nothing on stderr.",
        "stderr ends in 'beware', not 'nothing'",
    ),
    "false": ("print('one thing')", "It prints another thing.", "one thing"),
    "silent": ("pass", "It warns.", "nothing on stderr, not 'a warning'"),
    "other_error": (
        "raise TypeError('at all')",
        "It raises a KeyError.",
        "stderr ends in 'TypeError: at all' (line 1), not 'KeyError'",
    ),
}


def judge(project: Tiny, runs: str = "build/runs") -> "subprocess.CompletedProcess[str]":
    """Hold the contracts as `nox -s docs` does."""
    return project.command(
        *("pytest", "tests/contracts", f"--runs={runs}", "-q", "-rN", "--tb=no"),
        *("-p", "no:cacheprovider"),
    )


@pytest.fixture(scope="module")
def judged(
    tmp_path_factory: pytest.TempPathFactory, installations: tuple[Installation, ...]
) -> "subprocess.CompletedProcess[str]":
    """What is said of a project with a fault of each kind."""
    project = Tiny(tmp_path_factory.mktemp("judged"))
    sources = HELD | {name: source for name, (source, *_) in BROKEN.items()}
    project.write("mkdocs.yml", "site_name: Tiny")
    name = installations[0].interpreter.name
    project.write(
        "pyproject.toml",
        f"""
        [tool.exhibits]
        interpreters = ["{name}"]
        time_limit = 20
        output_bytes = 20000
        output_lines = 100
        memory_megabytes = 800
        processes = 50
        threads = 200
        disk_megabytes = 20
        repeats = 3
        repeated = []

        [tool.pytest.ini_options]
        markers = ["example(script, on, exit_code, stderr): what a contract is about"]
        """,
    )
    for name, source in sources.items():
        project.write(f"examples/threads/{name}.py", f"{source}\n")
    project.show(*(f"threads/{name}.py" for name in sources))
    project.add_contracts(GOOD + FAULTY)
    assert project.command("exhibits", "capture").returncode == 0
    return judge(project)


def test_broken_contracts_fail_the_build(judged: "subprocess.CompletedProcess[str]") -> None:
    assert judged.returncode == 1
    assert "INTERNALERROR" not in judged.stdout + judged.stderr
    assert "Traceback" not in judged.stdout + judged.stderr


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_contract_is_one_line_with_page_script_interpreter_and_remedy(
    judged: "subprocess.CompletedProcess[str]", name: str, oldest: str
) -> None:
    _, claim, reason = BROKEN[name]
    (line,) = [line for line in judged.stdout.splitlines() if f"threads/{name}.py" in line]
    start = f"docs/index.md: examples/threads/{name}.py on {oldest}: does not hold: {claim}"
    assert line.startswith(start)
    assert reason in line
    assert line.endswith(f"make script, page and test_threads.py::test_{name} agree")


@pytest.mark.parametrize("name", HELD)
def test_a_contract_that_holds_is_not_mentioned(
    judged: "subprocess.CompletedProcess[str]", name: str
) -> None:
    assert "does not hold" in judged.stdout
    assert f"threads/{name}.py" not in judged.stdout


def test_a_contract_that_ends_in_an_error_without_a_message_is_one_line_too(
    tiny: Callable[..., Tiny], oldest: str
) -> None:
    project = tiny()
    project.write("examples/threads/good.py", "print('good')\n")
    project.show("threads/good.py")
    project.add_contracts(GOOD.replace("assert run.stdout == ", "next(iter(())) or "))
    assert project.command("exhibits", "capture").returncode == 0
    judged = judge(project)
    assert judged.returncode == 1
    (line,) = [line for line in judged.stdout.splitlines() if "threads/good.py" in line]
    assert line.startswith(f"docs/index.md: examples/threads/good.py on {oldest}: does not hold")


def test_an_example_without_a_contract_fails_the_build(tiny: Callable[..., Tiny]) -> None:
    project = tiny()
    project.write("examples/threads/good.py", "print('good')\n")
    project.write("examples/threads/held_by_nothing.py", "pass\n")
    project.show("threads/good.py", "threads/held_by_nothing.py")
    project.add_contracts(GOOD)
    assert project.command("exhibits", "capture").returncode == 0
    assert judge(project).returncode == 1


def test_judging_no_run_at_all_fails_the_build(tiny: Callable[..., Tiny]) -> None:
    project = tiny()
    project.write("examples/threads/good.py", "print('good')\n")
    project.show("threads/good.py")
    project.add_contracts(GOOD)
    assert judge(project, runs="build/misspelt").returncode != 0


def test_without_runs_contracts_execute_their_examples(tiny: Callable[..., Tiny]) -> None:
    project = tiny()
    project.write("examples/threads/good.py", "print('good')\n")
    project.show("threads/good.py")
    project.add_contracts(GOOD)
    answer = project.command("pytest", "tests/contracts", "-q", "-p", "no:cacheprovider")
    assert answer.returncode == 0, answer.stdout
    (run,) = Store(next((project.root / "build" / "tests").iterdir())).all()
    assert run.stdout == "good\n"

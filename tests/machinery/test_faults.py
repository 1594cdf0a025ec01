"""Scripts that break, hang, flood, fool and poison: each, on every interpreter, in a real build.

Whatever a script does, the build ends with one line for it or shows exactly what it printed; the
published site is as it was, and nothing is left running. Once in a sandbox, and once without, for
the faults that are contained there as well.
"""

import html
import subprocess
import textwrap
import uuid
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import pytest

from exhibits import sandbox
from exhibits.interpreters import Installation
from exhibits.store import Store
from tests.machinery.conftest import FORMER, HERE, Tiny, alive_with

# In the names of all scripts here, so that what they leave running can be found.
TOKEN = f"fault_{uuid.uuid4().hex[:8]}"
NAMES = [one.interpreter.name for one in HERE]

# Scripts that would never end, and what is said of each.
HANGS = "was still running after 6 s and was stopped"
FLOODS = "printed more than 20000 bytes or 100 lines and was stopped"
HANGING = {
    "loops": ("while True: pass", HANGS),
    "says_last_words": ("print('last words', flush=True)\nwhile True: pass", "'last words'"),
    "deadlocks": (
        """
        import threading
        one, other, met = threading.Lock(), threading.Lock(), threading.Barrier(2)

        def take(first, second):
            with first:
                met.wait()
                with second: pass

        threading.Thread(target=take, args=(one, other)).start()
        take(other, one)
        """,
        HANGS,
    ),
    "deadlocks_in_c": ("import ctypes\nctypes.PyDLL(None).pause()", HANGS),
    "stops_itself": ("import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)", HANGS),
    "ignores_signals": (
        """
        import signal
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        while True: signal.pause()
        """,
        HANGS,
    ),
    "waits_for_a_child": (
        """
        import subprocess, sys
        subprocess.run([sys.executable, "-c", "while True: pass", __file__])
        """,
        HANGS,
    ),
    "drips": ("import time\nwhile True: print('.', end='', flush=True); time.sleep(1)", HANGS),
}
# Scripts that take too much, and what is said of each.
STOPPED = {
    "floods_stdout": ("for _ in range(2_000_000): print('x' * 99)", FLOODS),
    "floods_stderr": (
        "import sys\nfor _ in range(2_000_000): print('x' * 99, file=sys.stderr)",
        FLOODS,
    ),
    "floods_one_line": ("while True: print('x' * 99, end='')", FLOODS),
    "floods_with_newlines": ("while True: print()", FLOODS),
    "floods_from_a_child": (
        """
        import os
        if os.fork(): os.wait()
        while True: print("x" * 99)
        """,
        FLOODS,
    ),
    "hoards_memory": (
        "hoard = []\nwhile True: hoard.append(b'x' * 10_000_000)",
        "took more than 800 MB of memory and was stopped",
    ),
    "hoards_memory_in_children": (
        """
        import os, time
        for _ in range(9):
            if os.fork() == 0:
                hoard = b"x" * 100_000_000
                break
        time.sleep(60)
        """,
        "took more than 800 MB of memory and was stopped",
    ),
}
STOPPED_IN_SANDBOX = {
    "starts_threads": (
        """
        import threading, time
        while True:
            try: threading.Thread(target=time.sleep, args=(60,)).start()
            except RuntimeError: pass
        """,
        "had more than 200 threads and was stopped",
    ),
    "forks": (
        """
        import os
        while True:
            try: os.fork()
            except OSError: pass
        """,
        "had more than 50 processes and was stopped",
    ),
    "forks_sessions": (
        """
        import os, signal
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        while True:
            try:
                if os.fork() == 0: os.setsid()
            except OSError: pass
        """,
        "had more than 50 processes and was stopped",
    ),
}
STOPPED_WITHOUT = {
    "kills_its_parent": (
        "import os\nos.kill(os.getppid(), 9)",
        "killed or stopped the process that executes it",
    ),
    "kills_its_parent_and_stays": (
        """
        import os, time
        os.kill(os.getppid(), 9)
        if os.fork() == 0: os.setsid()
        while True: time.sleep(1)
        """,
        "killed or stopped the process that executes it",
    ),
    "stops_its_parent": (
        "import os, signal\nos.kill(os.getppid(), signal.SIGSTOP)",
        "killed or stopped the process that executes it",
    ),
}
# Scripts that end by themselves, but not well, and what their contract says of that.
ENDED = {
    "exits_3": ("raise SystemExit(3)", "exit code 3, not 0"),
    "exits_137": ("raise SystemExit(137)", "exit code 137, not 0"),
    "raises": (
        "print('well so far')\nraise ValueError('after all')",
        "exit code 1, not 0; stderr ends in 'ValueError: after all' (line 2)",
    ),
    "raises_in_the_library": (
        "import json\n\njson.loads('{')",
        "(line 3)",
    ),
    "raises_in_a_thread": (
        """\
        import threading

        thread = threading.Thread(target=lambda: 1 / 0)
        thread.start()
        """,
        "stderr ends in 'ZeroDivisionError: division by zero' (line 3), not 'nothing'",
    ),
    "is_no_python": ("def f(:", "SyntaxError: invalid syntax' (line 1)"),
    "warns": ("import sys\nprint('beware', file=sys.stderr)", "stderr ends in 'beware'"),
    "reads_stdin": ("input()", "EOFError: EOF when reading a line' (line 1)"),
    "closes_its_output": ("import os\nos.close(1)\nprint('x', flush=True)", "exit code"),
    "segfaults": ("import ctypes\nctypes.string_at(0)", "exit code -11, not 0"),
    "aborts": ("import os\nos.abort()", "exit code -6, not 0"),
    "kills_itself": ("import os\nos.kill(os.getpid(), 9)", "exit code -9, not 0"),
    "kills_its_group": ("import os\nos.killpg(0, 9)", "exit code -9, not 0"),
    "breaks_its_contract": ("print('another thing')", "another thing"),
}
ENDED_IN_SANDBOX = {
    "fills_the_disk": (
        "with open('full', 'wb') as file:\n    while True: file.write(b'x' * 1_000_000)",
        "OSError: [Errno 28] No space left on device'",
    ),
    "fills_shared_memory": (
        "with open('/dev/shm/full', 'wb') as file:\n    while True: file.write(b'x' * 1_000_000)",
        "OSError: [Errno 28] No space left on device'",
    ),
}
# Scripts that do harm where they can, and what a page shows of each.
ORPHAN = """
import os, pathlib, signal, sys, time

if os.fork() == 0:
    os.setsid()
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    if os.fork() == 0:
        pathlib.Path("there").touch()
        time.sleep(600)
    os._exit(0)
os.wait()
while not pathlib.Path("there").exists():
    time.sleep(0.01)
print("left one behind that holds the terminal")
"""
SHOWN = {
    "prints_nothing": ("pass", ""),
    "leaves_an_orphan": (ORPHAN, "left one behind that holds the terminal\n"),
    "prints_markup": (
        """
        print("</code></pre><script>alert(1)</script><!-- &lt; &#60; ]]>")
        print("`" * 40, "~~~", "    # Heading", "[a](b)", "{{ 7 * 7 }}", "{% raw %}", "--8<-- 'x'")
        """,
        "</code></pre><script>alert(1)</script><!-- &lt; &#60; ]]>\n"
        f"{'`' * 40} ~~~     # Heading [a](b) {{{{ 7 * 7 }}}} {{% raw %}} --8<-- 'x'\n",
    ),
    "prints_controls": (
        r"""
        import sys
        print("\x1b[2J\x1b[1;31m 1%\r2%\x08 \x00 ", end="", flush=True)
        sys.stdout.buffer.write(b"\xff \xed\xa0\x80 \xe2\x80\xae\n")
        """,
        "\\x1b[2J\\x1b[1;31m 1%\\r2%\\x08 \\x00 \\xff \\xed\\xa0\\x80 \\u202e\n",
    ),
    "changes_the_terminal": (
        """
        import fcntl, struct, sys, termios
        mode = termios.tcgetattr(1)
        mode[1] |= termios.OPOST | termios.ONLCR
        termios.tcsetattr(1, termios.TCSANOW, mode)
        fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("4H", 1, 1, 0, 0))
        print("narrow")
        """,
        "narrow\\r\n",
    ),
}
SHOWN_IN_SANDBOX = {
    "kills_its_parent": (
        """
        import contextlib, os
        for signal in (9, 15, 2):
            with contextlib.suppress(PermissionError): os.kill(os.getppid(), signal)
        print("nothing happened")
        """,
        "nothing happened\n",
    ),
    # The process ids of a sandbox begin at 1: elsewhere, these scripts must do nothing.
    "kills_everything": (
        """
        import contextlib, os
        with contextlib.suppress(PermissionError, ProcessLookupError):
            if os.getpid() == 2: os.kill(-1, 9)
        print("alone, as", os.getpid())
        """,
        "alone, as 2\n",
    ),
    "sets_the_clock": (
        """
        import os, time
        try:
            if os.getpid() == 2: time.clock_settime(time.CLOCK_REALTIME, 0)
        except PermissionError:
            print("refused")
        """,
        "refused\n",
    ),
    "deletes_around_it": (
        """
        import os, shutil, sys
        for place in ("PROJECT/mkdocs.yml", os.__file__, sys.executable, "/usr/bin/env", __file__):
            try:
                os.remove(place)
                print("removed", place)
            except OSError:
                pass
        print(os.path.exists("PROJECT"))
        """,
        f"removed deletes_around_it_{TOKEN}.py\nFalse\n",
    ),
    "writes_around_it": (
        """
        import os
        for place in ("/", "/usr", "/etc", "/dev", "/bytecode", os.path.dirname(os.__file__)):
            try:
                open(f"{place}/TOKEN", "w").close()
                print("wrote to", place)
            except OSError:
                pass
        """,
        "",
    ),
    "looks_for_secrets": (
        """
        import contextlib, os, pathlib
        processes = list(pathlib.Path("/proc").glob("[0-9]*"))
        seen = [*os.environ.values()]
        for process in processes:
            with contextlib.suppress(PermissionError):
                seen.append((process / "environ").read_text())
        print(len(processes), "processes; secrets:", [text for text in seen if "hunter2" in text])
        """,
        "2 processes; secrets: []\n",
    ),
    "looks_for_a_network": (
        "import socket\nprint([name for _, name in socket.if_nameindex()])",
        "['lo']\n",
    ),
    "takes_a_port": (
        """
        import socket, time
        with socket.create_server(("127.0.0.1", 48765)):
            time.sleep(0.5)
        print("had the port")
        """,
        "had the port\n",
    ),
    "takes_the_same_port": (
        """
        import socket, time
        with socket.create_server(("127.0.0.1", 48765)):
            time.sleep(0.5)
        print("had the port")
        """,
        "had the port\n",
    ),
}
CONTRACT = '''
@pytest.mark.example("threads/{name}.py")
def test_{name}(run):
    """It ends well."""
    {check}
'''


@dataclass(frozen=True)
class Built:
    """A project of faulty scripts, and what a build of it said."""

    project: Tiny
    scripts: dict[str, tuple[str, str]]
    answer: "subprocess.CompletedProcess[str]"

    def about(self, name: str, interpreter: str) -> list[str]:
        """The lines about one script on one interpreter."""
        script = f"examples/threads/{name}_{TOKEN}.py on {interpreter}: "
        return [line for line in self.answer.stderr.splitlines() if script in line]


MODES = ["in a sandbox", "without"]


@pytest.fixture(scope="module", params=MODES)
def mode(request: pytest.FixtureRequest) -> str:
    mode: str = request.param
    return mode


def build(
    folder: Path,
    bytecode: Path,
    mode: str,
    scripts: dict[str, tuple[str, str]],
    seconds: float = 30,
    check: str = "",
) -> Built:
    """Build a project of these scripts, on every interpreter; without a sandbox, bwrap fails.

    A script may take so many `seconds`, and each contract makes the `check`.
    """
    project = Tiny(folder / "project")
    project.project.build.mkdir(parents=True)
    project.project.bytecode.symlink_to(bytecode)
    project.configure(NAMES, time_limit=seconds)
    for name, (source, _) in scripts.items():
        text = textwrap.dedent(source).replace("PROJECT", str(project.root))
        project.write(f"examples/threads/{name}_{TOKEN}.py", text.strip("\n") + "\n")
    project.show(*(f"threads/{name}_{TOKEN}.py" for name in scripts))
    contracts = (CONTRACT.format(name=f"{name}_{TOKEN}", check=check) for name in scripts)
    project.add_contracts('"""Contracts."""\nimport pytest\n' + "\n".join(contracts))
    project.publish_before()
    variables = {"BUILDERS_SECRET": "hunter2"}
    if mode == "without":
        variables |= project.without_sandbox()
    answer = project.command("exhibits", "build", timeout=900, **variables)
    return Built(project, scripts, answer)


@pytest.fixture(scope="module")
def hanging(mode: str, bytecode: Path, tmp_path_factory: pytest.TempPathFactory) -> Built:
    return build(tmp_path_factory.mktemp("hanging"), bytecode, mode, HANGING, seconds=6)


@pytest.fixture(scope="module")
def stopped(mode: str, bytecode: Path, tmp_path_factory: pytest.TempPathFactory) -> Built:
    scripts = STOPPED | (STOPPED_IN_SANDBOX if mode == "in a sandbox" else STOPPED_WITHOUT)
    return build(tmp_path_factory.mktemp("stopped"), bytecode, mode, scripts)


@pytest.fixture(scope="module")
def ended(mode: str, bytecode: Path, tmp_path_factory: pytest.TempPathFactory) -> Built:
    scripts = ENDED | (ENDED_IN_SANDBOX if mode == "in a sandbox" else {})
    check = "assert run.stdout == ''"
    return build(tmp_path_factory.mktemp("ended"), bytecode, mode, scripts, check=check)


@pytest.fixture(scope="module")
def shown(mode: str, bytecode: Path, tmp_path_factory: pytest.TempPathFactory) -> Built:
    scripts = SHOWN | (SHOWN_IN_SANDBOX if mode == "in a sandbox" else {})
    return build(tmp_path_factory.mktemp("shown"), bytecode, mode, scripts)


def test_a_sandbox_is_possible_here() -> None:
    """Or else half of these tests would look at nothing that the other half does not."""
    assert sandbox.possible(), "install bubblewrap"


def said_of(built: Built) -> list[str]:
    """What is wrong: scripts of which not one line says the cause, and lines about none."""
    wrong = []
    for name, (_, cause) in built.scripts.items():
        for interpreter in NAMES:
            lines = built.about(name, interpreter)
            if len(lines) != 1 or cause not in lines[0] or not lines[0].startswith("docs/index.md"):
                wrong.append(f"{name} on {interpreter}: {lines}")
    return wrong


@pytest.mark.parametrize("which", ["hanging", "stopped"])
def test_each_script_that_must_be_stopped_is_named_in_one_line(
    which: str, mode: str, request: pytest.FixtureRequest
) -> None:
    built: Built = request.getfixturevalue(which)
    assert said_of(built) == []
    assert len(built.answer.stderr.splitlines()) == len(built.scripts) * len(NAMES), "nothing else"


def test_each_script_that_ends_badly_is_named_in_one_line(ended: Built) -> None:
    assert said_of(ended) == []
    *lines, last = ended.answer.stderr.splitlines()
    assert last == "nothing is published: the contracts do not hold; site/ is as it was"
    assert len(lines) == len(ended.scripts) * len(NAMES), "nothing else"


@pytest.mark.parametrize("which", ["hanging", "stopped", "ended"])
def test_nothing_of_it_is_published_and_nothing_left_running(
    which: str, mode: str, request: pytest.FixtureRequest
) -> None:
    built: Built = request.getfixturevalue(which)
    assert built.answer.returncode == 1
    assert "Traceback" not in built.answer.stdout + built.answer.stderr
    assert built.project.published == FORMER
    assert sorted(p.name for p in (built.project.root / "site").iterdir()) == ["index.html"]
    assert alive_with(TOKEN) == []


def test_what_scripts_print_is_shown_exactly_and_their_harm_is_none(
    shown: Built, mode: str
) -> None:
    assert shown.answer.returncode == 0, shown.answer.stderr
    page = shown.project.published
    runs = Store(shown.project.project.runs).all()
    printed = {(run.example, run.interpreter.name): run for run in runs}
    for (name, (_, expected)), interpreter in product(shown.scripts.items(), NAMES):
        run = printed[f"threads/{name}_{TOKEN}.py", interpreter]
        assert (run.exit_code, run.stdout, run.stderr) == (0, expected, ""), (name, interpreter)
        assert run.sandboxed == (mode == "in a sandbox")
        assert html.escape(expected, quote=False) in page.replace("&#34;", '"').replace(
            "&#39;", "'"
        )
    assert "<script>alert" not in page
    assert alive_with(TOKEN) == []


def test_harmful_scripts_leave_no_file(shown: Built, mode: str) -> None:
    assert mode == "without" or not list(Path("/").glob("*TOKEN*"))
    for one in HERE:
        assert Path(one.executable).is_file()
        assert not (Path(one.library) / "TOKEN").exists()
    assert (shown.project.root / "docs/index.md").is_file()


@pytest.mark.parametrize(
    "name",
    [
        "<b>bold<b>.py",
        "a b.py",
        "../up.py",
        "two\nlines.py",
        "\x1b[31mred.py",
        "émigré.py",
        "a'.py",
    ],
)
def test_a_file_name_that_no_page_can_name_is_refused_in_one_line(
    tiny_project: Tiny, name: str
) -> None:
    (tiny_project.root / "examples/threads").mkdir()
    (tiny_project.root / "examples/threads" / name).write_text("print('x')\n")
    if name.startswith(".."):
        name = Path(name).name
        (tiny_project.root / "examples" / name).rename(
            tiny_project.root / "examples/threads" / name
        )
        name = ""
    answer = tiny_project.command("exhibits", "build")
    assert answer.returncode == 1
    (line,) = answer.stderr.splitlines()
    assert line.isprintable()
    assert "examples/threads/" in line
    assert tiny_project.published == FORMER


@pytest.fixture
def tiny_project(tmp_path: Path, bytecode: Path, newest: Installation) -> Tiny:
    """A project with a published site and no script yet."""
    project = Tiny(tmp_path / "project")
    project.project.build.mkdir(parents=True)
    project.project.bytecode.symlink_to(bytecode)
    project.configure([newest.interpreter.name])
    project.show()
    (project.root / "examples").mkdir()
    project.add_contracts('"""None."""\n')
    project.publish_before()
    return project

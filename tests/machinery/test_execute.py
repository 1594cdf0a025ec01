"""Holds execute() to its rules with real scripts: a terminal of its own, nothing left over."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from exhibits.execute import SOCKET_NAME, SOCKETS_BELOW
from exhibits.follow import Chunk, Limits
from exhibits.interpreters import Installation
from exhibits.output import Normaliser, lines_of, normaliser, printable
from exhibits.run import Run
from tests.machinery.conftest import Worker, alive_with, encoded

SHORT = Limits(seconds=1.5)
MANY = 10**9

FACTS = """
import json, os, shutil, signal, sys, time

facts = {
    "name": __name__,
    "arguments": sys.argv,
    "files": os.listdir(),
    "input": sys.stdin.read(),
    "terminals": [sys.stdout.isatty(), sys.stderr.isatty()],
    "columns": [shutil.get_terminal_size().columns, os.get_terminal_size(1).columns],
    "environment": dict(os.environ),
    "optimize": sys.flags.optimize,
    "encodings": [sys.stdout.encoding, sys.stderr.encoding, sys.getfilesystemencoding()],
    "zone": time.tzname[0],
    "leads its session": os.getsid(0) == os.getpid(),
    "open": [n for n in range(3, 256) if os.path.exists(f"/dev/fd/{n}")],
    "prefix": sys.prefix == sys.base_prefix,
}
print(json.dumps(facts))
"""

TWO_PROCESSES = """
import multiprocessing
import time


def child(turns):
    for number in range(10):
        turns.recv()
        print(f"child {number}")
        turns.send(None)


if __name__ == "__main__":
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.Process(target=child, args=(theirs,))
    process.start()
    for number in range(10):
        print(f"parent {number}")
        ours.send(None)
        ours.recv()
    process.join()
"""

# Leaves a process behind that is in a session of its own, has no parent and ignores SIGTERM.
ORPHAN = """
import os, pathlib, sys, time

STAYS = '''
import pathlib, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
signal.signal(signal.SIGHUP, signal.SIG_IGN)
pathlib.Path("orphan").touch()
time.sleep(120)
'''
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        if not HOLDS:
            for descriptor in (1, 2):
                os.dup2(os.open(os.devnull, os.O_WRONLY), descriptor)
        os.execv(sys.executable, [sys.executable, "-c", STAYS, "TOKEN"])
    os._exit(0)
os.wait()
while not pathlib.Path("orphan").exists():
    time.sleep(0.01)
print("left an orphan")
"""

ENDINGS = {
    "exited": "",
    "time limit": "time.sleep(120)",
    "output limit": "while True: print('again')",
}


@pytest.fixture
def facts(worker: Worker, each: Installation) -> dict[str, Any]:
    """What a script sees of the world it runs in, on each interpreter."""
    run = worker(FACTS, each)
    assert run.stderr == ""
    seen: dict[str, Any] = json.loads(run.stdout)
    return seen


def test_a_script_sees_what_it_would_in_a_terminal_of_its_own(facts: dict[str, Any]) -> None:
    assert facts["name"] == "__main__"
    assert facts["arguments"] == ["script.py"]
    assert facts["files"] == ["script.py"], "the folder holds the script alone"
    assert facts["input"] == "", "standard input is empty"
    assert facts["terminals"] == [True, True]
    assert facts["columns"] == [80, 80]
    assert {encoding.lower() for encoding in facts["encodings"]} == {"utf-8"}
    assert facts["zone"] == "UTC"
    assert facts["leads its session"]
    assert facts["open"] == [], "no file of the builder's is open"


def test_nothing_of_the_builders_environment_reaches_a_script(facts: dict[str, Any]) -> None:
    names = facts["environment"].keys()
    assert [name for name in names if name.startswith("PYTHON")] == ["PYTHONPYCACHEPREFIX"]
    assert not names & {"BUILDERS_SECRET", "FORCE_COLOR", "VIRTUAL_ENV"}
    assert {"TZ": "UTC", "LANG": "C.UTF-8", "NO_COLOR": "1"}.items() <= facts["environment"].items()
    assert "hunter2" not in facts["environment"].values()
    assert facts["optimize"] == 0
    assert facts["prefix"], "no virtual environment"


def test_the_library_is_compiled_already(worker: Worker, each: Installation) -> None:
    """Or else starting a process would take four times as long as at a reader's."""
    run = worker(
        """
        import importlib.util, multiprocessing.popen_spawn_posix, os, queue
        for module in (queue, multiprocessing.popen_spawn_posix):
            print(os.access(importlib.util.cache_from_source(module.__file__), os.R_OK))
        """,
        each,
    )
    assert run.output == ["True", "True"]


def test_lines_of_two_processes_come_in_their_true_order(
    worker: Worker, each: Installation
) -> None:
    run = worker(TWO_PROCESSES, each)
    assert run.stderr == ""
    assert run.output == [f"{who} {n}" for n in range(10) for who in ("parent", "child")]
    assert_times_never_go_back(run)


def test_stderr_is_marked_and_keeps_its_place_among_the_lines(
    worker: Worker, newest: Installation
) -> None:
    run = worker(
        """
        import sys, time
        for number in range(5):
            print(number)
            time.sleep(0.05)
            print(number, file=sys.stderr)
            time.sleep(0.05)
        """,
        newest,
    )
    got = [(line.stream, line.text) for line in run.lines]
    assert got == [(stream, f"{n}\n") for n in range(5) for stream in ("stdout", "stderr")]


def test_a_line_has_the_time_at_which_it_came(worker: Worker, newest: Installation) -> None:
    run = worker("import time; print('a'); time.sleep(0.5); print('b')", newest)
    first, second = (line.at for line in run.lines)
    assert second >= 0.5  # on every run: b is printed after that sleep
    assert 0 < first < second


def test_an_unfinished_line_does_not_turn_time_back(worker: Worker, newest: Installation) -> None:
    run = worker(
        """
        import sys, time
        print("unfinished", end="", flush=True)
        time.sleep(0.2)
        print("later", file=sys.stderr)
        """,
        newest,
    )
    assert sorted(line.text for line in run.lines) == ["later\n", "unfinished"]
    assert_times_never_go_back(run)


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("", 0),
        ("raise SystemExit(3)", 3),
        ("raise ValueError", 1),
        ("import os; os.kill(os.getpid(), 9)", -9),
        ("import os; os.kill(os.getpid(), 11)", -11),
        ("def f(:", 1),
    ],
)
def test_the_exit_code_is_recorded(
    worker: Worker, newest: Installation, source: str, code: int
) -> None:
    run = worker(source, newest)
    assert (run.end, run.exit_code) == ("exited", code)


@pytest.mark.parametrize(
    "source",
    [
        "while True: pass",
        "import threading; lock = threading.Lock(); lock.acquire(); lock.acquire()",
        "import multiprocessing as m\nif __name__ == '__main__': m.Pool(2).map(id, iter(int, 1))",
    ],
    ids=["endless loop", "deadlock", "endless with children"],
)
def test_the_time_limit_ends_a_script(worker: Worker, newest: Installation, source: str) -> None:
    run = worker(f"print('begun', flush=True)\n{source}", newest, SHORT)
    assert (run.end, run.exit_code) == ("time limit", None)
    assert run.output[0] == "begun", "what it printed before is kept"
    assert SHORT.seconds <= run.duration < SHORT.seconds + 5
    assert worker.do(children) == []


@pytest.mark.parametrize(
    ("source", "limits"),
    [
        ("while True: print('x' * 99)", Limits(20, 1_000, MANY)),
        ("while True: print()", Limits(20, MANY, 50)),
        ("while True: print('x' * 99, end='')", Limits(20, 1_000, MANY)),
        ("import sys\nwhile True: print('x' * 99, file=sys.stderr)", Limits(20, 1_000, MANY)),
        ("import os\nos.write(1, b'x' * 5000); os.write(2, b'x' * 5000)", Limits(20, 6_000, MANY)),
        ("print('x\\n' * 5000)", Limits(20, MANY, 4_000)),
    ],
    ids=["bytes", "lines", "one endless line", "stderr", "both streams together", "then ends"],
)
def test_the_output_limit_ends_a_script(
    worker: Worker, newest: Installation, source: str, limits: Limits
) -> None:
    run = worker(source, newest, limits)
    assert (run.end, run.exit_code) == ("output limit", None)
    assert run.duration < limits.seconds / 2
    assert len(run.lines) <= limits.output_lines
    assert sum(len(line.text) for line in run.lines) <= limits.output_bytes + 65_536


@pytest.mark.parametrize("limits", [Limits(20, 10, MANY), Limits(20, MANY, 5)], ids=str)
def test_output_that_just_fits_is_no_offence(
    worker: Worker, newest: Installation, limits: Limits
) -> None:
    run = worker("for n in range(5): print(n)", newest, limits)
    assert (run.end, run.stdout) == ("exited", "0\n1\n2\n3\n4\n")


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_a_last_line_without_an_end_is_kept_or_refused(
    worker: Worker, newest: Installation, stream: str
) -> None:
    source = f"import sys\nprint('1', '2', '3', sep='\\n', end='', file=sys.{stream})"
    fits, beyond = (worker(source, newest, Limits(20, MANY, lines)) for lines in (3, 2))
    assert (fits.end, getattr(fits, stream)) == ("exited", "1\n2\n3")
    assert (beyond.end, beyond.exit_code) == ("output limit", None)


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("holds", [True, False], ids=["holds the terminal", "holds nothing"])
def test_an_orphan_in_a_session_of_its_own_is_ended(
    worker: Worker, newest: Installation, holds: bool, ending: str
) -> None:
    token = f"orphan-{uuid.uuid4()}"
    source = ORPHAN.replace("HOLDS", str(holds)).replace("TOKEN", token)
    run = worker(f"{source}\n{ENDINGS[ending]}", newest, replace(SHORT, seconds=2))
    assert run.output[0] == "left an orphan"
    assert run.end == ending
    assert worker.do(children) == []
    assert alive_with(token) == []


def test_an_orphan_that_holds_the_terminal_is_not_waited_for(
    worker: Worker, newest: Installation
) -> None:
    began = time.monotonic()
    worker(ORPHAN.replace("HOLDS", "True"), newest, Limits(seconds=30))
    assert time.monotonic() - began < 10


def test_servers_of_multiprocessing_are_not_left_behind(worker: Worker, each: Installation) -> None:
    run = worker(
        """
        import multiprocessing, os
        from multiprocessing import shared_memory

        if __name__ == "__main__":
            context = multiprocessing.get_context("forkserver")
            context.Process(target=print, args=("from the child",)).start()
            memory = shared_memory.SharedMemory(create=True, size=16)
            memory.close()
            memory.unlink()
        """,
        each,
    )
    assert (run.exit_code, run.stdout, run.stderr) == (0, "from the child\n", "")
    assert worker.do(children) == []


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        (rb"\xff\xfe", "\\xff\\xfe"),
        (rb"\x00", "\\x00"),
        (rb"\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m"),
        (rb"10%\r20%", "10%\\r20%"),
        (rb"a\tb", "a\tb"),
        (rb"\xc3\xa9 \xe2\x80\x93 \xf0\x9f\x90\x8d", "é – 🐍"),
        (rb"\xe2\x80\xa8\xe2\x80\xae", "\\u2028\\u202e"),
        (rb"\xc2\x9b31m\x7f\x08\x0c", "\\x9b31m\\x7f\\x08\\x0c"),
    ],
    ids=str,
)
def test_what_cannot_be_printed_is_shown_as_an_escape(
    worker: Worker, newest: Installation, written: bytes, shown: str
) -> None:
    source = b"import os; os.write(1, b'" + written + b"\\n'); os.write(2, b'" + written + b"')"
    run = worker(source, newest)
    assert (run.stdout, run.stderr) == (f"{shown}\n", shown)


@pytest.mark.parametrize(
    "text",
    ["", "no newline", "one\n", "one\n\n", "\n\n  two", "  spaces \n", "{{ a }} {% b %} <b>&amp;"],
)
def test_text_is_kept_exactly(worker: Worker, newest: Installation, text: str) -> None:
    assert worker(f"print({text!r}, end='')", newest).stdout == text


def test_a_long_line_is_put_together_again(worker: Worker, newest: Installation) -> None:
    run = worker("print('-' + 'é' * 20_000)", newest)
    assert run.output == ["-" + "é" * 20_000]


def test_pipes_give_the_same_text_as_a_terminal(worker: Worker, each: Installation) -> None:
    source = """
        import sys
        print("first é")
        print("second", file=sys.stderr)
        print("no newline", end="")
        {}["key"]
        """
    terminal, pipes = (worker(source, each, terminal=terminal) for terminal in (True, False))
    assert (pipes.stdout, pipes.stderr) == (terminal.stdout, terminal.stderr)
    assert (pipes.end, pipes.exit_code) == (terminal.end, terminal.exit_code) == ("exited", 1)
    assert pipes.stdout == "first é\nno newline"
    assert pipes.stderr.endswith("KeyError: 'key'\n")


def test_pipes_are_no_terminal(worker: Worker, newest: Installation) -> None:
    assert worker("import sys; print(sys.stdout.isatty())", newest, terminal=False).output == [
        "False"
    ]


@pytest.mark.parametrize("source", ["while True: pass", "while True: print('x' * 99)"])
def test_limits_hold_for_pipes_too(worker: Worker, newest: Installation, source: str) -> None:
    limits = Limits(1, 5_000, MANY)
    run = worker(source, newest, limits, terminal=False)
    assert run.end == ("output limit" if "print" in source else "time limit")
    assert worker.do(children) == []


def test_paths_addresses_and_process_ids_are_normalised(worker: Worker, each: Installation) -> None:
    run = worker(
        """
        import os, tempfile
        print(__file__)
        print(os.path.abspath(__file__))
        print(os.__file__)
        print(object())
        print(f"pid={os.getpid()} pid {os.getpid()} pid: {os.getpid()}")
        print(os.getcwd(), tempfile.gettempdir())
        """,
        each,
    )
    assert run.stderr == ""
    name = Path(each.library).name
    assert run.output == [
        "script.py",
        "script.py",
        f"lib/{name}/os.py",
        "<object object at 0x…>",
        "pid=… pid … pid: …",
        "tmp/script tmp/tmp",
    ]


def test_a_traceback_names_the_script_and_the_library_and_no_folder_of_the_machine(
    worker: Worker, each: Installation
) -> None:
    run = worker("import json\njson.loads('{')", each)
    assert '  File "script.py", line 2, in <module>\n' in run.stderr
    assert f'  File "lib/{Path(each.library).name}/json/decoder.py", line ' in run.stderr
    assert tempfile.gettempdir() not in run.stderr
    assert each.library not in run.stderr


def test_nothing_else_is_normalised(worker: Worker, newest: Installation) -> None:
    text = "0x12 0xff 0xabcde 12345 1.2345 s pids 3 rapid 7 pid pid-5 id=4711 /tmp tmp lib 1_000"
    assert worker(f"print({text!r})", newest).output == [text]


def test_numbered_processes_in_a_script_s_own_words_are_kept(
    worker: Worker, newest: Installation
) -> None:
    run = worker("print('Process 7: done')", newest)
    assert run.output == ["Process 7: done"]


def test_a_temporary_folder_behind_a_link_is_normalised(
    worker: Worker, newest: Installation, short_path: Path
) -> None:
    """As on macOS, where /var is a link to /private/var."""
    (short_path / "real").mkdir()
    (short_path / "link").symlink_to(short_path / "real")
    source = "import os; print(os.getcwd()); print(os.path.realpath(__file__))"
    run = worker.do(
        with_temporary_folder,
        worker.bytecode,
        worker.sandboxed,
        short_path / "link",
        source,
        newest,
    )
    assert run.output == ["tmp/script", "script.py"]


@pytest.mark.parametrize("length", [SOCKET_NAME - SOCKETS_BELOW - 1, SOCKET_NAME, 200])
def test_sockets_fit_however_long_the_builder_s_temporary_folder_is(
    worker: Worker, each: Installation, short_path: Path, length: int
) -> None:
    """A fork server listens on a socket below it, whose whole name must be short (unix(7))."""
    folder = short_path / ("x" * (length - len(os.fsencode(short_path)) - 1))
    folder.mkdir()
    source = """
        import multiprocessing
        import multiprocessing.connection

        if __name__ == "__main__":
            listener = multiprocessing.connection.Listener(family="AF_UNIX")
            process = multiprocessing.get_context("forkserver").Process(target=print, args=("hi",))
            process.start()
            process.join()
        """
    run = worker.do(with_temporary_folder, worker.bytecode, worker.sandboxed, folder, source, each)
    assert (run.exit_code, run.output, run.stderr) == (0, ["hi"], "")


def test_processor_time_is_what_a_busy_script_took(worker: Worker, newest: Installation) -> None:
    busy = worker("import time\nwhile time.process_time() < 0.4: pass", newest)
    assert busy.processor_time > 0.35


def test_processor_time_counts_the_processes_that_a_script_started(
    worker: Worker, newest: Installation
) -> None:
    run = worker(
        """
        import subprocess, sys
        busy = "import time\\nwhile time.process_time() < 0.3: pass"
        for child in [subprocess.Popen([sys.executable, "-c", busy]) for _ in range(2)]:
            child.wait()
        """,
        newest,
    )
    assert run.processor_time > 0.55


def test_a_sleeping_script_takes_little_processor_time(
    worker: Worker, newest: Installation
) -> None:
    run = worker("import time; time.sleep(1)", newest)
    assert run.duration >= 1
    assert run.processor_time < run.duration / 2


def test_twenty_executions_leave_no_thread_and_no_open_file(
    worker: Worker, newest: Installation
) -> None:
    worker("pass", newest)
    before = worker.do(resources)
    for number in range(20):
        worker("print('x' * 9999)", newest, Limits(20, 100 if number % 2 else MANY, MANY))
    assert worker.do(resources) == before


def test_an_interpreter_that_cannot_start_leaves_no_open_file(
    worker: Worker, newest: Installation
) -> None:
    gone = replace(newest, executable=str(worker.bytecode / "gone"))
    before = worker.do(resources)
    for _ in range(5):
        with pytest.raises(OSError, match=r"gone.*No such file|No such file.*gone"):
            worker("pass", gone)
    assert worker.do(resources) == before


def test_an_execution_leaves_no_file(
    worker: Worker, newest: Installation, short_path: Path
) -> None:
    source = """
        import os
        os.mkdir("full")
        open("full/file", "w").close()
        os.chmod("full", 0)
        open(os.environ["TMPDIR"] + "/../../seen", "w").close()
        """
    run = worker.do(
        with_temporary_folder, worker.bytecode, worker.sandboxed, short_path, source, newest
    )
    if worker.sandboxed:
        error = "OSError: [Errno 30] Read-only file system: 'tmp/tmp/../../seen'\n"
        assert run.stderr.endswith(error)
        assert list(short_path.iterdir()) == []
    else:
        assert [path.name for path in short_path.iterdir()] == ["seen"]


def test_a_character_cut_in_two_reads_is_whole_in_its_line() -> None:
    chunks = [Chunk(0.1, "stdout", b"\xc3"), Chunk(0.2, "stdout", b"\xa9\n")]
    assert [line.text for line in lines_of(chunks, Limits(), Normaliser(()))] == ["é\n"]


def test_lines_of_two_streams_do_not_mix() -> None:
    chunks = [
        Chunk(0.1, "stdout", b"o"),
        Chunk(0.2, "stderr", b"e\n"),
        Chunk(0.3, "stdout", b"k\n"),
    ]
    lines = [(line.stream, line.text) for line in lines_of(chunks, Limits(), Normaliser(()))]
    assert lines == [("stderr", "e\n"), ("stdout", "ok\n")]


def test_every_control_character_is_escaped() -> None:
    text = printable(bytes(range(256)).replace(b"\n", b""))
    assert text.replace("\t", "").isprintable()


def test_a_library_path_with_special_characters_is_taken_literally(newest: Installation) -> None:
    odd = replace(newest, library="/srv/c++ (x)/lib/python3.14")
    normalise = normaliser(Path("folder", "script"), odd)
    assert normalise("/srv/c++ (x)/lib/python3.14/os.py\n") == "lib/python3.14/os.py\n"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become a user who may not")
def test_what_cannot_be_ended_is_named() -> None:
    code = """
import os, subprocess
from exhibits import follow
follow.PATIENCE = 1
sleeper = subprocess.Popen(["sleep", "30"], stdout=subprocess.DEVNULL)
print(sleeper.pid, flush=True)
os.setuid(65534)
try:
    follow.end_descendants()
except OSError as error:
    print(error, flush=True)
os._exit(0)
"""
    command = [sys.executable, "-c", code]
    answer = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, timeout=20
    )
    pid, said = answer.stdout.splitlines()
    os.kill(int(pid), signal.SIGKILL)
    assert said == f"process {pid}, which the script started, cannot be ended"


def test_what_only_looks_like_a_path_of_the_run_stays(worker: Worker, newest: Installation) -> None:
    """Wherever its folder is: in a sandbox, a longer path or word may hold that folder's name."""
    library = str(Path(newest.library).parent)
    text = f"https://example.org/exhibits/1 /srv/exhibit/script/x /exhibition /opt{library}/x"
    source = f"""
        import os, tempfile
        print({text!r})
        print(__file__, "file://" + __file__, os.getcwd(), tempfile.gettempdir(), os.__file__)
        """
    name = Path(newest.library).name
    assert worker(source, newest).output == [
        text,
        f"script.py file://script.py tmp/script tmp/tmp lib/{name}/os.py",
    ]


def assert_times_never_go_back(run: Run) -> None:
    times = [line.at for line in run.lines]
    assert times == sorted(times)


def children() -> list[str]:
    """What is below the process that executes."""
    return [str(process) for process in psutil.Process().children(recursive=True)]


def resources() -> tuple[int, int]:
    """How many files and threads the process that executes has."""
    return psutil.Process().num_fds(), threading.active_count()


def with_temporary_folder(
    bytecode: Path, sandboxed: bool, folder: Path, source: str, installation: Installation
) -> Run:
    """Execute with another folder as the builder's own for temporary files."""
    from exhibits.execute import execute

    former, tempfile.tempdir = tempfile.tempdir, str(folder)
    with contextlib.ExitStack() as stack:
        stack.callback(setattr, tempfile, "tempdir", former)
        return execute(
            *("threads/script.py", encoded(source), installation, Limits(), bytecode),
            sandboxed=sandboxed,
        )

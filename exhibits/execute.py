"""Executes one script on one interpreter as a reader's own terminal would, and records the run.

The caller is a process of its own, made by `adopt_orphans`, that executes one script at a time:
then whatever a script leaves behind becomes the caller's child, and can be found and ended. Where
`sandbox` is possible the system ends it, and keeps the script away from all else.
"""

import contextlib
import ctypes
import hashlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from exhibits import sandbox
from exhibits.follow import Execution, Limits
from exhibits.interpreters import Installation
from exhibits.output import lines_of, normaliser
from exhibits.run import Machine, Run, Stream

# A socket's whole name must be shorter than this, in bytes (macOS: 104, Linux: 108, unix(7)).
SOCKET_NAME = 104
# What multiprocessing adds to a script's TMPDIR for its sockets, and this module before that.
SOCKETS_BELOW = len("/exhibit-12345678/tmp/pymp-12345678/listener-12345678")
# From prctl(2).
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36

# What has a part in executing: a run made with other code is made again.
PARTS = (
    *("capture", "execute", "first_process", "follow", "interpreters", "output", "project", "run"),
    *("sandbox", "timeline"),
)
MACHINERY = hashlib.sha256(
    b"".join(Path(__file__).with_name(f"{part}.py").read_bytes() for part in PARTS)
).hexdigest()[:16]


def adopt_orphans() -> None:
    """Make this process the new parent of every descendant whose own parent ends (Linux only)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def end_with_parent() -> None:
    """Let SIGTERM end this process when its parent is gone, killed perhaps (Linux only)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)


def execute(
    example: str,
    source: bytes,
    installation: Installation,
    limits: Limits,
    bytecode: Path,
    terminal: bool = os.name == "posix",
    watched: bool = False,
    sandboxed: bool | None = None,
) -> Run:
    """Execute `source` once and return the run. Nothing it started is alive afterwards.

    `bytecode` is a folder with the interpreter's modules, compiled. Without a `terminal`, the
    output goes through pipes, as it must on Windows. If `watched`, the run has its lanes. Unless
    told, it is `sandboxed` where that is possible. Raises OSError if the script cannot be started.
    """
    sandboxed = sandbox.possible() if sandboxed is None else sandboxed
    bytecode.mkdir(parents=True, exist_ok=True)
    started = datetime.now(UTC).isoformat(timespec="seconds")
    before = _processor_time_of_children()
    with contextlib.ExitStack() as stack:
        scratch = sandbox.SCRATCH if sandboxed else stack.enter_context(_scratch())
        script = scratch / "script" / Path(example).name
        environment = scrubbed_environment(scratch, sandbox.BYTECODE if sandboxed else bytecode)
        write_ends, readers = stack.enter_context(_opened(terminal))
        inherited: tuple[int, ...] = ()
        report: TextIO | None = None
        if sandboxed:
            (copy, told), report = stack.enter_context(_channels(source))
            inherited = (copy, told)
            user = stack.enter_context(sandbox.own_user())
            command = sandbox.command(
                installation, bytecode, script, copy, told, limits.disk, limits.tasks, user
            )
        else:
            command = [installation.executable, script]
            script.write_bytes(source)
        moment = time.monotonic()
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=write_ends[0],
                stderr=write_ends[1],
                cwd=None if sandboxed else script.parent,
                env=environment,
                start_new_session=True,
                pass_fds=inherited,
            )
        finally:
            for end in (*write_ends, *inherited):
                os.close(end)
        execution = Execution(process, limits, moment, watched, report)
        execution.follow(readers)
        lines = tuple(lines_of(execution.output(), limits, normaliser(script.parent, installation)))
        return Run(
            example=example,
            source=hashlib.sha256(source).hexdigest(),
            machinery=MACHINERY,
            interpreter=installation.interpreter,
            machine=Machine.this(),
            sandboxed=sandboxed,
            started=started,
            end=execution.end,
            exit_code=execution.exit_code,
            duration=round(execution.ended - execution.began, 4),
            processor_time=round(_processor_time_of_children() - before, 4),
            lines=lines,
            lanes=execution.lanes(),
        )


@contextlib.contextmanager
def _scratch() -> Iterator[Path]:
    """A new folder for a script and its temporary files; gone afterwards, whatever is in it."""
    parent = folder_for_scratch(SOCKETS_BELOW)
    with tempfile.TemporaryDirectory("", "exhibit-", parent, True) as temporary:
        scratch = Path(temporary).resolve()  # as Python names it, also where it is behind a link
        for name in ("script", "tmp"):
            (scratch / name).mkdir()
        yield scratch


@contextlib.contextmanager
def _channels(source: bytes) -> Iterator[tuple[tuple[int, int], TextIO]]:
    """What a sandbox inherits, the script and the end of a pipe to report by; and its other end.

    The caller closes what is inherited.
    """
    script = os.memfd_create("script")
    os.write(script, source)
    os.lseek(script, 0, os.SEEK_SET)
    read_end, report = os.pipe()
    with os.fdopen(read_end, encoding="ascii", errors="replace") as reports:
        yield (script, report), reports


def folder_for_scratch(below: int) -> str:
    """The builder's own temporary folder, or /tmp where `below` more bytes are one too many."""
    here = os.path.realpath(tempfile.gettempdir())
    fits = os.name != "posix" or len(os.fsencode(here)) + below < SOCKET_NAME
    return here if fits else "/tmp"


def scrubbed_environment(scratch: Path, bytecode: Path) -> dict[str, str]:
    """The environment of every run: nothing of the builder's, and the same everywhere."""
    temporary = scratch / "tmp"
    environment = {
        "PATH": os.defpath,
        "HOME": str(temporary),
        "TMPDIR": str(temporary),
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "TERM": "dumb",
        "NO_COLOR": "1",
        "COLUMNS": "80",
        "LINES": "24",
        "PYTHONPYCACHEPREFIX": str(bytecode),
    }
    if os.name == "nt":
        environment |= {k: os.environ[k] for k in ("SYSTEMROOT", "SYSTEMDRIVE") if k in os.environ}
        environment |= {"TEMP": str(temporary), "TMP": str(temporary)}
    return environment


@contextlib.contextmanager
def _opened(terminal: bool) -> Iterator[tuple[list[int], dict[Stream, int]]]:
    """Two pseudo-terminals or pipes: the ends that the script writes to, and those we read."""
    streams: tuple[Stream, Stream] = ("stdout", "stderr")
    pairs = [_open_terminal() if terminal else os.pipe() for _ in streams]
    try:
        reads = [read for read, _ in pairs]
        yield [write for _, write in pairs], dict(zip(streams, reads, strict=True))
    finally:
        for read, _ in pairs:
            os.close(read)


def _open_terminal() -> tuple[int, int]:
    import termios
    import tty

    ours, theirs = os.openpty()
    tty.setraw(theirs)  # or the terminal would turn each newline into carriage return + newline
    termios.tcsetwinsize(theirs, (24, 80))
    return ours, theirs


def _processor_time_of_children() -> float:
    times = os.times()
    return times.children_user + times.children_system

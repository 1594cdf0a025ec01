"""Executes one script on one interpreter as a reader's own terminal would, and records the run.

The caller is a process of its own, made by `adopt_orphans`, that executes one script at a time:
then whatever a script leaves behind becomes the caller's child, and can be found and ended.
"""

import contextlib
import ctypes
import hashlib
import os
import queue
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psutil

from exhibits import timeline
from exhibits.interpreters import Installation
from exhibits.run import End, Line, Machine, Run, Stream
from exhibits.timeline import Watch

# Seconds that processes left behind get to end by themselves, as forkserver and trackers do.
GRACE = 1.0
# A socket's whole name must be shorter than this, in bytes (macOS: 104, Linux: 108, unix(7)).
SOCKET_NAME = 104
# What multiprocessing adds to a script's TMPDIR for its sockets, and this module before that.
SOCKETS_BELOW = len("/exhibit-12345678/tmp/pymp-12345678/listener-12345678")
PR_SET_CHILD_SUBREAPER = 36

MACHINERY = hashlib.sha256(
    b"".join(
        (Path(__file__).parent / name).read_bytes()
        for name in ("execute.py", "run.py", "timeline.py")
    )
).hexdigest()[:16]


@dataclass(frozen=True)
class Limits:
    """What one run may take: seconds, bytes of output, lines of output."""

    seconds: float = 30
    output_bytes: int = 65_536
    output_lines: int = 400


def adopt_orphans() -> None:
    """Make this process the new parent of every descendant whose own parent ends (Linux only)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def execute(
    example: str,
    source: bytes,
    installation: Installation,
    limits: Limits,
    bytecode: Path,
    terminal: bool = os.name == "posix",
    watched: bool = False,
) -> Run:
    """Execute `source` once and return the run. Nothing it started is alive afterwards.

    `bytecode` is where the interpreter may cache compiled modules. Without a `terminal`, the
    output goes through pipes, as it must on Windows. If `watched`, the run has its lanes.
    """
    started = datetime.now(UTC).isoformat(timespec="seconds")
    parent = folder_for_scratch(SOCKETS_BELOW)
    with tempfile.TemporaryDirectory("", "exhibit-", parent, True) as temporary:
        scratch = Path(temporary).resolve()  # as Python names it, also where it is behind a link
        folder = scratch / "script"
        folder.mkdir()
        script = folder / Path(example).name
        script.write_bytes(source)
        environment = scrubbed_environment(scratch, bytecode)
        before = _processor_time_of_children()
        start = time.monotonic()
        with _opened(terminal) as (write_ends, readers):
            try:
                process = subprocess.Popen(
                    [installation.executable, script],
                    stdin=subprocess.DEVNULL,
                    stdout=write_ends[0],
                    stderr=write_ends[1],
                    cwd=folder,
                    env=environment,
                    start_new_session=True,
                )
            finally:
                for end in write_ends:
                    os.close(end)
            watch = Watch(process.pid, start) if watched and timeline.POSSIBLE else None
            chunks, exit_code, seconds, ended = _collect(process, readers, start, limits)
            lanes = watch.stop() if watch else () if watched else None
        end_descendants()
        lines = tuple(lines_of(chunks, limits, normaliser(folder, installation)))
        return Run(
            example=example,
            source=hashlib.sha256(source).hexdigest(),
            machinery=MACHINERY,
            interpreter=installation.interpreter,
            machine=Machine.this(),
            started=started,
            end=ended,
            exit_code=exit_code,
            duration=round(seconds, 4),
            processor_time=round(_processor_time_of_children() - before, 4),
            lines=lines,
            lanes=lanes,
        )


def folder_for_scratch(below: int) -> str:
    """The builder's own temporary folder, or /tmp where `below` more bytes are one too many."""
    here = os.path.realpath(tempfile.gettempdir())
    fits = os.name != "posix" or len(os.fsencode(here)) + below < SOCKET_NAME
    return here if fits else "/tmp"


def scrubbed_environment(scratch: Path, bytecode: Path) -> dict[str, str]:
    """The environment of every run: nothing of the builder's, and the same everywhere."""
    temporary = scratch / "tmp"
    temporary.mkdir()
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


def normaliser(folder: Path, installation: Installation) -> "Normaliser":
    """The published normalisations, and no others, for a script in `folder`."""
    libraries = Path(installation.library).parent
    return Normaliser(
        (
            (re.compile(re.escape(f"{folder}{os.sep}")), ""),
            (re.compile(re.escape(str(folder.parent))), "tmp"),
            (re.compile(re.escape(str(libraries)) + r"(?=[/\\])"), "lib"),
            (re.compile(r"\b0x[0-9a-fA-F]{6,}\b"), "0x…"),
            (re.compile(r"\b(pid[ =:]+)\d+\b"), r"\1…"),
            (re.compile(r"\b(Process )\d+( terminated)"), r"\1…\2"),
        )
    )


@dataclass(frozen=True)
class Normaliser:
    """Replaces what differs from run to run and means nothing: pairs of pattern and text."""

    replacements: tuple[tuple[re.Pattern[str], str], ...]

    def __call__(self, text: str) -> str:
        for pattern, replacement in self.replacements:
            text = pattern.sub(replacement, text)
        return text


@dataclass(frozen=True)
class Chunk:
    """Bytes as they were read: seconds after the start, and the stream; empty at its end."""

    at: float
    stream: Stream
    data: bytes


def lines_of(chunks: list[Chunk], limits: Limits, normalise: Normaliser) -> Iterator[Line]:
    """Cut what was read into lines, in order of arrival, at most as many as the limits allow."""
    pending: dict[Stream, bytes] = {"stdout": b"", "stderr": b""}
    at: dict[Stream, float] = {"stdout": 0.0, "stderr": 0.0}
    cut: list[tuple[float, Stream, bytes]] = []
    for chunk in chunks:
        at[chunk.stream] = chunk.at
        *whole, rest = (pending[chunk.stream] + chunk.data).split(b"\n")
        cut += [(chunk.at, chunk.stream, line + b"\n") for line in whole]
        pending[chunk.stream] = rest
    cut += [(at[stream], stream, rest) for stream, rest in pending.items() if rest]
    in_order = sorted(cut, key=lambda line: line[0])
    for moment, stream, line in in_order[: limits.output_lines]:
        yield Line(round(moment, 4), stream, normalise(printable(line)))


def printable(line: bytes) -> str:
    """Decode a line so that it can be shown as text: what cannot be printed is escaped."""
    text = line.decode("utf-8", "backslashreplace")
    if text.rstrip("\n").isprintable():
        return text
    return "".join(c if c.isprintable() or c in "\n\t" else _escape(c) for c in text)


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


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


def _collect(
    process: "subprocess.Popen[bytes]", readers: dict[Stream, int], start: float, limits: Limits
) -> tuple[list[Chunk], int | None, float, End]:
    """Read both streams until the script has ended and nobody can write any more, or a limit."""
    events: queue.SimpleQueue[Chunk | None] = queue.SimpleQueue()

    def read(stream: Stream, descriptor: int) -> None:
        data = b"-"
        while data:
            try:
                data = os.read(descriptor, 65_536)
            except OSError:  # a terminal that nobody holds open any more
                data = b""
            events.put(Chunk(time.monotonic() - start, stream, data))

    def wait() -> None:
        process.wait()
        events.put(None)

    workers = [threading.Thread(target=read, args=pair, daemon=True) for pair in readers.items()]
    workers.append(threading.Thread(target=wait, daemon=True))
    for worker in workers:
        worker.start()

    chunks: list[Chunk] = []
    ended: End = "exited"
    seconds = 0.0
    size, lines, open_streams = 0, 0, len(readers)
    exited = False
    deadline = start + limits.seconds
    while open_streams or not exited:
        try:
            event = events.get(timeout=max(0.0, deadline - time.monotonic()))
        except queue.Empty:
            if not exited:
                ended = "time limit"
            break
        if event is None:
            exited, seconds = True, time.monotonic() - start
            deadline = min(deadline, time.monotonic() + GRACE)
        elif event.data:
            chunks.append(event)
            size += len(event.data)
            lines += event.data.count(b"\n")
            if size > limits.output_bytes or lines > limits.output_lines:
                ended = "output limit"
                break
        else:
            open_streams -= 1

    end_descendants(process.pid)
    for worker in workers:
        worker.join(timeout=5)
    while not events.empty() and ended == "exited":
        event = events.get()
        if event and event.data:
            chunks.append(event)
    exit_code = process.returncode if ended == "exited" else None
    return chunks, exit_code, seconds or time.monotonic() - start, ended


def end_descendants(session: int | None = None) -> None:
    """Kill every process below this one, and the `session`, until none is left."""
    while True:
        if session is not None and hasattr(os, "killpg"):
            with contextlib.suppress(OSError):
                os.killpg(session, 9)
        descendants = psutil.Process().children(recursive=True)
        for process in descendants:
            with contextlib.suppress(psutil.Error):
                process.kill()
        psutil.wait_procs(descendants, timeout=2)
        if not descendants:
            return


def _processor_time_of_children() -> float:
    times = os.times()
    return times.children_user + times.children_system

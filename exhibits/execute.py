"""Executes one script on one interpreter as a reader's own terminal would, and records the run.

The caller is a process of its own, made by `adopt_orphans`, that executes one script at a time:
then whatever a script leaves behind becomes the caller's child, and can be found and ended. Where
`sandbox` is possible the system ends it, and keeps the script away from all else.
"""

import contextlib
import ctypes
import hashlib
import os
import queue
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

import psutil

from exhibits import sandbox, timeline
from exhibits.interpreters import Installation
from exhibits.run import End, Lane, Line, Machine, Run, Stream
from exhibits.timeline import Watch

# Seconds that processes left behind get to end by themselves, as forkserver and trackers do.
GRACE = 1.0
# Seconds between two looks at how much memory and how many processes a script has.
LOOK = 0.1
# A socket's whole name must be shorter than this, in bytes (macOS: 104, Linux: 108, unix(7)).
SOCKET_NAME = 104
# What multiprocessing adds to a script's TMPDIR for its sockets, and this module before that.
SOCKETS_BELOW = len("/exhibit-12345678/tmp/pymp-12345678/listener-12345678")
# From prctl(2).
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36

# What has a part in executing: a run made with other code is made again.
PARTS = ("execute", "first_process", "interpreters", "project", "run", "sandbox", "timeline")
MACHINERY = hashlib.sha256(
    b"".join(Path(__file__).with_name(f"{part}.py").read_bytes() for part in PARTS)
).hexdigest()[:16]


@dataclass(frozen=True)
class Limits:
    """What one run may take.

    Seconds; bytes and lines of output; bytes in memory, processes and threads, of all that the
    script started together; bytes of files (in a sandbox only).
    """

    seconds: float = 30
    output_bytes: int = 65_536
    output_lines: int = 400
    memory: int = 2_000_000_000
    processes: int = 50
    threads: int = 200
    disk: int = 64_000_000

    @property
    def tasks(self) -> int:
        """How many processes and threads the system lets a script have, at the very most."""
        return self.processes + self.threads + 10

    @classmethod
    def of(cls, settings: dict[str, Any]) -> "Limits":
        """Those in the settings of the project."""
        return cls(
            seconds=settings["time_limit"],
            output_bytes=settings["output_bytes"],
            output_lines=settings["output_lines"],
            memory=settings["memory_megabytes"] * 1_000_000,
            processes=settings["processes"],
            threads=settings["threads"],
            disk=settings["disk_megabytes"] * 1_000_000,
        )


def adopt_orphans() -> None:
    """Make this process the new parent of every descendant whose own parent ends (Linux only).

    And end it by SIGTERM when its own parent is gone, killed perhaps.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
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
            command = sandbox.command(
                installation, bytecode, script, copy, told, limits.disk, limits.tasks
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
        execution = _Execution(process, limits, moment, watched, report)
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


@dataclass(frozen=True)
class _Began:
    """The script was started, at this moment by time.monotonic()."""

    at: float


@dataclass(frozen=True)
class _Ended:
    """The script ended, and how; None where nothing says how."""

    at: float
    exit_code: int | None


class _Execution:
    """One script that runs: what came out of it so far, and how it ended.

    Moments are by time.monotonic(); `report` is what the first process in a sandbox writes to.
    """

    def __init__(
        self,
        process: "subprocess.Popen[bytes]",
        limits: Limits,
        moment: float,
        watched: bool,
        report: TextIO | None,
    ) -> None:
        self.began = self.ended = moment
        self.end: End = "exited"
        self.exit_code: int | None = None
        self._process, self._limits, self._report = process, limits, report
        self._watched = watched
        self._watch: Watch | None = None
        self._first: int | None = None
        self._chunks: list[Chunk] = []
        self._events: queue.SimpleQueue[Chunk | _Began | _Ended] = queue.SimpleQueue()

    def follow(self, readers: dict[Stream, int]) -> None:
        """Read until the script has ended and nobody can write any more, or a limit; end it all.

        Raises OSError where the script could not be started.
        """
        threads = [
            threading.Thread(target=self._read, args=pair, daemon=True) for pair in readers.items()
        ]
        tell = self._tell_of_process if self._report is None else self._tell_of_report
        threads.append(threading.Thread(target=tell, daemon=True))
        for thread in threads:
            thread.start()
        try:
            told = self._until_the_end(len(readers))
        finally:
            if self._watch:
                self._watch.stop()
            end_descendants(self._first, self._process.pid)
            for thread in threads:
                thread.join(timeout=5)
            self._process.wait()
        while self.end == "exited" and not self._events.empty():
            event = self._events.get()
            if isinstance(event, Chunk) and event.data:
                self._chunks.append(event)
        if not told:
            said = b"".join(chunk.data for chunk in self._chunks).decode("utf-8", "replace")
            raise OSError(" ".join(said.split()) or "it was ended from outside")

    def output(self) -> list[Chunk]:
        """What was read, in seconds after the start."""
        return [replace(chunk, at=max(0.0, chunk.at - self.began)) for chunk in self._chunks]

    def lanes(self) -> tuple[Lane, ...] | None:
        """When each thread was on a core; None where nobody watched."""
        if self._watch:
            return self._watch.stop()
        return () if self._watched else None

    def _until_the_end(self, open_streams: int) -> bool:
        """Take the events as they come; False if nothing tells how the script ended."""
        ended = False
        size, lines = 0, 0
        deadline, look = self.began + self._limits.seconds, self.began
        while open_streams or not ended:
            now = time.monotonic()
            if now >= deadline:
                if ended:
                    return True
                self.end = "time limit"
            elif now >= look:
                self._look()
                look = time.monotonic() + LOOK
            if self.end != "exited":
                self.ended = time.monotonic()
                self.exit_code = None
                return True
            with contextlib.suppress(queue.Empty):
                match self._events.get(timeout=max(0.0, min(deadline, look) - now)):
                    case _Began(at):
                        self.began, deadline = at, at + self._limits.seconds
                        self._begin()
                    case _Ended(at, exit_code):
                        ended, self.ended, self.exit_code = True, at, exit_code
                        deadline = min(deadline, at + GRACE)
                        if exit_code is None:
                            return False
                    case Chunk(data=b""):
                        open_streams -= 1
                    case chunk:
                        self._chunks.append(chunk)
                        size += len(chunk.data)
                        lines += chunk.data.count(b"\n")
                        limits = self._limits
                        if size > limits.output_bytes or lines > limits.output_lines:
                            self.end = "output limit"
        return True

    def _begin(self) -> None:
        script: int | None = self._process.pid
        if self._report is not None:
            self._first = sandbox.child_of(self._process.pid)
            script = self._first and sandbox.child_of(self._first)
        if self._watched and script and timeline.POSSIBLE:
            self._watch = Watch(script, self.began)

    def _look(self) -> None:
        """See how much the script takes together with all that it started."""
        processes: list[Any]
        usage: Callable[[Any], tuple[int, int]]
        if self._report is None:
            processes, usage = psutil.Process().children(recursive=True), _usage
        else:
            processes, usage = sandbox.members(self._first) if self._first else [], sandbox.usage
        if len(processes) > self._limits.processes:
            self.end = "process limit"
            return  # at once: there may be more and more of them
        memory, threads = (sum(taken) for taken in zip((0, 0), *map(usage, processes), strict=True))
        if memory > self._limits.memory:
            self.end = "memory limit"
        if threads > self._limits.threads:
            self.end = "thread limit"

    def _read(self, stream: Stream, descriptor: int) -> None:
        data = b"-"
        while data:
            try:
                data = os.read(descriptor, 65_536)
            except OSError:  # a terminal that nobody holds open any more
                data = b""
            self._events.put(Chunk(time.monotonic(), stream, data))

    def _tell_of_process(self) -> None:
        self._events.put(_Began(self.began))
        self._process.wait()
        self._events.put(_Ended(time.monotonic(), self._process.returncode))

    def _tell_of_report(self) -> None:
        for line in self._report or ():
            match line.split():
                case ["began", moment]:
                    self._events.put(_Began(float(moment)))
                case ["ended", status]:
                    code = os.waitstatus_to_exitcode(int(status))
                    self._events.put(_Ended(time.monotonic(), code))
                    return
        self._events.put(_Ended(time.monotonic(), None))


def end_descendants(first: int | None = None, session: int | None = None) -> None:
    """Kill every process below this one until none is left.

    Before that, the `first` process of a sandbox, with which all in it ends; and a `session`.
    """
    if first is not None:
        with contextlib.suppress(OSError):
            os.kill(first, signal.SIGKILL)
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


def _usage(process: psutil.Process) -> tuple[int, int]:
    """Bytes in memory, and threads, of a process; nothing of one that has ended."""
    try:
        return process.memory_info().rss, process.num_threads()
    except psutil.Error:
        return 0, 0


def _processor_time_of_children() -> float:
    times = os.times()
    return times.children_user + times.children_system

"""Follows one script that runs, until all it started has ended or a limit is met; ends the rest."""

import contextlib
import os
import queue
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from typing import Any, TextIO

import psutil

from exhibits import sandbox, timeline
from exhibits.run import End, Lane, Stream
from exhibits.timeline import Watch

# Seconds that processes left behind get to end by themselves, as forkserver and trackers do.
GRACE = 1.0
# Seconds in which what is killed must end: a process of another user, or one that waits for a
# device, may not.
PATIENCE = 10.0
# Seconds between two looks at how much memory and how many processes a script has.
LOOK = 0.1


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


@dataclass(frozen=True)
class Chunk:
    """Bytes as they were read: seconds after the start, and the stream; empty at its end."""

    at: float
    stream: Stream
    data: bytes


@dataclass(frozen=True)
class _Began:
    """The script was started, at this moment by time.monotonic()."""

    at: float


@dataclass(frozen=True)
class _Ended:
    """The script ended, and how; None where nothing says how."""

    at: float
    exit_code: int | None


class Execution:
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
        if self.end == "exited" and self._is_too_much():
            self.end, self.exit_code = "output limit", None
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

    def _is_too_much(self) -> bool:
        """Whether all that was read is beyond a limit: a last line without its end counts, too."""
        streams = {"stdout": bytearray(), "stderr": bytearray()}
        for chunk in self._chunks:
            streams[chunk.stream] += chunk.data
        written = [data for data in streams.values() if data]
        size = sum(map(len, written))
        lines = sum(data.count(b"\n") + (not data.endswith(b"\n")) for data in written)
        return size > self._limits.output_bytes or lines > self._limits.output_lines

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
        seen = self._watch.threads() if self._watch else 0  # each of them has a lane
        if max(threads, seen) > self._limits.threads:
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
        began: float | None = None
        with contextlib.suppress(ValueError):  # not a report: it ends here
            for line in self._report or ():
                match line.split():
                    case ["began", moment] if began is None:
                        began = _moment(moment, self.began)
                        self._events.put(_Began(began))
                    case ["ended", status] if began is not None:
                        code = os.waitstatus_to_exitcode(int(status))
                        self._events.put(_Ended(time.monotonic(), code))
                        return
                    case _:
                        break
        self._events.put(_Ended(time.monotonic(), None))


def _moment(reported: str, earliest: float) -> float:
    """A moment until now, by time.monotonic(). Raises ValueError where it is none."""
    moment = float(reported)
    if not earliest <= moment <= time.monotonic():
        raise ValueError(f"{reported} is no moment of this run")
    return moment


def end_descendants(
    first: int | None = None, session: int | None = None, spared: Collection[int] = ()
) -> None:
    """Kill every process below this one until none is left, but the `spared` with all below them.

    Before that, the `first` process of a sandbox, with which all in it ends; and a `session`. One
    look that finds none is not enough: a process may have ended while its children were looked for.
    Raises OSError where one does not end.
    """
    until = time.monotonic() + PATIENCE
    if first is not None:
        with contextlib.suppress(OSError):
            os.kill(first, signal.SIGKILL)
    looks_in_vain = 0
    while looks_in_vain < 2:
        if session is not None and hasattr(os, "killpg"):
            with contextlib.suppress(OSError):
                os.killpg(session, 9)
        descendants = _descendants(spared)
        for process in descendants:
            with contextlib.suppress(psutil.Error):
                process.kill()
        _, alive = psutil.wait_procs(descendants, timeout=2)
        if alive and time.monotonic() > until:
            raise OSError(f"process {alive[0].pid}, which the script started, cannot be ended")
        looks_in_vain = 0 if descendants else looks_in_vain + 1


def _descendants(spared: Collection[int]) -> list[psutil.Process]:
    found: list[psutil.Process] = []
    for child in psutil.Process().children():
        if child.pid not in spared:
            found.append(child)
            with contextlib.suppress(psutil.Error):  # it has ended since
                found += child.children(recursive=True)
    return found


def _usage(process: psutil.Process) -> tuple[int, int]:
    """Bytes in memory, and threads, of a process; nothing of one that has ended."""
    try:
        return process.memory_info().rss, process.num_threads()
    except psutil.Error:
        return 0, 0

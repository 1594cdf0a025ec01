"""The Run: one example, executed once, on one interpreter; and its form on disk."""

import hashlib
import json
import os
import platform
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import psutil

from exhibits.interpreters import Interpreter

Stream = Literal["stdout", "stderr"]
Limit = Literal["time limit", "output limit", "memory limit", "process limit", "thread limit"]
End = Literal["exited"] | Limit

# Seconds that one figure of a lane stands for.
BIN = 0.05


@dataclass(frozen=True)
class Line:
    """A line as it came out: seconds after the start, the stream, the text with its newline."""

    at: float
    stream: Stream
    text: str


@dataclass(frozen=True)
class Lane:
    """When one thread of a run lived, and when it was on a core.

    `process` counts from 0, the script's own, in order of start; so does `thread` within its
    process. `name` is empty where the script gave the thread none, or the system does not keep it
    (before Python 3.14). A `helper` is a process that multiprocessing starts for itself.
    `began` and `ended` are seconds after the start of the run. `on_core` and `held_back` (ready,
    but other threads had the cores) are seconds within each bin of BIN seconds from that start.
    """

    process: int
    thread: int
    name: str
    helper: bool
    began: float
    ended: float
    on_core: tuple[float, ...]
    held_back: tuple[float, ...]


@dataclass(frozen=True)
class Machine:
    """Where a run was made; `identity` is a hash that tells this machine from all others."""

    system: str
    cores: int
    identity: str

    @classmethod
    def this(cls) -> "Machine":
        cores = os.cpu_count() or 1
        if hasattr(os, "sched_getaffinity"):
            cores = len(os.sched_getaffinity(0))
        return cls(f"{platform.system()} {platform.machine()}", cores, _identity())


@dataclass(frozen=True)
class Run:
    """What came out of one execution.

    `source` and `machinery` are hashes: of the script, and of the code that executed it.
    `sandboxed` is whether the script could see and change nothing but what is its own.
    `exit_code` is negative where a signal ended the script, and None where a limit did.
    `duration` and `processor_time` (of the script and all that it started) are in seconds.
    `started` is UTC, in ISO 8601. `lanes` is None where nobody looked at the threads, and empty
    where this system cannot tell.
    """

    example: str
    source: str
    machinery: str
    interpreter: Interpreter
    machine: Machine
    sandboxed: bool
    started: str
    end: End
    exit_code: int | None
    duration: float
    processor_time: float
    lines: tuple[Line, ...]
    lanes: tuple[Lane, ...] | None = None

    @property
    def stdout(self) -> str:
        return self.text_of("stdout")

    @property
    def stderr(self) -> str:
        return self.text_of("stderr")

    @property
    def output(self) -> list[str]:
        """The lines of stdout, without their newlines."""
        return self.stdout.splitlines()

    def text_of(self, stream: Stream) -> str:
        return "".join(line.text for line in self.lines if line.stream == stream)

    def to_json(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False, indent=1)

    @classmethod
    def from_json(cls, text: str) -> "Run":
        """Raises KeyError, TypeError or ValueError where `text` is not a run of this version."""
        fields = json.loads(text)
        fields["interpreter"] = Interpreter(**fields["interpreter"])
        fields["machine"] = Machine(**fields["machine"])
        fields["lines"] = tuple(Line(**line) for line in fields["lines"])
        if fields["lanes"] is not None:
            fields["lanes"] = tuple(_lane(**lane) for lane in fields["lanes"])
        return cls(**fields)


@cache
def _identity() -> str:
    """The system with its version, its name, processor and memory, which a run depends on."""
    facts = [*platform.uname(), str(psutil.virtual_memory().total)]
    for path in ("/etc/machine-id", "/proc/cpuinfo"):
        with suppress(OSError):
            lines = Path(path).read_text("utf-8", "replace").splitlines()
            facts += [line for line in lines if "MHz" not in line]  # which changes all the time
    return hashlib.sha256("\n".join(facts).encode()).hexdigest()[:16]


def _lane(on_core: list[float], held_back: list[float], **fields: Any) -> Lane:
    return Lane(on_core=tuple(on_core), held_back=tuple(held_back), **fields)


def by_version(runs: Iterable[Run]) -> list[Run]:
    """Oldest interpreter first, the free-threaded build after its sibling."""
    return sorted(runs, key=lambda r: (r.interpreter.minor, r.interpreter.free_threaded))

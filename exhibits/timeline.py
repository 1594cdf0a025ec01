"""When each thread of a running script was on a core, sampled from outside the script.

Linux counts for every thread how long it was on a core and how long it was ready but had to wait
for one (`/proc/<pid>/task/<tid>/schedstat`). Reading the counters again and again changes nothing
about the script. They are brought up to date about every 4 ms, hence the width of a bin.
"""

import contextlib
import itertools
import os
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from exhibits.run import BIN, Lane

# Seconds between two samples; and how many samples go by between two looks for new processes and
# names, which cost more.
EVERY = 0.02
LOOK = 2
POSSIBLE = Path("/proc/self/schedstat").exists()
# What multiprocessing starts for itself: the start of their command lines' code.
HELPERS = (b"from multiprocessing.forkserver", b"from multiprocessing.resource_tracker")
# The longest name that Linux keeps of a thread, in bytes; what it cuts off.
LONGEST_NAME = 15


class Watch:
    """Samples a process and all below it, from a thread of its own, until it is stopped."""

    def __init__(self, pid: int, start: float) -> None:
        """`start` is the moment, by time.monotonic(), that the lanes count from."""
        self._start = start
        self._processes: dict[int, _Process] = {pid: _Process(pid, None, 0.0)}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self._thread.start()

    def stop(self) -> tuple[Lane, ...]:
        """End the sampling; a lane for each thread, in order of process, then of start."""
        self._over.set()
        self._thread.join()
        seen = [process for process in self._processes.values() if process.threads]
        return tuple(
            lane for number, process in enumerate(seen) for lane in _lanes(number, process)
        )

    def threads(self) -> int:
        """How many threads were seen so far."""
        return sum(len(process.threads) for process in list(self._processes.values()))

    def _sample(self) -> None:
        looked = 0.0
        for number in itertools.count():
            if self._over.wait(EVERY):
                return
            moment = time.monotonic() - self._start
            for process in list(self._processes.values()):
                process.sample(moment)
                for child in process.look() if number % LOOK == 0 else ():
                    if child not in self._processes:
                        self._processes[child] = _Process(child, process, looked)
            looked = moment if number % LOOK == 0 else looked


@dataclass
class _Thread:
    """One thread's counters: (seconds since the start, on a core, ready and waiting)."""

    name: str
    samples: list[tuple[float, float, float]]


@dataclass
class _Process:
    pid: int
    parent: "_Process | None"
    last: float  # when it was sampled; at first, when it was not there yet
    command: bytes = b""
    alive: bool = True
    threads: dict[int, _Thread] = field(default_factory=dict)

    @property
    def helper(self) -> bool:
        """Whether it serves multiprocessing. What a fork server forks has its command line too."""
        parents = self.parent.command if self.parent else b""
        return any(code in self.command and code not in parents for code in HELPERS)

    def sample(self, moment: float) -> None:
        """Read the counters of every thread."""
        if not self.alive:
            return
        try:
            numbers = sorted(int(one.name) for one in os.scandir(f"/proc/{self.pid}/task"))
        except OSError:
            self.alive = False
            return
        for number in numbers:
            with contextlib.suppress(OSError):  # it has ended since
                on_core, ready = _counters(f"/proc/{self.pid}/task/{number}/schedstat")
                if number not in self.threads:
                    self.threads[number] = _Thread("", [(self.last, 0.0, 0.0)])
                self.threads[number].samples.append((moment, on_core, ready))
        self.last = moment

    def look(self) -> Iterator[int]:
        """Learn what the process and its threads are called; give the ids of its children."""
        if not self.alive:
            return
        with contextlib.suppress(OSError):
            if command := _read(f"/proc/{self.pid}/cmdline"):  # empty at the start of execve, too
                self.command = command
            elif _has_ended(self.pid):
                self.alive = False
                return
        for number, thread in self.threads.items():
            folder = f"/proc/{self.pid}/task/{number}"
            with contextlib.suppress(OSError):
                thread.name = _read(f"{folder}/comm").decode("utf-8", "replace").rstrip("\n")
                yield from map(int, _read(f"{folder}/children").split())


def _has_ended(pid: int) -> bool:
    """Whether a process is there only because its parent has not asked for its exit code yet."""
    return _read(f"/proc/{pid}/stat").rpartition(b")")[2].split()[0] in {b"Z", b"X"}  # proc(5)


def _counters(path: str) -> tuple[float, float]:
    """Seconds on a core, and seconds ready for one."""
    on_core, ready, _ = _read(path).split()
    return int(on_core) / 1e9, int(ready) / 1e9


def _read(path: str) -> bytes:
    """What a file of /proc says now, read with as little work as can be."""
    file = os.open(path, os.O_RDONLY)
    try:
        return os.read(file, 65_536)
    finally:
        os.close(file)


def _lanes(number: int, process: _Process) -> Iterator[Lane]:
    # Forked threads begin with the name of the one that started them: that says nothing.
    inherited = process.threads[min(process.threads)].name
    for order, thread in enumerate(process.threads.values()):
        samples = [(round(moment, 3), on_core) for moment, on_core, _ in thread.samples]
        waits = [(round(moment, 3), ready) for moment, _, ready in thread.samples]
        bins = len(on_core := list(_per_bin(samples)))
        yield Lane(
            process=number,
            thread=order,
            name="" if thread.name == inherited else thread.name[:LONGEST_NAME],
            helper=process.helper,
            began=samples[0][0],
            ended=samples[-1][0],
            on_core=tuple(on_core),
            held_back=tuple(_waits_per_bin(waits, bins)),
        )


def _per_bin(samples: list[tuple[float, float]]) -> Iterator[float]:
    """What a growing counter gained in each bin since the start, until its last sample."""
    before = 0.0
    for number in range(int(samples[-1][0] / BIN) + 1):
        now = _at((number + 1) * BIN, samples)
        yield round(now - before, 4)
        before = now


def _waits_per_bin(samples: list[tuple[float, float]], bins: int) -> list[float]:
    """What a counter of waits gained in each bin.

    Linux adds a wait to it when the wait is over, which may be many samples after it began.
    """
    found = [0.0] * bins
    for (earlier, before), (later, after) in itertools.pairwise(samples):
        if not (waited := after - before):
            continue
        began = max(0.0, min(earlier, later - waited))
        for number in range(int(began / BIN), min(int(later / BIN) + 1, bins)):
            within = min(later, (number + 1) * BIN) - max(began, number * BIN)
            found[number] += waited * max(0.0, within) / (later - began)
    return [round(seconds, 4) for seconds in found]


def _at(moment: float, samples: list[tuple[float, float]]) -> float:
    """The counter at a moment, on the straight line between the samples around it."""
    earlier = samples[0]
    if moment <= earlier[0]:
        return 0.0
    for later in samples:
        if later[0] >= moment and later[0] > earlier[0]:
            share = (moment - earlier[0]) / (later[0] - earlier[0])
            return earlier[1] + share * (later[1] - earlier[1])
        earlier = later
    return earlier[1]

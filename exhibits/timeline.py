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
        self._processes: dict[int, _Process] = {pid: _Process(pid, None)}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self._thread.start()

    def stop(self) -> tuple[Lane, ...]:
        """End the sampling; a lane for each thread, in order of process, then of start."""
        self._over.set()
        self._thread.join()
        for process in self._processes.values():
            process.close()
        seen = [process for process in self._processes.values() if process.threads]
        return tuple(
            lane for number, process in enumerate(seen) for lane in _lanes(number, process)
        )

    def _sample(self) -> None:
        for number in itertools.count():
            if self._over.wait(EVERY):
                return
            moment = time.monotonic() - self._start
            for process in list(self._processes.values()):
                process.sample(moment)
                for child in process.look() if number % LOOK == 0 else ():
                    self._processes.setdefault(child, _Process(child, process))


@dataclass
class _Thread:
    """One thread's counters: (seconds since the start, on a core, ready and waiting)."""

    counters: int  # the open file
    name: str
    samples: list[tuple[float, float, float]]


@dataclass
class _Process:
    pid: int
    parent: "_Process | None"
    command: bytes = b""
    alive: bool = True
    last: float = 0.0
    threads: dict[int, _Thread] = field(default_factory=dict)

    @property
    def helper(self) -> bool:
        """Whether it serves multiprocessing. What a fork server forks has its command line too."""
        forked = self.parent is not None and self.parent.helper
        return not forked and any(code in self.command for code in HELPERS)

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
                if number not in self.threads:
                    counters = os.open(f"/proc/{self.pid}/task/{number}/schedstat", os.O_RDONLY)
                    self.threads[number] = _Thread(counters, "", [(self.last or moment, 0.0, 0.0)])
                thread = self.threads[number]
                on_core, ready, _ = os.pread(thread.counters, 80, 0).split()
                thread.samples.append((moment, int(on_core) / 1e9, int(ready) / 1e9))
        self.last = moment

    def look(self) -> Iterator[int]:
        """Learn what the process and its threads are called; give the ids of its children."""
        if not self.alive:
            return
        with contextlib.suppress(OSError):
            self.command = Path(f"/proc/{self.pid}/cmdline").read_bytes() or self.command
        for number, thread in self.threads.items():
            folder = f"/proc/{self.pid}/task/{number}"
            with contextlib.suppress(OSError):
                thread.name = Path(f"{folder}/comm").read_text().removesuffix("\n")
                yield from map(int, Path(f"{folder}/children").read_text().split())

    def close(self) -> None:
        for thread in self.threads.values():
            os.close(thread.counters)


def _lanes(number: int, process: _Process) -> Iterator[Lane]:
    # Forked threads begin with the name of the one that started them: that says nothing.
    inherited = process.threads[min(process.threads)].name
    for order, thread in enumerate(process.threads.values()):
        samples = [(moment, on_core) for moment, on_core, _ in thread.samples]
        waits = [(moment, ready) for moment, _, ready in thread.samples]
        yield Lane(
            process=number,
            thread=order,
            name="" if thread.name == inherited else thread.name[:LONGEST_NAME],
            helper=process.helper,
            began=round(samples[0][0], 3),
            ended=round(samples[-1][0], 3),
            on_core=tuple(_per_bin(samples)),
            held_back=tuple(_per_bin(waits)),
        )


def _per_bin(samples: list[tuple[float, float]]) -> Iterator[float]:
    """What a growing counter gained in each bin since the start, until its last sample."""
    before = 0.0
    for number in range(int(samples[-1][0] / BIN) + 1):
        now = _at((number + 1) * BIN, samples)
        yield round(now - before, 4)
        before = now


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

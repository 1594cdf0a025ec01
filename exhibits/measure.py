"""What a measured example printed, and what the lanes of a run say, as figures."""

import math
import re
import statistics
from dataclasses import dataclass

from exhibits.run import BIN, Lane, Run

# How many seconds on a core make a lane one that computes.
COMPUTES = 0.1
# And the share of its life in which it wants a core.
COMPUTING = 0.3
FIGURE = re.compile(r"\d+(\.\d+)?")


@dataclass(frozen=True)
class Spread:
    """One quantity, measured in several rounds of the same run."""

    figures: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.figures)

    @property
    def low(self) -> float:
        return min(self.figures)

    @property
    def high(self) -> float:
        return max(self.figures)


def spreads(run: Run) -> dict[str, Spread]:
    """The figures of each line `label: figure figure …` that the example printed.

    A line without figures, such as `label: refused`, has none.
    """
    lines = (line.partition(": ") for line in run.output)
    printed = {label: figures.split() for label, _, figures in lines}
    return {
        label: Spread(tuple(map(float, figures)))
        for label, figures in printed.items()
        if figures and all(map(FIGURE.fullmatch, figures))
    }


def drawn(lanes: tuple[Lane, ...]) -> list[Lane]:
    """The lanes that tell the reader something.

    With several processes, that is one for each: the other threads there are multiprocessing's
    own, as are its helper processes.
    """
    own = [lane for lane in lanes if not lane.helper]
    several = len({lane.process for lane in own}) > 1
    return [lane for lane in own if not (several and lane.thread)]


def cores_together(run: Run, ready: bool = False) -> float | None:
    """How many cores the computing lanes had together while all of them were alive.

    With `ready`, the time counts as well in which they were ready but other programs had the
    cores. None where fewer than two lanes compute, or not at the same time.
    """
    lanes = [lane for lane in drawn(run.lanes or ()) if _computes(lane)]
    if len(lanes) < 2:
        return None
    first = math.floor(max(lane.began for lane in lanes) / BIN + 1e-9) + 1
    last = math.floor(min(lane.ended for lane in lanes) / BIN + 1e-9)
    if first >= last:
        return None
    had = sum(sum(lane.on_core[first:last]) for lane in lanes)
    if ready:
        had += sum(sum(lane.held_back[first:last]) for lane in lanes)
    return had / (BIN * (last - first))


def _computes(lane: Lane) -> bool:
    wanted = sum(lane.on_core) + sum(lane.held_back)
    return sum(lane.on_core) > COMPUTES and wanted > COMPUTING * (lane.ended - lane.began)

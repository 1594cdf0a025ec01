"""Where everything stands in a picture: lengths in per cent of its width, pixels downwards."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from exhibits.interpreters import Interpreter
from exhibits.measure import Spread, drawn
from exhibits.output import printable
from exhibits.run import BIN, Lane, Run

# A lane's share of a core is drawn in steps of this many per cent.
STEP = 5
# Where a lane has less than this share of a core, it waits.
IDLE = 0.05
# Per cent of the width that the word "waiting" needs on a phone.
ROOM_FOR_A_WORD = 22
TICKS = 6
# Per cent of a chart's width for its scale; the rest is for the figure behind the longest bar.
PLOT = 78


@dataclass(frozen=True)
class Bar:
    """A stretch of a lane, in per cent: from, width; `height` on a core, `held_back` above that."""

    x: float
    width: float
    height: int
    held_back: int


@dataclass(frozen=True)
class Row:
    """A lane as it is drawn and told: times in seconds, `share` of its life on a core (0 to 1)."""

    name: str
    began: float
    ended: float
    on_core: float
    held_back: float
    x: float
    width: float
    bars: tuple[Bar, ...]
    waits: tuple[float, ...]

    @property
    def share(self) -> float:
        lived = self.ended - self.began
        return min(1.0, self.on_core / lived) if lived > 0 else 0.0


@dataclass(frozen=True)
class Timeline:
    """One run's lanes; `ticks` are seconds with their place; `hidden` counts lanes not drawn."""

    run: Run
    rows: tuple[Row, ...]
    ticks: tuple[tuple[float, float], ...]
    hidden: int


def rounded(figure: float) -> str:
    """A figure in as many digits as tell something."""
    return f"{figure:,.{0 if figure >= 100 else 1 if figure >= 10 else 2}f}"


def timelines(runs: Sequence[Run], names: Sequence[str] = ()) -> list[Timeline]:
    """A timeline for each run, all on one scale; `names` call the lanes otherwise, in order."""
    end = max((lane.ended for run in runs for lane in drawn(run.lanes or ())), default=0.0)
    return [_timeline(run, end, names) for run in runs if run.lanes]


def _timeline(run: Run, end: float, names: Sequence[str]) -> Timeline:
    lanes = run.lanes or ()
    shown = drawn(lanes)
    called = names or [name_of(lane, number, shown) for number, lane in enumerate(shown)]
    if len(called) != len(shown):
        raise ValueError(f"{len(called)} names for {len(shown)} lanes")
    rows = tuple(_row(lane, name, end) for lane, name in zip(shown, called, strict=True))
    return Timeline(run, rows, tuple(_ticks(end)), len(lanes) - len(shown))


def name_of(lane: Lane, number: int, lanes: Sequence[Lane]) -> str:
    """What a reader calls the lane with this number among those drawn.

    A thread without a name of its own is called as Python calls it by itself; where the system
    does not know that either (before Python 3.14), by the order in which threads began.
    """
    if any(other.process for other in lanes):
        return f"child process {number}" if number else "parent process"
    if lane.thread == 0:
        return "main thread"
    own = printable(lane.name.encode())
    by_python = re.match(r"Thread-\d+(?= \(|$)", own)
    return by_python[0] if by_python else own or f"Thread-{lane.thread}"


def _row(lane: Lane, name: str, end: float) -> Row:
    bars = tuple(_bars(lane, end))
    waits = tuple(
        bar.x + bar.width / 2
        for bar in bars
        if not bar.height | bar.held_back and bar.width >= ROOM_FOR_A_WORD
    )
    return Row(
        name=name,
        began=lane.began,
        ended=lane.ended,
        on_core=sum(lane.on_core),
        held_back=sum(lane.held_back),
        x=_percent(lane.began, end),
        width=_percent(lane.ended - lane.began, end),
        bars=bars,
        waits=waits,
    )


def _bars(lane: Lane, end: float) -> list[Bar]:
    """Neighbouring bins of the same height in one bar."""
    pieces = []
    for number, both in enumerate(zip(lane.on_core, lane.held_back, strict=True)):
        begin, until = max(number * BIN, lane.began), min((number + 1) * BIN, lane.ended)
        if until > begin:
            on_core, held_back = (_step(seconds / (until - begin)) for seconds in both)
            pieces.append((begin, until, (on_core, min(held_back, 100 - on_core))))
    bars = []
    for heights, group in groupby(pieces, key=lambda piece: piece[2]):
        stretch = list(group)
        begin, until = stretch[0][0], stretch[-1][1]
        bars.append(Bar(_percent(begin, end), _percent(until - begin, end), *heights))
    return bars


def _step(share: float) -> int:
    return 0 if share < IDLE else min(100, max(STEP, round(share * 100 / STEP) * STEP))


def _ticks(end: float) -> list[tuple[float, float]]:
    steps = (0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)
    step = next((step for step in steps if end / step < TICKS), end)
    return [(round(n * step, 2), _percent(n * step, end)) for n in range(int(end / step) + 1)]


def _percent(part: float, whole: float) -> float:
    return round(100 * part / whole, 2)


@dataclass(frozen=True)
class Measure:
    """One row of a chart: the lowest, median and highest figure, with their places in per cent."""

    interpreter: Interpreter
    spread: Spread
    low: float
    median: float
    high: float


@dataclass(frozen=True)
class Chart:
    """Rows by label, and the marks of the scale with their places.

    On a logarithmic scale there is no zero, so no bar can begin there: a row is a mark alone.
    """

    groups: tuple[tuple[str, tuple[Measure, ...]], ...]
    marks: tuple[tuple[float, float], ...]
    logarithmic: bool


def chart(measured: Sequence[tuple[Interpreter, dict[str, Spread]]], logarithmic: bool) -> Chart:
    """A chart of what was measured: by label, then by interpreter."""
    every = [spread for _, spreads in measured for spread in spreads.values()]
    high = max((spread.high for spread in every), default=0) or 1.0
    if logarithmic:
        lowest = min((figure for spread in every for figure in spread.figures if figure), default=1)
        bottom = math.floor(math.log10(lowest))
        decades = max(1, math.ceil(math.log10(high)) - bottom)
        marks = [10.0 ** (bottom + n) for n in range(decades + 1)]

        def place(figure: float) -> float:
            return round(PLOT * (math.log10(max(figure, 10.0**bottom)) - bottom) / decades, 2)

    else:
        step = next(n for n in (0.5, 1, 2, 5, 10, 20, 50, 100, high) if high / n < TICKS)
        marks = [n * step for n in range(int(high / step) + 1)]

        def place(figure: float) -> float:
            return _percent(figure * PLOT / 100, high)

    labels = dict.fromkeys(label for _, spreads in measured for label in spreads)
    groups = tuple(
        (
            label,
            tuple(
                Measure(one, got, place(got.low), place(got.median), place(got.high))
                for one, spreads in measured
                if (got := spreads.get(label))
            ),
        )
        for label in labels
    )
    return Chart(groups, tuple((mark, place(mark)) for mark in marks), logarithmic)

"""Which interpreters gave the same output, and how to name them together."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from exhibits.interpreters import Interpreter
from exhibits.run import Run

# In a traceback: frames inside the standard library, with the source and marks below them.
LIBRARY_FRAMES = re.compile(r'^ +File "(?:lib/python[^"]*|<frozen [^"]*)".*\n(?: {4}.*\n)*', re.M)
# Marks below a frame's source line, which versions place differently.
MARKS = re.compile(r"^ +[\^~]+\n", re.M)


@dataclass(frozen=True)
class Outcome:
    """One output, and the runs that gave it; `exact` is false where only noise differed."""

    runs: tuple[Run, ...]
    exact: bool

    @property
    def shown(self) -> Run:
        """The run that a page shows for all of them: the newest interpreter's."""
        return self.runs[-1]


def outcomes(runs: Sequence[Run]) -> list[Outcome]:
    """The distinct outputs among runs that are in order of version; newest interpreter first."""
    groups: dict[tuple[object, ...], list[Run]] = {}
    for run in runs:
        groups.setdefault((run.stdout, without_noise(run.stderr), run.exit_code), []).append(run)
    same = [Outcome(tuple(group), _exactly_equal(group)) for group in groups.values()]
    return sorted(same, key=lambda outcome: runs.index(outcome.shown), reverse=True)


def without_noise(stderr: str) -> str:
    """What tells two errors apart: a traceback without the library's frames and the marks."""
    return MARKS.sub("", LIBRARY_FRAMES.sub("", stderr))


def versions(interpreters: Iterable[Interpreter]) -> str:
    """Name interpreters in few words, e.g. `3.11 – 3.14, 3.13t free-threaded`."""
    interpreters = list(interpreters)
    usual = sorted(i.minor for i in interpreters if not i.free_threaded)
    spans: list[list[tuple[int, int]]] = []
    for minor in usual:
        if spans and minor == (spans[-1][-1][0], spans[-1][-1][1] + 1):
            spans[-1].append(minor)
        else:
            spans.append([minor])
    named = [_span(span) for span in spans]
    free = sorted((i for i in interpreters if i.free_threaded), key=lambda i: i.minor)
    if free:
        named.append(", ".join(i.name for i in free) + " free-threaded")
    return ", ".join(named)


def _span(minors: list[tuple[int, int]]) -> str:
    first, last = (".".join(map(str, minor)) for minor in (minors[0], minors[-1]))
    if len(minors) == 1:
        return first
    return f"{first} – {last}" if len(minors) > 2 else f"{first}, {last}"


def _exactly_equal(group: list[Run]) -> bool:
    return len({run.stderr for run in group}) == 1

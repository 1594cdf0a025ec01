"""Turns what was read from a script into the lines of its run: as text, in order, normalised."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from exhibits.follow import Chunk, Limits
from exhibits.interpreters import Installation
from exhibits.run import Line, Stream


def normaliser(folder: Path, installation: Installation) -> "Normaliser":
    """The published normalisations, and no others, for a script in `folder`."""
    libraries = Path(installation.library).parent
    return Normaliser(
        (
            (_path(folder, re.escape(os.sep)), ""),
            (_path(folder.parent, r"(?![\w-])"), "tmp"),
            (_path(libraries, r"(?=[/\\])"), "lib"),
            (re.compile(r"\b0x[0-9a-fA-F]{6,}\b"), "0x…"),
            (re.compile(r"\b(pid[ =:]+)\d+\b"), r"\1…"),
            (re.compile(r"\b(Process )\d+( terminated)"), r"\1…\2"),
        )
    )


def _path(path: Path, then: str) -> re.Pattern[str]:
    """Finds a path where it is whole: not in the middle of another one, and with `then` after."""
    return re.compile(r"(?<![\w.-])" + re.escape(str(path)) + then)


@dataclass(frozen=True)
class Normaliser:
    """Replaces what differs from run to run and means nothing: pairs of pattern and text."""

    replacements: tuple[tuple[re.Pattern[str], str], ...]

    def __call__(self, text: str) -> str:
        for pattern, replacement in self.replacements:
            text = pattern.sub(replacement, text)
        return text


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

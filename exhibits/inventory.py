"""Where each name stands in Python's documentation: a list in the repository, a line a name.

The list is Markdown: each line defines a link, and mkdocs.yml appends it to every page, so that
prose says [`join()`][threading.Thread.join].
"""

import re
import zlib
from collections.abc import Iterator
from functools import cache
from itertools import groupby
from pathlib import Path
from urllib.request import urlopen

from exhibits.project import Problem

DOCUMENTATION = "https://docs.python.org/3/"
FILE = Path(__file__).with_name("python-names.md")

# Modules of which every name is kept, and modules of which functions and classes are.
WHOLE = (
    *("concurrent.futures", "concurrent.interpreters", "contextlib", "functools", "hashlib"),
    *("itertools", "multiprocessing", "pickle", "queue", "random", "statistics", "threading"),
    *("time", "traceback", "warnings"),
)
SURFACE = (
    *("asyncio", "collections", "contextvars", "faulthandler", "logging", "operator", "os"),
    *("resource", "signal", "subprocess", "sys"),
)
# Pages whose titled places are kept, and terms of the glossary.
LABELLED = re.compile(r"library/(threading|multiprocessing|concurrent\.\w+|queue)\.html#.*")
TERMS = {
    *("awaitable", "context manager", "coroutine", "GIL", "generator", "global interpreter lock"),
    *("immutable", "iterator", "lambda", "mutable"),
}
# A line of an inventory: name, domain and role, priority, place, title.
ENTRY = re.compile(r"(?P<name>.+?) (?P<role>\S+:\S+) -?\d+ (?P<place>\S+) .*")
DEFINITION = re.compile(r"\[(?P<name>[^\[\]]+)\]: (?P<address>https://\S+)")
# A comment, in a file of such definitions.
COMMENT = re.compile(r'\[//\]: # "[^"]+"')
BY_HAND = '[//]: # "By hand, '


@cache
def addresses() -> dict[str, str]:
    """Each name of the list, and the address of its entry in Python's documentation."""
    return _defined(FILE.read_text("utf-8"))


def renew(source: str) -> str:
    """Rewrite the list from an objects.inv, a file or an address; returns what is new or gone.

    What was added by hand stays, except names that the inventory has. Raises Problem where there
    is no inventory.
    """
    version, found = _read(source)
    before = FILE.read_text("utf-8")
    at = before.index(BY_HAND)
    by_hand = [
        line
        for line in before[at:].splitlines()
        if not (one := DEFINITION.fullmatch(line)) or one["name"] not in found
    ]
    lines = [
        f'[//]: # "From the objects.inv of Python {version}, by nox -s inventory."',
        *_in_paragraphs(found),
        *("", *by_hand),
    ]
    FILE.write_text("\n".join(lines) + "\n", "utf-8")
    now, former = _defined(FILE.read_text("utf-8")), _defined(before)
    changes = [f"+ {name}" for name in now if name not in former]
    changes += [f"- {name}" for name in former if name not in now]
    return "\n".join([*changes, f"{len(now)} names are in {FILE.name}; review it with git diff"])


def _defined(text: str) -> dict[str, str]:
    definitions = (DEFINITION.fullmatch(line) for line in text.splitlines())
    return {one["name"]: one["address"] for one in definitions if one}


def _read(source: str) -> tuple[str, dict[str, str]]:
    """The version that an inventory is about; and each wanted name in it, with its address."""
    try:
        if "://" in source:
            with urlopen(source, timeout=60) as answer:
                content = answer.read()
        else:
            content = Path(source).read_bytes()
        *header, body = content.split(b"\n", 4)
        version = header[2].decode().removeprefix("# Version: ")
        lines = zlib.decompress(body).decode().splitlines()
    except (OSError, ValueError, IndexError, zlib.error) as error:
        raise Problem(
            f"no inventory at {source} ({error}): name a file, nox -s inventory -- objects.inv"
        ) from error
    entries = (ENTRY.fullmatch(line) for line in lines)
    wanted = sorted(
        (one["name"], one["place"].replace("$", one["name"].replace(" ", "-")))
        for one in entries
        if one and _wanted(one["name"], one["role"], one["place"])
    )
    # Markdown ignores case: of asyncio.Timeout and asyncio.timeout(), one can have a link.
    last = {name.lower(): (name, place) for name, place in wanted}
    return version, {name: DOCUMENTATION + place for name, place in last.values()}


def _wanted(name: str, role: str, place: str) -> bool:
    if role == "std:term":
        return name in TERMS
    if role == "std:label":
        return bool(LABELLED.fullmatch(place))
    if not role.startswith("py:"):
        return False
    if any(f"{name}.".startswith(f"{module}.") for module in WHOLE):
        return True
    return name in SURFACE or (name.rpartition(".")[0] in SURFACE and role != "py:data")


def _in_paragraphs(found: dict[str, str]) -> Iterator[str]:
    """A definition for each name; a paragraph for each page, as long ones are slow to convert."""
    for _, group in groupby(found.items(), key=lambda one: one[1].partition("#")[0]):
        yield ""
        for name, address in group:
            yield f"[{name}]: {address}"

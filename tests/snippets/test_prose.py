"""No sentence on a page quotes a figure by hand: the build measures, and the page computes."""

import ast
import re
from pathlib import Path

import pytest

from exhibits.pages import code_blocks
from exhibits.project import Project

PAGES = sorted(Project.here().docs.glob("*.md"))
# A number with a unit in which something is measured.
MEASURED = re.compile(
    r"(?<![\w.])[x×~]?\d[\d.,]*[\s-]?"
    r"(?:[mµun]?s|%|×|x|[KMG]i?B|(?:milli|micro|nano)?seconds?|minutes?|times|per cent|cores?)"
    r"(?![\w])"
)


def prose(page: str) -> str:
    """What a reader reads as sentences: no code; of executed blocks, the text they print."""
    texts = [re.sub(r"`[^`\n]*`", "", outside) for outside in outside_fences(page)]
    for _, code in code_blocks(page):
        texts += sentences(ast.parse(code))
    return "\n".join(texts)


def outside_fences(page: str) -> list[str]:
    return re.split(r"^ *(?:`{3,}|~{3,}).*?^ *(?:`{3,}|~{3,})$", page, flags=re.M | re.S)


def sentences(tree: ast.AST) -> list[str]:
    """The strings of a block, but not what it quotes exactly: the keys of its dictionaries."""
    quoted = {id(key) for node in ast.walk(tree) if isinstance(node, ast.Dict) for key in node.keys}
    strings = (node for node in ast.walk(tree) if isinstance(node, ast.Constant))
    return [s.value for s in strings if isinstance(s.value, str) and id(s) not in quoted]


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)
def test_no_literal_measurement(page: Path) -> None:
    assert MEASURED.findall(prose(page.read_text("utf-8"))) == []


@pytest.mark.parametrize(
    "text",
    [
        "It took 0.37 s.",
        "About 5 ms a turn.",
        "Threads are 1.9 times as fast.",
        "x1.9 times",
        "77 KiB each",
        "it keeps 2 cores busy",
        "about 50 % each",
        "a 30-second run",
        "12 µs",
        '```python exec="on"\nprint("It took 3 seconds")\n```',
        '```python exec="on"\nprint(timeline("a/b.py", caption="half of 2.0 s"))\n```',
    ],
)
def test_literal_measurements_are_found(text: str) -> None:
    assert MEASURED.search(prose(text))


@pytest.mark.parametrize(
    "text",
    [
        "Python 3.13 and 3.14",
        "500000, on every Python",
        "`time.sleep(2)` and `2 s`",
        "two seconds",
        "```python\nx = '3 s'\n```",
        '```python exec="on"\npredict("a/b.py", {"sleeping for 2 s": "why"})\n```',
    ],
)
def test_what_is_no_measurement_is_left_alone(text: str) -> None:
    assert not MEASURED.search(prose(text))

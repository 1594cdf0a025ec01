"""Which page shows which example, read from the pages' own blocks."""

import ast
import difflib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from exhibits.project import Problem, Project
from exhibits.sources import fault_in

# A fence, its language and options; and the option by which markdown-exec executes a block.
FENCE = re.compile(r"^(?P<indent> *)(?P<marks>`{3,}|~{3,}) *(?P<info>[^`]*)$")
EXECUTED = re.compile(r"""^python\b.*\bexec=["']?(on|yes|true|1)\b""", re.I)
# A heading, without the anchor that may follow it.
HEADING = re.compile(r"(#+) +(.*?)(?: *\{ *#.*\})? *$")
# The functions of exhibits.page that show an example with its source.
SHOWN_BY = {"example", "figures", "chart"}
# It shows what other pages explain.
FRONT = "docs/index.md"
NAME = re.compile(r"[\w-]+/[\w-]+\.py")


@dataclass(frozen=True)
class Use:
    """An example named in a page: the page relative to the project, the line, the function."""

    page: str
    line: int
    example: str
    function: str = ""


def uses(project: Project) -> list[Use]:
    """Every use of an example in a page, in order of page and line."""
    return [
        use
        for page in sorted(project.docs.glob("**/*.md"))
        for use in _uses_in(page.relative_to(project.root).as_posix(), page.read_text("utf-8"))
    ]


def page_of_each(project: Project) -> dict[str, str]:
    """For each example, the first page that shows it; the front page only if no other does.

    Raises Problem where a page names an example that is not there, or no page names one that is,
    or where one is not fit to be shown.
    """
    examples = project.example_names()
    there, named = set(examples), uses(project)
    problems = [
        f"{use.page}:{use.line}: there is no examples/{use.example}; {_hint(use.example, examples)}"
        for use in named
        if use.example not in there
    ]
    pages = shown_on(project)
    for example in examples:
        if fault := fault_in(example, (project.examples / example).read_bytes()):
            page = f"{pages[example]}: " if example in pages else ""
            problems.append(f"{page}examples/{ascii(example)[1:-1]}: {fault}")
        elif example not in pages:
            problems.append(
                f"examples/{example}: no page shows it; name it in a page under docs/, or delete it"
            )
    if problems:
        raise Problem("\n".join(problems))
    return pages


def shown_on(project: Project) -> dict[str, str]:
    """As `page_of_each`, of whatever examples the pages name; nothing else is looked at."""
    in_turn = sorted(uses(project), key=lambda use: use.page == FRONT)
    return {use.example: use.page for use in reversed(in_turn) if use.function in SHOWN_BY}


def in_book(project: Project) -> Callable[[str], tuple[bool, int, str]]:
    """Order pages as the navigation does; those that it lacks come last, by name."""
    book = (project.root / "mkdocs.yml").read_text("utf-8")

    def place(page: str) -> tuple[bool, int, str]:
        at = book.find(f": {Path(page).name}")
        return (at < 0, at, page)

    return place


def headings_above(project: Project, use: Use) -> tuple[str, str]:
    """The title of the page that shows an example, and of the section in which it does."""
    titles = [use.page, ""]
    lines = (project.root / use.page).read_text("utf-8").splitlines()
    for line in lines[: use.line]:
        if heading := HEADING.match(line):
            titles = [heading[2], ""] if heading[1] == "#" else [titles[0], heading[2]]
    return titles[0], titles[1] or titles[0]


def watched(project: Project) -> set[str]:
    """The examples whose timeline a page shows."""
    return {use.example for use in uses(project) if use.function == "timeline"}


def rehearse(project: Project) -> None:
    """Execute every block once, as the site's builder will, so that a fault names its page.

    Raises Problem, a line for each block that raised.
    """
    problems = []
    for page in sorted(project.docs.glob("**/*.md")):
        name = page.relative_to(project.root).as_posix()
        for line, code in code_blocks(page.read_text("utf-8")):
            try:
                exec(
                    compile(code, name, "exec"), {"__name__": name, "print": lambda *_, **__: None}
                )
            except Exception as error:
                reason = error if isinstance(error, Problem) else f"{error!r}; mend the block"
                problems.append(f"{name}:{line}: {reason}")
    if problems:
        raise Problem("\n".join(problems))


@cache  # a page is looked at again and again while it stays the same
def _uses_in(page: str, text: str) -> tuple[Use, ...]:
    return tuple(_found_in(page, text))


def _found_in(page: str, text: str) -> Iterator[Use]:
    for first, code in code_blocks(text):
        try:
            tree = ast.parse(code)
        except SyntaxError as error:
            line = first + (error.lineno or 1)
            raise Problem(f"{page}:{line}: {error.msg}; mend the block") from error
        called = {
            id(node.args[0]): node.func.id
            for node in ast.walk(tree)
            if isinstance(node, ast.Call) and node.args and isinstance(node.func, ast.Name)
        }
        strings = [
            node
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
        ]
        for node in sorted(strings, key=lambda node: (node.lineno, node.col_offset)):
            if NAME.fullmatch(value := str(node.value)):
                yield Use(page, first + node.lineno, value, called.get(id(node), ""))


def code_blocks(text: str) -> Iterator[tuple[int, str]]:
    """Each block that the build executes: the number of its fence's line, and its code."""
    opened: re.Match[str] | None = None
    first, code = 0, ""
    for number, line in enumerate(text.splitlines(), 1):
        fence = FENCE.match(line)
        if opened is None:
            opened, first, code = fence, number, ""
        elif fence and fence["marks"].startswith(opened["marks"]) and not fence["info"].strip():
            if EXECUTED.match(opened["info"]):
                yield first, code
            opened = None
        else:
            code += line.removeprefix(opened["indent"]) + "\n"


def _hint(example: str, examples: list[str]) -> str:
    close = difflib.get_close_matches(example, examples, n=1)
    return f"did you mean {close[0]}?" if close else "write it, or correct the name"

"""pytest-examples over every script and every Python fragment in the pages.

What starts threads or processes is executed as a child process and held by its contract
(tests/contracts); in this process only single-threaded fragments are executed.
"""

import re
from pathlib import Path

import pytest
from pytest_examples import CodeExample, EvalExample, find_examples

from exhibits.project import Project

PROJECT = Project.here()
PAGES = sorted(PROJECT.docs.glob("*.md"))
SCRIPTS = [
    CodeExample.create(path.read_text("utf-8"), path=path)
    for path in sorted(PROJECT.examples.glob("*/*.py"))
]
FRAGMENTS = list(find_examples(*PAGES))
EXECUTED_BY_THE_BUILD = [f for f in FRAGMENTS if 'exec="on"' in f.prefix]
PRINTING = [f for f in FRAGMENTS if f not in EXECUTED_BY_THE_BUILD]


@pytest.mark.parametrize("script", SCRIPTS, ids=str)
def test_script_is_clean(script: CodeExample, eval_example: EvalExample) -> None:
    eval_example.set_config(target_version="py311", ruff_line_length=79)
    eval_example.lint_ruff(script)


@pytest.mark.parametrize("fragment", FRAGMENTS, ids=str)
def test_fragment_is_clean(fragment: CodeExample, eval_example: EvalExample) -> None:
    eval_example.set_config(target_version="py311")  # long lines there are prose
    eval_example.lint_ruff(fragment)


@pytest.mark.parametrize("fragment", PRINTING, ids=str)
def test_fragment_prints_what_it_says(fragment: CodeExample, eval_example: EvalExample) -> None:
    assert "#>" in fragment.source, "says nothing of what it prints: add a comment #> for it"
    assert not re.search(r"\b(threading|multiprocessing|concurrent)\b", fragment.source)
    eval_example.run_print_check(fragment)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_page_has_no_fragment_that_escapes_these_tests(page: Path) -> None:
    """pytest-examples takes pycon for Python and does not see `~~~` fences."""
    text = page.read_text("utf-8")
    assert not re.search(r"^ *(~~~|``` *pycon)", text, re.M)
    seen = sum(fragment.path == page for fragment in FRAGMENTS)
    assert len(re.findall(r"^ *``` *\{?\.?py", text, re.M)) == seen


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_page_has_no_output_written_by_hand(page: Path) -> None:
    """A block of text in a page is a command to type; what comes out of it, the build adds."""
    block = re.compile(r"^ *```+ *([\w-]*)[^`\n]*\n(?:.*?)^ *```+ *$", re.M | re.S)
    assert set(block.findall(page.read_text("utf-8"))) <= {"python", "sh"}

"""Holds the search for examples in pages to naming the page, the line and the remedy."""

from collections.abc import Callable

import pytest

from exhibits.pages import Use, page_of_each, rehearse, uses, watched
from exhibits.project import Problem
from tests.machinery.conftest import Tiny

SHOWN = "threads/shown.py"


@pytest.fixture
def project(tiny: Callable[..., Tiny]) -> Tiny:
    """One example, and a page that shows it in the block that begins on its line 3."""
    project = tiny()
    project.write(f"examples/{SHOWN}", "pass\n")
    project.show(SHOWN)
    return project


def test_an_example_is_found_with_its_page_and_line(project: Tiny) -> None:
    assert uses(project.project) == [Use("docs/index.md", 5, SHOWN, "example")]
    assert page_of_each(project.project) == {SHOWN: "docs/index.md"}


def test_the_first_page_that_shows_an_example_is_its_page(project: Tiny) -> None:
    project.show(SHOWN, page="docs/a/first.md")
    assert page_of_each(project.project) == {SHOWN: "docs/a/first.md"}


def test_a_misspelt_example_is_named_with_its_line_and_a_hint(project: Tiny) -> None:
    project.show("threads/shwon.py", SHOWN)
    with pytest.raises(Problem) as problem:
        page_of_each(project.project)
    said = "docs/index.md:5: there is no examples/threads/shwon.py; did you mean threads/shown.py?"
    assert str(problem.value) == said


def test_an_example_like_no_other_is_named_with_a_remedy(project: Tiny) -> None:
    project.show(SHOWN, "zzz/qqq.py")
    with pytest.raises(Problem, match=r"index.md:6: there is no examples/zzz/qqq.py; write it, or"):
        page_of_each(project.project)


def test_an_example_on_no_page_is_named(project: Tiny) -> None:
    project.write("examples/threads/forgotten.py", "pass\n")
    with pytest.raises(Problem, match=r"^examples/threads/forgotten.py: no page shows it; name it"):
        page_of_each(project.project)


def test_every_fault_has_a_line(project: Tiny) -> None:
    project.write("examples/threads/forgotten.py", "pass\n")
    project.show("threads/one.py", "threads/two.py")
    with pytest.raises(Problem) as problem:
        page_of_each(project.project)
    assert len(str(problem.value).splitlines()) == 4


def test_a_syntax_error_in_a_block_is_named_with_its_line(project: Tiny) -> None:
    project.write("docs/index.md", 'Text\n\n```python exec="on"\nx = 1\nx = = 2\n```\n')
    with pytest.raises(Problem, match=r"^docs/index.md:5: invalid syntax; mend the block$"):
        uses(project.project)


@pytest.mark.parametrize(
    "block",
    [
        '```python\nexample("threads/other.py")\n```\n',
        "```python\nnot = valid(\n```\n",
        "```sh\npython threads/other.py\n```\n",
        'Text with `example("threads/other.py")` in it.\n',
        '````markdown\n```python exec="on"\nexample("threads/other.py")\n```\n````\n',
        '```text\n    ```python exec="on"\n    example("threads/other.py")\n    ```\n```\n',
    ],
    ids=["python", "invalid", "shell", "prose", "quoted", "quoted, indented"],
)
def test_what_is_not_executed_shows_nothing(project: Tiny, block: str) -> None:
    project.write("docs/other.md", block)
    assert {use.page for use in uses(project.project)} == {"docs/index.md"}


@pytest.mark.parametrize(
    "block",
    [
        '```python exec="on"\nexample("{}")\n```\n',
        '```python exec="true" html="on"\nexample("{}")\n```\n',
        '````python exec="on"\nexample("{}")\n````\n',
        '``` python exec="on"\nexample("{}")\n```\n',
        '```python exec="on"\nexample(\n    "{}",\n    highlight=["```"],\n)\n```\n',
        '```python html="on" exec="on"\nexample("{}")\n```\n',
        '- item\n\n    ```python exec="on"\n    if True:\n        example("{}")\n    ```\n',
    ],
    ids=[
        "plain",
        "html",
        "four marks",
        "space",
        "marks in the code",
        "exec is not first",
        "indented",
    ],
)
def test_what_is_executed_shows_its_example(project: Tiny, block: str) -> None:
    project.write("docs/index.md", block.format(SHOWN))
    assert page_of_each(project.project) == {SHOWN: "docs/index.md"}


def test_the_front_page_shows_what_another_page_explains(project: Tiny) -> None:
    project.show(SHOWN, page="docs/index.md")
    project.show(SHOWN, page="docs/threads.md")
    assert page_of_each(project.project) == {SHOWN: "docs/threads.md"}


def test_the_code_between_two_blocks_is_not_taken_for_one(project: Tiny) -> None:
    block = f'```python exec="on"\nexample("{SHOWN}")\n```\n'
    between = '\nexample("threads/other.py")\n\n```python\nexample("threads/other.py")\n```\n\n'
    project.write("docs/index.md", block + between + block)
    assert [use.line for use in uses(project.project)] == [2, 12]


def test_a_block_that_raises_is_named_with_its_page_and_line(project: Tiny) -> None:
    project.write("docs/index.md", 'Text\n\n```python exec="on"\nprint(1 / 0, end="")\n```\n')
    with pytest.raises(Problem, match=r"^docs/index.md:3: ZeroDivisionError.*; mend the block$"):
        rehearse(project.project)


def test_a_block_that_quotes_what_is_not_there_is_named_with_the_remedy(project: Tiny) -> None:
    fault = 'from exhibits.project import Problem\n\nraise Problem("quote what is there")\n'
    project.write("docs/index.md", f'```python exec="on"\n{fault}```\n')
    with pytest.raises(Problem, match=r"^docs/index.md:1: quote what is there$"):
        rehearse(project.project)


def test_blocks_that_do_not_raise_pass(project: Tiny) -> None:
    project.write("docs/index.md", '```python exec="on"\nprint("fine", end="")\n```\n')
    rehearse(project.project)


def test_a_use_tells_by_which_function(project: Tiny) -> None:
    project.write(
        "docs/index.md",
        f"""
        ```python exec="on"
        from exhibits.page import example, timeline

        print(example("{SHOWN}", highlight=["pass"]))
        print(
            timeline(
                "{SHOWN}",
                caption="x",
            )
        )
        name = "{SHOWN}"
        print(str(f("{SHOWN}")))
        ```
        """,
    )
    used = sorted((use.line, use.function) for use in uses(project.project))
    assert used == [(5, "example"), (8, "timeline"), (12, ""), (13, "f")]


def test_the_examples_whose_timeline_a_page_shows_are_watched(project: Tiny) -> None:
    assert watched(project.project) == set()
    project.show("threads/a.py", "threads/b.py", by="timeline", page="docs/a.md")
    project.show("threads/b.py", by="chart", page="docs/b.md")
    project.show("threads/c.py", by="timeline", page="docs/deeper/c.md")
    assert watched(project.project) == {"threads/a.py", "threads/b.py", "threads/c.py"}


def test_a_timeline_that_is_only_talked_about_watches_nothing(project: Tiny) -> None:
    project.write("docs/other.md", f'```python\ntimeline("{SHOWN}")\n```\n`timeline("{SHOWN}")`\n')
    assert watched(project.project) == set()


@pytest.mark.parametrize("function", ["example", "figures", "chart"])
def test_what_shows_the_source_makes_a_page_the_example_s_own(project: Tiny, function: str) -> None:
    project.show(SHOWN, by="timeline", page="docs/a.md")
    project.show(SHOWN, by=function, page="docs/b.md")
    project.show(SHOWN, page="docs/c.md")
    assert page_of_each(project.project) == {SHOWN: "docs/b.md"}


@pytest.mark.parametrize("function", ["timeline", "explain", "predict"])
def test_an_example_whose_source_no_page_shows_is_named(project: Tiny, function: str) -> None:
    project.show(SHOWN, by=function)
    with pytest.raises(Problem, match=rf"^examples/{SHOWN}: no page shows it; name it in a page"):
        page_of_each(project.project)


def test_uses_are_in_order_of_line(project: Tiny) -> None:
    code = f'print(example("{SHOWN}"))\nname = "{SHOWN}"\n'
    project.write("docs/index.md", f'```python exec="on"\n{code}```\n')
    assert [use.line for use in uses(project.project)] == [2, 3]

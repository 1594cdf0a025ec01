"""Holds the examples to being, to the letter, what readers see and copy."""

from collections.abc import Callable

import pytest

from exhibits.pages import page_of_each
from exhibits.project import Problem
from exhibits.sources import fault_in
from tests.machinery.conftest import Tiny

NAME = "threads/script.py"
UTF_7 = b"# coding: utf-7\n# harmless +AAo-print('hidden')\n"


@pytest.mark.parametrize(
    "source",
    ["pass\n", "\n", "\n\nx = 'é – 🐍 שלום'\n", "# coding: utf-8\npass\n", "x = 1   \ny = 2\n"],
)
def test_text_that_python_reads_as_people_do_is_shown(source: str) -> None:
    assert fault_in(NAME, source.encode()) == ""


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        (b"", "it does not end in exactly one newline"),
        (b"pass", "it does not end in exactly one newline"),
        (b"pass\n\n", "it does not end in exactly one newline"),
        (b"pass  \n", "it does not end in exactly one newline"),
        (b"pass\n'\xe9'\n", "line 2 is not UTF-8"),
        (b"'\xed\xa0\x80'\n", "line 1 is not UTF-8"),
        (b"x = '\0'\n", r"line 1 holds a raw \x00"),
        (b"if x:\n\tpass\n", r"line 2 holds a raw \t: write spaces"),
        (b"pass\r\n", r"line 1 holds a raw \r: write each end of line as a newline alone"),
        (b"pass\n\x0cpass\n", r"line 2 holds a raw \x0c"),
        (b"\xef\xbb\xbfpass\n", r"line 1 holds a raw \ufeff"),
        ("x = '\u202e'\n".encode(), r"line 1 holds a raw \u202e: write that escape in a string"),
        ("pass  # \u2066\n".encode(), r"line 1 holds a raw \u2066"),
        ("pass  # a\u2028b\n".encode(), r"line 1 holds a raw \u2028"),
        ("pass  # a\u200bb\n".encode(), r"line 1 holds a raw \u200b"),
        ("pass  # a\xa0b\n".encode(), r"line 1 holds a raw \xa0"),
        (UTF_7, "it declares its encoding as utf-7: remove that comment"),
        (b"# coding: latin-1\n", "it declares its encoding as iso-8859-1"),
        (b"# coding: klingon\n", "unknown encoding: klingon: remove the comment"),
    ],
)
def test_text_that_hides_something_is_not(source: bytes, fault: str) -> None:
    assert fault_in(NAME, source).startswith(fault)


def test_without_the_check_a_comment_could_hide_code() -> None:
    said: list[str] = []
    exec(compile(UTF_7, "script.py", "exec"), {"print": said.append})
    assert said == ["hidden"]


@pytest.mark.parametrize(
    "name", ["threads/É.py", "threads/Script.py", "threads/a b.py", "threads/a<b>.py", "a/b-c.py"]
)
def test_a_name_that_is_another_one_elsewhere_is_refused(name: str) -> None:
    assert fault_in(name, b"pass\n").startswith("not a name for every system: rename it")


def test_the_page_the_script_and_the_remedy_are_named(tiny: Callable[..., Tiny]) -> None:
    project = tiny()
    project.write(f"examples/{NAME}", b"pass  # \xe2\x80\xae\n")
    project.show(NAME)
    project.write("examples/threads/on no page.py", "pass\n")
    with pytest.raises(Problem) as problem:
        page_of_each(project.project)
    first, second = str(problem.value).splitlines()
    assert first.startswith("examples/threads/on no page.py: not a name for every system: rename")
    assert second == (
        f"docs/index.md: examples/{NAME}: line 1 holds a raw \\u202e: "
        "write that escape in a string, or leave it out"
    )

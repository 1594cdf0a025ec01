"""Holds what pages show to the facts: the exact source, the exact output, and a tab where due."""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from markdown import markdown

from exhibits import page
from exhibits.project import Problem
from exhibits.run import Run
from exhibits.store import Store
from tests.machinery.conftest import Tiny, a_run

NASTY = {
    "tags": "<script>alert(1)</script> </code></pre> <!-- comment --> <b onclick='x'>b</b>\n",
    "entities": "&amp; &lt; &#39; &nbsp; & <\n",
    "fences": "```python\n```\n````\n`````text\n~~~\n~~~~\n",
    "executed fence": '```python exec="on"\nprint(1 / 0)\n```\n',
    "braces": "{{ site_name }} {% raw %} {# comment #} { .class #id }\n",
    "snippets": '--8<-- "docs/index.md"\n--8<--\ndocs/index.md\n--8<--\n;--8<-- "x"\n',
    "quotes": "'single' \"double\" '''three''' `back` \\\\ \\n\n",
    "leading blank lines": "\n\n\nlater\n",
    "trailing blank lines": "first\n\n\n",
    "spaces": "    indented\ntrailing   \n \n  \n",
    "markdown": "# Title\n- item\n**bold** [a](b.md) ![i](i.png) [^1] :smile: ==m==\n| a | b |\n",
    "unicode": "é – 🐍 \\x00 \\u202e ẞ\n",
    "no last newline": "x = 1",
    "placeholders": "wzxhzdk:0 klzzwxh:0000 @@0@@\n",
}
EXAMPLE = "threads/script.py"


@dataclass
class Shown(HTMLParser):
    """What a browser would show of some HTML: the text of each kind of code, labels and ids."""

    html: str
    codes: dict[str, list[str]] = field(default_factory=dict)
    stderr: list[str] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    cells: list[str] = field(default_factory=list)
    tags: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[tuple[str, str]] = []
        self.feed(self.html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        self.tags.add(tag)
        if "id" in attributes:
            self.ids.append(attributes["id"])
        if tag in ("input", "br", "img", "meta", "link", "hr"):
            return
        kind = attributes.get("class", "")
        self.open.append((tag, kind))
        if tag == "code":
            self.codes.setdefault(self.exhibit, []).append("")
        if tag == "label":
            self.labels.append("")
        if tag in ("td", "th"):
            self.cells.append("")
        if kind == "exhibit-stderr":
            self.stderr.append("")

    def handle_endtag(self, tag: str) -> None:
        if any(tag == opened for opened, _ in self.open):
            while self.open.pop()[0] != tag:
                pass

    def handle_data(self, data: str) -> None:
        tags = [tag for tag, _ in self.open]
        if "code" in tags:
            self.codes[self.exhibit][-1] += data
        if "label" in tags:
            self.labels[-1] += data
        if "td" in tags or "th" in tags:
            self.cells[-1] += data
        if any(kind == "exhibit-stderr" for _, kind in self.open):
            self.stderr[-1] += data

    @property
    def exhibit(self) -> str:
        """Which part of an exhibit this is in: source, output, or neither."""
        classes = " ".join(kind for _, kind in self.open).split()
        return next((c for c in classes if c in ("exhibit-source", "exhibit-output")), "")

    @property
    def sources(self) -> list[str]:
        return self.codes.get("exhibit-source", [])

    @property
    def outputs(self) -> list[str]:
        return self.codes.get("exhibit-output", [])


@pytest.fixture
def project(tiny: Callable[..., Tiny], monkeypatch: pytest.MonkeyPatch) -> Tiny:
    """A project whose pages show the runs that were checked, and execute nothing."""
    project = tiny()
    monkeypatch.chdir(project.root)
    monkeypatch.setenv(page.CHECKED_RUNS_ONLY, "1")
    return project


def store(project: Tiny, source: str, *runs: Run) -> None:
    """Write the example, and put runs of it into the store."""
    written = project.write(f"examples/{EXAMPLE}", source.encode()).read_bytes()
    for run in runs:
        made = replace(run, source=hashlib.sha256(written).hexdigest())
        Store(project.project.runs).save(made)


@pytest.mark.parametrize("text", NASTY.values(), ids=NASTY)
def test_a_page_shows_exactly_the_source(project: Tiny, text: str) -> None:
    store(project, text, a_run())
    assert Shown(page.example(EXAMPLE)).sources == [text]


@pytest.mark.parametrize("text", NASTY.values(), ids=NASTY)
def test_a_page_shows_exactly_the_output(project: Tiny, text: str) -> None:
    store(project, "pass\n", a_run(stdout=text, stderr=text))
    shown = Shown(page.example(EXAMPLE))
    assert shown.outputs == [text + text]
    assert "".join(shown.stderr) == text
    assert not shown.tags & {"script", "b"}


@pytest.mark.parametrize("text", ["no newline", "", "  x  ", "\n"])
def test_a_page_adds_no_space_to_output(project: Tiny, text: str) -> None:
    store(project, "pass\n", a_run(stdout=text))
    assert Shown(page.example(EXAMPLE)).outputs == [text]


def test_highlighting_lines_leaves_the_source_as_it_is(project: Tiny) -> None:
    source = 'x = """\n\n<b>\n"""\nprint(x)\n'
    store(project, source, a_run())
    html = page.example(EXAMPLE, highlight=["<b>", "print"])
    assert Shown(html).sources == [source]
    assert html.count('class="hll"') == 2


def test_only_stderr_is_marked_as_such(project: Tiny) -> None:
    store(project, "pass\n", a_run(stdout="fine\n", stderr="beware\nand more\n", exit_code=1))
    shown = Shown(page.example(EXAMPLE))
    assert "".join(shown.stderr) == "beware\nand more\n"
    assert "exit code 1" in page.example(EXAMPLE)


def test_equal_outputs_have_no_tabs(project: Tiny) -> None:
    store(
        project,
        "pass\n",
        a_run("3.13", "same\n"),
        a_run("3.13t", "same\n"),
        a_run("3.14", "same\n"),
    )
    html = page.example(EXAMPLE)
    shown = Shown(html)
    assert (shown.outputs, shown.labels) == (["same\n"], [])
    assert "tabbed" not in html
    assert "3.13, 3.14, 3.13t free-threaded" in html


def test_different_outputs_have_a_tab_each_the_newest_first(project: Tiny) -> None:
    runs = [
        a_run("3.12", "old\n"),
        a_run("3.13", "old\n"),
        a_run("3.13t", "t\n"),
        a_run("3.14", "new\n"),
    ]
    store(project, "pass\n", *runs)
    shown = Shown(page.example(EXAMPLE))
    assert [label.strip() for label in shown.labels] == [
        "3.14",
        "3.13t free-threaded",
        "3.12, 3.13",
    ]
    assert shown.outputs == ["new\n", "t\n", "old\n"]
    assert len(shown.ids) == len(set(shown.ids))


def test_the_versions_that_ran_are_named_exactly(project: Tiny) -> None:
    store(project, "pass\n", a_run("3.13t", "same\n"), a_run("3.14", "same\n"))
    html = page.example(EXAMPLE)
    assert "3.13.1t" in html
    assert "3.14.1" in html


@pytest.mark.parametrize(
    "code", ["x = 1", "a | b", "f(`x`)", "**options", "<b>&amp;", "{{ x }}", "a_b_c*d*", "'\\n'"]
)
def test_explain_quotes_code_exactly(project: Tiny, code: str) -> None:
    store(project, f"pass  # {code}\n")
    html = markdown(page.explain(EXAMPLE, {code: "what it does"}), extensions=["tables"])
    assert Shown(html).codes == {"": [code]}
    assert "<td>what it does</td>" in html


def test_explain_rejects_code_that_the_example_lacks(project: Tiny) -> None:
    store(project, "x = 1\n")
    with pytest.raises(Problem, match=r"^examples/threads/script.py does not contain 'x = 2'"):
        page.explain(EXAMPLE, {"x = 1": "there", "x = 2": "not there"})


def test_highlight_rejects_code_that_the_example_lacks(project: Tiny) -> None:
    store(project, "x = 1\n", a_run())
    with pytest.raises(Problem, match=r"^examples/threads/script.py does not contain 'x = 2'"):
        page.example(EXAMPLE, highlight=["x = 2"])


def test_highlight_rejects_text_that_no_single_line_holds(project: Tiny) -> None:
    store(project, "x = 1\ny = 2\n", a_run())
    with pytest.raises(Problem, match="does not contain"):
        page.example(EXAMPLE, highlight=["1\ny"])


@pytest.mark.parametrize("show", [page.example, page.figures], ids=["example", "figures"])
def test_an_example_that_is_not_there_is_named(project: Tiny, show: Callable[[str], str]) -> None:
    with pytest.raises(Problem, match=r"^there is no examples/threads/script.py: write it, or"):
        show(EXAMPLE)


@pytest.mark.parametrize("show", [page.example, page.figures], ids=["example", "figures"])
def test_an_example_without_a_checked_run_is_refused_and_not_executed(
    project: Tiny, show: Callable[[str], str], tmp_path: Path
) -> None:
    mark = tmp_path / "executed"
    store(project, f"open({str(mark)!r}, 'w')\n")
    with pytest.raises(
        Problem, match=r"^examples/threads/script.py has no run of its present text"
    ):
        show(EXAMPLE)
    assert not mark.exists()


def test_a_run_of_another_text_is_not_shown(project: Tiny) -> None:
    store(project, "print(1)\n", a_run(stdout="1\n"))
    store(project, "print(2)\n")
    with pytest.raises(Problem, match="no run of its present text"):
        page.example(EXAMPLE)


def test_a_preview_executes_what_it_shows(project: Tiny, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(page.CHECKED_RUNS_ONLY)
    store(project, "print('executed')\n")
    assert Shown(page.example(EXAMPLE)).outputs == ["executed\n"]
    store(project, "print('and again')\n")
    assert Shown(page.example(EXAMPLE)).outputs == ["and again\n"]


def test_figures_are_a_table_with_a_row_an_interpreter_and_a_column_a_line(project: Tiny) -> None:
    old, new = a_run("3.13", "threads: 1.0 <cores>\n"), a_run("3.14", "threads: 2.0 <cores>\n")
    store(project, "pass\n", old, new)
    shown = Shown(page.figures(EXAMPLE))
    assert shown.cells == ["Python", "threads", "3.13", "1.0 <cores>", "3.14", "2.0 <cores>"]
    assert shown.sources == ["pass\n"]


def test_figures_that_only_some_interpreters_print_have_a_column_too(project: Tiny) -> None:
    old, new = a_run("3.13", "a: 1\n"), a_run("3.14", "a: 2\nb: 3\n")
    store(project, "pass\n", old, new)
    assert Shown(page.figures(EXAMPLE)).cells == [
        "Python",
        "a",
        "b",
        "3.13",
        "1",
        "–",
        "3.14",
        "2",
        "3",
    ]


EVIDENCE = '<a href="evidence.html#threads-script">Evidence</a>'
OPTIONS = {"1 < 2": "Of **course**.", "2 < 1": "Never.", "": "It prints."}


def verdicts(html: str) -> dict[str, str]:
    """What a question says of each option."""
    options = Shown(html).codes.get("", [])
    said = re.findall(r'class="exhibit-verdict">(.*?)</p>', html, re.S)
    return dict(zip(options, said, strict=True))


def test_a_question_tells_the_right_option_by_what_came_out(project: Tiny) -> None:
    store(project, "pass\n", a_run("3.13", "1 < 2\n"), a_run("3.14", "1 < 2\n"))
    html = page.predict(EXAMPLE, OPTIONS)
    right = f"Right: this is what came out on Python 3.13, 3.14. {EVIDENCE}"
    assert verdicts(html) == {"1 < 2": right, "2 < 1": "No.", "": "No."}
    assert "Of <strong>course</strong>." in html


def test_a_question_may_be_about_the_last_line(project: Tiny) -> None:
    store(project, "pass\n", a_run(stdout="2 < 1\n1 < 2\n"))
    assert verdicts(page.predict(EXAMPLE, OPTIONS, last_line=True))["1 < 2"].startswith("Right")


def test_a_question_whose_options_lack_what_came_out_is_refused(project: Tiny) -> None:
    store(project, "pass\n", a_run(stdout="3\n"))
    with pytest.raises(
        Problem, match=r"^examples/threads/script.py printed \['3'\], which the opt"
    ):
        page.predict(EXAMPLE, OPTIONS)


def test_a_question_with_several_right_answers_is_refused_unless_it_says_for_whom(
    project: Tiny,
) -> None:
    store(project, "pass\n", a_run("3.13", "1 < 2\n"), a_run("3.13t", "2 < 1\n"))
    with pytest.raises(Problem, match="which the options lack"):
        page.predict(EXAMPLE, OPTIONS)
    asked = page.predict(EXAMPLE, OPTIONS, among=lambda interpreter: not interpreter.gil)
    right = f"Right: this is what came out on Python 3.13t free-threaded. {EVIDENCE}"
    assert verdicts(asked)["2 < 1"] == right


def test_a_question_about_no_interpreter_that_ran_calls_nothing_wrong(project: Tiny) -> None:
    store(project, "pass\n", a_run("3.13", "1 < 2\n"))
    html = page.predict(EXAMPLE, OPTIONS, among=lambda interpreter: False)
    assert "exhibit-verdict" not in html


# A script that holds every nasty text, and prints it on both streams.
TEXT = "".join(NASTY.values()).replace("'''", "'' '")
NASTY_SCRIPT = f"\n\nimport sys\n\nTEXT = r'''{TEXT}'''\n" + (
    "print(TEXT)\nprint(TEXT, file=sys.stderr)  # <script>alert(2)</script> {{ x }} ```\n"
)
FAILING_SCRIPT = "print('<i>', end='')\nraise ValueError('</code>')\n"


@pytest.fixture
def built(tiny: Callable[..., Tiny]) -> Tiny:
    """A real build, whose page shows a nasty example and one that fails."""
    project = tiny()
    project.write("examples/threads/nasty.py", NASTY_SCRIPT.encode())
    project.write("examples/threads/fails.py", FAILING_SCRIPT)
    project.show("threads/nasty.py", "threads/fails.py")
    captured = project.command("exhibits", "capture")
    assert (captured.returncode, captured.stderr) == (0, "")
    answer = project.command("mkdocs", "build", "--strict", "-q", EXHIBITS_CHECKED_RUNS_ONLY="1")
    assert answer.returncode == 0, answer.stderr
    return project


def test_a_built_page_shows_exactly_the_source_and_the_output(built: Tiny) -> None:
    html = (built.root / "site" / "index.html").read_text("utf-8")
    shown = Shown(html)
    fails, nasty = Store(built.project.runs).all()
    assert (nasty.stdout, nasty.stderr) == (f"{TEXT}\n", f"{TEXT}\n")
    assert "ValueError: </code>\n" in fails.stderr
    assert shown.sources == [NASTY_SCRIPT, FAILING_SCRIPT]
    assert shown.outputs == ["".join(line.text for line in run.lines) for run in (nasty, fails)]
    assert "".join(shown.stderr) == nasty.stderr + fails.stderr
    assert "alert(1)</script>" not in html


def test_a_page_that_asks_for_what_is_not_there_fails_the_build(
    tiny: Callable[..., Tiny],
) -> None:
    project = tiny()
    project.write("examples/threads/one.py", "pass\n")
    project.write(
        "docs/index.md",
        """
        ```python exec="on"
        from exhibits.page import explain
        print(explain("threads/one.py", {"not there": "?"}))
        ```
        """,
    )
    answer = project.command("mkdocs", "build", "--strict")
    assert answer.returncode != 0
    assert "examples/threads/one.py does not contain 'not there': quote what is" in answer.stderr

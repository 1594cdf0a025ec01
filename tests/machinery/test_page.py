"""Holds what pages show to the facts: the exact source, the exact output, and a tab where due."""

import gzip
import hashlib
import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest
from bs4 import BeautifulSoup, Tag
from markdown import markdown

from exhibits import page, timeline
from exhibits.interpreters import Installation
from exhibits.project import Problem
from exhibits.run import Lane, Line, Machine, Run
from exhibits.store import Store
from tests.machinery.conftest import Tiny, a_lane, a_run

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


@pytest.mark.parametrize(("width", "beside"), [(50, True), (51, False)])
def test_output_stands_beside_a_source_if_both_are_narrow(
    project: Tiny, width: int, beside: bool
) -> None:
    source = "x" * 50 + "\n" + "pass\n"
    store(project, source, a_run("3.13", "\n" + "y" * width + "\nz\n"), a_run("3.14", "narrow\n"))
    assert ("exhibit-beside" in page.example(EXAMPLE)) is beside


def test_a_message_is_the_whole_line_with_the_pythons_on_which_it_came_out(project: Tiny) -> None:
    store(
        project,
        "pass\n",
        a_run("3.13", stderr="Traceback\nError: old <b> text\n"),
        a_run("3.13t", stderr="Error: old <b> text\nError: old <b> text\n"),
        a_run("3.14", stderr="fine\nError: new text\n"),
    )
    project.show(EXAMPLE, page="docs/threads.md")
    soup = soup_of(page.message(EXAMPLE, "Error"))
    assert [code.get_text() for code in soup("code")] == ["Error: old <b> text", "Error: new text"]
    said = [line.get_text() for line in soup(class_="exhibit-provenance")]
    assert said[0] == "Came out on Python 3.13, 3.13t free-threaded."
    assert said[1].startswith("Came out on Python 3.14.")
    link = soup.find("a")
    assert isinstance(link, Tag)
    assert link["href"] == "threads.html#threads-script"


def test_a_message_that_no_run_printed_is_refused(project: Tiny) -> None:
    store(project, "pass\n", a_run(stderr="Error: text\n"))
    with pytest.raises(Problem, match=r"^examples/threads/script.py printed no 'Failure': quote a"):
        page.message(EXAMPLE, "Failure")


def test_the_pythons_are_those_that_ran_oldest_first(project: Tiny) -> None:
    store(project, "pass\n", a_run("3.14"), a_run("3.13t"), a_run("3.13"), a_run("3.9"))
    items = [item.get_text() for item in soup_of(page.pythons())("li")]
    assert items == ["3.9.1", "3.13.1", "3.13.1t, free-threaded", "3.14.1"]


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


POINTS = {"begun": "It *began*.", "done": "It ended.", "warned": "Not this."}


def test_pointing_out_a_line_tells_right_from_wrong(project: Tiny) -> None:
    runs = [a_run(name, "begun\ndone\nmore\n", "warned\n") for name in ("3.13", "3.14")]
    store(project, "pass\n", *runs)
    html = page.point_out(EXAMPLE, "done", POINTS)
    right = f"Right. This line came out on Python 3.13, 3.14. {EVIDENCE}"
    assert verdicts(html) == {"begun": "No.", "done": right, "warned": "No."}
    assert "It <em>began</em>." in html


def test_a_line_to_point_out_that_some_run_did_not_print_is_refused(project: Tiny) -> None:
    full, less = a_run("3.13", "begun\ndone\nwarned\n"), a_run("3.14", "begun\ndone now\n")
    store(project, "pass\n", full, less)
    said = r"^examples/threads/script.py on 3.14 did not print \['done', 'warned'\]: offer lines"
    with pytest.raises(Problem, match=said):
        page.point_out(EXAMPLE, "done", POINTS)
    page.point_out(EXAMPLE, "done", POINTS, among=lambda one: one.name == "3.13")


@pytest.mark.parametrize("right", ["done", "never printed"])
def test_a_right_answer_that_is_no_option_is_refused(project: Tiny, right: str) -> None:
    store(project, "pass\n", a_run(stdout="begun\ndone\n"))
    with pytest.raises(Problem, match=rf"^examples/threads/script.py.*'{right}'"):
        page.point_out(EXAMPLE, right, {"begun": "It began."})


def test_pointing_out_to_no_interpreter_that_ran_calls_nothing_wrong(project: Tiny) -> None:
    store(project, "pass\n", a_run(stdout="begun\ndone\nwarned\n"))
    html = page.point_out(EXAMPLE, "done", POINTS, among=lambda _: False)
    assert "exhibit-verdict" not in html


@pytest.mark.parametrize("text", NASTY.values(), ids=NASTY)
def test_lines_to_point_out_are_shown_as_they_are(project: Tiny, text: str) -> None:
    lines = list(dict.fromkeys(text.splitlines()))
    store(project, "pass\n", a_run(stdout=text, duration=1))
    shown = Shown(page.point_out(EXAMPLE, lines[0], dict.fromkeys(lines, "why")))
    assert shown.codes[""] == lines
    assert not shown.tags & {"script", "b"}


def replays(html: str) -> list[Tag]:
    return list(BeautifulSoup(html, "html.parser").find_all("exhibit-replay"))


def moments(replay: Tag) -> list[float]:
    return [float(str(line["data-at"])) for line in replay.select("code [data-at]")]


@pytest.mark.parametrize("duration", [0.01, 0.4])
def test_a_short_run_has_no_replay(project: Tiny, duration: float) -> None:
    store(project, "pass\n", a_run(stdout="a\nb\n", stderr="c\n", duration=duration))
    html = page.example(EXAMPLE)
    assert replays(html) == []
    assert "data-at" not in html


def test_a_long_run_that_printed_nothing_has_no_replay(project: Tiny) -> None:
    store(project, "pass\n", a_run(duration=5))
    assert replays(page.example(EXAMPLE)) == []


@pytest.mark.parametrize("text", NASTY.values(), ids=NASTY)
def test_a_replay_changes_nothing_in_the_text(project: Tiny, text: str) -> None:
    store(project, "pass\n", a_run(stdout=text, stderr=text, duration=0.41))
    html = page.example(EXAMPLE)
    (replay,) = replays(html)
    shown = Shown(html)
    assert shown.outputs == [text + text]
    assert "".join(shown.stderr) == text
    assert not shown.tags & {"script", "b"}
    assert len(moments(replay)) == 2 * len(text.splitlines())


def test_a_replay_has_the_moment_of_each_line_and_the_whole_duration(project: Tiny) -> None:
    lines = (Line(0.1, "stdout", "a\n"), Line(0.5, "stderr", "b\n"), Line(0.5, "stdout", "c"))
    store(project, "pass\n", replace(a_run(duration=1.25), lines=lines))
    (replay,) = replays(page.example(EXAMPLE))
    assert moments(replay) == [0.1, 0.5, 0.5]
    assert replay["data-duration"] == "1.25"
    button = replay.find("button")
    assert isinstance(button, Tag)
    assert (button["type"], button["aria-pressed"]) == ("button", "false")
    assert "1.2 s" in button.text


def test_a_replay_lasts_until_the_last_line_even_if_an_orphan_printed_that(project: Tiny) -> None:
    lines = (Line(0.1, "stdout", "script\n"), Line(1.75, "stdout", "orphan\n"))
    store(project, "pass\n", replace(a_run(duration=1.25), lines=lines))
    (replay,) = replays(page.example(EXAMPLE))
    assert replay["data-duration"] == "1.75"


def test_each_tab_has_a_replay_if_its_own_run_is_long(project: Tiny) -> None:
    store(
        project,
        "pass\n",
        a_run("3.12", "old\n", duration=2),
        a_run("3.13", "short\n"),
        a_run("3.14", "new\n", duration=3),
    )
    html = page.example(EXAMPLE)
    assert [one["data-duration"] for one in replays(html)] == ["3", "2"]
    assert Shown(html).outputs == ["new\n", "short\n", "old\n"]


def test_the_moments_of_a_real_replay_grow(project: Tiny, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(page.CHECKED_RUNS_ONLY)
    source = """import time
for number in range(4):
    print(f"<b>{number}</b> &amp;")
    time.sleep(0.2)
"""
    store(project, source)
    html = page.example(EXAMPLE)
    (replay,) = replays(html)
    at = moments(replay)
    assert all(after - before > 0.15 for before, after in pairwise(at))
    assert at[-1] < float(str(replay["data-duration"]))
    (run,) = Store(project.project.runs).all()
    assert Shown(html).outputs == [run.stdout]


def soup_of(html: str) -> BeautifulSoup:
    return BeautifulSoup(html, "html.parser")


def cells(html: str) -> list[list[str]]:
    """The rows of all tables."""
    rows = soup_of(html).select("tr")
    return [[cell.get_text(" ", strip=True) for cell in row.select("th, td")] for row in rows]


def assert_pictures_are_labelled(html: str, pictures: int) -> None:
    """Each picture is one image to who cannot see it, with a name and a description."""
    soup = soup_of(html)
    found = soup.select("svg[role=img]")
    assert len(found) == pictures
    ids = [str(one["id"]) for one in soup.select("[id]")]
    assert len(ids) == len(set(ids))
    for picture in found:
        named = [soup.find(id=name) for name in str(picture["aria-labelledby"]).split()]
        assert len(named) == 2
        assert all(one is not None and one.get_text(strip=True) for one in named)
        described = picture.find("desc")
        assert described in named


BUSY = (a_lane([0.5] * 20), a_lane([1.0, 0.0] * 10, thread=1, name="Thread-1 (work)"))


def test_a_timeline_is_a_picture_and_the_same_as_a_table(project: Tiny) -> None:
    store(project, "pass\n", a_run("3.13", lanes=BUSY[:1]), a_run("3.14", lanes=BUSY))
    html = page.timeline(EXAMPLE, caption="Look *here*.")
    assert_pictures_are_labelled(html, 1)
    title = soup_of(html).select_one("svg > title")
    assert title is not None
    assert title.text == "Timeline of 2 lanes on Python 3.14.1", "the newest"
    assert cells(html) == [
        ["Lane", "alive from", "to", "on a core", "ready, no core free", "waiting"],
        ["main thread", "0.00", "1.00", "0.50", "0.00", "0.50"],
        ["Thread-1", "0.00", "1.00", "0.50", "0.00", "0.50"],
    ]
    assert "<em>here</em>" in html
    assert "on a core 50 % of its time" in html


def test_a_timeline_beside_another_has_a_picture_and_a_table_each(project: Tiny) -> None:
    runs = [a_run(name, lanes=BUSY) for name in ("3.13", "3.13t", "3.14", "3.14t")]
    store(project, "pass\n", *runs)
    html = page.timeline(EXAMPLE, beside=True)
    assert_pictures_are_labelled(html, 2)
    titles = [title.text for title in soup_of(html).select("svg > title")]
    assert titles == [f"Timeline of 2 lanes on Python 3.14.1{t}" for t in ("", "")]
    labels = [label.text for label in soup_of(html).select(".exhibit-label")]
    assert labels[0].startswith("Python 3.14, with the GIL")
    assert labels[1].startswith("Python 3.14t, without the GIL")
    assert len(cells(html)) == 2 * 3


def test_a_timeline_says_that_no_free_threaded_python_took_part(project: Tiny) -> None:
    store(project, "pass\n", a_run("3.14", lanes=BUSY))
    html = page.timeline(EXAMPLE, beside=True)
    assert_pictures_are_labelled(html, 1)
    assert "No free-threaded Python took part in this build." in html
    assert "No free-threaded" not in page.timeline(EXAMPLE)


def test_every_lane_of_a_timeline_has_a_row_in_its_table(project: Tiny) -> None:
    lanes = (
        *(a_lane([0.3] * 9, process=n) for n in range(4)),
        a_lane([0.1] * 9, process=3, thread=1),
        a_lane([0.1] * 9, process=4, helper=True),
    )
    store(project, "pass\n", a_run(lanes=lanes))
    html = page.timeline(EXAMPLE)
    names = ["parent process", *(f"child process {n}" for n in (1, 2, 3))]
    assert [row[0] for row in cells(html)[1:]] == names
    assert [text.text for text in soup_of(html).select("svg text.lane")] == names
    assert "Not drawn: 2" in html


@pytest.mark.parametrize("names", [["one"], ["one", "two", "three"]])
def test_names_that_are_not_as_many_as_the_lanes_are_refused(
    project: Tiny, names: list[str]
) -> None:
    store(project, "pass\n", a_run(lanes=BUSY))
    said = rf"^timeline of examples/threads/script.py: {len(names)} names for 2 lanes; name each"
    with pytest.raises(Problem, match=said):
        page.timeline(EXAMPLE, lanes=names)


@pytest.mark.parametrize("text", ["<script>x</script>", '"><b>&amp;', "{{ x }}", "&lt;", "a\nb"])
def test_the_names_of_lanes_are_shown_as_text(project: Tiny, text: str) -> None:
    store(project, "pass\n", a_run(lanes=(BUSY[0], a_lane([1] * 20, thread=1, name=text))))
    for html in (page.timeline(EXAMPLE), page.timeline(EXAMPLE, lanes=["main thread", text])):
        soup = soup_of(html)
        assert not soup.find_all(["script", "b"])
        assert [one.text for one in soup.select("svg text.lane")] == ["main thread", text]
        assert soup.select("tbody th")[1].text == text
        assert f" {text}: alive from" in soup.select("svg desc")[0].text


def test_a_thread_s_own_name_is_shown_as_text(
    tiny: Callable[..., Tiny],
    installations: tuple[Installation, ...],
    monkeypatch: pytest.MonkeyPatch,
    quiet: None,
) -> None:
    """From the script, through the kernel (which has it since Python 3.14), onto the page."""
    newest = [one.interpreter for one in installations if one.interpreter.gil][-1]
    project = tiny(names=(newest.name,), time_limit=20)
    monkeypatch.chdir(project.root)
    source = (
        "import threading, time\nthreading.Thread(target=time.sleep, args=(1,), name={}).start()"
    )
    project.write(f"examples/{EXAMPLE}", source.format("'<b>& </text>'"))
    project.show(EXAMPLE, by="timeline")
    html = page.timeline(EXAMPLE)
    shown = "<b>& </text>" if newest.minor >= (3, 14) else "Thread-1"
    assert [one.text for one in soup_of(html).select("svg text.lane")] == ["main thread", shown]
    assert not soup_of(html).find_all("b")


def test_where_sampling_is_impossible_a_timeline_says_so_in_a_line(
    project: Tiny, monkeypatch: pytest.MonkeyPatch, quiet: None
) -> None:
    monkeypatch.delenv(page.CHECKED_RUNS_ONLY)
    monkeypatch.setattr(timeline, "POSSIBLE", False)
    project.write(f"examples/{EXAMPLE}", "pass\n")
    project.show(EXAMPLE, by="timeline")
    soup = soup_of(page.timeline(EXAMPLE, lanes=["one", "two"], caption="Look here."))
    (line,) = soup.get_text("\n", strip=True).splitlines()
    assert line.startswith("No timeline here: the system that made these runs does not tell")
    assert not soup.find_all(["svg", "table", "figcaption"])


def test_a_run_that_nobody_watched_is_not_called_impossible_to_watch(project: Tiny) -> None:
    """As when a page calls page.timeline(…), or timeline(name=…), which pages.watched overlooks."""
    store(project, "pass\n", a_run(lanes=None))
    with pytest.raises(Problem, match=r"^.*examples/threads/script.py"):
        page.timeline(EXAMPLE)


@pytest.mark.parametrize(
    "second",
    [
        pytest.param(a_lane([1.0] * 10, thread=1, first=9), id="one bin, and not all of it"),
        pytest.param(a_lane([1.0] * 10, thread=1, first=10), id="one after another"),
        pytest.param(a_lane([1.0] * 10, thread=1, first=30), id="long after"),
        pytest.param(a_lane([1.0], thread=1), id="too short to count as computing"),
    ],
)
def test_a_timeline_of_lanes_that_hardly_meet_tells_nothing_of_them_together(
    project: Tiny, second: Lane
) -> None:
    store(
        project,
        "pass\n",
        a_run(lanes=(a_lane([1.0] * (1 if len(second.on_core) == 1 else 10)), second)),
    )
    assert ">When each was on a core, on Python 3" in page.timeline(EXAMPLE)


def test_a_timeline_tells_how_many_cores_computing_lanes_had_together(project: Tiny) -> None:
    store(project, "pass\n", a_run(lanes=(a_lane([0.9] * 20), a_lane([0.6] * 20, thread=1))))
    cores = Machine.this().cores
    assert f": 1.5 of {cores} cores<" in page.timeline(EXAMPLE)
    store(project, "pass\n", a_run(lanes=(a_lane([0.9] * 20), a_lane([0.1] * 20, thread=1))))
    assert ">When each was on a core, on Python 3" in page.timeline(EXAMPLE)


def test_a_timeline_is_small_however_restless_its_lanes_are(project: Tiny) -> None:
    chance = random.Random(0)
    lanes = tuple(a_lane([chance.random() for _ in range(40)], thread=n) for n in range(4))
    store(project, "pass\n", a_run("3.14", lanes=lanes), a_run("3.14t", lanes=lanes[::-1]))
    html = page.timeline(EXAMPLE, beside=True, caption="Look here.")
    assert len(gzip.compress(html.encode())) < 6 * 1024


def test_everything_of_a_timeline_is_within_the_picture(project: Tiny) -> None:
    chance = random.Random(0)
    lanes = tuple(a_lane([chance.random() for _ in range(40)], thread=n, first=n) for n in range(4))
    store(project, "pass\n", a_run(lanes=lanes))
    svg = soup_of(page.timeline(EXAMPLE)).select_one("svg")
    assert svg is not None
    height = float(str(svg["height"]))
    for rect in svg.select("rect"):
        x, width = (float(str(rect[name]).removesuffix("%")) for name in ("x", "width"))
        assert 0 <= x <= x + width <= 100.02
        y, tall = float(str(rect["y"])), float(str(rect["height"]))
        assert 0 <= y <= y + tall <= height
    assert all(0 < float(str(text["y"])) < height for text in svg.select("text"))


MEASURED = [
    a_run("3.13", "threads: 2 1 3\n<b>&: 100 100.5 99\ninterpreters: refused\n"),
    a_run("3.14", "threads: 4 5 6\n<b>&: 50 50 50\ninterpreters: 7 7.5 8\nonly here: 9\n"),
]


def test_the_table_of_a_chart_holds_every_median(project: Tiny) -> None:
    store(project, "print(1)\n", *MEASURED)
    html = page.chart(EXAMPLE, "seconds")
    assert cells(html) == [
        ["Python", "threads", "<b>&", "interpreters", "only here"],
        ["3.13", "2.00 (1.00–3.00)", "100 (99.0–100)", "refused", "–"],
        ["3.14", "5.00 (4.00–6.00)", "50.0 (50.0–50.0)", "7.50 (7.00–8.00)", "9.00"],
    ]
    assert Shown(html).sources == ["print(1)\n"]
    assert "the median of 3 rounds" in html
    assert not soup_of(html).find_all("b")


@pytest.mark.parametrize("logarithmic", [False, True])
def test_a_chart_has_a_picture_a_label_and_tells_each_median_in_it(
    project: Tiny, logarithmic: bool
) -> None:
    store(project, "pass\n", *MEASURED)
    html = page.chart(EXAMPLE, "ratio & <i>", logarithmic=logarithmic, baseline="one thread")
    assert_pictures_are_labelled(html, 4)
    soup = soup_of(html)
    groups = [group.text for group in soup.select(".exhibit-group")]
    assert groups == ["threads", "<b>&", "interpreters", "only here"]
    told = [[one.text for one in svg.select("text.told")] for svg in soup.select("svg[role=img]")]
    assert told == [["2.00", "5.00"], ["100", "50.0"], ["7.50"], ["9.00"]]
    assert [desc.text for desc in soup.select("desc")] == [
        "ratio & <i>: 3.13 2.00, 3.14 5.00.",
        "ratio & <i>: 3.13 100, 3.14 50.0.",
        "ratio & <i>: 3.14 7.50.",
        "ratio & <i>: 3.14 9.00.",
    ]
    assert len(soup.select("rect")) == (0 if logarithmic else 6), "there no bar begins at zero"
    assert len(soup.select("circle")) == 6
    assert "1 is one thread." in html


def test_a_chart_marks_its_baseline_only_if_it_has_one(project: Tiny) -> None:
    store(project, "pass\n", a_run(stdout="threads: 1 2 3\n"))
    assert len(soup_of(page.chart(EXAMPLE, "ratio", baseline="one")).select("line.one")) == 1
    assert soup_of(page.chart(EXAMPLE, "ratio")).select("line.one") == []


def test_a_chart_of_an_example_that_measured_nothing_is_refused(project: Tiny) -> None:
    store(project, "pass\n", a_run(stdout="threads: refused\n"))
    with pytest.raises(Problem, match=r"examples/threads/script.py"):
        page.chart(EXAMPLE, "seconds")


def test_a_measured_figure_is_told_as_one_value_or_a_range(project: Tiny) -> None:
    store(project, "pass\n", *MEASURED)
    assert page.measured(EXAMPLE, "threads") == "2.00 to 5.00"
    assert page.measured(EXAMPLE, "interpreters") == "7.50", "the one that measured it"
    assert page.measured(EXAMPLE, "threads", lambda one: one.name == "3.14") == "5.00"
    assert page.measured(EXAMPLE, "threads", lambda one: not one.gil) == (
        "(no such Python in this build)"
    )


def test_medians_that_are_rounded_to_the_same_are_one_value(project: Tiny) -> None:
    store(project, "pass\n", a_run("3.13", "a: 1.2349\n"), a_run("3.14", "a: 1.2251\n"))
    assert page.measured(EXAMPLE, "a") == "1.23"


@pytest.mark.parametrize("label", ["thread", "", "threads: 2", "refused"])
def test_a_label_that_was_not_measured_is_refused(project: Tiny, label: str) -> None:
    store(project, "pass\n", *MEASURED)
    said = rf"^examples/threads/script.py measured no {label!r}: quote a line that it prints"
    with pytest.raises(Problem, match=said):
        page.measured(EXAMPLE, label)


def test_a_line_without_figures_was_not_measured(project: Tiny) -> None:
    store(project, "pass\n", *MEASURED)
    with pytest.raises(Problem, match="measured no 'interpreters'"):
        page.measured(EXAMPLE, "interpreters", lambda one: one.name == "3.13")


@pytest.mark.parametrize(
    "show",
    [
        page.timeline,
        lambda name: page.chart(name, "seconds"),
        lambda name: page.measured(name, "threads"),
        lambda name: page.point_out(name, "a", {"a": "why"}),
        lambda name: page.message(name, "Error"),
    ],
    ids=["timeline", "chart", "measured", "point_out", "message"],
)
def test_whatever_shows_an_example_that_is_not_there_or_did_not_run_names_it(
    project: Tiny, show: Callable[[str], str]
) -> None:
    with pytest.raises(Problem, match=r"^there is no examples/threads/script.py: write it, or"):
        show(EXAMPLE)
    store(project, "pass\n")
    with pytest.raises(Problem, match=r"^examples/threads/script.py has no run of its present"):
        show(EXAMPLE)


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

"""Holds every page to this: whatever bytes a script writes, they are text there, to the letter.

The bytes go the whole way: decoded, normalised, stored, loaded, put into a page, through the
project's own Markdown, parsed as a browser parses. A page must show them exactly, and be the same
page, element by element, as one whose script wrote as many harmless letters.

`--hypothesis-profile=many` tries 20,000 texts a test in place of 200.
"""

import hashlib
import json
import re
import shutil
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from hypothesis import assume, example, given
from hypothesis import strategies as st
from markdown import Markdown
from markdown_it import MarkdownIt
from mkdocs.config import load_config

from exhibits import evidence, page
from exhibits.evidence import Judgement
from exhibits.follow import Chunk, Limits
from exhibits.interpreters import Installation
from exhibits.output import lines_of, normaliser, printable
from exhibits.plain import markdown, parsed, put_copies
from exhibits.run import Run, Stream
from exhibits.sources import fault_in
from exhibits.store import Store
from tests.machinery.conftest import ROOT, Tiny, a_lane, a_run, an_interpreter

NASTY = [
    b"",
    b"\n",
    b"\n\n\nlater\n\n\n",
    b"no last newline",
    b"\t",
    b"   \t  spaces \t \n \n",
    b"x" * 5000 + b"\n",
    b"</code></pre></div><script>alert(1)</script><b onclick='x'>b</b>\n",
    b"<!-- comment --> <![CDATA[ x ]]> <?php ?> <!DOCTYPE x> </p></textarea></title></svg>\n",
    b"&amp; &lt; &#39; &#x202e; &nbsp; &notit; & <\n",
    b'```python exec="on"\nprint(1 / 0)\n```\n',
    b"~~~\n````\n`````text\n" + b"`" * 300 + b"\n",
    b"{{ config.site_name }} {% raw %} {# comment #} {: .class #id } ${{ x }}\n",
    b'--8<-- "docs/index.md"\n--8<--\ndocs/index.md\n--8<--\n;--8<-- "x"\n-8<- "x"\n',
    b"[text][threading.Thread.join] [GIL] [GIL][] [x]: http://example.org\n*[GIL]: abbreviation\n",
    b"# Title\n===\n- item\n1. one\n**bold** __b__ [a](b.md) ![i](i.png) [^1] :smile: ==m==\n",
    b"| a | b |\n| --- | --- |\n| c\\|d | \\ |\n!!! note\n    text\n=== tab\n",
    b"\x02wzxhzdk:0\x03 \x02amp\x03 wzxhzdk:0 \x02klzzwxh:0000\x03 @@0@@\n",
    "\u202aa\u202eb\u202c \u2066c\u2069 \u200e\u200f\u061c\n".encode(),
    "\u2028\u2029\x85\x0b\x0c\x1c\x1d\x1e\n".encode(),
    "\ud800 \udfff \udc80\n".encode("utf-8", "surrogatepass"),
    b"\xff\xfe \x80 \xc3\n\xa9 \xf0\x9f\x90\n",
    b"\0 \x07 \x1b[31mred\x1b[0m \x1b]8;;http://example.org\x1b\\link \x7f\n",
    b"bar 10 %\rbar 20 %\rbar 100 %\r\n",
    "\ufeff \u200b\u200c\u200d \u00ad \u2060 \u180e\n".encode(),
    "\ue000 \uf8ff \U000f0000 \ufdd0 \uffff \U0010ffff \u0378 \u00a0 \u3000\n".encode(),
    "é – 🐍 שלום ﷽ Z͑͗a̴l̷g̸o ẞ\n".encode(),
    b"/scratch/exhibit-1/script/script.py /scratch/exhibit-1/tmp 0x7f3c1a2b4d pid=12\n",
    b"\\x00 \\u202e \\n '''three''' \"\"\" \\\\\n",
]
NORMALISE = normaliser(
    Path("/scratch/exhibit-1/script"),
    Installation(an_interpreter(), "/usr/bin/python", "/usr/lib/python3.14", ()),
)
WIDE = Limits(output_bytes=10**9, output_lines=10**6)
STREAMS: tuple[Stream, ...] = ("stdout", "stderr")
PIECES = st.one_of(
    st.sampled_from(NASTY),
    st.binary(max_size=30),
    st.text(st.characters(exclude_categories=()), max_size=30).map(
        lambda text: text.encode("utf-8", "surrogatepass")
    ),
    st.text("<>&\"'`~{}[]()|\\/!#*_-+=:;.^$%@0 \t\nax", max_size=30).map(str.encode),
)
# What a script writes: pieces, in turn, each to one stream, in two chunks cut anywhere.
WRITTEN = st.lists(st.tuples(st.sampled_from(STREAMS), PIECES, st.integers(0, 40)), max_size=6)
# One line of output, as a page gets it.
WORDS = PIECES.map(lambda piece: printable(piece).replace("\n", ""))
# Source that is fit to be shown: lines of anything printable.
SOURCES = st.lists(WORDS, min_size=1, max_size=8).map(
    lambda lines: "\n".join(line.replace("\t", " ") for line in lines).rstrip() + "\n"
)

NAME, LABELS, CELLS = "threads/script.py", "measured/labels.py", "measured/cells.py"
BLOCK = '```python exec="on" html="on"\nfrom exhibits.page import *\n{}\n```\n'
EVIDENCE = 'print(evidence("index.md"))'
EXAMPLE = f'print(example("{NAME}"))'
OUTPUTS = f"""
for run in runs("{NAME}"):
    print(example("{NAME}"))
    text, lines = run.stdout.strip(), [line.text.rstrip("\\n") for line in run.lines]
    print(predict("{NAME}", {{text: "It prints this."}}))
    if lines:
        print(point_out("{NAME}", lines[-1], {{lines[-1]: "This line."}}))
        print(message("{NAME}", max((line.strip() for line in lines), key=len)))
"""
PICTURES = f"""
print(chart("{LABELS}", "seconds"))
print(timeline("{LABELS}"))
print(figures("{CELLS}"))
"""
CODE = ".exhibit-output code, .exhibit-message code, summary > code"
SOURCE = ".exhibit-source code"
WORDED = ".exhibit-group, desc, text.lane, th, td"
READER = MarkdownIt("commonmark").enable("table")


def written(pieces: list[tuple[Stream, bytes, int]]) -> list[Chunk]:
    parts = [(stream, part) for stream, data, at in pieces for part in (data[:at], data[at:])]
    return [Chunk(number / 100, stream, data) for number, (stream, data) in enumerate(parts)]


def recorded(pieces: list[tuple[Stream, bytes, int]]) -> Run:
    """The run that a script makes which writes these pieces."""
    return replace(a_run(), lines=tuple(lines_of(written(pieces), WIDE, NORMALISE)))


def twin(text: str, letter: str = "x") -> str:
    """As many harmless letters, the white space as it was."""
    return "".join(c if c.isspace() else letter for c in text)


@dataclass(frozen=True)
class Seen:
    """A page as a browser parses it: its elements, the text to look at, and the other text."""

    elements: list[tuple[int, str, Mapping[str, object]]]
    looked_at: list[str]
    rest: list[str]


def seen(html: str, selector: str) -> Seen:
    soup = BeautifulSoup(html, "html5lib")
    elements = [(len(list(tag.parents)), tag.name, tag.attrs) for tag in soup.find_all(True)]
    looked_at = []
    for tag in soup.select(selector):
        looked_at.append(tag.get_text())
        for string in tag.find_all(string=True):
            string.extract()
    return Seen(elements, looked_at, [str(string) for string in soup.find_all(string=True)])


@dataclass(frozen=True)
class Read:
    """A Markdown copy as a reader of Markdown sees it: its fences, and everything else."""

    fences: list[tuple[str, str]]
    rest: list[tuple[str, Mapping[str, object], str]]


def read(html: str) -> Read:
    article = parsed(f"<article>{html}</article>").article
    assert article
    return read_copy(markdown(article))


def read_copy(copy: str) -> Read:
    blocks = READER.parse(copy)
    fences = [(one.info, one.content) for one in blocks if one.type == "fence"]
    others = [
        (one.type, one.attrs, "".join(part.content for part in one.children or ()))
        for one in blocks
        if one.type != "fence"
    ]
    kinds = [part.type for one in blocks for part in one.children or ()]
    assert not {"html_block", "html_inline"}.intersection(kinds + [one.type for one in blocks])
    return Read(fences, others)


def fenced(text: str) -> str:
    return text if text.endswith("\n") or not text else text + "\n"


@dataclass(frozen=True)
class Site:
    """A project with the real mkdocs.yml, whose pages show the runs that they are given."""

    tiny: Tiny
    converter: Markdown = field(default_factory=Markdown)

    def keep(self, name: str, *runs: Run, source: str = "pass\n") -> list[Run]:
        """Store an example and these runs of it, each as its repeat too; as they are loaded."""
        shutil.rmtree((self.tiny.project.runs / name).with_suffix(""), ignore_errors=True)
        code = self.tiny.write(f"examples/{name}", source.encode()).read_bytes()
        store = Store(self.tiny.project.runs)
        for run in runs:
            made = replace(run, example=name, source=hashlib.sha256(code).hexdigest())
            store.save(made)
            store.save(made, 1)
        return store.of(name, code)

    def page(self, code: str) -> str:
        """A page with a block of this code, as HTML."""
        self.converter.reset()
        return self.converter.convert("# Page\n\n" + BLOCK.format(code.strip()) + "\nThe end.\n")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Three examples on one page."""
    tiny = a_site(tmp_path_factory.mktemp("rendering"), NAME, LABELS, CELLS)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tiny.root)
        patch.setenv(page.CHECKED_RUNS_ONLY, "1")
        config = load_config(str(tiny.root / "mkdocs.yml"))
        config.plugins.on_startup(command="build", dirty=False)
        config = config.plugins.on_config(config)
        extensions, options = config.markdown_extensions, config.mdx_configs
        yield Site(tiny, Markdown(extensions=extensions, extension_configs=options))


def a_site(folder: Path, *names: str) -> Tiny:
    """A project as the real one, with two pages of its own, and these examples."""
    tiny = Tiny(folder)
    for name in ("pyproject.toml", "exhibits/python-names.md"):
        tiny.write(name, (ROOT / name).read_bytes())
    settings, _, _ = (ROOT / "mkdocs.yml").read_text("utf-8").partition("\nnav:")
    tiny.write("mkdocs.yml", settings + "\nnav:\n  - One: index.md\n  - Two: evidence.md\n")
    shutil.copytree(ROOT / "docs" / "assets", tiny.root / "docs" / "assets")
    tiny.show(*names)
    tiny.write("docs/evidence.md", "# Evidence\n\nIt holds.\n\n" + BLOCK.format(EVIDENCE))
    for name in names:
        tiny.write(f"examples/{name}", "pass\n")
    judgements = [Judgement(f"threads.{n}", "It holds.", n, "3.14", 1, True) for n in names]
    evidence.save(judgements, tiny.project.evidence)
    return tiny


def test_what_is_not_printable_is_all_that_unicode_hides() -> None:
    """Every character is shown as itself, or is a control, invisible, or not a character."""
    for character in map(chr, range(0x110000)):
        kind = unicodedata.category(character)
        hidden = kind.startswith("C") or (kind.startswith("Z") and character != " ")
        data = character.encode("utf-8", "surrogatepass")
        assert (printable(data) != character) is (hidden and character not in "\n\t")
        assert printable(data).strip("\n\t").isprintable()


@given(WRITTEN)
def test_the_record_is_what_was_written(pieces: list[tuple[Stream, bytes, int]]) -> None:
    """However it was cut into chunks, and turned into text here in another way."""
    run = recorded(pieces)
    for stream in STREAMS:
        data = b"".join(piece for to, piece, _ in pieces if to == stream)
        text = "".join(
            c if c in "\n\t" or unicodedata.category(c)[0] not in "CZ" or c == " " else escaped(c)
            for c in data.decode("utf-8", "backslashreplace")
        )
        assert run.text_of(stream) == "".join(map(NORMALISE, text.splitlines(keepends=True)))


def escaped(character: str) -> str:
    number = ord(character)
    short = {"\r": "\\r"}.get(character)
    width, letter = (2, "x") if number < 0x100 else (4, "u") if number < 0x10000 else (8, "U")
    return short or f"\\{letter}{number:0{width}x}"


@example([("stdout", b"\t", 0)], 0.25)
@given(WRITTEN, st.sampled_from([0.25, 1.25]))
def test_a_page_shows_exactly_what_came_out_and_nothing_else(
    site: Site, pieces: list[tuple[Stream, bytes, int]], duration: float
) -> None:
    """By every function that shows output; with a replay, and without."""
    run = replace(recorded(pieces), duration=duration)
    (loaded,) = site.keep(NAME, run)
    assert loaded.lines == run.lines
    shown = [*shown_of(run), run.stdout]
    html = site.page(OUTPUTS + EVIDENCE)
    site.keep(NAME, harmless(run))
    hold_against(html, site.page(OUTPUTS + EVIDENCE), shown)


@given(WRITTEN, WRITTEN)
def test_tabs_show_exactly_what_came_out_and_nothing_else(
    site: Site,
    older: list[tuple[Stream, bytes, int]],
    newer: list[tuple[Stream, bytes, int]],
) -> None:
    texts = [b"".join(data for _, data, _ in pieces) for pieces in (older, newer)]
    runs = [recorded([("stdout", text, 0)]) for text in texts]
    site.keep(NAME, replace(runs[0], interpreter=an_interpreter("3.13")), runs[1])
    shown = [run.stdout for run in reversed(runs)]
    shown = list(dict.fromkeys(shown))
    html = site.page(EXAMPLE)
    letters = "xy" if len(shown) > 1 else "xx"
    old, new = (harmless(run, letter) for run, letter in zip(runs, letters, strict=True))
    site.keep(NAME, replace(old, interpreter=an_interpreter("3.13")), new)
    hold_against(html, site.page(EXAMPLE), shown)


def shown_of(run: Run) -> list[str]:
    """What OUTPUTS must show of a run: all of it, stdout, the last line, the longest one."""
    lines = [line.text.rstrip("\n") for line in run.lines]
    ends = [lines[-1], max((line.strip() for line in lines), key=len)] if lines else []
    return ["".join(line.text for line in run.lines), run.stdout.strip(), *ends]


def harmless(run: Run, letter: str = "x") -> Run:
    """As many harmless letters, in lines of the same kind; the white space as it was."""
    lines = (replace(line, text=twin(line.text, letter)) for line in run.lines)
    return replace(run, lines=tuple(lines))


def hold_against(html: str, beside: str, shown: list[str]) -> None:
    """A page, and its copy in Markdown, show these texts, and are else equal to another page."""
    its, other = seen(html, CODE), seen(beside, CODE)
    assert its.looked_at == shown
    assert (its.elements, its.rest) == (other.elements, other.rest)
    copy = read(html)
    assert [text for info, text in copy.fences if info == "text"] == list(map(fenced, shown))
    assert copy.rest == read(beside).rest


@given(SOURCES)
def test_a_page_shows_exactly_the_source_and_nothing_else(site: Site, source: str) -> None:
    """Inside, nothing but what colours it; the copy button takes the text, less white space."""
    assume(not fault_in(NAME, source.encode()))
    site.keep(NAME, a_run(), source=source)
    html = site.page(EXAMPLE)
    code = BeautifulSoup(html, "html5lib").select(SOURCE)
    assert [one.get_text() for one in code] == [source]
    assert code[0].get_text().rstrip() + "\n" == source
    assert {tag.name for tag in code[0].find_all(True)} <= {"span"}
    assert {name for tag in code[0].find_all(True) for name in tag.attrs} <= {"class"}
    site.keep(NAME, a_run(), source=twin(source))
    beside = site.page(EXAMPLE)
    its, other = (seen(stripped(one), SOURCE) for one in (html, beside))
    assert (its.elements, its.rest) == (other.elements, other.rest)
    copy = read(html)
    assert copy.fences[0] == ("python", source)
    assert copy.rest == read(beside).rest


def stripped(html: str) -> str:
    """A page without what colours source."""
    soup = BeautifulSoup(html, "html5lib")
    for span in soup.select(f"{SOURCE} span"):
        span.unwrap()
    soup.smooth()
    return str(soup)


@given(st.binary(max_size=40) | PIECES | SOURCES.map(str.encode))
def test_a_source_is_shown_or_refused_by_one_rule(source: bytes) -> None:
    """UTF-8, nothing that is not printable, one newline at the end, no other encoding named."""
    try:
        text = source.decode("utf-8")
    except UnicodeDecodeError:
        text = ""
    fit = text.endswith("\n") and text.replace("\n", "").isprintable()
    fit = fit and not text[:-1].endswith(tuple(" \n")) and b"coding" not in source
    assert fit is not bool(fault_in(NAME, source)) or b"coding" in source


@given(WORDS, WORDS, PIECES)
def test_labels_and_names_of_threads_are_text(
    site: Site, label: str, cell: str, comm: bytes
) -> None:
    """In charts, tables and timelines: a thread's name is bytes that the script chose, too."""
    lane = comm.decode("utf-8", "replace").replace("\0", "")
    name = printable(lane.encode())
    words = {"LABEL": label.replace(": ", ":"), "CELL": cell, "LANE": name}
    assume(label.strip() and name.strip() and not re.match(r"Thread-\d+( \(|$)", name))
    html = [show_pictures(site, *given) for given in ((words["LABEL"], cell, lane), words)]
    its, other = (seen(one, WORDED) for one in html)
    assert (its.elements, its.rest) == (other.elements, other.rest)
    assert its.looked_at == [in_place(text, words) for text in other.looked_at]
    copy, beside = map(read, html)
    assert copy.fences == beside.fences
    assert [(kind, attributes, spaced(text)) for kind, attributes, text in copy.rest] == [
        (kind, attributes, spaced(in_place(text, words))) for kind, attributes, text in beside.rest
    ]


def show_pictures(site: Site, label: str, cell: str, lane: str) -> str:
    lanes = (a_lane([1, 1]), a_lane([1, 1], thread=1, name=lane))
    site.keep(LABELS, replace(a_run(stdout=f"{label}: 1.5 2.5\n"), lanes=lanes))
    site.keep(CELLS, a_run(stdout=f"{label}: {cell}\n"))
    return site.page(PICTURES)


def in_place(text: str, words: Mapping[str, str]) -> str:
    return re.sub("LABEL|CELL|LANE", lambda found: words[found[0]], text)


def spaced(text: str) -> str:
    return " ".join(text.split())


def test_a_whole_site_shows_nasty_texts_as_they_are(tmp_path: Path) -> None:
    """Built by MkDocs, with the theme, the search index and the Markdown copies."""
    runs = [recorded([("stderr", text, 3), ("stdout", text, 0)]) for text in NASTY]
    names = [f"nasty/n{number:02}.py" for number in range(len(runs))]
    site = Site(a_site(tmp_path, *names))
    blocks = [BLOCK.format(OUTPUTS.replace(NAME, name)) for name in names]
    site.tiny.write("docs/index.md", "# Nasty\n\nTexts.\n\n" + "\n".join(blocks))
    built = {}
    for kind in ("nasty", "harmless"):
        for name, run in zip(names, runs, strict=True):
            site.keep(name, run if kind == "nasty" else harmless(run))
        built[kind] = tmp_path / kind
        command = ("mkdocs", "build", "--strict", f"--site-dir={built[kind]}")
        answer = site.tiny.command(*command, **{page.CHECKED_RUNS_ONLY: "1"})
        assert answer.returncode == 0, answer.stdout + answer.stderr
        put_copies(built[kind])
    shown = {
        "index": [text for run in runs for text in shown_of(run)],
        "evidence": [run.stdout for run in reversed(runs)],
        "404": [],
    }
    for name, texts in shown.items():
        pages = [(folder / f"{name}.html").read_text("utf-8") for folder in built.values()]
        its, other = (seen(html, CODE) for html in pages)
        assert its.looked_at == texts
        assert (its.elements, its.rest) == (other.elements, other.rest)
    for name in ("index", "evidence"):
        copy, other_copy = (
            read_copy((one / f"{name}.md").read_text("utf-8")) for one in built.values()
        )
        assert [text for info, text in copy.fences if info == "text"] == list(
            map(fenced, shown[name])
        )
        assert copy.rest == other_copy.rest
    found, other_found = map(in_search_results, built.values())
    assert found == other_found


def in_search_results(site: Path) -> list[list[str]]:
    """The elements that each entry of a site's search index puts into a list of results."""
    index = (site / "search" / "search_index.js").read_text("utf-8")
    entries = json.loads(index.removeprefix("var __index = "))["docs"]
    return [
        [tag.name for tag in BeautifulSoup(one["title"] + one["text"], "html5lib").find_all(True)]
        for one in entries
    ]

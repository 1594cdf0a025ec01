"""The built site shows the very runs that were made, and holds together."""

import gzip
import statistics
import zipfile
from collections import Counter
from collections.abc import Callable
from functools import cache, lru_cache
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from bs4 import BeautifulSoup, Tag

from exhibits import downloads, evidence, inventory, pages
from exhibits.compare import outcomes
from exhibits.evidence import Judgement
from exhibits.pictures import rounded
from exhibits.project import Project
from exhibits.run import Run
from exhibits.store import Store

PROJECT = Project.here()
STORE = Store(PROJECT.runs)
PAGES = sorted(path.name for path in PROJECT.docs.glob("*.md"))
EACH_PAGE = pytest.mark.parametrize("page", PAGES)
USES = sorted({(Path(use.page).name, use.example) for use in pages.uses(PROJECT)})
# Attributes by which a page makes the browser fetch something.
LOADS = {"script": "src", "img": "src", "iframe": "src", "source": "src", "link": "href"}


def page_of(site: Path, page: str) -> BeautifulSoup:
    """The built page of a source: `locks.md` is in `locks.html`."""
    return parsed(site / Path(page).with_suffix(".html"))


@lru_cache(maxsize=1)  # conftest.py puts the tests of a page in a row
def parsed(path: Path) -> BeautifulSoup:
    return BeautifulSoup(path.read_text("utf-8"), "html.parser")


def content(page: BeautifulSoup) -> Tag:
    article = page.find("article")
    assert isinstance(article, Tag), "no article"
    return article


def every_page(site: Path) -> list[Path]:
    return [path for path in sorted(site.glob("*.html")) if path.name != "404.html"]


def blocks(page: BeautifulSoup, kind: str) -> list[str]:
    return [code.get_text() for code in page.select(f".{kind} pre > code")]


def test_every_source_is_a_page_and_there_are_no_others(site: Path) -> None:
    built = sorted(path.relative_to(site).with_suffix(".md") for path in site.rglob("*.html"))
    assert list(map(str, built)) == sorted([*PAGES, "404.md"])


@pytest.mark.parametrize(("page", "example"), USES, ids=lambda value: Path(value).stem)
def test_page_shows_the_file_and_the_runs(site: Path, page: str, example: str) -> None:
    """The source shown is the file; each output that came out is shown, in full."""
    html = page_of(site, page)
    source = (PROJECT.examples / example).read_bytes()
    runs = STORE.of(example, source, checked=True)
    assert runs, "no run of the present source"
    anchor = Path(example).with_suffix("").as_posix().translate(str.maketrans("/_", "--"))
    if not html.find(id=anchor):
        assert html.select(".exhibit-question") or html.select("table"), "neither shown nor asked"
        return
    assert source.decode("utf-8") in blocks(html, "exhibit-source")
    figures = html.select(f"#{anchor} .exhibit-figures td")
    if figures and example.startswith("measured/"):
        tell = told if html.select(f"#{anchor} .chart") else str
        assert all_figures(runs, tell) == [cell.get_text() for cell in figures]
        return
    shown = blocks(html, "exhibit-output")
    for outcome in outcomes(runs):
        assert "".join(line.text for line in outcome.shown.lines) in shown


def all_figures(runs: list[Run], tell: Callable[[str], str]) -> list[str]:
    """The cells that a table of these runs must have."""
    tables = [[line.split(": ", 1) for line in run.output if ": " in line] for run in runs]
    labels = dict.fromkeys(label for table in tables for label, _ in table)
    printed = [dict(table) for table in tables]
    return [tell(row.get(label, "–")) for row in printed for label in labels]


def told(figures: str) -> str:
    """The median, and the span if there were several rounds; words as they are."""
    numbers = figures.split()
    if not all(number.replace(".", "").isdigit() for number in numbers):
        return figures
    ends = sorted(map(float, numbers))
    median, low, high = map(rounded, (statistics.median(ends), ends[0], ends[-1]))
    return f"{median} ({low}–{high})" if len(ends) > 1 else median


@pytest.mark.parametrize("kind", ["<exhibit-replay", "<svg", "https://docs.python.org/3"])
def test_there_are_pages_with_what_the_tests_of_each_are_about(site: Path, kind: str) -> None:
    assert any(kind in path.read_text("utf-8") for path in every_page(site))


@EACH_PAGE
def test_page_shows_no_output_that_no_run_made(site: Path, page: str) -> None:
    assert set(blocks(page_of(site, page), "exhibit-output")) <= all_outputs()


@cache
def all_outputs() -> set[str]:
    made = {"".join(line.text for line in run.lines) for run in STORE.all()}
    return made | {run.stdout for run in STORE.repeats()}


@pytest.mark.parametrize(("page", "example"), USES, ids=lambda value: Path(value).stem)
def test_download_is_the_file(site: Path, page: str, example: str) -> None:
    assert (site / "examples" / example).read_bytes() == (PROJECT.examples / example).read_bytes()


def test_every_error_is_headed_by_what_python_printed(site: Path) -> None:
    """The words of a heading stand, in this order, in the output that its exhibit shows."""
    headings = [
        heading for heading in page_of(site, "errors.md").select("h3") if heading.find_next("h2")
    ]
    assert headings
    for heading in headings:
        said = heading.find_next(class_="exhibit-message")
        assert isinstance(said, Tag)
        shown = said.select("a")[0]["href"]
        script, _, anchor = str(shown).partition("#")
        printed = "\n".join(outputs(site / script)[anchor])
        name, _, text = heading.get_text().removesuffix("¶").strip().partition(": ")
        assert (text or name) in " ".join(printed.split()), heading.get_text()
        assert said.select("code")
        for line in said.select("code"):
            assert line.get_text() in printed


@cache
def outputs(path: Path) -> dict[str, list[str]]:
    """What each exhibit of a page shows as printed, by its id."""
    return {
        str(exhibit["id"]): [code.get_text() for code in exhibit.select(".exhibit-output code")]
        for exhibit in parsed(path).select(".exhibit[id]")
    }


def test_the_zip_holds_every_example(site: Path) -> None:
    with zipfile.ZipFile(site / "examples" / downloads.ZIP) as archive:
        top = downloads.ZIP.removesuffix(".zip")
        held = {name.removeprefix(f"{top}/"): archive.read(name) for name in archive.namelist()}
    assert held.pop("README.md").startswith(b"# ")
    assert held.pop("LICENSE") == (PROJECT.examples / "LICENSE").read_bytes()
    assert held == {
        name: (PROJECT.examples / name).read_bytes() for name in PROJECT.example_names()
    }


@EACH_PAGE
def test_links_and_anchors_lead_somewhere(site: Path, page: str) -> None:
    path = site / Path(page).with_suffix(".html")
    assert [link for link in links(path) if not leads_somewhere(path, link)] == []


def links(path: Path) -> list[str]:
    tags = parsed(path).find_all(["a", "link", "script", "img"])
    values = [str(tag.get("href") or tag.get("src") or "") for tag in tags]
    return [value for value in values if value and not urlsplit(value).scheme]


def leads_somewhere(path: Path, link: str) -> bool:
    parts = urlsplit(link)
    target = path.parent / unquote(parts.path) if parts.path else path
    target = target / "index.html" if target.is_dir() else target
    if not target.is_file() or not parts.fragment or target.suffix != ".html":
        return target.is_file()
    return unquote(parts.fragment) in ids(target)


@cache
def ids(path: Path) -> set[str]:
    return {str(tag["id"]) for tag in parsed(path).find_all(id=True)}


def test_sections_keep_their_addresses(site: Path) -> None:
    """Whoever has linked to a section finds it again; delete a line only with the section."""
    published = Path(__file__).with_name("sections.txt").read_text("utf-8").split()
    assert [link for link in published if not leads_somewhere(site / "index.html", link)] == []


@EACH_PAGE
def test_links_to_pythons_documentation_are_in_the_list(site: Path, page: str) -> None:
    """Each leads to an entry that exhibits/python-names.md has, or a whole page of it."""
    known = set(inventory.addresses().values())
    known |= {address.partition("#")[0] for address in known}
    addresses = {str(tag["href"]) for tag in page_of(site, page).find_all("a", href=True)}
    assert {one for one in addresses if "docs.python.org" in one} <= known


def test_a_script_links_to_what_it_uses(site: Path) -> None:
    exhibit = page_of(site, "threads.md").find(id="threads-start-and-join")
    assert isinstance(exhibit, Tag)
    assert [link.get_text() for link in exhibit.select(".exhibit-names a")] == [
        "time.sleep",
        "threading.Thread",
        "Thread.start",
        "Thread.join",
    ]


@EACH_PAGE
def test_nothing_is_loaded_from_another_host(site: Path, page: str) -> None:
    foreign = [
        tag
        for name, attribute in LOADS.items()
        for tag in page_of(site, page).find_all(name)
        if urlsplit(str(tag.get(attribute, ""))).netloc
        and "canonical" not in (tag.get("rel") or [])
    ]
    assert foreign == []


@EACH_PAGE
def test_ids_are_unique(site: Path, page: str) -> None:
    counted = Counter(tag["id"] for tag in page_of(site, page).find_all(id=True))
    assert [name for name, count in counted.items() if count > 1] == []


@EACH_PAGE
def test_one_title_and_headings_in_order(site: Path, page: str) -> None:
    headings = content(page_of(site, page)).find_all(["h1", "h2", "h3", "h4"])
    levels = [int(heading.name[1]) for heading in headings]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(b - a <= 1 for a, b in pairwise(levels))


@EACH_PAGE
def test_no_markup_is_left_over(site: Path, page: str) -> None:
    strings = content(page_of(site, page)).find_all(string=True)
    text = "".join(one for one in strings if not one.find_parent(["pre", "code"]))
    for leftover in ("```", "**", "{{", "](", "!!!", "Traceback"):
        assert leftover not in text
    assert "][" not in text, "a name that exhibits/python-names.md lacks"


@EACH_PAGE
def test_no_block_failed(site: Path, page: str) -> None:
    """A block that raises becomes its traceback; Zensical, strict or not, goes on regardless."""
    assert 'File "<code block' not in page_of(site, page).get_text()


def test_every_contract_is_on_the_evidence_page_and_held(site: Path) -> None:
    """Each row says for each Python what the report says; and leads back to its exhibit."""
    page = page_of(site, "evidence.md")
    judged: dict[str, list[Judgement]] = {}
    for one in evidence.load(PROJECT.evidence):
        judged.setdefault(one.contract, []).append(one)
    rows = {str(row["id"]): row for row in page.select(".exhibit-claims tr[id]")}
    assert set(rows) == set(judged)
    for name, row in rows.items():
        table = row.find_parent("table")
        assert table
        pythons = [cell.get_text() for cell in table.select("thead th")][1:]
        cells = [cell.get_text(strip=True) for cell in row.find_all("td")][1:]
        said = dict(zip(pythons, cells, strict=True))
        for one in judged[name]:
            times = f" ×{one.runs}" if one.runs > 1 else ""
            assert said.pop(one.interpreter) == (f"held{times}" if one.runs else "not judged")
        assert set(said.values()) <= {"–"}


@EACH_PAGE
def test_pictures_have_words_and_a_table_and_are_small(site: Path, page: str) -> None:
    html = page_of(site, page)
    for picture in html.select("svg.timeline, svg.chart"):
        named = [html.find(id=name) for name in str(picture["aria-labelledby"]).split()]
        assert all(tag and tag.get_text(strip=True) for tag in named)
        assert picture["role"] == "img"
        whole = picture.find_parent(class_=["exhibit-picture", "exhibit-result"])
        assert whole
        assert whole.select("details table")
        drawn = "".join(str(svg) for svg in whole.find_all("svg"))
        assert len(gzip.compress(drawn.encode())) < 6_000


@EACH_PAGE
def test_a_replay_hides_nothing_and_ends_with_the_output(site: Path, page: str) -> None:
    """Every line is there without the script; each comes at its own moment, within the run."""
    for replay in page_of(site, page)("exhibit-replay"):
        moments = [float(line["data-at"]) for line in replay.select("[data-at]")]
        assert moments == sorted(moments)
        assert moments[-1] <= float(replay["data-duration"])
        assert not replay.select(".exhibit-later")

"""The built site shows the very runs that were made, and holds together."""

from collections import Counter
from functools import cache
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from bs4 import BeautifulSoup, Tag

from exhibits import pages
from exhibits.compare import outcomes
from exhibits.project import Project
from exhibits.store import Store

PROJECT = Project.here()
STORE = Store(PROJECT.runs)
SOURCES = sorted(PROJECT.docs.glob("*.md"))
USES = sorted({(use.page, use.example) for use in pages.uses(PROJECT)})
# Attributes by which a page makes the browser fetch something.
LOADS = {"script": "src", "img": "src", "iframe": "src", "source": "src", "link": "href"}


@pytest.fixture
def site(request: pytest.FixtureRequest) -> Path:
    folder = request.config.getoption("--site")
    assert folder.is_dir(), f"no {folder}: run nox -s docs"
    return Path(folder)


@cache
def parsed(path: Path) -> BeautifulSoup:
    return BeautifulSoup(path.read_text("utf-8"), "html.parser")


def page_of(site: Path, source: Path | str) -> BeautifulSoup:
    return parsed(site / Path(source).with_suffix(".html").name)


def content(page: BeautifulSoup) -> Tag:
    article = page.find("article")
    assert isinstance(article, Tag), "no article"
    return article


def every_page(site: Path) -> list[Path]:
    return [path for path in sorted(site.glob("*.html")) if path.name != "404.html"]


def blocks(page: BeautifulSoup, kind: str) -> list[str]:
    return [code.get_text() for code in page.select(f".{kind} pre > code")]


def test_every_source_is_a_page(site: Path) -> None:
    assert {path.stem for path in every_page(site)} == {path.stem for path in SOURCES}


@pytest.mark.parametrize(("page", "example"), USES, ids=lambda value: Path(value).stem)
def test_page_shows_the_file_and_the_runs(site: Path, page: str, example: str) -> None:
    """The source shown is the file; each output that came out is shown, in full."""
    html = page_of(site, page)
    source = (PROJECT.examples / example).read_bytes()
    runs = STORE.of(example, source)
    assert runs, "no run of the present source"
    if not html.find(
        id=Path(example).with_suffix("").as_posix().translate(str.maketrans("/_", "--"))
    ):
        assert html.select(".exhibit-question") or html.select("table"), "neither shown nor asked"
        return
    assert source.decode("utf-8") in blocks(html, "exhibit-source")
    if html.select(".exhibit-figures") and example.startswith("measured/"):
        cells = {cell.get_text() for cell in html.select(".exhibit-figures td")}
        assert {line.split(": ", 1)[1] for run in runs for line in run.output} <= cells
        return
    shown = blocks(html, "exhibit-output")
    for outcome in outcomes(runs):
        assert "".join(line.text for line in outcome.shown.lines) in shown


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_page_shows_no_output_that_no_run_made(site: Path, source: Path) -> None:
    made = {"".join(line.text for line in run.lines) for run in STORE.all()}
    assert set(blocks(page_of(site, source), "exhibit-output")) <= made


@pytest.mark.parametrize(("page", "example"), USES, ids=lambda value: Path(value).stem)
def test_download_is_the_file(site: Path, page: str, example: str) -> None:
    assert (site / "examples" / example).read_bytes() == (PROJECT.examples / example).read_bytes()


def test_links_and_anchors_lead_somewhere(site: Path) -> None:
    broken = [
        f"{path.name} -> {link}"
        for path in every_page(site)
        for link in links(path)
        if not leads_somewhere(path, link)
    ]
    assert broken == []


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
    return bool(parsed(target).find(id=unquote(parts.fragment)))


def test_nothing_is_loaded_from_another_host(site: Path) -> None:
    foreign = [
        f"{path.name}: {tag}"
        for path in sorted(site.glob("*.html"))
        for name, attribute in LOADS.items()
        for tag in parsed(path).find_all(name)
        if urlsplit(str(tag.get(attribute, ""))).netloc
        and "canonical" not in (tag.get("rel") or [])
    ]
    assert foreign == []


def test_ids_are_unique(site: Path) -> None:
    for path in every_page(site):
        counted = Counter(tag["id"] for tag in parsed(path).find_all(id=True))
        assert [name for name, count in counted.items() if count > 1] == [], path.name


def test_one_title_and_headings_in_order(site: Path) -> None:
    for path in every_page(site):
        levels = [int(h.name[1]) for h in content(parsed(path)).find_all(["h1", "h2", "h3", "h4"])]
        assert levels[0] == 1, path.name
        assert levels.count(1) == 1, path.name
        assert all(b - a <= 1 for a, b in pairwise(levels)), path.name


def test_no_markup_is_left_over(site: Path) -> None:
    for path in every_page(site):
        for code in (article := content(parsed(path))).find_all(["pre", "code"]):
            code.extract()
        text = article.get_text()
        for leftover in ("```", "**", "{{", "](", "!!!", "Traceback"):
            assert leftover not in text, path.name
        parsed.cache_clear()

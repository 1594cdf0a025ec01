"""MkDocs and Zensical make the same site: the same articles, the same ways to them, no less."""

import json
from pathlib import Path
from posixpath import normpath

import pytest
from bs4 import BeautifulSoup, Tag

from exhibits.project import Project

PAGES = sorted(path.with_suffix(".html").name for path in Project.here().docs.glob("*.md"))
# Left out of an article, each for a reason. Nothing that a page's author wrote belongs here.
FURNITURE = {
    "a#__skip": "where Zensical's skip link leads; Material's leads to the first heading",
}
# Where each builder puts what the search reads, and under which key.
INDEXES = {"mkdocs": ("search/search_index.js", "docs"), "zensical": ("search.js", "items")}


@pytest.fixture
def sites(request: pytest.FixtureRequest) -> dict[str, Path]:
    folders = {name: Path(request.config.getoption(f"--{name}")) for name in INDEXES}
    for folder in folders.values():
        assert folder.is_dir(), f"no {folder}: run nox -s zensical"
    return folders


def parsed(path: Path) -> BeautifulSoup:
    return BeautifulSoup(path.read_text("utf-8"), "html.parser")


def test_both_have_the_same_files(sites: dict[str, Path]) -> None:
    """Pages, downloads, styles and scripts of ours; the themes' own files have other names."""

    def ours(site: Path) -> set[str]:
        return {
            path.relative_to(site).as_posix()
            for pattern in ("*.html", "examples/**/*", "assets/*.*")
            for path in site.glob(pattern)
        }

    assert ours(sites["mkdocs"]) == ours(sites["zensical"])
    assert set(PAGES) < ours(sites["mkdocs"])


@pytest.mark.parametrize("page", PAGES)
def test_articles_are_equal(sites: dict[str, Path], page: str) -> None:
    """Every element with its attributes and its text: prose, sources, outputs, tables, links."""
    lines = {name: article(parsed(site / page)) for name, site in sites.items()}
    assert lines["mkdocs"]
    assert lines["mkdocs"] == lines["zensical"]


def article(page: BeautifulSoup) -> list[str]:
    """The lines of the article's HTML, without FURNITURE and the theme's space around it."""
    tag = page.find("article")
    assert isinstance(tag, Tag), "no article"
    for furniture in tag.select(", ".join(FURNITURE)):
        furniture.decompose()
    for unsearched in tag.select("[data-search-exclude]"):
        del unsearched["data-search-exclude"]  # a word to the builder, which Zensical takes out
    return tag.decode_contents().strip().splitlines()


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize(
    "around", ["header", "nav.md-nav--primary", "nav.md-nav--secondary", "footer"]
)
def test_links_around_the_article_are_equal(sites: dict[str, Path], page: str, around: str) -> None:
    """Navigation, table of contents, previous and next: the same words, the same targets."""
    links = {
        name: [
            (" ".join(link.get_text().split()), normpath(str(link["href"])))
            for link in parsed(site / page).select(f"{around} a[href]")
        ]
        for name, site in sites.items()
    }
    assert links["mkdocs"]
    assert links["mkdocs"] == links["zensical"]


def test_the_search_finds_the_same(sites: dict[str, Path]) -> None:
    """The same sections with the same title and text; the markup in them is the themes' own."""
    sections = {name: indexed(site / INDEXES[name][0], name) for name, site in sites.items()}
    assert {location.split("#")[0] for location in sections["mkdocs"]} == set(PAGES)
    assert sections["mkdocs"] == sections["zensical"]


def indexed(path: Path, builder: str) -> dict[str, tuple[str, str]]:
    """Title and words of each section in an index that is a script: `var __index = {…}`."""
    index = json.loads(path.read_text("utf-8").split("=", 1)[1].rstrip(";\n"))
    return {
        entry["location"]: (entry["title"], words(entry["text"]))
        for entry in index[INDEXES[builder][1]]
    }


def words(html: str) -> str:
    return " ".join(BeautifulSoup(html, "html.parser").get_text().split())

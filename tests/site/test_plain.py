"""The Markdown copies say what the pages say, to the letter where it is code."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from bs4 import Tag
from markdown_it import MarkdownIt
from markdown_it.token import Token

from exhibits import pages
from exhibits.plain import in_order
from tests.site.test_site import EACH_PAGE, PAGES, PROJECT, content, every_page, page_of

# Fences in the article, and the options of questions, which become fences in the copy.
CODE = "pre, .exhibit-question summary > code"
READER = MarkdownIt("commonmark").enable("table")
SHOWN = [use for use in pages.uses(PROJECT) if use.function in pages.SHOWN_BY]


def tokens(path: Path) -> list[Token]:
    """What a reader of Markdown sees in a file, block by block and then inside the blocks."""
    blocks = READER.parse(path.read_text("utf-8"))
    return [one for block in blocks for one in (block, *(block.children or []))]


def fences(path: Path) -> list[tuple[str, str]]:
    """Language and text of each fence of a file."""
    return [(one.info, one.content) for one in tokens(path) if one.type == "fence"]


def expected(code: Tag) -> tuple[str, str]:
    """Language and text that the fence for this code of a page must have."""
    text = code.get_text()
    text += "" if text.endswith("\n") or not text else "\n"
    if code.find_parent(class_="exhibit-source"):
        return "python", text
    if code.find_parent(class_=["exhibit-output", "exhibit-question"]):
        return "text", text
    (language,) = (name for name in code.find_parent("div")["class"] if "language-" in name)
    return language.removeprefix("language-"), text


@EACH_PAGE
def test_every_source_and_output_is_in_the_copy(site: Path, page: str) -> None:
    shown = [expected(code) for code in content(page_of(site, page)).select(CODE)]
    assert fences(site / page) == shown


@pytest.mark.parametrize("use", SHOWN, ids=lambda use: use.example)
def test_the_source_is_the_file_and_comes_after_its_name(site: Path, use: pages.Use) -> None:
    copy = (site / Path(use.page).name).read_text("utf-8")
    source = (PROJECT.examples / use.example).read_text("utf-8")
    name = f"[`{use.example}`](examples/{use.example})"
    _, _, after = copy.partition(f"\n{name}\n")
    assert after.removeprefix("\n**The script**\n").startswith(f"\n```python\n{source}```\n")


@EACH_PAGE
def test_labels_and_words_of_pictures_are_in_the_copy(site: Path, page: str) -> None:
    article, copy = content(page_of(site, page)), (site / page).read_text("utf-8")
    for label in article.select(".tabbed-labels > label"):
        assert f"**Output on Python {label.get_text()}**" in copy
    for label in article.select(".exhibit-label"):
        assert f"**{label.get_text()}**" in copy
    for picture in article.select("svg[role=img]"):
        words = ". ".join(one.get_text().strip() for one in picture(["title", "desc"]))
        assert f"\nPicture: {words}\n" in copy
    assert copy.count("| --- |\n") == len(article.select("table"))


@EACH_PAGE
def test_nothing_of_the_browser_is_left(site: Path, page: str) -> None:
    seen = tokens(site / page)
    assert [one.content for one in seen if one.type.startswith("html")] == []
    prose = [one.content for one in seen if one.type == "text"]
    assert prose
    for text in prose:
        assert "¶" not in text
        assert not text.startswith(("Replay,", "Download", "Marked lines"))


def test_links_lead_to_files_and_between_copies(site: Path) -> None:
    copies = [site / page for page in PAGES]
    for path in (*copies, site / "llms.txt", site / "llms-full.txt"):
        links = [str(one.attrs["href"]) for one in tokens(path) if one.type == "link_open"]
        assert links, path.name
        for parts in map(urlsplit, links):
            if not parts.scheme and parts.path:
                assert (site / unquote(parts.path)).is_file(), f"{path.name} -> {parts.path}"
                assert not parts.path.endswith(".html"), f"{path.name} -> {parts.path}"


def test_every_page_is_listed_in_the_order_of_the_navigation(site: Path) -> None:
    names = [path.with_suffix(".md").name for path in in_order(site)]
    assert sorted(names) == sorted(path.with_suffix(".md").name for path in every_page(site))
    listed = [str(one.attrs["href"]) for one in tokens(site / "llms.txt") if "href" in one.attrs]
    assert [link for link in listed if link.endswith(".md")] == names
    copies = [(site / name).read_text("utf-8") for name in names]
    assert (site / "llms-full.txt").read_text("utf-8") == "\n".join(copies)
    assert not (site / "404.md").exists()

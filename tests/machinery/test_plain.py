"""Holds the Markdown copies to the pages: each source and output exactly, and no markup left."""

import re
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from markdown_it import MarkdownIt
from markupsafe import escape

from exhibits.plain import as_markdown, write_plain
from exhibits.project import Problem
from tests.machinery.test_page import NASTY


def copied(article: str) -> str:
    return as_markdown(BeautifulSoup(f"<article>{article}</article>", "html.parser"))


@pytest.mark.parametrize("text", NASTY.values(), ids=NASTY)
@pytest.mark.parametrize(("kind", "language"), [("source", "python"), ("output", "text")])
def test_a_fence_holds_code_exactly_and_says_its_language(
    text: str, kind: str, language: str
) -> None:
    code = f'<div class="exhibit-{kind}"><pre><code>{escape(text)}</code></pre></div>'
    copy = copied(f"<p>before</p>{code}<p>after</p>")
    fence = re.search(rf"^(`{{3,}}){language}\n(.*?)^\1$", copy, re.M | re.S)
    assert fence
    assert fence[2] == (text if text.endswith("\n") else text + "\n")
    assert copy.startswith("before\n\n")
    assert copy.endswith("\n\nafter\n")


@pytest.mark.parametrize("text", NASTY.values(), ids=NASTY)
def test_a_fence_is_read_as_one_by_markdown(text: str) -> None:
    copy = copied(f"<div><pre><code>{escape(text)}</code></pre></div>")
    shown = BeautifulSoup(MarkdownIt().render(copy), "html.parser")
    assert shown.get_text() == (text if text.endswith("\n") else text + "\n") + "\n"


def test_a_fence_of_prose_keeps_its_language() -> None:
    code = '<div class="language-sh highlight"><pre><code>ls\n</code></pre></div>'
    assert copied(code) == "```sh\nls\n```\n"


def test_a_source_has_its_name_and_an_output_its_label_above() -> None:
    copy = copied(
        '<div class="exhibit-head"><span class="exhibit-name">a/b_c.py</span>'
        '<a class="exhibit-download" href="examples/a/b_c.py">Download</a></div>'
        '<div class="exhibit-source"><pre><code>x</code></pre></div>'
        '<p class="exhibit-label">Output on 3.14</p><pre><code>y</code></pre>'
    )
    assert copy == "`a/b_c.py`\n\n```python\nx\n```\n\n**Output on 3.14**\n\n```text\ny\n```\n"


def test_each_tab_stands_under_its_label() -> None:
    copy = copied(
        '<div class="tabbed-set"><input type="radio"><input type="radio">'
        '<div class="tabbed-labels"><label>3.14</label><label>3.13t</label></div>'
        '<div class="tabbed-content"><div class="tabbed-block"><p>new</p></div>'
        '<div class="tabbed-block"><p>free</p></div></div></div>'
    )
    assert copy == "**3.14**\n\nnew\n\n**3.13t**\n\nfree\n"


def test_pictures_are_told_in_words_and_furniture_is_left_out() -> None:
    copy = copied(
        '<h2>Title<a class="headerlink" href="#t">¶</a></h2><button>Copy</button>'
        "<svg><title>Lanes</title><desc>A to B.</desc><text>drawn</text></svg>"
        "<details><summary>As a table</summary><p>table</p></details>"
    )
    assert copy == "## Title\n\nLanes. A to B.\n\n**As a table**\n\ntable\n"


@pytest.mark.parametrize(
    ("link", "copy"),
    [
        ("threads.html", "threads.md"),
        ("threads.html#x", "threads.md#x"),
        ("#x", "#x"),
        ("https://docs.python.org/3/x.html#y", "https://docs.python.org/3/x.html#y"),
        ("examples/a/b.py", "examples/a/b.py"),
    ],
)
def test_a_link_to_a_page_leads_to_its_copy(link: str, copy: str) -> None:
    assert copied(f'<p><a href="{link}">text</a></p>') == f"[text]({copy})\n"


@pytest.mark.parametrize("text", ["<b>bold</b>", "a *star* and `tick`", "# no heading", "&amp;"])
def test_text_stays_text(text: str) -> None:
    html = MarkdownIt().render(copied(f"<p>{escape(text)}</p>"))
    assert BeautifulSoup(html, "html.parser").get_text() == f"{text}\n"


PAGE = """<html><head><meta name="description" content="About {0}."></head><body>
<nav class="md-nav--primary"><a class="md-nav__link" href="index.html">Start</a>
<a class="md-nav__link" href="zebra.html">Zebra</a><a class="md-nav__link" href="#x">x</a>
<a class="md-nav__link" href="ape.html">Ape</a></nav>
<article><h1>{0}</h1><p>Text of {0}.</p></article></body></html>"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    for name in ("index", "zebra", "ape", "404"):
        (tmp_path / f"{name}.html").write_text(PAGE.format(name.title()))
    return tmp_path


def test_llms_txt_lists_the_pages_in_order_with_a_sentence_each(site: Path) -> None:
    written = write_plain(site)
    assert (site / "llms.txt").read_text() == (
        "# Index\n\n> About Index.\n\n## Pages\n\n"
        "- [Index](index.md): About Index.\n"
        "- [Zebra](zebra.md): About Zebra.\n"
        "- [Ape](ape.md): About Ape.\n\n"
        "## Optional\n\n- [All pages in one file](llms-full.txt)\n"
    )
    whole = (site / "llms-full.txt").read_text()
    assert re.findall("^# (.*)", whole, re.M) == ["Index", "Zebra", "Ape"]
    assert {path.name for path in written} == {
        "index.md", "zebra.md", "ape.md", "llms.txt", "llms-full.txt",
    }  # fmt: skip


def test_a_site_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(Problem, match=r"^there is no .*index.html: build the site first"):
        write_plain(tmp_path)


def test_a_page_without_an_article_is_a_problem(site: Path) -> None:
    (site / "ape.html").write_text("<html></html>")
    with pytest.raises(Problem, match=r"^a built page has no <article>"):
        write_plain(site)

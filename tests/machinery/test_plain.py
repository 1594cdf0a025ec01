"""Holds the Markdown copies to saying all that a page says, in Markdown alone."""

from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from markdown_it import MarkdownIt

from exhibits.plain import in_order, markdown, put_copies
from exhibits.project import Problem


def copy_of(html: str) -> str:
    article = BeautifulSoup(f"<article>{html}</article>", "html.parser").article
    assert article
    return markdown(article)


def source(code: str) -> str:
    return (
        f'<div class="highlight exhibit-source"><pre tabindex="0"><code>{code}</code></pre></div>'
    )


def output(code: str) -> str:
    return f'<div class="highlight no-copy exhibit-output"><pre><code>{code}</code></pre></div>'


@pytest.mark.parametrize(
    "code",
    [
        "print(1)\n",
        "\n\n    indented\n\n\n\nlast  \n",
        "a  b *c* _d_ &lt;p&gt; \\n\n",
        "```\nfence in fence\n````\n",
        '<span class="k">if</span> <span class="hll">x:\n</span>    pass\n',
    ],
)
def test_code_is_kept_to_the_letter(code: str) -> None:
    (fence,) = (token for token in MarkdownIt().parse(copy_of(source(code))) if token.content)
    assert (fence.type, fence.info) == ("fence", "python")
    assert fence.content == BeautifulSoup(code, "html.parser").get_text()


def test_output_without_a_final_newline_and_none_at_all() -> None:
    assert copy_of(output("no newline")) == "```text\nno newline\n```\n"
    assert copy_of(output("")) == "```text\n```\n"


def test_code_in_prose_keeps_its_language() -> None:
    html = '<div class="language-sh highlight"><pre><code>nox -l\n</code></pre></div>'
    assert copy_of(html) == "```sh\nnox -l\n```\n"
    assert copy_of("<pre><code>plain\n</code></pre>") == "```\nplain\n```\n"


def test_a_source_comes_after_its_name() -> None:
    head = (
        '<div class="exhibit-head"><span class="exhibit-name">threads/one.py</span>'
        '<a class="exhibit-download" download href="examples/threads/one.py">Download'
        '<span class="exhibit-unseen"> threads/one.py</span></a></div>'
    )
    assert copy_of(head + source("pass\n")) == (
        "[`threads/one.py`](examples/threads/one.py)\n\n```python\npass\n```\n"
    )


def test_every_tab_is_there_with_its_label() -> None:
    tabs = (
        '<p class="exhibit-label">Output, by Python version</p>'
        '<div class="tabbed-set"><input id="a-1" type="radio"><input id="a-2" type="radio">'
        '<div class="tabbed-labels"><label for="a-1">3.12</label>'
        '<label for="a-2">3.11</label></div>'
        f'<div class="tabbed-content"><div class="tabbed-block">{output("new")}</div>'
        f'<div class="tabbed-block">{output("old")}</div></div></div>'
    )
    assert copy_of(tabs) == (
        "**Output, by Python version**\n\n"
        "**Output on Python 3.12**\n\n```text\nnew\n```\n\n"
        "**Output on Python 3.11**\n\n```text\nold\n```\n"
    )


def test_a_replay_leaves_its_output_alone() -> None:
    late = output("<span data-at=1>late\n</span>")
    replay = (
        f'<exhibit-replay data-duration="2">{late}'
        '<button type="button">Replay, 2.0 s</button><span role="status"></span></exhibit-replay>'
    )
    assert copy_of(replay) == "```text\nlate\n```\n"


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("one\n<i>two\n</i>three\n<i>four\n</i><i>five\n</i>", "Line 2, lines 4 to 5"),
        ("<i>one\n</i><i>two\n</i>", "All of it"),
        ("one\n<i>two</i>", "Line 2"),
        ("at 1<i>boom\n</i>", "Part of line 1"),
        ("<i>one\n</i>at 1<i>boom\n</i>at 2<i>boom\n</i>end", "Line 1, part of lines 2 to 3"),
    ],
)
def test_lines_marked_by_colour_are_named_by_number(code: str, said: str) -> None:
    marked = '<p><span class="exhibit-marked">Marked lines went to standard error.</span> Done.</p>'
    html = output(code.replace("<i>", '<span class="exhibit-stderr">').replace("</i>", "</span>"))
    assert copy_of(html + marked).endswith(f"```\n\n{said} went to standard error. Done.\n")


def test_a_picture_becomes_its_words_and_its_table() -> None:
    figure = (
        '<figure><svg role="img"><title>Timeline</title><desc>main: 1 s.</desc><svg><text>drawn'
        "</text></svg></svg><figcaption><p>See.</p></figcaption><details><summary>As a table"
        "</summary><table><caption>In s</caption><thead><tr><th>Lane</th><th>on</th></tr></thead>"
        "<tbody><tr><th>main</th><td>1</td></tr></tbody></table></details><p>"
        "<span class=exhibit-keys>blue: busy</span> Looked at.</p></figure>"
    )
    assert copy_of(figure) == (
        "Picture: Timeline. main: 1 s.\n\nSee.\n\n**As a table**\n\nIn s\n\n"
        "| Lane | on |\n| --- | --- |\n| main | 1 |\n\nLooked at.\n"
    )


def test_a_question_is_unfolded() -> None:
    question = (
        '<div class="exhibit-question"><details name="q"><summary><code>a\nb</code></summary>'
        '<p class="exhibit-verdict">No.</p><p>Because <code>x</code>.</p></details></div>'
    )
    assert copy_of(question) == "Option:\n\n```text\na\nb\n```\n\nNo.\n\nBecause `x`.\n"


@pytest.mark.parametrize(
    ("link", "copied"),
    [
        ("threads.html", "threads.md"),
        ("./threads.html#start", "./threads.md#start"),
        ("#here", "#here"),
        ("examples/one.py", "examples/one.py"),
        ("https://docs.python.org/3/a.html", "https://docs.python.org/3/a.html"),
    ],
)
def test_links_between_pages_lead_to_copies(link: str, copied: str) -> None:
    assert copy_of(f'<p><a class="proof" href="{link}">Proof</a></p>') == f"[Proof]({copied})\n"


def test_a_row_that_links_lead_to_keeps_its_name() -> None:
    table = (
        "<table><thead><tr><th>What</th><th>3.11</th></tr></thead><tbody>"
        '<tr id="a.b"><td><p>It <code>x | y</code> | holds.</p></td>'
        "<td>held</td></tr></tbody></table>"
    )
    assert copy_of(table).splitlines()[-1] == r"| `a.b` It `x \| y` \| holds. | held |"


def test_headings_and_admonitions_and_what_only_looks_like_markup() -> None:
    html = (
        '<h2 id="a">Tags<a class="headerlink" href="#a">¶</a></h2><div class="admonition">'
        '<p class="admonition-title">In short</p><ul><li>one</li></ul></div>'
        "<p>&lt;b&gt; *x* __y__ x86_64 [z] a &amp;amp; b</p><p># no heading</p>"
    )
    assert copy_of(html) == (
        "## Tags\n\n**In short**\n\n- one\n\n"
        r"\<b> \*x\* \_\_y\_\_ x86_64 \[z\] a \&amp; b" + "\n\n\\# no heading\n"
    )


def page(title: str, following: str = "") -> str:
    link = f'<link rel="next" href="./{following}">' if following else ""
    return (
        f'<head><meta name="description" content="What it is.">{link}</head><nav>Menu</nav>'
        f'<article><h1>{title}<a class="headerlink" href="#x">¶</a></h1>'
        f'<p>All on <code>{title}</code>, <a href="b.html">b</a>. '
        '<a class="proof" href="e">Proof</a></p></article>'
    )


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """Three pages whose order is not that of their names, and one for what is not there."""
    pages = {"index": page("One", "c.html"), "c": page("Two", "b.html"), "b": page("Three")}
    for name, html in (pages | {"404": page("Nothing")}).items():
        (tmp_path / f"{name}.html").write_text(html, "utf-8")
    return tmp_path


def test_each_page_has_a_copy_and_is_listed_in_order(site: Path) -> None:
    assert [path.name for path in put_copies(site)] == ["index.md", "c.md", "b.md"]
    assert {path.name for path in site.glob("*.md")} == {"index.md", "c.md", "b.md"}
    assert (site / "c.md").read_text("utf-8") == "# Two\n\nAll on `Two`, [b](b.md). [Proof](e)\n"
    listed = (site / "llms.txt").read_text("utf-8")
    assert listed.startswith("# One\n\n> What it is.\n\n")
    assert [line for line in listed.splitlines() if ".md)" in line] == [
        "- [One](index.md): All on `One`, b.",
        "- [Two](c.md): All on `Two`, b.",
        "- [Three](b.md): All on `Three`, b.",
    ]
    whole = (site / "llms-full.txt").read_text("utf-8")
    assert [line for line in whole.splitlines() if line[:1] == "#"] == ["# One", "# Two", "# Three"]


def test_a_page_outside_the_navigation_is_named(site: Path) -> None:
    (site / "stray.html").write_text(page("Stray"), "utf-8")
    with pytest.raises(Problem, match=r"stray.html: no page leads to it; name it under nav in mkd"):
        in_order(site)


def test_a_page_without_a_lead_is_named(site: Path) -> None:
    (site / "b.html").write_text("<article><h1>B</h1></article>", "utf-8")
    with pytest.raises(Problem, match=r"b.html: there is no h1 ~ p in it"):
        put_copies(site)
    assert not list(site.glob("*.md")), "all or nothing"


def test_a_site_that_is_not_there_is_named_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(Problem, match=r"there is no .*index.html: build the site first"):
        put_copies(tmp_path)

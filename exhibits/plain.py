"""The built pages once more as Markdown, with llms.txt, for readers that are programs.

Made from the built HTML, so that it says what the pages say, whichever builder made them.
The format of llms.txt: https://llmstxt.org.
"""

import re
from pathlib import Path
from urllib.parse import urlsplit

from bs4 import BeautifulSoup, Tag
from markdownify import ATX, MarkdownConverter

from exhibits.project import Problem

# What is for the eye or the hand: links to a section itself, buttons, announcements, inputs.
FURNITURE = ".headerlink, button, .md-code__nav, [role=status], input, .exhibit-unseen"


def write_plain(site: Path) -> list[Path]:
    """Write `<page>.md` beside each page that the navigation lists, and llms.txt; return all."""
    names = _in_order(site)
    pages = {name: _parsed(site / f"{name}.html") for name in names}
    copies = {name: as_markdown(page) for name, page in pages.items()}
    written = {site / f"{name}.md": text for name, text in copies.items()}
    written[site / "llms.txt"] = _index(pages)
    written[site / "llms-full.txt"] = "\n".join(copies.values())
    for path, text in written.items():
        path.write_text(text, "utf-8")
    return list(written)


def as_markdown(page: BeautifulSoup) -> str:
    """The article of a page as Markdown: every source, every output, pictures as their words."""
    article = _one(page, "article")
    for tag in article.select(FURNITURE):
        tag.decompose()
    for download in article.select(".exhibit-download"):
        download.decompose()
    for name in article.select(".exhibit-name"):
        _turn_into(page, name, "code")
    for label in article.select(".exhibit-label, .admonition-title, summary"):
        _turn_into(page, label, "strong")
    for tabs in article.select(".tabbed-set"):
        _put_labels_over_their_blocks(page, tabs)
    for picture in article.select("svg"):
        _say_in_words(page, picture)
    for link in article.select("a[href]"):
        link["href"] = _to_copy(str(link["href"]))
    text = _Converter(
        heading_style=ATX, bullets="-", escape_misc=True, autolinks=False
    ).convert_soup(article)
    return re.sub(r"\n{3,}(?=#)", "\n\n", text.strip()) + "\n"


class _Converter(MarkdownConverter):
    """Fences that say their language and hold the text exactly."""

    def convert_pre(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        text = el.get_text()
        longest = max(map(len, re.findall("`+", text)), default=0)
        marks = "`" * max(3, longest + 1)
        end = "" if text.endswith("\n") else "\n"
        return f"\n\n{marks}{_language(el)}\n{text}{end}{marks}\n\n"


def _language(code: Tag) -> str:
    """The language of a block of code: that of its fence, or Python for an exhibit's source."""
    around = " ".join(
        name for tag in code.parents for name in tag.get_attribute_list("class") if name
    )
    if "exhibit-source" in around:
        return "python"
    named = re.search(r"\blanguage-(\w+)", around)
    return named[1] if named else "text"


def _in_order(site: Path) -> list[str]:
    """The names of the pages, as the navigation lists them."""
    page = _parsed(site / "index.html")
    links = [str(link["href"]) for link in page.select("nav.md-nav--primary a.md-nav__link[href]")]
    pages = [link.removesuffix(".html") for link in links if link.endswith(".html")]
    return list(dict.fromkeys(pages))


def _index(pages: dict[str, BeautifulSoup]) -> str:
    """The text of llms.txt: what the site is, and a link and a sentence for each page."""
    front = next(iter(pages.values()))
    lines = [f"# {_one(front, 'h1').get_text().strip()}", "", f"> {_description(front)}", ""]
    lines += ["## Pages", ""]
    for name, page in pages.items():
        title = _one(page, "h1").get_text().removesuffix("¶").strip()
        lines.append(f"- [{title}]({name}.md): {_description(page)}")
    lines += ["", "## Optional", "", "- [All pages in one file](llms-full.txt)", ""]
    return "\n".join(lines)


def _parsed(path: Path) -> BeautifulSoup:
    try:
        return BeautifulSoup(path.read_text("utf-8"), "html.parser")
    except OSError as error:
        raise Problem(f"there is no {path}: build the site first, with nox -s docs") from error


def _one(page: BeautifulSoup, selector: str) -> Tag:
    found = page.select_one(selector)
    if found is None:
        raise Problem(f"a built page has no <{selector}>: has the theme changed?")
    return found


def _description(page: BeautifulSoup) -> str:
    return str(_one(page, "meta[name=description]")["content"])


def _turn_into(page: BeautifulSoup, tag: Tag, kind: str) -> None:
    """Make a paragraph of its own of it, in code or in bold; what is code already stays so."""
    tag.name = "p"
    if not tag.find("code"):
        text = page.new_tag(kind, string=tag.get_text().strip())
        tag.clear()
        tag.append(text)


def _put_labels_over_their_blocks(page: BeautifulSoup, tabs: Tag) -> None:
    labels = tabs.select(".tabbed-labels > label")
    for label, block in zip(labels, tabs.select(".tabbed-block"), strict=True):
        _turn_into(page, label, "strong")
        block.insert(0, label)


def _say_in_words(page: BeautifulSoup, picture: Tag) -> None:
    words = page.new_tag("p")
    words.string = ". ".join(tag.get_text().strip() for tag in picture.select("title, desc"))
    picture.replace_with(words)


def _to_copy(link: str) -> str:
    """Where a link leads among the copies: a page's link to the page's copy."""
    parts = urlsplit(link)
    if parts.netloc or not parts.path.endswith(".html"):
        return link
    return parts._replace(path=parts.path.removesuffix(".html") + ".md").geturl()

"""The built pages as Markdown, for readers that are programs, and llms.txt, which lists them."""

import copy
import re
from itertools import groupby
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

from bs4 import BeautifulSoup, Tag
from bs4.filter import SoupStrainer
from markdownify import ATX, MarkdownConverter

from exhibits.downloads import ZIP
from exhibits.project import Problem

# The language of a fence, by the class of what the code stands in.
LANGUAGES = {"exhibit-source": "python", "exhibit-output": "text", "exhibit-question": "text"}
# What only a browser can use.
CONTROLS = "a.headerlink, button, input, .tabbed-labels, .exhibit-keys"
# Paragraphs that name what follows them.
LABELS = ".admonition-title, .exhibit-label, .exhibit-group"
# What Markdown would take for markup: anywhere, at the edge of a word, at the start of a line.
MARKUP = re.compile(r"[\\`*\[\]<|~]|&(?=#?\w+;)|(?<![^\W_])_|_(?![^\W_])|^[-+#>](?=\s)", re.M)


def put_copies(site: Path) -> list[Path]:
    """Put a Markdown copy beside each page of a built site, and llms.txt; return the copies.

    Raises Problem where the pages are not what MkDocs or Zensical builds.
    """
    copies, entries, about = {}, [], ""
    for path in in_order(site):  # one page in memory at a time: a parsed one is large
        page = parsed(path.read_text("utf-8"))
        target = path.with_suffix(".md")
        title, lead = (_line(_part(page, part, path)) for part in ("h1", "h1 ~ p"))
        entries.append(f"- [{title}]({target.name}): {lead}")
        about = about or f"# {title}\n\n> {_described(page, path)}\n"
        copies[target] = markdown(_part(page, "article", path))
    listing = [
        about,
        "Each page is here as Markdown, with the scripts and what they printed.\n",
        "## Pages\n",
        *entries,
        "\n## Optional\n",
        "- [All pages](llms-full.txt): the same copies in one file, in this order",
        f"- [All examples](examples/{ZIP}): the scripts, as a zip",
    ]
    _write(site / "llms.txt", "\n".join(listing) + "\n")
    _write(site / "llms-full.txt", "\n".join(copies.values()))
    for target, text in copies.items():
        _write(target, text)
    return list(copies)


def parsed(html: str, only: SoupStrainer | None = None) -> BeautifulSoup:
    """A page, with the white space in code as it is: by itself, that is kept in `<pre>` alone."""
    keep = {"pre", "textarea", "code"}
    return BeautifulSoup(html, "html.parser", parse_only=only, preserve_whitespace_tags=keep)


def in_order(site: Path) -> list[Path]:
    """The pages of a built site as the navigation orders them: each names the next.

    Raises Problem where that way does not lead to a page.
    """
    way: list[Path] = []
    name = "index.html"
    while name:
        path = site / name
        if not path.is_file():
            raise Problem(f"there is no {path}: build the site first, by nox -s docs")
        way.append(path)
        links = parsed(path.read_text("utf-8"), SoupStrainer("link"))
        following = links.find("link", rel="next")
        name = unquote(urljoin(name, str(following["href"]))) if following else ""
    if beside := set(site.glob("*.html")) - {*way, site / "404.html"}:
        raise Problem(f"{min(beside)}: no page leads to it; name it under nav in mkdocs.yml")
    return way


def markdown(article: Tag) -> str:
    """A page's article as Markdown, in which HTML stands nowhere but inside fences.

    The article is simplified in place: a copy of a large one would double the memory of a build.
    """
    _simplify(article)
    converter = _Converter(heading_style=ATX, autolinks=False, bullets="-")
    return converter.convert_soup(article).strip() + "\n"


class _Converter(MarkdownConverter):
    """Keeps code exact, and marks no character as literal that is so anyway."""

    def convert_pre(self, tag: Tag, text: str, parent_tags: set[str]) -> str:
        code = tag.get_text()
        marks = "`" * max(3, 1 + max(map(len, re.findall("`+", code)), default=0))
        end = "" if code.endswith("\n") or not code else "\n"
        return f"\n\n{marks}{_language(tag)}\n{code}{end}{marks}\n\n"

    def escape(self, text: str, parent_tags: set[str]) -> str:
        return MARKUP.sub(r"\\\g<0>", text)


def _language(code: Tag) -> str:
    for tag in code.parents:
        for name in tag.get_attribute_list("class"):
            if name in LANGUAGES or (name or "").startswith("language-"):
                return LANGUAGES.get(name, name.removeprefix("language-"))
    return ""


def _simplify(article: Tag) -> None:
    """Say all that Markdown lacks in an article with what it has."""
    for tabs in article.select(".tabbed-set"):
        labels, blocks = tabs.select(".tabbed-labels > label"), tabs.select(".tabbed-block")
        for label, block in zip(labels, blocks, strict=True):
            label.name, label["class"] = "p", "exhibit-label"
            label.insert(0, "Output on Python ")
            block.insert(0, label)
    for control in article.select(CONTROLS):
        control.decompose()
    for head in article.select(".exhibit-head"):
        _name_the_file(head)
    for marked in article.select(".exhibit-marked"):
        if code := marked.find_previous("code"):
            marked.string = f"{_in_red(code)} went to standard error."
    for picture in article.select("svg"):
        said = [words.get_text(" ", strip=True) for words in picture(["title", "desc"])]
        picture.name = "p"
        picture.string = " ".join(f"Picture: {'. '.join(said)}".split()) if said else ""
    for summary in article.select("details > summary"):
        _say_what_opens(summary)
    for label in article.select(LABELS):
        _embolden(label)
    for row in article.select("tr[id]"):  # a link to evidence names a row of it
        if first := row.find("td"):
            first.insert(0, _tag("code", str(row["id"])))
    for code in article.select("td code, th code"):
        code.string = code.get_text().replace("|", r"\|")
    for link in article.select("a[href]"):
        link["href"] = _to_copy(str(link["href"]))


def _name_the_file(head: Tag) -> None:
    """Leave of the line above a source its name, as a link to the file."""
    name, file = head.select_one(".exhibit-name"), head.select_one("a[href]")
    if name and file:
        file.string = ""
        file.append(_tag("code", name.get_text()))
        head.clear()
        head.append(file)


def _in_red(code: Tag) -> str:
    """Which lines of an output are marked as standard error: `Line 2, part of line 4`."""
    lines: list[set[bool]] = [set()]  # whether a piece of the line is marked, and one is not
    for piece in code.children:
        marked = isinstance(piece, Tag) and "exhibit-stderr" in piece.get_attribute_list("class")
        for text in re.findall(r"[^\n]*\n|[^\n]+", piece.get_text()):
            lines[-1].add(marked)
            lines += [set()] * text.endswith("\n")
    if not any(False in line for line in lines):
        return "All of it"
    named = []
    for line, members in groupby(enumerate(lines, start=1), key=lambda pair: pair[1]):
        first, *others = (number for number, _ in members)
        if True in line:
            which = f"lines {first} to {others[-1]}" if others else f"line {first}"
            named.append(which if line == {True} else f"part of {which}")
    return ", ".join(named).capitalize()


def _say_what_opens(summary: Tag) -> None:
    """Unfold a `<details>`: its summary becomes an option to choose, or else a label."""
    if summary.parent:
        summary.parent.name = "div"
    code = summary.code
    if code and summary.find_parent(class_="exhibit-question"):
        code.name, summary.name = "pre", "div"
        code.insert_before(_tag("p", "Option:"))
    else:
        summary.name = "p"
        _embolden(summary)


def _embolden(label: Tag) -> None:
    strong = _tag("strong")
    strong.extend(list(label.contents))
    label.append(strong)


def _tag(name: str, text: str = "") -> Tag:
    return BeautifulSoup("", "html.parser").new_tag(name, string=text)


def _to_copy(link: str) -> str:
    """The link to the Markdown copy of a page of the site; another link as it is."""
    parts = urlsplit(link)
    if parts.scheme or parts.netloc or not parts.path.endswith(".html"):
        return link
    return parts._replace(path=parts.path.removesuffix(".html") + ".md").geturl()


def _line(tag: Tag) -> str:
    """What a heading or paragraph says, in one line of Markdown without links."""
    tag = copy.copy(tag)
    for proof in tag.select("a.proof, a.headerlink"):
        proof.decompose()
    for link in tag.select("a"):
        link.unwrap()
    tag.name = "p"
    return " ".join(_Converter().convert_soup(tag).split())


def _described(page: BeautifulSoup, path: Path) -> str:
    return str(_part(page, "meta[name=description]", path)["content"])


def _part(page: BeautifulSoup, selector: str, path: Path) -> Tag:
    part = page.select_one(selector)
    if not part:
        raise Problem(f"{path}: there is no {selector} in it; give the page one")
    return part


def _write(path: Path, text: str) -> None:
    path.write_text(text, "utf-8", newline="\n")

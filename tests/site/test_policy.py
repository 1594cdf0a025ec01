"""Each page's Content-Security-Policy lets it load and execute what it needs, and nothing else."""

import base64
import hashlib
import re
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from tests.site.test_site import LOADS, PAGES, page_of

# The text of each script that a page itself holds, read without a parser.
SCRIPT = re.compile(r"<script(?P<attributes>[^>]*)>(?P<text>.*?)</script>", re.S)
HASH = re.compile(r"'sha256-(.*)'")
# What may be inside a page by its hash: its scripts, and the style sheet of Zensical's search.
HASHED = {"script-src", "style-src"}
# Where anything but files of the site is allowed: no other host, no eval, nothing else inline.
MORE = {"img-src": {"data:"}}

EACH_PAGE = pytest.mark.parametrize("page", [*PAGES, "404.md"])


def policy_of(html: BeautifulSoup) -> dict[str, list[str]]:
    """What a page may use: the sources of each kind. It stands before all that it is about."""
    assert html.head
    charset, meta = html.head.find_all(limit=2)
    assert charset.has_attr("charset")
    assert meta.get("http-equiv") == "Content-Security-Policy"
    assert len(html.select("[http-equiv]")) == 1
    rules = [rule.split() for rule in str(meta["content"]).split(";")]
    assert len({name for name, *_ in rules}) == len(rules), "of two alike, browsers heed the first"
    return {name: sources for name, *sources in rules}


@EACH_PAGE
def test_a_page_may_execute_the_scripts_that_it_holds_and_no_other_text(
    site: Path, page: str
) -> None:
    text = (site / Path(page).with_suffix(".html")).read_text("utf-8")
    held = {
        base64.b64encode(hashlib.sha256(script["text"].encode()).digest()).decode()
        for script in SCRIPT.finditer(text)
        if "src=" not in script["attributes"] and "application/json" not in script["attributes"]
    }
    assert held
    sources = set(policy_of(page_of(site, page))["script-src"])
    assert {HASH.sub(r"\1", source) for source in sources - {"'self'"}} == held


@EACH_PAGE
def test_nothing_comes_from_elsewhere(site: Path, page: str) -> None:
    """All that is not named is refused; what is named are files of the site."""
    rules = policy_of(page_of(site, page))
    assert rules["default-src"] == rules["base-uri"] == rules["form-action"] == ["'none'"]
    for name, sources in rules.items():
        others = {source for source in sources if not HASH.fullmatch(source)}
        assert others <= {"'self'", "'none'"} | MORE.get(name, set()), name
        assert name in HASHED or len(others) == len(sources), name


@EACH_PAGE
def test_a_page_has_nothing_that_its_policy_refuses(site: Path, page: str) -> None:
    """No handler and no style as an attribute, no style sheet inside, no file but the site's."""
    html = page_of(site, page)
    assert html.select("style, base, iframe, object, embed, [style]") == []
    handlers = [tag for tag in html(True) if any(name.startswith("on") for name in tag.attrs)]
    assert handlers == []
    for name, attribute in {**LOADS, "a": "href", "form": "action"}.items():
        addresses = [str(tag.get(attribute, "")) for tag in html(name)]
        allowed = ("http", "mailto:") if name in {"a", "link"} else ()
        wrong = [one for one in addresses if re.match(r"\w+:", one) and not one.startswith(allowed)]
        assert wrong == [], name

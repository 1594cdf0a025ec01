"""Each page's Content-Security-Policy lets it load and execute what it needs, and nothing else."""

import base64
import hashlib
import re
from pathlib import Path

from tests.site.test_site import LOADS, parsed

# The text of each script that a page itself holds, read without a parser.
SCRIPT = re.compile(r"<script(?P<attributes>[^>]*)>(?P<text>.*?)</script>", re.S)
HASH = re.compile(r"'sha256-(.*)'")
# What may be inside a page by its hash: its scripts, and the style sheet of Zensical's search.
HASHED = {"script-src", "style-src"}
# Where anything but files of the site is allowed: no other host, no eval, nothing else inline.
MORE = {"img-src": {"data:"}}


def all_pages(site: Path) -> list[Path]:
    found = sorted(site.rglob("*.html"))
    assert site / "404.html" in found
    return found


def policy_of(path: Path) -> dict[str, list[str]]:
    """What a page may use: the sources of each kind. It stands before all that it is about."""
    head = parsed(path).head
    assert head
    charset, meta = head.find_all(limit=2)
    assert charset.has_attr("charset"), path.name
    assert meta.get("http-equiv") == "Content-Security-Policy", path.name
    assert len(parsed(path).select("[http-equiv]")) == 1, path.name
    rules = [rule.split() for rule in str(meta["content"]).split(";")]
    assert len({name for name, *_ in rules}) == len(rules), "of two alike, browsers heed the first"
    return {name: sources for name, *sources in rules}


def test_a_page_may_execute_the_scripts_that_it_holds_and_no_other_text(site: Path) -> None:
    for path in all_pages(site):
        held = {
            base64.b64encode(hashlib.sha256(script["text"].encode()).digest()).decode()
            for script in SCRIPT.finditer(path.read_text("utf-8"))
            if "src=" not in script["attributes"] and "application/json" not in script["attributes"]
        }
        assert held, path.name
        sources = set(policy_of(path)["script-src"])
        assert {HASH.sub(r"\1", source) for source in sources - {"'self'"}} == held, path.name


def test_nothing_comes_from_elsewhere(site: Path) -> None:
    """All that is not named is refused; what is named are files of the site."""
    for path in all_pages(site):
        rules = policy_of(path)
        assert rules["default-src"] == rules["base-uri"] == rules["form-action"] == ["'none'"]
        for name, sources in rules.items():
            others = {source for source in sources if not HASH.fullmatch(source)}
            assert others <= {"'self'", "'none'"} | MORE.get(name, set()), f"{path.name}: {name}"
            assert name in HASHED or len(others) == len(sources), f"{path.name}: {name}"


def test_a_page_has_nothing_that_its_policy_refuses(site: Path) -> None:
    """No handler and no style as an attribute, no style sheet inside, no file but the site's."""
    for path in all_pages(site):
        page = parsed(path)
        assert page.select("style, base, iframe, object, embed, [style]") == [], path.name
        handlers = [tag for tag in page(True) if any(name.startswith("on") for name in tag.attrs)]
        assert handlers == [], path.name
        for name, attribute in {**LOADS, "a": "href", "form": "action"}.items():
            addresses = [str(tag.get(attribute, "")) for tag in page(name)]
            allowed = ("http", "mailto:") if name in {"a", "link"} else ()
            wrong = [
                one for one in addresses if re.match(r"\w+:", one) and not one.startswith(allowed)
            ]
            assert wrong == [], path.name

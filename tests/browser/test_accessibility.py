"""Everyone can read and use each page: what axe finds, forced colours, the keyboard alone."""

import json
from pathlib import Path
from urllib.parse import urljoin

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import ADD_STYLE, OPEN_EVERYTHING, Open

AXE = Path(__file__).with_name("node_modules") / "axe-core" / "axe.min.js"
# What moves is looked at where it has come to rest; what is far away, as if it were near.
AT_REST = """*, ::before, ::after {
  transition: none !important; content-visibility: visible !important;
}"""
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(open_page: Open, path: str, scheme: str) -> None:
    """On a phone and on a desk, with everything open."""
    page = open_page(path, color_scheme=scheme)
    page.evaluate(OPEN_EVERYTHING)
    page.evaluate(ADD_STYLE, AT_REST)
    page.evaluate(AXE.read_text("utf-8"))
    options = {"runOnly": RULES, "resultTypes": ["violations"]}
    for width in (1280, 320):
        page.set_viewport_size({"width": width, "height": 800})
        page.wait_for_timeout(100)
        found = page.evaluate(f"axe.run(document, {json.dumps(options)})")
        assert found["passes"], "axe looked at nothing"
        violations = [
            f"{width} px wide: {one['id']}: {node['html'][:200]}"
            for one in found["violations"]
            for node in one["nodes"]
        ]
        assert not violations, "\n".join(violations)


# What a picture draws for its data, by the colours that it ends up with.
DRAWN = """() => [...document.querySelectorAll(
  ".timeline rect, .chart rect, .timeline text, .chart text, .chart circle, .chart .spread"
)].map((one) => {
  const { fill, stroke } = getComputedStyle(one);
  return [one.getAttribute("class"), fill, stroke];
})"""
BACKGROUND = "getComputedStyle(document.body).backgroundColor"


def test_forced_colours_leave_everything_visible(open_page: Open, path: str) -> None:
    """Parts of a picture differ from the background, and bars from each other."""
    page = open_page(path, forced_colors="active")
    background = page.evaluate(BACKGROUND)
    colours: dict[str, set[str]] = {}
    for kind, fill, stroke in page.evaluate(DRAWN):
        assert {fill, stroke} - {background, "none"}, f"{kind} is invisible"
        colours.setdefault(kind, set()).add(fill)
    bars = [colours[kind] for kind in ("core", "held", "alive") if kind in colours]
    assert len(set.union(set(), *bars)) == len(bars), "two kinds of bar look the same"
    for edge in page.locator(".exhibit-head, .exhibit-result").all():
        width, colour = edge.evaluate(
            "one => [getComputedStyle(one).borderLeftWidth, getComputedStyle(one).borderLeftColor]"
        )
        assert float(width.removesuffix("px")) > 0
        assert colour != background


# What the keyboard can reach, in order, and how each looks where it stands.
REACHABLE = """() => [...document.querySelectorAll(
  "a[href], button, summary, input, [tabindex='0']"
)].filter((one) => one.tabIndex >= 0 && one.checkVisibility({ visibilityProperty: true })
  && !one.closest("[inert], .md-search__output") && !one.matches(".md-toggle, .md-top[hidden]")
  && (one.type !== "radio" || one === (document.querySelector(`[name="${one.name}"]:checked`)
    ?? document.querySelector(`[name="${one.name}"]`))))
"""
LOOKS = """(one) => {
  const about = [one, one.nextElementSibling, one.closest("form"),
    one.closest(".tabbed-set")?.querySelector(`label[for="${one.id}"]`)].filter(Boolean);
  return about.flatMap((part) => [null, "::before", "::after"].map((pseudo) => {
    const s = getComputedStyle(part, pseudo);
    return [s.outlineStyle, s.outlineWidth, s.outlineColor, s.boxShadow, s.color, s.opacity,
      s.backgroundColor, s.textDecorationLine, s.borderColor, s.clipPath, s.top].join(" ");
  }));
}"""


FOCUS = f"""() => {{
  const one = document.activeElement, place = reachable.indexOf(one);
  const seen = place >= 0 && String(({LOOKS})(one)) !== String(looks[place]);
  return [place, seen, one.outerHTML.slice(0, 150)];
}}"""


def look_at_the_focus(page: Page) -> tuple[int, bool, str]:
    """Where it is, whether that can be seen, and on what; soon, if the theme is still at work."""
    place, seen, what = page.evaluate(FOCUS)
    for _ in range(40):
        if place >= 0 and seen:
            break
        page.wait_for_timeout(25)
        place, seen, what = page.evaluate(FOCUS)
    return place, seen, what


def test_the_keyboard_reaches_everything_in_order_and_shows_where_it_is(
    open_page: Open, path: str
) -> None:
    page = open_page(path, reduced_motion="reduce")
    page.evaluate(ADD_STYLE, AT_REST)
    page.wait_for_timeout(200)  # until what scrolls can be reached
    page.evaluate(f"window.reachable = ({REACHABLE})()")
    page.evaluate(f"window.looks = reachable.map({LOOKS})")
    total = page.evaluate("reachable.length")
    assert total > 10
    reached = []
    for _ in range(total):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('.md-search__scrollwrap')"):
            page.keyboard.press("Tab")  # the list of results, which opened with the search
        place, seen, what = look_at_the_focus(page)
        assert place >= 0, f"reached, but not expected: {what}"
        assert seen, f"looks the same with the focus: {what}"
        reached.append(place)
    assert reached == list(range(total))
    if path != "404.html":  # it has nothing to skip to
        assert page.evaluate("reachable[0].matches('.md-skip')")


def test_arrow_keys_switch_tabs(open_page: Open, path: str) -> None:
    page = open_page(path)
    for tabs in page.locator(".tabbed-set").all():
        blocks = tabs.locator(".tabbed-block")
        tabs.locator("> input").first.focus()
        for number in range(1, blocks.count()):
            page.keyboard.press("ArrowRight")
            assert blocks.nth(number).is_visible()
            assert not blocks.nth(number - 1).is_visible()


def test_the_search_works_by_keyboard(open_page: Open, path: str) -> None:
    """A slash opens it, Escape closes it, Enter follows the best result."""
    page = open_page(path)
    field = page.locator(".md-search__input")
    opened = page.locator("#__search")
    page.keyboard.press("/")
    expect(field).to_be_focused()
    expect(opened).to_be_checked()
    page.keyboard.press("Escape")
    expect(opened).not_to_be_checked()
    expect(field).not_to_be_focused()
    page.wait_for_timeout(300)  # a reader's hand is no quicker, and the theme's script is not
    page.keyboard.press("/")
    expect(opened).to_be_checked()
    page.keyboard.type("thread")
    result = page.locator(".md-search-result__link").first
    result.wait_for()
    links = page.locator(".md-search-result__link")
    targets = {urljoin(page.url, href) for href in links.evaluate_all("all => all.map(String)")}
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "?h=" in url)
    assert page.url in targets

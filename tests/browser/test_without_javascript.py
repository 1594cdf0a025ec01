"""A reader whose browser runs no script misses nothing but comfort."""

from pathlib import Path
from urllib.parse import urljoin

from bs4 import BeautifulSoup
from playwright.sync_api import expect

from tests.browser.conftest import Open


def test_sources_and_outputs_are_there(open_page: Open, site: Path, path: str) -> None:
    """As many and the same as the file holds, and each of them can be made visible."""
    html = BeautifulSoup((site / path).read_text("utf-8"), "html.parser")
    page = open_page(path, java_script_enabled=False)
    assert page.locator("article pre > code").all_text_contents() == [
        code.get_text() for code in html.select("article pre > code")
    ]
    for folded in page.locator("article details").all():
        if folded.is_visible() and folded.get_attribute("open") is None:
            folded.locator("> summary").click()
            assert folded.get_attribute("open") is not None
            assert folded.locator("> :not(summary)").first.is_visible()


def test_tabs_switch(open_page: Open, path: str) -> None:
    """A click on a tab's label shows its block, and that one only."""
    page = open_page(path, java_script_enabled=False)
    for tabs in page.locator(".tabbed-set").all():
        blocks = tabs.locator(".tabbed-block").all()
        for label, block in zip(tabs.locator(".tabbed-labels label").all(), blocks, strict=True):
            label.click()
            assert block.is_visible()
            assert sum(one.is_visible() for one in blocks) == 1


# A link of the drawer that a finger would hit: parts of the navigation lie over each other.
TO_ANOTHER_PAGE = """(links) => links.findIndex((one) => {
  const { x, y, width, height } = one.getBoundingClientRect();
  return one.contains(document.elementFromPoint(x + width / 2, y + height / 2));
})"""


def test_a_phone_reaches_every_page(open_page: Open, path: str) -> None:
    """The drawer, and each section in it, is a checkbox with a label."""
    page = open_page(path, width=360, java_script_enabled=False)
    drawer = page.locator("nav.md-nav--primary")
    expect(drawer).not_to_be_in_viewport()
    page.locator("header label[for=__drawer]").click()
    expect(drawer).to_be_in_viewport()
    page.wait_for_timeout(500)  # until it has come to rest
    links = drawer.locator("a.md-nav__link[href$='.html']:not(.md-nav__link--active)")
    if links.evaluate_all(TO_ANOTHER_PAGE) < 0:
        drawer.locator("li > label.md-nav__link").first.click()
        page.wait_for_timeout(500)
    link = links.nth(links.evaluate_all(TO_ANOTHER_PAGE))
    target = urljoin(page.url, link.get_attribute("href"))
    link.click()
    assert page.url == target

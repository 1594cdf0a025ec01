"""Everything has its place: on a phone, enlarged four times, and while a replay plays."""

from playwright.sync_api import Page

from tests.browser.conftest import OPEN_EVERYTHING, Open

# Where each part of the article is, and how large.
PLACES = """() => [...document.querySelectorAll("article *")].map((one) => {
  const { x, y, width, height } = one.getBoundingClientRect();
  return [x + scrollX, y + scrollY, width, height].join(" ");
})"""
SHIFTS = """() => {
  window.shifts = 0;
  new PerformanceObserver((list) => {
    for (const shift of list.getEntries()) window.shifts += shift.value;
  }).observe({ type: "layout-shift", buffered: false });
}"""


def sideways(page: Page) -> int:
    """By how many pixels the page is wider than its window."""
    page.evaluate("scrollTo(1000, 0)")
    return int(page.evaluate("scrollX + document.documentElement.scrollWidth - innerWidth"))


def test_a_phone_does_not_scroll_sideways(open_page: Open, path: str) -> None:
    """The smallest phone is 320 px wide."""
    page = open_page(path, width=320, height=640, device_scale_factor=2)
    page.evaluate(OPEN_EVERYTHING)
    assert sideways(page) <= 0


def test_enlarged_four_times_all_content_can_be_reached(open_page: Open, path: str) -> None:
    """A window of 1280 x 1024 at 400 %: no sideways scroll, and the header leaves room."""
    page = open_page(path, width=320, height=256, device_scale_factor=4)
    page.evaluate(OPEN_EVERYTHING)
    assert sideways(page) <= 0
    page.evaluate("scrollTo(0, 600)")
    page.wait_for_timeout(100)
    bottom = page.evaluate("document.querySelector('.md-header').getBoundingClientRect().bottom")
    assert bottom <= 256 / 2
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    end = page.evaluate("document.querySelector('footer').getBoundingClientRect()")
    assert end["bottom"] <= 256 + 1, "the end of the page cannot be reached"


def test_nothing_moves_while_a_replay_plays(open_page: Open, path: str) -> None:
    """All replays of the page at once: each hides lines, shows them, and moves nothing."""
    page = open_page(path)
    page.evaluate(OPEN_EVERYTHING)
    replays = page.locator("exhibit-replay")
    text, places = replays.locator("pre").all_inner_texts(), page.evaluate(PLACES)
    page.evaluate(SHIFTS)
    replays.evaluate_all("all => all.forEach((one) => one.querySelector('button').click())")
    hidden = page.locator(".exhibit-later")
    if replays.count():
        assert hidden.count()
    while hidden.count():
        assert page.evaluate(PLACES) == places
        page.wait_for_timeout(100)
    assert page.evaluate("shifts") == 0
    assert page.evaluate(PLACES) == places
    assert replays.locator("pre").all_inner_texts() == text


def test_nothing_moves_by_itself(open_page: Open, path: str) -> None:
    """Nobody who asked for less motion sees any that they did not start."""
    page = open_page(path, reduced_motion="reduce")
    for _ in range(5):
        page.wait_for_timeout(50)
        assert page.evaluate("document.getAnimations().map((one) => one.playState)") == []
        assert page.locator(".exhibit-later").count() == 0

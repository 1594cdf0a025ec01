"""What a page loads: no fault, nothing from elsewhere, few requests, little data."""

import gzip
from pathlib import Path
from urllib.parse import unquote, urlsplit

from playwright.sync_api import Page

from tests.browser.conftest import Open

MOST_REQUESTS = 12
MOST_BYTES = 85 * 1024


class Log:
    """What a page asked for, and what it complained of, from now on."""

    def __init__(self, page: Page) -> None:
        self.requested: list[str] = []
        self.complaints: list[str] = []
        page.on("request", lambda request: self.requested.append(request.url))
        page.on("requestfailed", lambda request: self.complaints.append(f"failed: {request.url}"))
        page.on(
            "response",
            lambda answer: self.hear(answer.status >= 400, f"{answer.status} {answer.url}"),
        )
        page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        page.on("console", lambda said: self.hear(said.type in ("error", "warning"), said.text))

    def hear(self, bad: bool, text: str) -> None:
        if bad:
            self.complaints.append(text)

    def from_elsewhere(self, home: str) -> list[str]:
        """What was asked for that is neither under `home` nor part of the page itself."""
        return [url for url in self.requested if not url.startswith((home, "data:", "blob:"))]


def use(page: Page) -> None:
    """Scroll to the end and search, so that what is loaded late is loaded."""
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    page.keyboard.press("/")
    page.keyboard.type("thread")
    page.locator(".md-search-result__item").first.wait_for()


def test_no_fault_and_no_other_host(open_page: Open, host: str, path: str) -> None:
    page = open_page()
    log = Log(page)
    page.goto(f"{host}/{path}")
    use(page)
    assert log.complaints == []
    assert log.from_elsewhere(host) == []
    assert len(log.requested) > 1, "nothing was heard"


def test_no_fault_from_disk(open_page: Open, site: Path, path: str) -> None:
    """Also where there is no server; only 404.html is a page that a server alone sends."""
    if path == "404.html":
        path = "index.html"
    page = open_page()
    log = Log(page)
    page.goto(f"{site.as_uri()}/{path}")
    use(page)
    assert log.complaints == []
    assert log.from_elsewhere(site.as_uri()) == []


def test_few_requests_and_little_data(open_page: Open, site: Path, host: str, path: str) -> None:
    """All that the page loads before the search is used, as a host compresses it."""
    page = open_page()
    log = Log(page)
    page.goto(f"{host}/{path}", wait_until="networkidle")
    loaded = {site / unquote(urlsplit(url).path).lstrip("/") for url in log.requested}
    sizes = {file: len(gzip.compress(file.read_bytes())) for file in loaded if file.is_file()}
    assert site / path in sizes
    assert len(log.requested) <= MOST_REQUESTS, log.requested
    assert sum(sizes.values()) <= MOST_BYTES, sizes

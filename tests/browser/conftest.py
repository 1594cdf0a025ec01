"""One headless Chromium and one web server for all tests, and one test for each page."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.browser.serve import serving

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
QUIET = (
    *("--disable-gpu", "--disable-background-networking", "--disable-component-update"),
    *("--disable-sync", "--no-first-run"),
)
# Adds rules to a page; those of a <style> element its policy would refuse.
ADD_STYLE = """(rules) => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(rules);
  document.adoptedStyleSheets.push(sheet);
}"""
# Each answer of a question can be open; so can every tab, one below the other; and what is laid out
# only when a reader comes near is.
OPEN_EVERYTHING = f"""() => {{
  ({ADD_STYLE})("* {{ content-visibility: visible !important }}");
  for (const one of document.querySelectorAll("details")) {{
    one.removeAttribute("name");
    one.open = true;
  }}
  for (const one of document.querySelectorAll(".tabbed-block")) one.style.display = "block";
}}"""
Open = Callable[..., Page]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--site", type=Path, default=Path("site"), help="the built site's folder")
    parser.addoption("--pasted", type=Path, help="write what was copied to this folder")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test for each page of the built site."""
    if "path" in metafunc.fixturenames:
        site = metafunc.config.getoption("--site")
        pages = [path.relative_to(site).as_posix() for path in sorted(site.rglob("*.html"))]
        if not pages:
            raise pytest.UsageError(f"there are no pages in {site}/: run nox -s docs")
        metafunc.parametrize("path", pages)


def chromium() -> str:
    """The browser's executable: that of CHROME_PATH, or the first that is installed."""
    found = [os.environ.get("CHROME_PATH"), *map(shutil.which, BROWSERS)]
    executable = next(filter(None, found), None)
    if not executable:
        raise pytest.UsageError(f"none of {', '.join(BROWSERS)} is here: apt install chromium")
    return executable


@pytest.fixture(scope="session")
def site(request: pytest.FixtureRequest) -> Path:
    folder: Path = request.config.getoption("--site")
    return folder.resolve()


@pytest.fixture(scope="session")
def host(site: Path) -> Iterator[str]:
    """The address at which the site is served."""
    with serving(site) as address:
        yield address


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=QUIET)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def contexts(browser: Browser) -> Iterator[dict[str, BrowserContext]]:
    """The contexts that tests have asked for, by their options."""
    made: dict[str, BrowserContext] = {}
    yield made
    for context in made.values():
        context.close()


@pytest.fixture
def open_page(browser: Browser, contexts: dict[str, BrowserContext], host: str) -> Iterator[Open]:
    """Opens a page of the site: its path, the window's width and height, context options."""
    opened: list[Page] = []

    def open_page(path: str = "", width: int = 1280, height: int = 800, **options: Any) -> Page:
        options["viewport"] = {"width": width, "height": height}
        key = repr(sorted(options.items()))
        if key not in contexts:
            contexts[key] = browser.new_context(**options)
            contexts[key].set_default_timeout(5_000)
        page = contexts[key].new_page()
        opened.append(page)
        if path:
            page.goto(f"{host}/{path}")
        return page

    yield open_page
    for page in opened:
        page.close()

"""Under its policy a page does all that it can, and executes nothing that was slipped into it."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Open
from tests.browser.test_loading import Log

# What a policy refuses reaches the log as an error.
TELL = """document.addEventListener("securitypolicyviolation", (refused) =>
  console.error(`refused: ${refused.violatedDirective} ${refused.blockedURI}`))"""


@pytest.fixture(params=["http", "file"])
def top(request: pytest.FixtureRequest, host: str, site: Path) -> str:
    """Where the site is: on a server, and on disk."""
    return host if request.param == "http" else site.as_uri()


def use_everything(page: Page) -> None:
    """Press what can be pressed: replays, tabs, folds, a copy button; search in vain, then well."""
    for kind in ("exhibit-replay button", ".tabbed-labels label", "article summary"):
        page.locator(kind).evaluate_all("all => all.forEach((one) => one.click())")
    copy = page.locator("[data-md-type=copy]")
    if copy.count():
        copy.first.evaluate("one => one.click()")
        expect(page.locator(".md-dialog")).to_contain_text("Copied to clipboard")
    page.keyboard.press("/")
    page.keyboard.type("xyzzy")
    expect(page.locator(".md-search-result__meta")).to_have_text("No matching documents")
    page.keyboard.press("Enter")
    page.fill(".md-search__input", "")
    page.keyboard.type("thread")
    page.locator(".md-search-result__item").first.wait_for()
    page.keyboard.press("Escape")


def test_nothing_that_a_reader_uses_is_refused(open_page: Open, top: str, path: str) -> None:
    """In light, then in dark, which the page remembers when it is opened again."""
    if path == "404.html" and top.startswith("file"):
        path = "index.html"  # only a server sends that page
    page = open_page(color_scheme="light")
    page.add_init_script(TELL)
    log = Log(page)
    page.goto(f"{top}/{path}")
    use_everything(page)
    page.locator("label[title='Switch to dark mode']").click()
    page.reload()
    expect(page.locator("body")).to_have_attribute("data-md-color-scheme", "slate")
    use_everything(page)
    page.locator("label[title='Switch to light mode']").click()
    assert log.complaints == []


# Ways in which text that got into a page, or a script of the site itself, would execute text.
WAYS = {
    "script": "<script>ran.push('script')</script>",
    "handler": """<img src="data:," alt="" onerror="ran.push('handler')">""",
    "data": """<script src="data:text/javascript,ran.push('data')"></script>""",
    "elsewhere": '<script src="https://elsewhere.example/script.js"></script>',
    "frame": """<iframe srcdoc="<script>parent.ran.push('frame')</script>"></iframe>""",
    "link": """<a id="injected" href="javascript:ran.push('link')">x</a>""",
}
EXECUTE_TEXT = """() => {
  document.querySelector("#injected").click();
  setTimeout("ran.push('text')");
  return new Promise((done) => setTimeout(() => {
    try { eval("ran.push('eval')"); } catch (error) { if (error.name !== "EvalError") throw error; }
    setTimeout(() => done(ran), 200);
  }));
}"""


@pytest.mark.parametrize("kept", [True, False], ids=["with its policy", "without"])
def test_what_is_slipped_into_a_page_does_not_execute(
    open_page: Open, site: Path, top: str, kept: bool
) -> None:
    """All of it would, were it not for the policy; tests/site holds every page to having one."""
    path = "threads.html"
    html = (site / path).read_text("utf-8")
    html = re.sub(r"(<body[^>]*>)", lambda body: body[0] + "".join(WAYS.values()), html, count=1)
    if not kept:
        html, count = re.subn(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", html)
        assert count == 1
    page = open_page()
    page.add_init_script("if (top === window) window.ran = []")
    page.route(f"{top}/{path}", lambda route: route.fulfill(body=html, content_type="text/html"))
    page.route(
        "https://elsewhere.example/*", lambda route: route.fulfill(body="ran.push('elsewhere')")
    )
    page.goto(f"{top}/{path}")
    ran = set(page.evaluate(EXECUTE_TEXT))
    assert ran == (set() if kept else {*WAYS, "text", "eval"})

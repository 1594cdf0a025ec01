"""A reader who pastes an error, names a method or asks a question finds the page, in Chromium."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from bs4 import BeautifulSoup, Tag
from playwright.sync_api import Browser, Page, expect

from exhibits import pages
from exhibits.project import Project
from exhibits.store import Store

PROJECT = Project.here()
INPUT = "input[data-md-component=search-query]"
# Pages that list all errors, or all terms, answer as well as the page that shows one.
LISTS = {"errors.html", "glossary.html"}
LAST_LINE = re.compile(r"[A-Za-z_][\w.]*(Error|Exception|Pool|Interrupt|Empty|Full|ShutDown): .*")


@pytest.fixture(scope="module", params=["http", "file"])
def page(request: pytest.FixtureRequest, browser: Browser, host: str, site: Path) -> Iterator[Page]:
    """The site's first page, its search ready; from a server, and from disk."""
    opened = browser.new_page()
    top = host if request.param == "http" else site.as_uri()
    opened.goto(f"{top}/index.html")
    yield opened
    opened.close()


def found(page: Page, query: str) -> list[str]:
    """What the search shows for a query, best first: `page.html` and `page.html#section`."""
    meta = page.locator(".md-search-result__meta")
    page.fill(INPUT, "")
    page.press(INPUT, "End")
    expect(meta).to_have_text("Type to start searching")
    page.keyboard.insert_text(query)  # as a paste does: no key is pressed, a line's end is a space
    expect(meta).not_to_have_text("Type to start searching")
    links = page.locator(".md-search-result__item a.md-search-result__link")
    addresses = links.evaluate_all("links => links.map(link => link.href)")
    return [re.sub(r"\?[^#]*", "", address.rpartition("/")[2]) for address in addresses]


def sections(results: list[str]) -> list[str]:
    """The first three sections among the results."""
    return [result for result in results if "#" in result][:3]


def errors() -> dict[str, tuple[set[str], str]]:
    """Each last line of a traceback in any run: the examples that print it, and the line before.

    Where the message begins on the line below the error's name, that belongs to it.
    """
    said: dict[str, tuple[set[str], str]] = {}
    runs = [*Store(PROJECT.runs).all(), *Store(PROJECT.runs).repeats()]
    for run in runs:
        lines = run.stderr.splitlines()
        for number, line in enumerate(lines):
            if LAST_LINE.fullmatch(line):
                message = line
                if line.endswith(": "):
                    message = "\n".join([message, *lines[number + 1 : number + 3]])
                said.setdefault(message, (set(), lines[number - 1]))
    for message, (examples, _) in said.items():
        examples |= {run.example for run in runs if message in run.text_of("stderr") + run.stdout}
    return said


ERRORS = errors()
STARTED = "threads.html#errors-of-start-and-join"
# What a reader may type, and where the answer is.
ASKED = {
    "RuntimeError: threads can only be started once": STARTED,
    "RuntimeError: cannot join thread before it is started": STARTED,
    "multiprocessing.context.TimeoutError": "pools.html#leaving-with-does-not-wait",
    "queue.Empty": "queues.html#when-there-is-nothing-to-get",
    "Queue.task_done": "process-queues.html#what-it-does-not-have",
    "apply_async": "pools.html#leaving-with-does-not-wait",
    "apply_async()": "pools.html#leaving-with-does-not-wait",
    "join(timeout)": "threads.html#wait-but-not-for-ever",
    "threading.Thread.join": "threads.html",
    "threadpoolexecutor": "executors.html",
    "ThreadPoolExecutor": "executors.html",
    "PoolExecutor": "executors.html",
    "get_nowait": "queues.html#when-there-is-nothing-to-get",
    "is_alive()": "threads.html#wait-but-not-for-ever",
    "lock.acquire()": "locks.html#a-common-mistake-acquire-without-with",
    "setswitchinterval": "locks.html#it-happens-when-you-call-a-function",
    'if __name__ == "__main__":': "processes.html#guard",
    "freeze_support": "processes.html#guard",
    "maxsize": "queues.html#a-queue-with-a-limit",
    "PYTHONUNBUFFERED": "threads.html#why-are-my-printed-lines-mixed-up",
    "why is my counter wrong?": "locks.html",
    "lost update": "locks.html",
    "how do I stop a thread": "threads.html",
    "why are threads not faster": "threads.html#two-threads-that-compute",
    "return value of a thread": "threads.html#where-is-my-return-value",
    "why is my exception not raised?": "threads.html#where-is-my-exception",
    "why did my global variable not change?": "processes.html#memory-of-its-own",
    "program hangs at join": "process-queues.html#why-does-it-hang-at-join",
    "threads or processes?": "choosing.html",
    "printed twice": "processes.html#why-is-a-line-printed-twice",
    "lambda cannot be pickled": "process-queues.html#an-item-that-cannot-be-pickled-is-lost",
    "how much memory does a thread take": "choosing.html#memory",
    "spawn macOS Windows": "processes.html#with-spawn-as-on-macos-and-windows",
    "asyncio": "choosing.html",
}


@cache
def sections_of(site: Path, page: str) -> dict[str, str]:
    """The section that each exhibit of a page is in, by the exhibit's anchor."""
    html = BeautifulSoup((site / page).read_text("utf-8"), "html.parser")
    held = {}
    for exhibit in html.select(".exhibit[id]"):
        heading = exhibit.find_previous(["h2", "h3"], id=True)
        assert isinstance(heading, Tag)
        held[str(exhibit["id"])] = f"{page}#{heading['id']}"
    return held


def test_there_are_errors_to_search_for() -> None:
    assert len(ERRORS) > 5


@pytest.mark.parametrize("whole", ["the last line", "with the line before"])
@pytest.mark.parametrize("message", ERRORS, ids=lambda message: message[:40])
def test_a_pasted_error_leads_to_the_script_that_raises_it(
    page: Page, site: Path, message: str, whole: str
) -> None:
    examples, before = ERRORS[message]
    page_of = pages.page_of_each(PROJECT)
    right = {f"{Path(page_of[example]).stem}.html" for example in examples}
    anchors = {
        Path(e).with_suffix("").as_posix().translate(str.maketrans("/_", "--")) for e in examples
    }
    places = {sections_of(site, one).get(anchor) for one in right for anchor in anchors}
    results = found(page, message if whole == "the last line" else f"{before}\n{message}")
    assert results, "nothing found"
    first = results[0].partition("#")[0]
    assert first in right | LISTS
    assert first in LISTS or places & set(sections(results)), sections(results)


@pytest.mark.parametrize(("query", "answer"), ASKED.items(), ids=ASKED)
def test_a_question_leads_to_its_answer(page: Page, query: str, answer: str) -> None:
    """The page is among the first three, and the section among its first three."""
    results = found(page, query)
    wanted, _, section = answer.partition("#")
    in_order = list(dict.fromkeys(result.partition("#")[0] for result in results))
    assert wanted in in_order[:3] or LISTS & set(in_order[:1]), in_order
    if section and wanted in in_order[:3]:
        of_page = [one for one in results if one.startswith(f"{wanted}#")]
        assert answer in of_page[:3], of_page


def test_a_reader_sees_what_was_pasted(page: Page) -> None:
    pasted = "RuntimeError: threads can only be started once"
    found(page, pasted)
    shown = "Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').get"
    assert page.evaluate(f"{shown}.call(document.querySelector('{INPUT}'))") == pasted


# Words among signs that lunr takes for operators, or cannot read; and the same words alone.
SIGNS = {
    "thread~lock": "thread lock",
    "thread^lock": "thread lock",
    "threads:~lock": "threads lock",
    "-thread": "thread",
    "+thread +nonsense": "thread nonsense",
    'File "<stdin>", line 1: thread': "File stdin line thread",
    "print(f'{thread:^10}')": "print f thread",
}


@pytest.mark.parametrize(("query", "words"), SIGNS.items(), ids=SIGNS)
def test_no_sign_changes_what_is_found(page: Page, query: str, words: str) -> None:
    results = found(page, words)
    assert results
    assert found(page, query) == results

"""What a reader copies or downloads is the example, byte for byte."""

import os
from pathlib import Path

import pytest

from exhibits.project import Project
from tests.browser.conftest import OPEN_EVERYTHING, Open

EXAMPLES = Project.here().examples
CLIPBOARD = ["clipboard-read", "clipboard-write"]


def test_the_copy_button_copies_the_file(
    open_page: Open, path: str, request: pytest.FixtureRequest
) -> None:
    """All but the final newline. With --pasted, each text is written to that folder as well."""
    page = open_page(path, permissions=CLIPBOARD)
    page.evaluate(OPEN_EVERYTHING)
    pasted: Path | None = request.config.getoption("--pasted")
    for exhibit in page.locator(".exhibit:has(.exhibit-source)").all():
        name = exhibit.locator(".exhibit-name").inner_text()
        page.evaluate("navigator.clipboard.writeText('')")
        exhibit.locator(".exhibit-source").hover()
        exhibit.locator(".exhibit-source .md-code__button[data-md-type=copy]").click()
        text = page.evaluate("navigator.clipboard.readText()")
        assert text.encode() + b"\n" == (EXAMPLES / name).read_bytes(), name
        if pasted:
            (pasted / name).parent.mkdir(parents=True, exist_ok=True)
            (pasted / name).write_bytes(text.encode() + b"\n")  # as an editor ends it


def test_the_download_is_the_file(open_page: Open, path: str) -> None:
    page = open_page(path)
    for link in page.locator("a.exhibit-download").all():
        with page.expect_download() as started:
            link.click()
        example = EXAMPLES / str(link.get_attribute("href")).removeprefix("examples/")
        assert started.value.suggested_filename == example.name
        assert started.value.path().read_bytes() == example.read_bytes(), example


def test_every_example_can_be_copied(open_page: Open, site: Path) -> None:
    """So the tests above have looked at each of them."""
    shown = set()
    for path in site.rglob("*.html"):
        page = open_page(os.path.relpath(path, site))
        names = page.locator(".exhibit:has(.exhibit-source) .exhibit-name")
        shown |= set(names.all_text_contents())
    assert shown == set(Project.here().example_names())

"""On paper: all sources, the outputs of all tabs, folded parts too; and no way around the site."""

import re
import unicodedata
from io import BytesIO
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from pypdf import PdfReader

from tests.browser.conftest import Open

PARTS = "pre > code, td, summary, .tabbed-labels label, a[href]:not(.headerlink, .exhibit-download)"
HIDDEN = """(parts) => parts.filter((one) => !one.checkVisibility({ visibilityProperty: true })
  || !one.getBoundingClientRect().height && one.textContent).map((one) => one.outerHTML)"""


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_print_shows_every_part(open_page: Open, path: str, script: bool) -> None:
    """Those of every tab and every fold too, with scripts and without."""
    page = open_page(path, java_script_enabled=script)
    page.emulate_media(media="print")
    parts = page.locator(f"article :is({PARTS})")
    assert parts.evaluate_all(HIDDEN) == []


def test_every_word_is_in_the_pdf(open_page: Open, site: Path, path: str) -> None:
    page = open_page(path)
    pdf = PdfReader(BytesIO(page.pdf()))
    printed = squeezed("".join(sheet.extract_text() for sheet in pdf.pages))
    html = BeautifulSoup((site / path).read_text("utf-8"), "html.parser")
    for part in html.select(f"article :is({PARTS})"):
        missing = [word for word in part.get_text(" ").split() if squeezed(word) not in printed]
        assert missing == [], part


def test_print_shows_neither_navigation_nor_buttons(open_page: Open, path: str) -> None:
    page = open_page(path)
    page.emulate_media(media="print")
    for part in page.locator("header, nav, button, footer a, .exhibit-download").all():
        assert not part.is_visible(), part.evaluate("one => one.outerHTML.slice(0, 200)")
    page.emulate_media(media="screen")


def squeezed(text: str) -> str:
    """The text without white space and ligatures, which a PDF sets as it likes."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text))

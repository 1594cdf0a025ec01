"""Where the built site is that these tests look at, and that they take it page by page."""

from pathlib import Path

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--site", type=Path, default=Path("site"), help="the built site's folder")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put all tests of a page in a row: so each page is parsed once, and one is kept at a time."""
    items.sort(key=page_of_test)


def page_of_test(item: pytest.Item) -> str:
    case = getattr(item, "callspec", None)
    return case.params.get("page", "") if case else ""


@pytest.fixture
def site(request: pytest.FixtureRequest) -> Path:
    folder = request.config.getoption("--site")
    assert folder.is_dir(), f"no {folder}: run nox -s docs"
    return Path(folder)

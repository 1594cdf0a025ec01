"""Where the built site is that these tests look at."""

from pathlib import Path

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--site", type=Path, default=Path("site"), help="the built site's folder")


@pytest.fixture
def site(request: pytest.FixtureRequest) -> Path:
    folder = request.config.getoption("--site")
    assert folder.is_dir(), f"no {folder}: run nox -s docs"
    return Path(folder)

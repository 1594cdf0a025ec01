"""Where the built site is that these tests look at."""

from pathlib import Path

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--site", type=Path, default=Path("site"), help="the built site's folder")

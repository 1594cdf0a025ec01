"""Where the two sites are that these tests compare."""

from pathlib import Path

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--mkdocs", type=Path, default=Path("build/pages"), help="built by MkDocs")
    parser.addoption("--zensical", type=Path, default=Path("build/zensical"), help="by Zensical")

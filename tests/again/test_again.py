"""The published site is what its runs make of it: elsewhere and later, the same bytes."""

from pathlib import Path

from exhibits.project import Project
from tests.again.elsewhere import build_elsewhere, differences


def test_the_site_built_elsewhere_is_equal_to_the_byte(tmp_path: Path) -> None:
    root = Project.here().root
    assert (root / "site").is_dir(), "no site/: run nox -s docs"
    assert differences(root / "site", build_elsewhere(root, tmp_path)) == []

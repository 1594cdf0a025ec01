"""Holds the zip of all examples to its promise: the same bytes from the same files, and usable."""

import os
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from exhibits.downloads import ZIP, put_downloads
from tests.machinery.conftest import Tiny, an_interpreter

PYTHONS = [an_interpreter("3.13"), an_interpreter("3.14")]


@pytest.fixture
def project(tiny: Callable[..., Tiny]) -> Tiny:
    project = tiny()
    project.write("examples/LICENSE", "0BSD\n")
    project.write("examples/threads/one.py", "print('one')\n")
    project.write("examples/queues/two.py", "print('two')\n")
    project.write("examples/ruff.toml", "line-length = 79\n")
    project.write("examples/.cache/x", "x")
    project.write("examples/threads/__pycache__/one.pyc", "x")
    project.write("mkdocs.yml", "nav:\n  - Threads: threads.md\n  - Queues: queues.md\n")
    project.write("docs/index.md", "# Index\n")
    block = '```python exec="on"\nfrom exhibits.page import example\nprint(example("{}"))\n```\n'
    project.write(
        "docs/queues.md", "---\nx: y\n---\n\n# Queues\n\n" + block.format("queues/two.py")
    )
    project.write(
        "docs/threads.md", "# Threads\n\n### Start { #start }\n\n" + block.format("threads/one.py")
    )
    return project


def zipped(project: Tiny) -> Path:
    put_downloads(project.project, PYTHONS)
    return project.root / "docs/examples" / ZIP


def contents(path: Path) -> dict[str, str]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


def test_the_zip_holds_every_example_and_nothing_that_is_none(project: Tiny) -> None:
    top = ZIP.removesuffix(".zip")
    found = contents(zipped(project))
    assert list(found) == [
        f"{top}/{name}" for name in ("LICENSE", "README.md", "queues/two.py", "threads/one.py")
    ]
    assert found[f"{top}/threads/one.py"] == "print('one')\n"


def test_its_readme_lists_each_example_under_its_chapter_in_the_order_of_the_book(
    project: Tiny,
) -> None:
    readme = contents(zipped(project))[f"{ZIP.removesuffix('.zip')}/README.md"]
    assert "executed on Python 3.13, 3.14. " in readme
    assert readme.endswith(
        "\n## Threads\n\n- `threads/one.py`: Start\n\n## Queues\n\n- `queues/two.py`: Queues\n"
    )


def test_equal_files_make_equal_bytes_whatever_their_dates_and_rights(
    project: Tiny, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = zipped(project).read_bytes()
    for path in project.root.glob("examples/**/*.py"):
        os.utime(path, (1, 1))
        path.chmod(0o600)
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    umask = os.umask(0o077)
    try:
        assert zipped(project).read_bytes() == first
    finally:
        os.umask(umask)
    project.write("examples/threads/one.py", "print('another')\n")
    assert zipped(project).read_bytes() != first


def test_what_was_unzipped_runs(project: Tiny, tmp_path: Path) -> None:
    with zipfile.ZipFile(zipped(project)) as archive:
        archive.extractall(tmp_path)
    script = tmp_path / ZIP.removesuffix(".zip") / "threads/one.py"
    assert subprocess.check_output([sys.executable, str(script)], text=True) == "one\n"


def test_a_file_that_was_deleted_is_no_longer_there_to_download(project: Tiny) -> None:
    zipped(project)
    (project.root / "examples/queues/two.py").unlink()
    project.write("docs/queues.md", "# Queues\n")
    assert not any("two.py" in name for name in contents(zipped(project)))
    assert not (project.root / "docs/examples/queues/two.py").exists()

"""What readers download: each example as it is, and all of them in one zip."""

import shutil
import zipfile
from collections.abc import Iterable
from pathlib import Path

from exhibits import pages
from exhibits.compare import versions
from exhibits.interpreters import Interpreter
from exhibits.project import Project

ZIP = "threads-and-processes-examples.zip"
# The earliest date that a zip can hold, so that equal examples make an equal file.
DATE = (1980, 1, 1, 0, 0, 0)
README = """\
# Threads and processes in Python: the examples

Every file here runs by itself and needs nothing but Python:

    python threads/start_and_join.py

They were executed on Python {versions}. Some fail on purpose; the pages say which, and why.

Licence: 0BSD, see LICENSE. Copy what you like.
"""


def put_downloads(project: Project, interpreters: Iterable[Interpreter]) -> None:
    """Copy the examples, and a zip of them, into docs/, where the builder takes them as they are.

    `interpreters` are those that execute the examples.
    """
    copies = project.docs / "examples"
    shutil.rmtree(copies, ignore_errors=True)
    no_examples = shutil.ignore_patterns("__pycache__", "*.toml", ".*")
    shutil.copytree(project.examples, copies, ignore=no_examples)
    write_zip(copies, copies / ZIP, readme(project, interpreters))


def readme(project: Project, interpreters: Iterable[Interpreter]) -> str:
    """How to run the examples; and each of them, under the section of the page that shows it."""
    parts = [README.format(versions=versions(interpreters))]
    shown_on = pages.page_of_each(project)
    chapter = ""
    in_book = pages.in_book(project)
    for use in sorted(pages.uses(project), key=lambda use: in_book(use.page)):
        if shown_on.get(use.example) != use.page or use.function not in pages.SHOWN_BY:
            continue
        title, section = pages.headings_above(project, use)
        if title != chapter:
            parts.append(f"\n## {title}\n\n")
            chapter = title
        parts.append(f"- `{use.example}`: {section}\n")
    return "".join(parts)


def write_zip(folder: Path, target: Path, readme: str) -> None:
    """Put the files below a folder into a zip, with a README; equal files make equal bytes."""
    files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in _files(folder)}
    files["README.md"] = readme.encode()
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in sorted(files.items()):
            entry = zipfile.ZipInfo(f"{target.stem}/{name}", DATE)
            entry.create_system = 3  # Unix, wherever it is made
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, content)


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and path.suffix != ".zip"]

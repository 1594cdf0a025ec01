"""Where the parts of the project are, and its settings."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any


class Problem(Exception):
    """Something that stops the build: one line that names what, where and the remedy."""


@dataclass(frozen=True)
class Project:
    """One checkout, by its top folder; every path below is derived from that."""

    root: Path

    @classmethod
    def here(cls) -> "Project":
        """The project whose top folder is the current folder."""
        if not Path("mkdocs.yml").is_file():
            raise Problem("there is no mkdocs.yml here: run from the top folder of a checkout")
        return cls(Path.cwd())

    @property
    def docs(self) -> Path:
        return self.root / "docs"

    @property
    def examples(self) -> Path:
        return self.root / "examples"

    @property
    def build(self) -> Path:
        """What a build leaves behind besides the site: runs, bytecode. Safe to delete."""
        return self.root / "build"

    @property
    def runs(self) -> Path:
        return self.build / "runs"

    @property
    def bytecode(self) -> Path:
        """Each interpreter's compiled library."""
        return self.build / "bytecode"

    @property
    def evidence(self) -> Path:
        """What the contracts said of those runs."""
        return self.build / "evidence.json"

    @property
    def settings(self) -> dict[str, Any]:
        """The table `[tool.exhibits]` of pyproject.toml."""
        return _settings((self.root / "pyproject.toml").read_text("utf-8"))

    def example_names(self) -> list[str]:
        """Every example, as `<chapter>/<what_it_shows>.py`, in order of name."""
        return sorted(p.relative_to(self.examples).as_posix() for p in self.examples.glob("*/*.py"))


@cache
def _settings(pyproject: str) -> dict[str, Any]:
    settings: dict[str, Any] = tomllib.loads(pyproject)["tool"]["exhibits"]
    return settings

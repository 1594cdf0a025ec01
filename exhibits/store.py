"""Runs on disk, and whether one may still be used for what is asked."""

import hashlib
import os
import tempfile
from pathlib import Path

from exhibits import sandbox
from exhibits.execute import MACHINERY
from exhibits.interpreters import Interpreter
from exhibits.run import Machine, Run, by_version


class Store:
    """A folder of runs: `<chapter>/<example>/<interpreter>.json`.

    What a repeated example did the second time and later is in `<interpreter>/<n>.json` below that.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def save(self, run: Run, repeat: int = 0) -> None:
        """Keep a run, in place of an earlier one of the same example, interpreter and repeat."""
        path = self._path(run.example, run.interpreter.name, repeat)
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, unfinished = tempfile.mkstemp(dir=path.parent, suffix=".new")
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(run.to_json())
        Path(unfinished).replace(path)

    def load(
        self, example: str, source: bytes, interpreter: Interpreter, repeat: int = 0
    ) -> Run | None:
        """The stored run of exactly this source, interpreter, machinery and machine, if any."""
        run = self._read(self._path(example, interpreter.name, repeat))
        valid = run and run.interpreter == interpreter and _is_of(run, example, source)
        return run if valid else None

    def all(self) -> list[Run]:
        """Every run that a page shows, in order of example."""
        runs = (self._read(path) for path in sorted(self.folder.glob("*/*/*.json")))
        return [run for run in runs if run]

    def repeats(self) -> list[Run]:
        """What repeated examples did the second time and later, in order of example."""
        runs = (self._read(path) for path in sorted(self.folder.glob("*/*/*/*.json")))
        return [run for run in runs if run]

    def of(
        self, example: str, source: bytes, checked: bool = False, repeats: bool = False
    ) -> list[Run]:
        """As `load`, for every interpreter that has such a run; oldest version first.

        Runs that were `checked` against the contracts may be of any machine and machinery. With
        `repeats`, these alone: what the example did the second time and later.
        """
        paths = self._folder(example).glob("*/*.json" if repeats else "*.json")
        runs = (self._read(path) for path in sorted(paths))
        return by_version(run for run in runs if run and _is_of(run, example, source, checked))

    def _folder(self, example: str) -> Path:
        return self.folder / Path(example).with_suffix("")

    def _path(self, example: str, interpreter: str, repeat: int) -> Path:
        name = f"{interpreter}/{repeat}.json" if repeat else f"{interpreter}.json"
        return self._folder(example) / name

    @staticmethod
    def _read(path: Path) -> Run | None:
        try:
            return Run.from_json(path.read_text("utf-8"))
        except (OSError, KeyError, TypeError, ValueError, AttributeError):
            return None


def _is_of(run: Run, example: str, source: bytes, anywhere: bool = False) -> bool:
    """Whether a run was made of exactly this source, by this machinery, on this machine."""
    made = (run.machinery, run.machine, run.sandboxed)
    here = (MACHINERY, Machine.this(), sandbox.possible())
    digest = hashlib.sha256(source).hexdigest()
    return (run.example, run.source) == (example, digest) and (anywhere or made == here)

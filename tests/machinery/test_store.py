"""Holds the store to giving back only runs that still say what they were asked for."""

import json
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from exhibits import store as store_module
from exhibits.execute import PARTS
from exhibits.run import Line, Machine, Run
from exhibits.store import Store
from tests.machinery.conftest import ROOT, a_lane, a_run, an_interpreter

SOURCE = b"pass\n"
EXAMPLE = "threads/script.py"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "runs")


@pytest.fixture
def path(store: Store) -> Path:
    """The file of the one run that the store holds."""
    store.save(a_run())
    (path,) = store.folder.rglob("*.json")
    return path


def load(store: Store, source: bytes = SOURCE) -> Run | None:
    return store.load(EXAMPLE, source, an_interpreter())


def test_a_run_comes_back_as_it_was(store: Store) -> None:
    text = 'é – 🐍 \\x00 "quotes" <b>&amp;</b> \t\n'
    lines = (Line(0.0001, "stdout", text), Line(1.5, "stderr", "no newline"))
    run = replace(a_run(), lines=lines, exit_code=None, end="time limit")
    store.save(run)
    assert load(store) == run
    assert store.all() == store.of(EXAMPLE, SOURCE) == [run]


def test_a_later_run_takes_the_place_of_an_earlier_one(store: Store) -> None:
    store.save(a_run(stdout="earlier\n"))
    store.save(later := a_run(stdout="later\n"))
    assert store.all() == [later]


def test_saving_leaves_no_unfinished_file(store: Store) -> None:
    store.save(a_run())
    assert [path.suffix for path in store.folder.rglob("*") if path.is_file()] == [".json"]


def test_a_run_is_kept_for_each_interpreter_and_example(store: Store) -> None:
    store.save(a_run("3.13"))
    store.save(a_run("3.13t"))
    store.save(a_run("3.13", example="locks/script.py"))
    assert len(store.all()) == 3


def test_another_source_has_no_run(store: Store) -> None:
    store.save(a_run())
    assert load(store, SOURCE + b"\n") is None
    assert store.of(EXAMPLE, SOURCE + b"\n") == []


def test_another_example_of_equal_source_has_no_run(store: Store) -> None:
    store.save(a_run())
    assert store.load("threads/other.py", SOURCE, an_interpreter()) is None


@pytest.mark.parametrize(
    "change",
    [
        {"build": "another"},
        {"digest": "another"},
        {"version": "3.14.2"},
        {"gil": False},
        {"start_method": "fork"},
    ],
)
def test_another_interpreter_of_the_same_name_has_no_run(
    store: Store, change: dict[str, str | bool]
) -> None:
    store.save(a_run())
    other = an_interpreter()
    for name, value in change.items():
        object.__setattr__(other, name, value)
    assert store.load(EXAMPLE, SOURCE, other) is None


def test_other_machinery_has_no_run(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store.save(a_run())
    monkeypatch.setattr(store_module, "MACHINERY", "of tomorrow")
    assert load(store) is None


def test_each_module_that_has_a_part_in_executing_is_machinery() -> None:
    code = "import sys, exhibits.execute; print(*sys.modules)"
    command = [sys.executable, "-c", code]
    loaded = subprocess.run(command, capture_output=True, text=True, cwd=ROOT).stdout.split()
    parts = {name.removeprefix("exhibits.") for name in loaded if name.startswith("exhibits.")}
    assert parts | {"capture", "first_process"} == set(PARTS)  # the worker's, and the sandbox's


def test_another_machine_has_no_run(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store.save(a_run())
    monkeypatch.setattr(Machine, "this", lambda: Machine("Plan 9", 1, "another"))
    assert load(store) is None


def test_a_checked_run_may_be_of_any_machine_but_not_of_another_source(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.save(run := a_run())
    monkeypatch.setattr(store_module, "MACHINERY", "of tomorrow")
    monkeypatch.setattr(Machine, "this", lambda: Machine("Plan 9", 1, "another"))
    assert store.of(EXAMPLE, SOURCE) == []
    assert store.of(EXAMPLE, SOURCE, checked=True) == [run]
    assert store.of(EXAMPLE, SOURCE + b"\n", checked=True) == []
    assert store.of("threads/other.py", SOURCE, checked=True) == []


@pytest.mark.parametrize("kept", [0, 1, 50, 0.5, 0.99])
def test_a_truncated_file_is_no_run(store: Store, path: Path, kept: float) -> None:
    text = path.read_bytes()
    path.write_bytes(text[: int(kept if kept >= 1 else kept * len(text))])
    assert load(store) is None
    assert store.all() == store.of(EXAMPLE, SOURCE) == []


@pytest.mark.parametrize("text", ["[]", "{}", "null", "1", '"run"', '{"lines": []}', "\xff"])
def test_foreign_json_is_no_run(store: Store, path: Path, text: str) -> None:
    path.write_text(text, "latin-1")
    assert load(store) is None
    assert store.all() == store.of(EXAMPLE, SOURCE) == []


@pytest.mark.parametrize(
    "change",
    [
        {"extra": 1},
        {"lines": None},
        {"lines": [{"text": "no time"}]},
        {"lines": "text"},
        {"interpreter": "3.14"},
        {"interpreter": {"name": "3.14"}},
        {"machine": None},
    ],
    ids=str,
)
def test_a_run_of_another_form_is_no_run(
    store: Store, path: Path, change: dict[str, object]
) -> None:
    path.write_text(json.dumps(asdict(a_run()) | change), "utf-8")
    assert load(store) is None
    assert store.all() == store.of(EXAMPLE, SOURCE) == []


def test_a_run_that_lacks_a_field_is_no_run(store: Store, path: Path) -> None:
    fields = asdict(a_run())
    for name in fields:
        path.write_text(json.dumps({k: v for k, v in fields.items() if k != name}), "utf-8")
        assert load(store) is None, name


def test_an_empty_or_absent_folder_holds_no_run(store: Store) -> None:
    assert load(store) is None
    assert store.all() == store.of(EXAMPLE, SOURCE) == []


def test_runs_of_an_example_are_in_order_of_version_without_the_stale_ones(store: Store) -> None:
    for name in ("3.14", "3.9", "3.13t", "3.11", "3.13"):
        store.save(a_run(name))
    store.save(a_run("3.12", source=b"stale\n"))
    names = [run.interpreter.name for run in store.of(EXAMPLE, SOURCE)]
    assert names == ["3.9", "3.11", "3.13", "3.13t", "3.14"]


def test_repeats_are_kept_beside_the_run_that_a_page_shows(store: Store) -> None:
    shown, *repeats = [replace(a_run(stdout=f"{n}\n"), duration=float(n)) for n in range(3)]
    for number, run in enumerate((shown, *repeats)):
        store.save(run, number)
    assert load(store) == shown
    assert store.all() == store.of(EXAMPLE, SOURCE) == [shown], "what a page shows"
    assert store.repeats() == repeats
    for number, run in enumerate(repeats, 1):
        assert store.load(EXAMPLE, SOURCE, an_interpreter(), number) == run
    assert store.load(EXAMPLE, SOURCE, an_interpreter(), 3) is None


def test_a_later_repeat_takes_the_place_of_the_earlier_one_of_its_number(store: Store) -> None:
    store.save(first := a_run(stdout="first\n"), 1)
    store.save(a_run(stdout="earlier\n"), 2)
    store.save(later := a_run(stdout="later\n"), 2)
    assert store.repeats() == [first, later]


def test_repeats_are_kept_for_each_interpreter_and_example(store: Store) -> None:
    for name in ("3.13", "3.13t"):
        for example in (EXAMPLE, "locks/script.py"):
            store.save(a_run(name, example=example), 1)
    assert {(run.interpreter.name, run.example) for run in store.repeats()} == {
        (name, example) for name in ("3.13", "3.13t") for example in (EXAMPLE, "locks/script.py")
    }
    assert store.all() == []


def test_a_repeat_of_another_source_is_not_given_for_this_one(store: Store) -> None:
    store.save(a_run(), 1)
    assert store.load(EXAMPLE, SOURCE + b"\n", an_interpreter(), 1) is None


def test_a_truncated_repeat_is_no_run(store: Store) -> None:
    store.save(a_run(), 1)
    (path,) = store.folder.rglob("*.json")
    path.write_bytes(path.read_bytes()[:100])
    assert store.repeats() == []
    assert store.load(EXAMPLE, SOURCE, an_interpreter(), 1) is None


def test_lanes_come_back_as_they_were(store: Store) -> None:
    lanes = (a_lane([0.25, 1.0]), a_lane([0], 1, 2, 'é – "<b>&amp;"', True, first=3))
    store.save(run := a_run(lanes=lanes))
    assert load(store) == run
    store.save(run := a_run(lanes=()))
    assert load(store) == run, "that the system cannot tell is not that nobody looked"


@pytest.mark.parametrize(
    "lanes",
    ["text", 1, [1], [{}], [asdict(a_lane([1])) | {"extra": 1}]],
    ids=["text", "number", "numbers", "empty", "extra"],
)
def test_lanes_of_another_form_are_no_run(store: Store, path: Path, lanes: object) -> None:
    path.write_text(json.dumps(asdict(a_run()) | {"lanes": lanes}), "utf-8")
    assert load(store) is None
    assert store.all() == []

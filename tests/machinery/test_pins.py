"""Holds whatever is installed to what was pinned: exact versions, by their hashes."""

import ast
import json
import re
import tomllib
from pathlib import Path

import pytest

from tests.machinery.conftest import ROOT

PINS = sorted((ROOT / "requirements").glob("*.txt"))
# One requirement as uv writes it. Another kind of line, as one that names an index, is none.
PINNED = re.compile(r"[\w.-]+(\[[\w,-]+\])?==[\w.+!]+( ; [^@\\]+?)?( +--hash=sha256:[0-9a-f]{64})+")
COMMANDS = [ROOT / ".ci" / "run", *sorted((ROOT / ".github").rglob("*.yml"))]
# What fetches code; and how it may, where hashes decide what is taken.
FETCHES = re.compile(r"\b(pip3?|uv|uvx|pipx|npm|npx|curl|wget|git clone|docker)\b .*")
WHEELS = "--only-binary=:all:"  # to build one, pip would execute a backend that nothing pins
FROM_PINS = re.compile(
    rf"pip install (--quiet )?{WHEELS} --require-hashes -r requirements/\w+\.txt"
)
# An action of a workflow: the commit, not a tag that can be moved.
ACTION = re.compile(r"[\w./-]+@[0-9a-f]{40} # v[\d.]+")


@pytest.mark.parametrize("path", PINS, ids=lambda path: path.stem)
def test_each_requirement_is_one_version_with_its_hashes(path: Path) -> None:
    text = path.read_text("utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    assert lines
    assert [line for line in lines if not PINNED.fullmatch(line)] == []


def named_in(group: str) -> set[str]:
    """What a dependency group of pyproject.toml names, and the groups that it includes."""
    entries = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["dependency-groups"][
        group
    ]
    names = {re.split("[=<>]", entry)[0] for entry in entries if isinstance(entry, str)}
    included = [entry["include-group"] for entry in entries if not isinstance(entry, str)]
    return names.union(*map(named_in, included))


@pytest.mark.parametrize("path", PINS, ids=lambda path: path.stem)
def test_what_a_group_names_is_pinned(path: Path) -> None:
    pinned = re.findall(r"^([\w.-]+)==", path.read_text("utf-8"), re.M)
    assert sorted(named_in(path.stem) - set(pinned)) == []


def test_each_file_is_one_that_is_renewed() -> None:
    """`nox -s pin` rewrites all that are there."""
    (groups,) = re.findall(r"for group in \((.*?)\):", (ROOT / "noxfile.py").read_text("utf-8"))
    assert sorted(re.findall(r"\w+", groups)) == [path.stem for path in PINS]


def test_sessions_install_from_pins_alone() -> None:
    """`install` is the one place where pip installs; `install_from_npm` the one where npm does."""
    tree = ast.parse((ROOT / "noxfile.py").read_text("utf-8"))
    calls = [
        (function.name, [ast.unparse(argument) for argument in call.args])
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef)
        for call in ast.walk(function)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute)
        if call.func.attr in {"install", "conda_install", "run", "run_install"}
        if call.func.attr != "run" or {"'install'", "'ci'"} & set(map(ast.unparse, call.args))
    ]
    assert [name for name, _ in calls] == ["install", "install_from_npm"]
    (_, by_pip), (_, by_npm) = calls
    assert by_pip == ["'--quiet'", f"'{WHEELS}'", "'--require-hashes'", "'-r'", "str(pins)"]
    assert by_npm[:2] == ["'npm'", "'ci'"]


@pytest.mark.parametrize("path", COMMANDS, ids=lambda path: path.name)
def test_ci_installs_from_pins_alone(path: Path) -> None:
    for line in path.read_text("utf-8").splitlines():
        code = line.split("#")[0]
        for fetched in FETCHES.finditer(code) if "command -v" not in code else ():
            assert FROM_PINS.fullmatch(fetched[0].strip()), line
        if action := re.match(r"\s*(?:- )?uses: (.*)", line):
            assert ACTION.fullmatch(action[1]), line


def test_npm_takes_what_has_the_hash() -> None:
    lock = json.loads((ROOT / "tests/browser/npm-shrinkwrap.json").read_text("utf-8"))
    packages = {name: package for name, package in lock["packages"].items() if name}
    assert packages
    for name, package in packages.items():
        assert package["integrity"].startswith("sha512-"), name
        assert "resolved" not in package, name

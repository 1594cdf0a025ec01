"""Builds a project's pages again where all is different that must not matter."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# What the build reads; docs/examples is left out, since the build puts it there.
INPUTS = (
    *("docs", "examples", "exhibits", "mkdocs.yml", "pyproject.toml"),
    *("build/runs", "build/evidence.json"),
)
# Commands that make the rest of a command line find another machine; those that are not here, or
# may not be used, change nothing.
DISGUISES = (
    ("unshare", "--uts", "sh", "-c", 'hostname elsewhere && exec "$@"', "sh"),
    ("unshare", "--map-root-user", "--uts", "sh", "-c", 'hostname elsewhere && exec "$@"', "sh"),
    ("taskset", "--cpu-list", "0"),
    ("faketime", "-f", "+365d"),
)
VARIABLES = {
    "LC_ALL": "C",
    "LANG": "tr_TR.UTF-8",
    "TZ": "Asia/Kathmandu",
    "PYTHONHASHSEED": "1",
    "PYTHONOPTIMIZE": "1",
    "NO_MKDOCS_2_WARNING": "1",
}


def copy_backwards(root: Path, other: Path) -> None:
    """Copy a project's inputs, last name first, so that folders list them otherwise."""
    for part in INPUTS:
        source = root / part
        files = (
            [source] if source.is_file() else [one for one in source.rglob("*") if one.is_file()]
        )
        for file in sorted(files, reverse=True):
            target = other / file.relative_to(root)
            if "__pycache__" not in file.parts and (root / "docs/examples") not in file.parents:
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file, target)


def build_elsewhere(root: Path, folder: Path, python: str = sys.executable) -> Path:
    """The site, built again in a folder below `folder`: elsewhere, later, by someone else."""
    other = folder / "a much longer path, with spaces" / "änderswo" / root.name
    copy_backwards(root, other)
    home = folder / "another home"
    home.mkdir()
    disguise = [part for one in DISGUISES if works(one) for part in one]
    command = [*disguise, python, "-m", "exhibits", "pages"]
    variables = VARIABLES | {
        "HOME": str(home),
        "TMPDIR": str(home),
        "PYTHONPATH": f"{other}:{ROOT}",
    }
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST")}
    answer = subprocess.run(
        command,
        cwd=other,
        env=environment | variables,
        umask=0o077,
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr
    return other / "build/pages"


def works(disguise: tuple[str, ...]) -> bool:
    try:
        return subprocess.run([*disguise, "true"], capture_output=True).returncode == 0
    except FileNotFoundError:
        return False


def contents(site: Path) -> dict[str, bytes]:
    """Every file of a site by its name, and every folder."""
    return {
        path.relative_to(site).as_posix(): path.read_bytes() if path.is_file() else b"a folder"
        for path in site.rglob("*")
    }


def differences(one: Path, other: Path) -> list[str]:
    """The names of files that two sites do not both have, or not with equal bytes."""
    first, second = contents(one), contents(other)
    return sorted(name for name in first | second if first.get(name) != second.get(name))

"""Which CPythons are on this machine, and what each one is."""

import contextlib
import hashlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from exhibits.project import Problem

PROBE = """
import sys
started = [getattr(module, "__file__", None) for module in list(sys.modules.values())]
import contextlib, json, multiprocessing, os, platform, site, sysconfig
for name in ("bz2", "ctypes", "hashlib", "lzma", "sqlite3", "ssl", "zlib"):
    with contextlib.suppress(ImportError):
        __import__(name)
libraries = set()
if sys.platform == "linux":
    with open("/proc/self/maps") as maps:
        libraries = {line.split()[-1] for line in maps if ".so" in line}
print(json.dumps({
    "version": platform.python_version(),
    "build": sys.version,
    "free_threaded": bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
    "gil": getattr(sys, "_is_gil_enabled", lambda: True)(),
    "start_method": multiprocessing.get_start_method(),
    "executable": os.path.realpath(sys.executable),
    "library": os.path.dirname(os.__file__),
    "sites": site.getsitepackages(),
    "libraries": sorted(libraries),
    "started": sorted(file for file in started if file),
    "prefixes": [sys.base_prefix, sys.base_exec_prefix],
}))
"""


# Where the libraries are that belong to the system and not to an interpreter.
SYSTEM = ("/usr/lib", "/lib")
# Parts of a library that no example imports, or that are made from the others.
UNUSED = {"site-packages", "dist-packages", "test", "__pycache__"}
# Further parts that no example imports, and that take long to compile.
UNCOMPILED = {"ensurepip", "idlelib", "lib2to3", "pydoc_data", "tests", "tkinter", "turtledemo"}


@dataclass(frozen=True)
class Interpreter:
    """What a run says of the CPython that made it.

    `name` is uv's: the minor version, with a `t` where the build is free-threaded.
    `build` is `sys.version`, and `digest` a hash of all its files, which tell two builds of one
    version apart.
    `start_method` is the one multiprocessing uses unless told otherwise.
    """

    name: str
    version: str
    build: str
    digest: str
    free_threaded: bool
    gil: bool
    start_method: str

    @property
    def minor(self) -> tuple[int, int]:
        """The version as numbers to compare, e.g. `(3, 13)`."""
        return version_of(self.name)


def version_of(name: str) -> tuple[int, int]:
    """The version of the interpreter of this name, as numbers to compare."""
    major, minor = name.rstrip("t").split(".")
    return int(major), int(minor)


@dataclass(frozen=True)
class Installation:
    """An interpreter on this machine: the file to start, where its library is, all its folders."""

    interpreter: Interpreter
    executable: str
    library: str
    places: tuple[str, ...]


def newest_first(interpreter: Interpreter) -> tuple[int, int, bool]:
    """A sort key: newer versions first, the free-threaded build after its sibling."""
    major, minor = interpreter.minor
    return -major, -minor, interpreter.free_threaded


def probe(executable: str) -> Installation:
    """Ask the CPython at `executable` what it is. Raises Problem if it does not answer."""
    command = [executable, "-I", "-c", PROBE]
    try:
        answer = subprocess.run(
            command, env=_own_environment(), capture_output=True, text=True, timeout=60, check=True
        )
        facts = json.loads(answer.stdout)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        message = f"the interpreter {executable} does not run ({error}): reinstall it"
        raise Problem(message) from error
    major, minor, *_ = facts["version"].split(".")
    name = f"{major}.{minor}" + ("t" if facts["free_threaded"] else "")
    executable, library, sites, libraries, started, prefixes = (
        facts.pop(key)
        for key in ("executable", "library", "sites", "libraries", "started", "prefixes")
    )
    own = [path for path in libraries if not path.startswith(SYSTEM)]
    places = {Path(path).parent for path in (executable, library, *own)} | set(map(Path, prefixes))
    outer = [str(p) for p in sorted(places) if not places.intersection(p.parents)]
    digest = _digest([executable, *libraries, *started], library, sites)
    return Installation(
        Interpreter(name=name, digest=digest, **facts), executable, library, tuple(outer)
    )


def _digest(files: list[str], library: str, sites: list[str]) -> str:
    """A hash of an interpreter's files, its library, and what its site-packages do at its start.

    That may be in packages that they import: `files` are the executable, the system's libraries,
    and the modules that are there when it has started.
    """
    paths = [Path(file) for file in files]
    paths += [path for site in sites for path in sorted(Path(site).glob("*"))]
    for folder, below, names in os.walk(library):
        below[:] = sorted(set(below) - UNUSED)
        paths += [Path(folder, name) for name in sorted(names)]
    whole = hashlib.sha256()
    for path in paths:
        if path.is_file():
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").digest()
            whole.update(f"{path}\0".encode() + digest)
    return whole.hexdigest()[:16]


def compile_library(installation: Installation, bytecode: Path) -> None:
    """Compile an interpreter's library into a folder, for PYTHONPYCACHEPREFIX, unless it is there.

    Or else the first scripts to be executed would have to, and be slower than those that follow.
    """
    if bytecode.is_dir():
        return
    bytecode.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory("", "new-", bytecode.parent) as unfinished:
        with contextlib.suppress(OSError):  # it is gone: its first script will say so
            subprocess.run(
                [
                    *(installation.executable, "-m", "compileall", "-q", "-q"),
                    *("-x", f"[/\\\\]({'|'.join(sorted(UNCOMPILED | UNUSED))})[/\\\\]"),
                    installation.library,
                ],
                env=_own_environment() | {"PYTHONPYCACHEPREFIX": unfinished},
                capture_output=True,
                check=False,  # some files are wrong on purpose
            )
        Path(unfinished).chmod(0o755)  # a script may be another user
        with contextlib.suppress(OSError):  # another build has been quicker
            Path(unfinished).rename(bytecode)
            Path(unfinished).mkdir()  # for TemporaryDirectory to remove


def this_one() -> Installation:
    """The interpreter below the virtual environment that runs this very code."""
    return probe(getattr(sys, "_base_executable", sys.executable))


@lru_cache
def found(wanted: tuple[str, ...]) -> tuple[Installation, ...]:
    """The interpreters of `wanted` that are here and answer, in the order of `wanted`."""
    candidates = list(_listed_by_uv())
    with ThreadPoolExecutor() as pool:
        installations = list(pool.map(lambda name: _first_that_runs(name, candidates), wanted))
    here = tuple(installation for installation in installations if installation)
    if not here:
        raise Problem(f"none of Python {', '.join(wanted)} is here: uv python install {wanted[0]}")
    return here


def install_missing(wanted: Iterable[str]) -> list[str]:
    """Let uv download what is not here; return the names that could not be had."""
    listed = {name for name, _ in _listed_by_uv()}
    return [name for name in wanted if name not in listed and not _installed_by_uv(name)]


def _own_environment() -> dict[str, str]:
    """The builder's environment without what would change an interpreter."""
    return {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}


def _uv(*arguments: str) -> "subprocess.CompletedProcess[str]":
    from uv import find_uv_bin

    environment = {k: v for k, v in os.environ.items() if k != "VIRTUAL_ENV"}
    environment.setdefault("UV_HTTP_RETRIES", "1")
    return subprocess.run(
        [find_uv_bin(), *arguments], env=environment, capture_output=True, text=True, check=False
    )


def _installed_by_uv(name: str) -> bool:
    return _uv("python", "install", "--quiet", name).returncode == 0


def _listed_by_uv() -> Iterator[tuple[str, str]]:
    """Name and path of each CPython that uv sees, its own and the system's."""
    listing = _uv("python", "list", "--only-installed", "--output-format", "json")
    for entry in json.loads(listing.stdout or "[]"):
        if entry["implementation"] == "cpython" and entry["variant"] in ("default", "freethreaded"):
            parts = entry["version_parts"]
            suffix = "t" if entry["variant"] == "freethreaded" else ""
            yield f"{parts['major']}.{parts['minor']}{suffix}", entry["path"]


def _first_that_runs(name: str, candidates: list[tuple[str, str]]) -> Installation | None:
    for path in (path for listed, path in candidates if listed == name):
        try:
            installation = probe(path)
        except Problem:
            continue
        if installation.interpreter.name == name:
            return installation
    return None

"""What the machinery's tests share: real interpreters, a process that executes, a tiny project."""

import hashlib
import multiprocessing
import os
import shutil
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import ParamSpec, TypeVar

import psutil
import pytest
from hypothesis import HealthCheck, settings

import exhibits
from exhibits import capture as capture_module
from exhibits import interpreters, sandbox
from exhibits.execute import MACHINERY, adopt_orphans, execute
from exhibits.follow import Limits
from exhibits.interpreters import Installation, Interpreter
from exhibits.project import Project
from exhibits.run import BIN, Lane, Line, Machine, Run, Stream

P = ParamSpec("P")
T = TypeVar("T")

# The same texts each time; with --hypothesis-profile=many, a hundred times as many, and others. A
# busy machine is no fault of theirs.
settings.register_profile(
    "many",
    max_examples=20_000,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("some", settings.get_profile("many"), max_examples=200, derandomize=True)
settings.load_profile("some")

ROOT = Path(exhibits.__file__).resolve().parents[1]
HERE = interpreters.found(tuple(Project(ROOT).settings["interpreters"]))

# What a builder's own environment may hold, and no script may see.
BUILDERS = {
    "BUILDERS_SECRET": "hunter2",
    "COLUMNS": "33",
    "FORCE_COLOR": "1",
    "LANG": "C",
    "PYTHONOPTIMIZE": "2",
    "PYTHONUNBUFFERED": "1",
    "TZ": "Asia/Tokyo",
    "VIRTUAL_ENV": "elsewhere",
}


# The page that was published before a test builds.
FORMER = "<p>The former site</p>"


@dataclass(frozen=True)
class Worker:
    """A process that executes one script at a time, as each worker of the build does."""

    pool: ProcessPoolExecutor
    bytecode: Path
    sandboxed: bool | None = None

    def __call__(
        self,
        source: str | bytes,
        installation: Installation,
        limits: Limits | None = None,
        terminal: bool = True,
        watched: bool = False,
    ) -> Run:
        interpreter = installation.interpreter
        bytecode = self.bytecode / f"{interpreter.name}-{interpreter.digest}"
        interpreters.compile_library(installation, bytecode)
        how = (limits or Limits(seconds=20), bytecode, terminal, watched, self.sandboxed)
        return self.do(execute, "threads/script.py", encoded(source), installation, *how)

    def do(self, function: Callable[P, T], *arguments: P.args, **keywords: P.kwargs) -> T:
        """Call a function in that process."""
        return self.pool.submit(function, *arguments, **keywords).result(timeout=60)


@dataclass(frozen=True)
class Tiny:
    """A project with few interpreters and small limits, to try the machinery on."""

    root: Path

    @property
    def project(self) -> Project:
        return Project(self.root)

    def write(self, path: str, text: str | bytes) -> Path:
        """Write a file of the project, indented in the test as suits the test."""
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(encoded(text))
        return target

    def show(self, *examples: str, page: str = "docs/index.md", by: str = "example") -> None:
        """Write a page that shows these examples, by that function of the page's."""
        calls = "\n".join(f'print({by}("{example}"))' for example in examples)
        block = f"from exhibits.page import {by}\n{calls}"
        self.write(page, f'# Page\n\n```python exec="on" html="on"\n{block}\n```\n\nThat is all.\n')

    def configure(
        self,
        names: Sequence[str],
        time_limit: float = 2,
        output_lines: int = 100,
        repeated: Sequence[str] = (),
    ) -> None:
        """Write the settings: these interpreters and limits, and Material with what it needs."""
        self.write(
            "pyproject.toml",
            f"""
            [tool.exhibits]
            interpreters = {names}
            time_limit = {time_limit}
            output_bytes = 20000
            output_lines = {output_lines}
            memory_megabytes = 800
            processes = 50
            threads = 200
            disk_megabytes = 20
            repeats = 3
            repeated = {list(repeated)}

            [tool.pytest.ini_options]
            markers = ["example(script, on, exit_code, stderr): what a contract is about"]
            """,
        )
        self.write(
            "mkdocs.yml",
            """
            site_name: Tiny
            site_description: A tiny project
            use_directory_urls: false
            theme:
              name: material
              font: false
            plugins:
              - markdown-exec
            markdown_extensions:
              - abbr
              - md_in_html
              - pymdownx.highlight
              - pymdownx.superfences
              - pymdownx.snippets
              - pymdownx.emoji
              - attr_list
              - tables
            """,
        )

    def add_contracts(self, contracts: str) -> None:
        """Copy what holds contracts into the project, with contracts of the test's."""
        for folder in ("tests", "tests/contracts"):
            self.write(f"{folder}/__init__.py", "")
        for name in ("conftest.py", "test_coverage.py"):
            shutil.copy(ROOT / "tests/contracts" / name, self.root / "tests/contracts" / name)
        self.write("tests/contracts/test_threads.py", contracts)

    def without_sandbox(self) -> dict[str, str]:
        """The variable of a command for which bubblewrap fails."""
        bwrap = self.write("bin/bwrap", "#!/bin/sh\nexit 1\n")
        bwrap.chmod(0o755)
        return {"PATH": f"{bwrap.parent}{os.pathsep}{os.environ['PATH']}"}

    def publish_before(self) -> None:
        """Let a site be there, and a test of the one that will be built."""
        self.write("site/index.html", FORMER)
        self.write("tests/site/__init__.py", "")
        shutil.copy(ROOT / "tests/site/conftest.py", self.root / "tests/site/conftest.py")
        test = 'def test_there(site):\n    assert (site / "index.html").is_file()\n'
        self.write("tests/site/test_site.py", test)

    @property
    def published(self) -> str:
        """The one page of the published site."""
        return (self.root / "site/index.html").read_text("utf-8")

    def start(
        self, *arguments: str, before: Sequence[str] = (), **variables: str
    ) -> "subprocess.Popen[str]":
        """Start `python -m …` in the project, in a session of its own; `before` it, a command."""
        environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST")}
        return subprocess.Popen(
            [*before, sys.executable, "-m", *arguments],
            cwd=self.root,
            env=environment | {"PYTHONPATH": str(ROOT), "NO_MKDOCS_2_WARNING": "1"} | variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def command(
        self, *arguments: str, timeout: float = 60, **variables: str
    ) -> "subprocess.CompletedProcess[str]":
        """Do `python -m …` in the project, and wait for it, for so many seconds at most."""
        with self.start(*arguments, **variables) as process:
            try:
                out, err = process.communicate(timeout=timeout)
            except subprocess.TimeoutExpired:
                end(process.pid)
                raise
        return subprocess.CompletedProcess(arguments, process.returncode, out, err)


def encoded(text: str | bytes) -> bytes:
    return textwrap.dedent(text).encode() if isinstance(text, str) else text


def become_a_builder() -> None:
    """Be a process that executes, and whose own standard input has something to read."""
    adopt_orphans()
    read, write = os.pipe()
    os.write(write, b"the builder's input")
    os.close(write)
    os.dup2(read, 0)
    os.close(read)


def end(pid: int) -> None:
    """End a process that a test started, and all below it."""
    try:
        top = psutil.Process(pid)
        family = [top, *top.children(recursive=True)]
    except psutil.NoSuchProcess:
        return
    for process in family:
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue


def alive_with(token: str) -> list[psutil.Process]:
    """Every process, on the whole machine, that has `token` in its command line."""
    everything = psutil.process_iter(["cmdline"])
    return [one for one in everything if any(token in part for part in one.info["cmdline"] or ())]


def an_interpreter(name: str = "3.14", build: str = "a build") -> Interpreter:
    free = name.endswith("t")
    version = f"{name.rstrip('t')}.1"
    return Interpreter(name, version, build, "a digest", free, not free, "forkserver")


def a_run(
    name: str = "3.14",
    stdout: str = "",
    stderr: str = "",
    exit_code: int = 0,
    example: str = "threads/script.py",
    source: bytes = b"pass\n",
    duration: float = 0.25,
    lanes: tuple[Lane, ...] | None = None,
) -> Run:
    """A run that nobody executed, to judge what is made of it."""
    texts: list[tuple[Stream, str]] = [
        *(("stdout", line) for line in stdout.splitlines(keepends=True)),
        *(("stderr", line) for line in stderr.splitlines(keepends=True)),
    ]
    return Run(
        example=example,
        source=hashlib.sha256(source).hexdigest(),
        machinery=MACHINERY,
        interpreter=an_interpreter(name),
        machine=Machine.this(),
        sandboxed=sandbox.possible(),
        started="2026-01-31T12:00:00+00:00",
        end="exited",
        exit_code=exit_code,
        duration=duration,
        processor_time=0.05,
        lines=tuple(Line(n / 100, stream, text) for n, (stream, text) in enumerate(texts)),
        lanes=lanes,
    )


def a_lane(
    shares: Sequence[float],
    process: int = 0,
    thread: int = 0,
    name: str = "",
    helper: bool = False,
    first: int = 0,
    held_back: Sequence[float] = (),
) -> Lane:
    """A lane that nobody saw: its share of a core in each bin, from the bin that is its `first`."""
    held_back = [0.0] * first + [round(share * BIN, 4) for share in held_back or [0] * len(shares)]
    on_core = [0.0] * first + [round(share * BIN, 4) for share in shares]
    return Lane(
        process=process,
        thread=thread,
        name=name,
        helper=helper,
        began=round(first * BIN, 3),
        ended=round((first + len(shares)) * BIN, 3),
        on_core=tuple(on_core),
        held_back=tuple(held_back),
    )


@pytest.fixture(scope="session")
def installations() -> tuple[Installation, ...]:
    """Every interpreter of the project that is on this machine."""
    return HERE


@pytest.fixture(params=HERE, ids=lambda installation: installation.interpreter.name)
def each(request: pytest.FixtureRequest) -> Installation:
    """Each interpreter that is on this machine, one at a time."""
    installation: Installation = request.param
    return installation


@pytest.fixture(scope="session")
def newest(installations: tuple[Installation, ...]) -> Installation:
    return installations[-1]


@pytest.fixture(scope="session")
def bytecode(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Each interpreter's compiled library, for all the tests: to compile it takes seconds."""
    return tmp_path_factory.mktemp("bytecode")


@pytest.fixture(scope="session", params=[True, False], ids=["in a sandbox", "without"])
def worker(request: pytest.FixtureRequest, bytecode: Path) -> Iterator[Worker]:
    """A process that executes scripts, started from an environment full of traps."""
    context = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(1, context, become_a_builder) as pool:
        with pytest.MonkeyPatch.context() as patch:
            for name, value in BUILDERS.items():
                patch.setenv(name, value)
            pool.submit(os.getpid).result()
        yield Worker(pool, bytecode, request.param)
        for process in multiprocessing.active_children():  # or a hanging one would hang pytest
            process.kill()


@pytest.fixture
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any machine is idle enough to measure on, before a run and while it lasts."""
    monkeypatch.setattr(capture_module, "IDLE", 100.0)
    monkeypatch.setattr(capture_module, "DISTURBED", 1000.0)


@pytest.fixture
def short_path() -> Iterator[Path]:
    """A folder whose name leaves room for a socket's, wherever pytest keeps its own."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        yield Path(folder)


@pytest.fixture
def tiny(
    tmp_path: Path, bytecode: Path, installations: tuple[Installation, ...]
) -> Callable[..., Tiny]:
    """Makes a tiny project: by default on the oldest interpreter alone, with 2 s for a script."""

    def make(
        names: tuple[str, ...] = (),
        time_limit: float = 2,
        output_lines: int = 100,
        repeated: tuple[str, ...] = (),
    ) -> Tiny:
        project = Tiny(tmp_path / "project")
        project.project.build.mkdir(parents=True)
        project.project.bytecode.symlink_to(bytecode)
        chosen = list(names) or [installations[0].interpreter.name]
        project.configure(chosen, time_limit, output_lines, repeated)
        project.show()
        (project.root / "examples").mkdir()
        return project

    return make

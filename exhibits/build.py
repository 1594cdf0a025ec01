"""Everything between the examples and a published site; or a line that says why there is none."""

import contextlib
import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout
from rich.console import Console

from exhibits import evidence, interpreters, pages
from exhibits.capture import TO_END, capture
from exhibits.compare import versions
from exhibits.downloads import put_downloads
from exhibits.page import CHECKED_RUNS_ONLY
from exhibits.plain import put_copies
from exhibits.policy import put_policies
from exhibits.project import Problem, Project
from exhibits.store import Store

# What a site is made from, besides the runs; and what tools put among that while they work, as
# editors put hidden files, which MkDocs leaves alone.
SOURCES = ("docs", "examples", "exhibits", "tests", "mkdocs.yml", "pyproject.toml")
NO_SOURCES = {"__pycache__", "node_modules"}
# Of the builder's environment, what changes how its tools work: tests that are left out or cannot
# fail, blocks of a page that are executed.
CHANGES_TOOLS = re.compile("PYTEST|MARKDOWN_EXEC|PYTHONOPTIMIZE$")
# The lines in which contracts, tests and MkDocs say what is wrong.
SAYS_WHY = re.compile(
    r" *exhibits\.project\.Problem: |docs/|examples/|on no page|test_|FAILED|WARNING|ERROR "
    r"|/.*: [A-Z]\w+"
)


def build(project: Project) -> None:
    """Execute every example everywhere, hold the contracts over the runs, and publish the site.

    Raises Problem, and leaves the published site as it is, where anything does not hold.
    """
    began = time.monotonic()
    new = project.build / "site"
    with alone(project):
        put_former_back(project)
        put_all_downloads(project)
        sources = digests(project.root, SOURCES)
        capture_all(project)
        runs = digests(project.root, (project.runs.relative_to(project.root).as_posix(),))
        judge(project)
        write_pages(project, new)
        pytest(project, "the built pages do not hold", "tests/site", f"--site={new}", "--tb=line")
        refuse_changes(project.root, sources | runs)
        refuse_other_interpreters(project)
        publish(project, new, began)


@contextlib.contextmanager
def alone(project: Project) -> Iterator[None]:
    """Be the only one that writes to `build/` and `site/`; raise Problem where another one does."""
    project.build.mkdir(exist_ok=True)
    lock = FileLock(project.build / "lock", timeout=0)
    try:
        lock.acquire()
    except Timeout as error:
        raise Problem(
            f"another build is at work in {project.root.name}/: wait until it has ended"
        ) from error
    try:
        yield
    finally:
        lock.release()


def put_all_downloads(project: Project) -> None:
    """Put the files that readers download into docs/."""
    here = interpreters.found(tuple(project.settings["interpreters"]))
    put_downloads(project, [one.interpreter for one in here])


def capture_all(project: Project, reuse: bool = False) -> None:
    """Execute every example on every interpreter; with `reuse`, where no run of it is valid."""
    project.evidence.unlink(missing_ok=True)  # it is about former runs
    pages_by_example = pages.page_of_each(project)
    here = interpreters.found(tuple(project.settings["interpreters"]))
    if not reuse:
        for former in (project.runs, project.bytecode):
            shutil.rmtree(former, ignore_errors=True)
    examples, store = list(pages_by_example), Store(project.runs)
    capture(project, here, examples, store, Console(), pages_by_example, repeats=not reuse)
    pages.rehearse(project)


def judge(project: Project) -> None:
    """Hold the contracts over the runs that were captured, and keep what held as evidence."""
    where = (f"--runs={project.runs}", f"--evidence={project.evidence}")
    pytest(project, "the contracts do not hold", "tests/contracts", *where, "--tb=no")
    refuse_unjudged(project)


def refuse_unjudged(project: Project) -> None:
    """Raise Problem, a line for each contract that was about no run: its claim is without proof."""
    judgements = evidence.load(project.evidence)
    judged = {one.contract for one in judgements if one.runs}
    unjudged = {one.contract: one.example for one in judgements if one.contract not in judged}
    page_of = pages.shown_on(project)
    lines = [
        f"{page_of.get(example, 'on no page')}: examples/{example}: {contract} is about no run of "
        "this build; build on two cores, while nothing else runs"
        for contract, example in unjudged.items()
    ]
    if lines:
        raise Problem("\n".join([*lines, "nothing is published; site/ is as it was"]))


def write_pages(project: Project, new: Path) -> None:
    """Write the whole site to a folder of its own, from the runs that were judged and no others.

    Whatever the builder dates has the date of the newest run: equal runs make equal bytes.
    """
    shutil.rmtree(new, ignore_errors=True)
    runs = Store(project.runs).all()
    if not runs:
        raise Problem("nothing is published: no run in build/ can be read; build again")
    newest = max(run.started for run in runs)
    epoch = f"{datetime.fromisoformat(newest).timestamp():.0f}"
    variables = {CHECKED_RUNS_ONLY: "1", "SOURCE_DATE_EPOCH": epoch}
    command = ("mkdocs", "build", "--strict", f"--site-dir={new}")
    step(project, "the pages could not be built", *command, **variables)
    put_copies(new)
    put_policies(new)


def write_pages_again(project: Project) -> None:
    """Write the site to build/pages, from the judged runs in build/, wherever those were made.

    Raises Problem where there are none.
    """
    with alone(project):
        runs = Store(project.runs).all()
        if not runs or not project.evidence.is_file():
            raise Problem("there are no checked runs in build/: run nox -s docs first")
        put_downloads(project, {run.interpreter for run in runs})
        write_pages(project, project.build / "pages")


def pytest(project: Project, otherwise: str, *arguments: str) -> None:
    print(step(project, otherwise, "pytest", "-q", "-rN", *arguments))


def step(project: Project, otherwise: str, module: str, *arguments: str, **variables: str) -> str:
    """Do `python -m module …` in the project; return the last line that it printed.

    Raises Problem if it fails: the lines in which it says why, and `otherwise`.
    """
    kept = {name: value for name, value in os.environ.items() if not CHANGES_TOOLS.match(name)}
    process = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=project.root,
        env=kept | variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="backslashreplace",
    )
    said = process.stdout.strip().splitlines() or ["it said nothing"]
    if process.returncode:
        reasons = [line.strip() for line in said if SAYS_WHY.match(line)] or said[-1:]
        reasons.append(f"nothing is published: {otherwise}; site/ is as it was")
        raise Problem("\n".join(reasons))
    return said[-1]


def digests(root: Path, parts: tuple[str, ...]) -> dict[str, str]:
    """The SHA-256 of each file of these parts of the project, by its path below `root`."""
    paths = [path for part in parts for path in (root / part, *(root / part).rglob("*"))]
    below = {path.relative_to(root): path for path in paths if path.is_file()}
    return {
        name.as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for name, path in below.items()
        if not NO_SOURCES.intersection(name.parts) and name.name[0] != "."
    }


def refuse_changes(root: Path, before: Mapping[str, str]) -> None:
    """Raise Problem where a file is not as it was, or new: pages, contracts, runs may disagree."""
    now = digests(root, tuple(dict.fromkeys(part_of(name) for name in before)))
    changed = sorted(name for name in {*before, *now} if now.get(name) != before.get(name))
    if changed:
        raise Problem(
            f"nothing is published: {changed[0]} changed during the build, by an editor or by a "
            "script that was executed; build again; site/ is as it was"
        )


def refuse_other_interpreters(project: Project) -> None:
    """Raise Problem where an interpreter is not what it was when the build began."""
    for one in interpreters.found(tuple(project.settings["interpreters"])):
        if interpreters.probe(one.executable) != one:
            raise Problem(
                f"nothing is published: Python {one.interpreter.name} ({one.executable}) changed "
                "during the build; build again; site/ is as it was"
            )


def part_of(name: str) -> str:
    """Which part of the project a file is of: of build/, the runs alone were looked at."""
    first, _, below = name.partition("/")
    return f"{first}/{below.partition('/')[0]}" if first == "build" else first


def publish(project: Project, new: Path, began: float) -> None:
    """Swap the built site in, and say what it was made from and how to look at it.

    `began` is when the build did, by time.monotonic(). From here on nothing interrupts: half of it
    would be no site, and after it the site is not as it was.
    """
    site = project.root / "site"
    for number in TO_END:
        signal.signal(number, signal.SIG_IGN)
    if site.exists():
        site.rename(_former(project))
    try:
        new.rename(site)
    except OSError:
        put_former_back(project)
        raise
    shutil.rmtree(_former(project), ignore_errors=True)
    store = Store(project.runs)
    runs = store.all()
    here = {run.interpreter for run in runs}
    examples = {run.example for run in runs}
    total = len(runs) + len(store.repeats())
    count = len(list(project.docs.glob("*.md")))
    print(
        f"site/ is ready: {count} pages from {total} runs of {len(examples)} examples "
        f"on Python {versions(here)}, in {time.monotonic() - began:.0f} s.\n"
        "Open site/index.html, or serve it: python -m http.server -d site"
    )


def put_former_back(project: Project) -> None:
    """Mend what a build left that was killed while it published; remove what it had built."""
    site, former = project.root / "site", _former(project)
    if former.exists() and not site.exists():
        former.rename(site)
    shutil.rmtree(former, ignore_errors=True)


def _former(project: Project) -> Path:
    return project.build / "former"

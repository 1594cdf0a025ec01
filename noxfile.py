"""Executes the examples, holds the pages to what came out, and builds the site.

pip install nox
nox -s docs       build the site, every example executed anew
nox -s serve      live preview: save a page or an example and see it
nox -s tests      everything that must hold, on every interpreter
"""

import os
import shutil
import tomllib
from pathlib import Path

import nox

PROJECT = tomllib.loads(Path("pyproject.toml").read_text("utf-8"))
INTERPRETERS = PROJECT["tool"]["exhibits"]["interpreters"]

nox.needs_version = ">=2025.5"
nox.options.default_venv_backend = "virtualenv"
nox.options.error_on_missing_interpreters = False  # .ci/run names those that it insists on
nox.options.sessions = ["docs"]
nox.options.reuse_venv = "yes"

# uv links the interpreters that it downloads here, which need not be on PATH.
os.environ["PATH"] += os.pathsep + str(Path.home() / ".local" / "bin")
# Material's announcement of its successor, which is no news on every build.
os.environ["NO_MKDOCS_2_WARNING"] = "1"


def install(session: nox.Session, group: str) -> None:
    """Install a dependency group exactly as pinned, and let `exhibits` be imported."""
    pins = Path("requirements", f"{group}.txt")
    mark = Path(session.virtualenv.location, "pins.txt")
    if not mark.exists() or mark.read_bytes() != pins.read_bytes():
        # A wheel: to build one, pip would fetch and execute a build backend that nothing pins.
        session.install("--quiet", "--only-binary=:all:", "--require-hashes", "-r", str(pins))
        shutil.copy(pins, mark)
    session.env["PYTHONPATH"] = str(Path.cwd())


def install_from_npm(session: nox.Session) -> None:
    """Install axe, Lighthouse and the HTML validator exactly as pinned, unless they are there."""
    folder = Path("tests", "browser")
    pins, mark = folder / "npm-shrinkwrap.json", folder / "node_modules" / "pins.json"
    if not mark.exists() or mark.read_bytes() != pins.read_bytes():
        options = ("--ignore-scripts", "--no-audit", "--no-fund")
        session.run("npm", "ci", f"--prefix={folder}", *options, external=True)
        shutil.copy(pins, mark)


def judge(session: nox.Session, *options: str) -> None:
    """Hold the contracts over the runs that were captured, and keep what held as evidence."""
    where = ("--runs=build/runs", "--evidence=build/evidence.json")
    session.run("pytest", "tests/contracts", *where, "-q", "-rN", *options)


@nox.session
def docs(session: nox.Session) -> None:
    """Build site/: execute every example everywhere, check the contracts, then publish."""
    install(session, "docs")
    session.run("python", "-m", "exhibits", "interpreters")
    session.run("python", "-m", "exhibits", "build", interrupt_timeout=20, terminate_timeout=20)


@nox.session
def again(session: nox.Session) -> None:
    """Build the pages elsewhere from the runs that `docs` left; hold every byte of site/ equal."""
    install(session, "docs")
    session.run("pytest", "tests/again", "-q", "-rN", "--tb=short")


@nox.session
def zensical(session: nox.Session) -> None:
    """Build the pages with Zensical too, from the runs that `docs` left; hold both sites equal."""
    install(session, "zensical")
    session.run("python", "-m", "exhibits", "pages")
    session.env["EXHIBITS_CHECKED_RUNS_ONLY"] = "1"
    session.env["EXHIBITS_SITE"] = "build/zensical"  # there is no option for it
    session.run("zensical", "build", "--strict", "--clean")
    session.run("python", "-m", "exhibits", "finish", "build/zensical")
    session.run("pytest", "tests/site", "--site=build/zensical", "-q", "-rN", "--tb=line")
    session.run("pytest", "tests/zensical", "-q", "-rN", "--tb=short")


@nox.session
def browser(session: nox.Session) -> None:
    """Look at site/ in a real Chromium, and execute what its copy buttons copy."""
    install(session, "browser")
    install_from_npm(session)
    pasted = Path("build", "pasted")
    shutil.rmtree(pasted, ignore_errors=True)
    options = ("--site=site", f"--pasted={pasted / 'examples'}", "-q", "-rN", "--tb=short")
    session.run("pytest", "tests/browser", *options, *session.posargs)
    for part in ("docs", "exhibits", "tests"):
        shutil.copytree(part, pasted / part, ignore=shutil.ignore_patterns("node_modules"))
    for part in ("mkdocs.yml", "pyproject.toml"):
        shutil.copy(part, pasted)
    session.env["PYTHONPATH"] = str(pasted.resolve())
    with session.chdir(pasted):
        session.run("python", "-m", "exhibits", "capture")
        judge(session, "--tb=short")


@nox.session
def lighthouse(session: nox.Session) -> None:
    """Score every page of site/ with Lighthouse, as a phone sees it: about 15 s a look."""
    install(session, "browser")
    install_from_npm(session)
    session.run("python", "-m", "tests.browser.lighthouse", "site")


@nox.session(name="interpreters")
def list_interpreters(session: nox.Session) -> None:
    """List the interpreters that are here, after uv has downloaded what it can."""
    install(session, "docs")
    session.run("python", "-m", "exhibits", "interpreters")


@nox.session
def serve(session: nox.Session) -> None:
    """Preview while you write: a saved example is executed again, the others are not."""
    install(session, "docs")
    session.run("python", "-m", "exhibits", "interpreters")
    session.run("python", "-m", "exhibits", "capture", "--reuse")
    session.run("mkdocs", "serve", *session.posargs)


@nox.session(python=INTERPRETERS)
def tests(session: nox.Session) -> None:
    """Hold every contract, and every snippet in the pages, on each interpreter that is here."""
    session.notify("machinery")
    install(session, "tests")
    session.run("pytest", "tests/contracts", "tests/snippets", *session.posargs)


@nox.session
def machinery(session: nox.Session) -> None:
    """Test what executes, compares and shows the runs; with faults of every kind."""
    install(session, "machinery")
    session.run("python", "-m", "exhibits", "interpreters")
    session.run("pytest", "tests/machinery", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Check style (ruff) and types (mypy)."""
    install(session, "lint")
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")
    session.run("mypy")


@nox.session
def audit(session: nox.Session) -> None:
    """Ask PyPI and npm whether a vulnerability is known of anything that is pinned.

    It fails as well where they do not answer: then nothing is known.
    """
    install(session, "audit")
    options = ("--strict", "--disable-pip", "--require-hashes", "--progress-spinner=off")
    for pins in sorted(Path("requirements").glob("*.txt")):
        session.run("pip-audit", *options, f"--requirement={pins}")
    session.run("npm", "audit", "--package-lock-only", "--prefix=tests/browser", external=True)


@nox.session
def rounds(session: nox.Session) -> None:
    """Execute everything N times and hold all contracts each time: nox -s rounds -- 30.

    `--mode load` does so while busy loops hold all cores, `--mode one-core` on one core alone.
    """
    install(session, "docs")
    session.run("python", "-m", "tests.rounds", *session.posargs)


@nox.session
def scale(session: nox.Session) -> None:
    """Tell what a build costs besides the scripts: nox -s scale -- 10 100 1000."""
    install(session, "docs")
    session.run("python", "-m", "tests.scale", *session.posargs)


@nox.session
def inventory(session: nox.Session) -> None:
    """Renew the links to Python's documentation: nox -s inventory [-- objects.inv or its address].

    Rewrites exhibits/python-names.md from the newest documentation, and says which names are new
    or gone. Names added there by hand stay until the inventory has them.
    """
    install(session, "docs")
    source = session.posargs or ["https://docs.python.org/3/objects.inv"]
    session.run("python", "-m", "exhibits", "inventory", *source)


@nox.session
def pin(session: nox.Session) -> None:
    """Pin the newest dependencies, with hashes, into requirements/."""
    install(session, "docs")  # uv is among it
    for group in ("tests", "docs", "machinery", "browser", "zensical", "lint", "nox", "audit"):
        session.run(
            *("uv", "pip", "compile", "--quiet", "--universal", "--generate-hashes", "--upgrade"),
            *("--python-version=3.11", "--no-emit-index-url", "--no-emit-find-links"),
            *("--custom-compile-command=nox -s pin", f"--group={group}"),
            f"--output-file=requirements/{group}.txt",
        )

"""The command line: `python -m exhibits interpreters | capture | plain | publish | inventory`."""

import argparse
import shutil
import signal
import sys
import time
from pathlib import Path

from rich.console import Console

from exhibits import interpreters, inventory, pages
from exhibits.capture import capture
from exhibits.compare import versions
from exhibits.downloads import put_downloads
from exhibits.plain import put_copies
from exhibits.project import Problem, Project
from exhibits.store import Store


def main() -> int:
    """Do what the command line asks; 0 if it was done, 1 after saying in a line why not."""
    parser = argparse.ArgumentParser(prog="python -m exhibits", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("interpreters", help="install the missing ones if uv can; list them all")
    command = commands.add_parser("capture", help="execute the examples")
    command.add_argument("--reuse", action="store_true", help="keep runs that are still valid")
    command = commands.add_parser("plain", help="put a Markdown copy beside each built page")
    command.add_argument("built", type=Path)
    command = commands.add_parser("publish", help="put a built site in the place of the former")
    command.add_argument("built", type=Path)
    command.add_argument("site", type=Path)
    command.add_argument("--since", type=float, default=time.time(), help="when the build began")
    command = commands.add_parser("inventory", help="renew the list of Python's documented names")
    command.add_argument("source", help="an objects.inv: a file or an address")
    arguments = parser.parse_args()
    for number in (signal.SIGINT, signal.SIGTERM):  # also where a shell had them ignored
        signal.signal(number, signal.default_int_handler)
    try:
        match arguments.command:
            case "interpreters":
                list_interpreters(Project.here())
            case "capture":
                capture_all(Project.here(), reuse=arguments.reuse)
            case "plain":
                put_copies(arguments.built)
            case "publish":
                publish(Project.here(), arguments.built, arguments.site, arguments.since)
            case "inventory":
                print(inventory.renew(arguments.source))
    except Problem as problem:
        print(f"{problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted; site/ is as it was", file=sys.stderr)
        return 130
    return 0


def list_interpreters(project: Project) -> None:
    """Say which interpreters are here, and which are left out and how to get them."""
    wanted = tuple(project.settings["interpreters"])
    missing = interpreters.install_missing(wanted)
    here = interpreters.found(wanted)
    for installation in here:
        facts = installation.interpreter
        gil = "GIL on" if facts.gil else "GIL off"
        print(f"{facts.name:6} {facts.version:8} {gil}, starts processes by {facts.start_method}")
    missing += [n for n in wanted if n not in {i.interpreter.name for i in here} | set(missing)]
    if missing:
        names = " ".join(missing)
        print(f"left out, not on this machine: {names}; to add them: uv python install {names}")


def capture_all(project: Project, reuse: bool = False) -> None:
    """Execute every example on every interpreter, and put the files to download into docs/."""
    pages_by_example = pages.page_of_each(project)
    here = interpreters.found(tuple(project.settings["interpreters"]))
    if not reuse:
        shutil.rmtree(project.runs, ignore_errors=True)
    put_downloads(project, [one.interpreter for one in here])
    examples, store = list(pages_by_example), Store(project.runs)
    capture(project, here, examples, store, Console(), pages_by_example, repeats=not reuse)
    project.evidence.unlink(missing_ok=True)  # it is about former runs
    pages.rehearse(project)


def publish(project: Project, built: Path, site: Path, since: float) -> None:
    """Swap the built site in, and say what it was made from and how to look at it."""
    if not built.is_dir():
        raise Problem(f"there is no {built}/ to publish: run nox -s docs; {site}/ is as it was")
    former = built.with_name("former")
    shutil.rmtree(former, ignore_errors=True)
    if site.exists():
        site.rename(former)
    built.rename(site)
    shutil.rmtree(former, ignore_errors=True)
    store = Store(project.runs)
    runs = store.all()
    here = {run.interpreter for run in runs}
    examples = {run.example for run in runs}
    total = len(runs) + len(store.repeats())
    count = len(list(project.docs.glob("*.md")))
    print(
        f"{site}/ is ready: {count} pages from {total} runs of {len(examples)} examples "
        f"on Python {versions(here)}, in {time.time() - since:.0f} s.\n"
        f"Open {site}/index.html, or serve it: python -m http.server -d {site}"
    )


if __name__ == "__main__":
    sys.exit(main())

"""The command line: `python -m exhibits interpreters | build | capture | pages | finish | …`."""

import argparse
import contextlib
import signal
import sys
from pathlib import Path

from exhibits import interpreters, inventory
from exhibits.build import alone, build, capture_all, put_all_downloads, write_pages_again
from exhibits.capture import TO_END, UNLESS_IGNORED
from exhibits.execute import adopt_orphans
from exhibits.follow import end_descendants
from exhibits.plain import put_copies
from exhibits.policy import put_policies
from exhibits.project import Problem, Project


def main() -> int:
    """Do what the command line asks; 0 if it was done, 1 after saying in a line why not."""
    parser = argparse.ArgumentParser(prog="python -m exhibits", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("interpreters", help="install the missing ones if uv can; list them all")
    commands.add_parser("build", help="execute, hold the contracts, write the pages, publish")
    command = commands.add_parser("capture", help="execute the examples")
    command.add_argument("--reuse", action="store_true", help="keep runs that are still valid")
    commands.add_parser("pages", help="write build/pages from the runs in build/; execute nothing")
    command = commands.add_parser("finish", help="give built pages their copies and policies")
    command.add_argument("built", type=Path)
    command = commands.add_parser("inventory", help="renew the list of Python's documented names")
    command.add_argument("source", help="an objects.inv: a file or an address")
    arguments = parser.parse_args()
    for number in TO_END:  # SIGINT and SIGTERM also where a shell had them ignored
        if number not in UNLESS_IGNORED or signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler)
    adopt_orphans()  # of uv, say, that asks each interpreter for its version
    try:
        match arguments.command:
            case "interpreters":
                list_interpreters(Project.here())
            case "build":
                build(Project.here())
            case "capture":
                with alone(project := Project.here()):
                    put_all_downloads(project)
                    capture_all(project, reuse=arguments.reuse)
            case "pages":
                write_pages_again(Project.here())
            case "finish":
                put_copies(arguments.built)
                put_policies(arguments.built)
            case "inventory":
                print(inventory.renew(arguments.source))
    except Problem as problem:
        print(f"{problem}", file=sys.stderr)
        return 1
    except OSError as error:  # a full disk, a folder that may not be written to
        print(f"nothing is published: {error}; site/ is as it was", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        for number in TO_END:
            signal.signal(number, signal.SIG_IGN)
        with contextlib.suppress(OSError):  # one of them will not end
            end_descendants()
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


if __name__ == "__main__":
    sys.exit(main())

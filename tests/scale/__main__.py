"""What a build costs besides the scripts: `python -m tests.scale 10 100 1000`.

For each number of examples it makes a project, ten examples a page, a contract for each, and a run
of each on every interpreter that is here, as if it had been executed. Then it does all that
`python -m exhibits build` does after that, phase by phase, each in a process of its own, and tells
what each took: seconds, seconds on a core, and the most memory at a time.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from exhibits import interpreters, sandbox
from exhibits.execute import MACHINERY
from exhibits.project import Project
from exhibits.run import Line, Machine, Run
from exhibits.store import Store

ROOT = Path(__file__).resolve().parents[2]
A_PAGE = 10
# What each phase does in the project `p`, in order, when the runs are there.
PHASES = {
    "nothing": "pass",
    "downloads": "build.put_all_downloads(p)",
    "capture": "build.capture_all(p, reuse=True)",
    "contracts": "build.judge(p)",
    "pages": "build.write_pages(p, p.build / 'site')",
    "site": "build.pytest(p, 'no', 'tests/site', f'--site={p.build}/site', '--tb=short', *GENERAL)",
    "changes": "build.refuse_changes(p.root, build.digests(p.root, (*build.SOURCES, 'build')))",
}
# Tests of the built site that are about this project's own pages.
GENERAL = ["-k", "not error and not script_links and not sections_keep and not there_are_pages"]
PRELUDE = "from exhibits import build; from exhibits.project import Project; p = Project.here(); "


@dataclass(frozen=True)
class Cost:
    """What a phase took: seconds by the clock, seconds on a core, megabytes at most."""

    seconds: float
    on_core: float
    megabytes: float


def make(root: Path, count: int) -> Project:
    """A project of that many examples, with their runs."""
    shutil.rmtree(root, ignore_errors=True)
    project = Project(root)
    pages = [f"c{number:04}" for number in range((count - 1) // A_PAGE + 1)]
    names = [f"{pages[n // A_PAGE]}/e{n:05}.py" for n in range(count)]
    nav = ["index", "evidence", *pages]
    shutil.copytree(ROOT / "docs/assets", root / "docs/assets")
    shutil.copytree(ROOT / "tests/site", root / "tests/site")
    for name in ("conftest.py", "test_coverage.py", "__init__.py"):
        write(root / "tests/contracts" / name, (ROOT / "tests/contracts" / name).read_text("utf-8"))
    write(root / "tests/__init__.py", "")
    write(root / "pyproject.toml", (ROOT / "pyproject.toml").read_text("utf-8"))
    write(root / "exhibits/python-names.md", (ROOT / "exhibits/python-names.md").read_text("utf-8"))
    settings, _, _ = (ROOT / "mkdocs.yml").read_text("utf-8").partition("\nnav:")
    lines = [f"  - {name.title()}: {name}.md" for name in nav]
    write(root / "mkdocs.yml", "\n".join([settings, "nav:", *lines, ""]))
    write(root / "docs/index.md", "# Index\n\nAll [evidence](evidence.md).\n")
    write(root / "examples/LICENSE", "0BSD\n")
    blocks = [f"## {page}\n\n{block('evidence', f'{page}.md')}" for page in pages]
    write(root / "docs/evidence.md", "# Evidence\n\nWhat holds.\n\n" + "\n".join(blocks))
    for page in pages:
        shown = [name for name in names if name.startswith(page)]
        blocks = [f"## {name[-9:-3]}\n\n{block('example', name)}" for name in shown]
        blocks.append(f"## Message\n\n{block('message', shown[0], shown[0])}")
        write(root / f"docs/{page}.md", f"# {page}\n\nA page.\n\n" + "\n".join(blocks))
        tests = [
            f'@pytest.mark.example("{name}")\ndef test_{name[-9:-3]}(run: Run) -> None:\n'
            f'    """It prints its name."""\n    assert run.output == ["{name}"]\n'
            for name in shown
        ]
        imports = "import pytest\nfrom exhibits.run import Run\n"
        write(root / f"tests/contracts/test_{page}.py", "\n\n".join([imports, *tests]))
    here = interpreters.found(tuple(project.settings["interpreters"]))
    for name in names:
        source = f'print("{name}")\n'
        write(project.examples / name, source)
        for one in here:
            Store(project.runs).save(a_run(name, source, one.interpreter))
    return project


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")


def block(function: str, *arguments: str) -> str:
    call = f"print({function}({', '.join(map(repr, arguments))}))".replace("'", '"')
    code = f"from exhibits.page import {function}\n\n{call}"
    return f'```python exec="on" html="on"\n{code}\n```\n'


def a_run(name: str, source: str, interpreter: interpreters.Interpreter) -> Run:
    return Run(
        example=name,
        source=hashlib.sha256(source.encode()).hexdigest(),
        machinery=MACHINERY,
        interpreter=interpreter,
        machine=Machine.this(),
        sandboxed=sandbox.possible(),
        started="2026-01-31T12:00:00+00:00",
        end="exited",
        exit_code=0,
        duration=0.5,
        processor_time=0.02,
        lines=(Line(0.01, "stdout", f"{name}\n"),),
    )


def cost(project: Project, code: str) -> Cost:
    """What it takes to do this in a process of its own, with all that it starts."""
    began = time.monotonic()
    command = [sys.executable, "-c", f"GENERAL = {GENERAL}; {PRELUDE}{code}"]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "NO_MKDOCS_2_WARNING": "1"}
    with (project.build / "scale.log").open("ab") as log:
        process = subprocess.Popen(
            command, cwd=project.root, env=environment, stdout=log, stderr=log
        )
        _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{code} failed: see {log.name}")
    seconds = time.monotonic() - began
    return Cost(seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def main() -> None:
    print(f"{'examples':>8}  {'phase':10} {'s':>7} {'core s':>7} {'MB':>5}  core ms an example")
    for count in map(int, sys.argv[1:] or ("10", "100")):
        project = make(ROOT / "build" / "scale" / str(count), count)
        start = 0.0
        for phase, code in PHASES.items():
            took = cost(project, code)
            start = start or took.on_core
            each = (took.on_core - start) / count * 1000
            figures = f"{took.seconds:7.1f} {took.on_core:7.2f} {took.megabytes:5.0f}  {each:8.1f}"
            print(f"{count:8}  {phase:10} {figures}", flush=True)


if __name__ == "__main__":
    main()

"""Gives each contract the runs that it is about, and says in one line which did not hold.

With `--runs`, the contracts judge the runs in that folder: those about to be published. Without
it, the examples are executed first, on the interpreter that runs pytest.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from exhibits import interpreters, pages
from exhibits.capture import capture
from exhibits.interpreters import Interpreter
from exhibits.project import Project
from exhibits.run import Run, by_version
from exhibits.store import Store

BROKEN = pytest.StashKey[list[str]]()
RUNS = pytest.StashKey[dict[tuple[str, str], Run]]()
INTERPRETERS = pytest.StashKey[list[Interpreter]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--runs", type=Path, help="judge the runs in this folder; execute nothing")


def pytest_configure(config: pytest.Config) -> None:
    folder = config.getoption("--runs", default=None)
    config.stash[BROKEN] = []
    config.stash[RUNS] = _keyed(Store(folder).all()) if folder else {}
    if folder and not config.stash[RUNS]:
        raise pytest.UsageError(f"there are no runs in {folder}: python -m exhibits capture")
    here = (
        {run.interpreter.name: run.interpreter for run in by_version(config.stash[RUNS].values())}
        if folder
        else {(one := interpreters.this_one().interpreter).name: one}
    )
    config.stash[INTERPRETERS] = list(here.values())


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test for each interpreter that the contract speaks of."""
    contract = metafunc.definition.get_closest_marker("example")
    if contract is None or "run" not in metafunc.fixturenames:
        return
    here = metafunc.config.stash[INTERPRETERS]
    names = [one.name for one in here if contract.kwargs.get("on", lambda _: True)(one)]
    metafunc.parametrize("interpreter", names or [None], ids=names or ["no interpreter here"])


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out contracts about interpreters that are not here: there is nothing to judge."""
    idle = [i for i in items if "[no interpreter here]" in i.name]
    config.hook.pytest_deselected(items=idle)
    items[:] = [item for item in items if item not in idle]


def pytest_collection_finish(session: pytest.Session) -> None:
    """Execute the examples of the chosen contracts, all at once, unless the runs are given."""
    config = session.config
    if config.getoption("--runs") or config.getoption("collectonly"):
        return
    markers = (item.get_closest_marker("example") for item in session.items)
    examples = sorted({marker.args[0] for marker in markers if marker})
    project, installation = Project.here(), interpreters.this_one()
    folder = project.build / "tests" / installation.interpreter.name
    shutil.rmtree(folder, ignore_errors=True)
    capture(project, [installation], examples, Store(folder), None, pages.page_of_each(project))
    config.stash[RUNS] = _keyed(Store(folder).all())


@pytest.fixture
def run(request: pytest.FixtureRequest, interpreter: str) -> Run:
    """The run to judge; it ended, and said on stderr, what its contract announces."""
    contract = request.node.get_closest_marker("example")
    run = request.config.stash[RUNS][contract.args[0], interpreter]
    expected = contract.kwargs.get("exit_code", 0)
    announced = contract.kwargs.get("stderr", "")
    if run.exit_code != expected:
        pytest.fail(f"exit code {run.exit_code}, not {expected}; {_last_error(run)}", pytrace=False)
    if bool(run.stderr) != bool(announced) or announced not in run.stderr:
        pytest.fail(f"{_last_error(run)}, not {announced or 'nothing'!r}", pytrace=False)
    return run


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Iterator[pytest.TestReport]:
    report: pytest.TestReport = yield
    contract = item.get_closest_marker("example")
    if report.failed and contract and isinstance(item, pytest.Function):
        claim = " ".join((item.function.__doc__ or item.name).split())
        reason = call.excinfo.exconly().splitlines()[0] if call.excinfo else ""
        page = pages.page_of_each(Project.here()).get(contract.args[0], "on no page")
        name = item.callspec.params.get("interpreter")
        item.config.stash[BROKEN].append(
            f"{page}: examples/{contract.args[0]} on {name}: does not hold: {claim} ({reason}); "
            f"make script, page and {Path(item.path).name}::{item.originalname} agree"
        )
    return report


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    for line in config.stash[BROKEN]:
        terminalreporter.write_line(line, red=True)


def _keyed(runs: list[Run]) -> dict[tuple[str, str], Run]:
    return {(run.example, run.interpreter.name): run for run in runs}


def _last_error(run: Run) -> str:
    lines = run.stderr.strip().splitlines()
    return f"stderr ends in {lines[-1]!r}" if lines else "nothing on stderr"

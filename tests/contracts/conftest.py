"""Gives each contract the runs that it is about, and says in one line which did not hold.

With `--runs`, the contracts judge the runs in that folder: those about to be published. Without
it, the examples are executed first, on the interpreter that runs pytest.
"""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from exhibits import evidence, interpreters, pages
from exhibits.capture import capture
from exhibits.evidence import Judgement
from exhibits.interpreters import Interpreter
from exhibits.project import Problem, Project
from exhibits.run import Run, by_version
from exhibits.store import Store

BROKEN = pytest.StashKey[list[str]]()
RUNS = pytest.StashKey[dict[tuple[str, str], list[Run]]]()
JUDGED = pytest.StashKey[dict[tuple[str, str], Judgement]]()
INTERPRETERS = pytest.StashKey[list[Interpreter]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--runs", type=Path, help="judge the runs in this folder; execute nothing")
    parser.addoption("--evidence", type=Path, help="write what held, on what, to this file")


def pytest_configure(config: pytest.Config) -> None:
    folder = config.getoption("--runs", default=None)
    config.stash[BROKEN] = []
    config.stash[JUDGED] = {}
    config.stash[RUNS] = _keyed(Store(folder)) if folder else {}
    if folder and not config.stash[RUNS]:
        raise pytest.UsageError(f"there are no runs in {folder}: python -m exhibits capture")
    here = (
        {
            run.interpreter.name: run.interpreter
            for run in by_version(one[0] for one in config.stash[RUNS].values())
        }
        if folder
        else {(one := interpreters.this_one().interpreter).name: one}
    )
    config.stash[INTERPRETERS] = list(here.values())


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test for each run that the contract speaks of: on each interpreter, and each repeat."""
    contract = metafunc.definition.get_closest_marker("example")
    if contract is None or "run" not in metafunc.fixturenames:
        return
    here = metafunc.config.stash[INTERPRETERS]
    names = [one.name for one in here if contract.kwargs.get("on", lambda _: True)(one)]
    settings = Project.here().settings
    times = settings["repeats"] if contract.args[0] in settings["repeated"] else 1
    cases = [(name, repeat) for name in names for repeat in range(times)]
    ids = [f"{name} again {repeat}" if repeat else name for name, repeat in cases]
    metafunc.parametrize(
        ("interpreter", "repeat"), cases or [(None, 0)], ids=ids or ["no interpreter here"]
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out contracts about interpreters that are not here: there is nothing to judge."""
    idle = [i for i in items if "[no interpreter here]" in i.name]
    config.hook.pytest_deselected(items=idle)
    items[:] = [item for item in items if item not in idle]


def pytest_collection_finish(session: pytest.Session) -> None:
    """Execute the chosen contracts' examples, all at once, unless the runs are given.

    Then leave out each contract about runs of another kind than that which it would judge: it says
    `of=`, from `when.py`, what a run must tell of itself. It has then judged no run.
    """
    config = session.config
    if config.getoption("collectonly"):
        return
    if not config.getoption("--runs"):
        execute_examples(session)
    for item in session.items:
        if isinstance(item, pytest.Function) and item.get_closest_marker("example"):
            _judge(item, False, 0)
    elsewhere = [item for item in session.items if not applies(item)]
    config.hook.pytest_deselected(items=elsewhere)
    session.items[:] = [item for item in session.items if item not in elsewhere]


def applies(item: pytest.Item) -> bool:
    """Whether the run that a contract would judge is of the kind that it is about."""
    contract = item.get_closest_marker("example")
    if not contract or not isinstance(item, pytest.Function) or "of" not in contract.kwargs:
        return True
    name, repeat = item.callspec.params["interpreter"], item.callspec.params["repeat"]
    runs = item.config.stash[RUNS].get((contract.args[0], name), [])
    return repeat >= len(runs) or contract.kwargs["of"](runs[repeat])


def execute_examples(session: pytest.Session) -> None:
    """Execute the examples of the chosen contracts on the interpreter that runs pytest."""
    config = session.config
    markers = (item.get_closest_marker("example") for item in session.items)
    examples = sorted({marker.args[0] for marker in markers if marker})
    project, installation = Project.here(), interpreters.this_one()
    folder = project.build / "tests" / installation.interpreter.name
    shutil.rmtree(folder, ignore_errors=True)
    store, page_of = Store(folder), pages.page_of_each(project)
    try:
        capture(project, [installation], examples, store, None, page_of, repeats=True)
    except Problem as problem:
        pytest.exit(str(problem), returncode=1)
    config.stash[RUNS] = _keyed(store)


@pytest.fixture
def run(request: pytest.FixtureRequest, interpreter: str, repeat: int) -> Run:
    """The run to judge; it ended, and said on stderr, what its contract announces."""
    contract = request.node.get_closest_marker("example")
    run = request.config.stash[RUNS][contract.args[0], interpreter][repeat]
    if run.end != "exited":
        pytest.fail(f"the {run.end} was met", pytrace=False)
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
    if not contract or not isinstance(item, pytest.Function):
        if report.failed:
            reason = " ".join(call.excinfo.exconly().split()) if call.excinfo else ""
            item.config.stash[BROKEN].append(f"{Path(item.path).name}::{item.name}: {reason}")
        return report
    if report.when == "call" or report.failed:
        _judge(item, report.passed, 1)
    if report.failed:
        reason = call.excinfo.exconly().splitlines()[0] if call.excinfo else ""
        page = pages.page_of_each(Project.here()).get(contract.args[0], "on no page")
        name = item.callspec.params.get("interpreter")
        item.config.stash[BROKEN].append(
            f"{page}: examples/{contract.args[0]} on {name}: does not hold: {_claim(item)} "
            f"({reason}); make script, page and {Path(item.path).name}::{item.originalname} agree"
        )
    return report


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    for line in config.stash[BROKEN]:
        terminalreporter.write_line(line, red=True)


def pytest_sessionfinish(session: pytest.Session) -> None:
    if path := session.config.getoption("--evidence", default=None):
        evidence.save(session.config.stash[JUDGED].values(), path)


def _judge(item: pytest.Function, held: bool, runs: int) -> None:
    """Count the runs that a contract has judged: one more, or none to which it applies."""
    name, example = item.callspec.params["interpreter"], item.get_closest_marker("example")
    chapter = item.path.stem.removeprefix("test_")
    contract = f"{chapter}.{item.originalname.removeprefix('test_')}"
    judged = item.config.stash[JUDGED]
    before = judged.get((contract, name))
    judged[contract, name] = Judgement(
        contract=contract,
        claim=_claim(item),
        example=example.args[0] if example else "",
        interpreter=name,
        runs=(before.runs if before else 0) + runs,
        held=held and (before is None or not before.runs or before.held),
    )


def _claim(item: pytest.Function) -> str:
    return " ".join((item.function.__doc__ or item.name).split())


def _keyed(store: Store) -> dict[tuple[str, str], list[Run]]:
    """The run that a page shows, then its repeats, by example and interpreter."""
    runs: dict[tuple[str, str], list[Run]] = {}
    for run in store.all() + store.repeats():
        runs.setdefault((run.example, run.interpreter.name), []).append(run)
    return runs


def _last_error(run: Run) -> str:
    """What a script last said on stderr, and at which of its lines that was."""
    lines = run.stderr.strip().splitlines()
    if not lines:
        return "nothing on stderr"
    name = re.escape(Path(run.example).name)
    frames = re.findall(rf'^ *File "{name}", line (\d+)', run.stderr, re.M)
    return f"stderr ends in {lines[-1]!r}" + (f" (line {frames[-1]})" if frames else "")

"""Executes the examples again and again, idle or under load, and counts what did not hold.

A round is every example once on every interpreter, judged by all contracts. By default measured and
watched scripts run alone, after the others, as in a build; under load (a busy loop for each core)
and on one core everything runs side by side. The counts go to `build/rounds/<mode>.json`, the runs
that a contract did not hold to a folder beside it.
"""

import argparse
import contextlib
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Generator, Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import pytest

from exhibits import interpreters, pages
from exhibits.capture import AT_ONCE_PER_CORE, Job, compile_libraries, execute_all, jobs_of
from exhibits.project import Problem, Project
from exhibits.run import Machine, Run
from exhibits.store import Store

MODES = ("idle", "load", "one-core")
# Rounds are executed by so many, and then judged: the slowest script keeps fewer workers waiting.
BATCH = 5
# How many times as long a script may take under load: its limit is to end what would never end.
PATIENCE = 10


@dataclass(frozen=True)
class Failure:
    """A contract that did not hold, why, in which round, and the file with the run it judged."""

    contract: str
    interpreter: str
    round: int
    reason: str
    run: str

    def __str__(self) -> str:
        where = f"{self.contract} on {self.interpreter}, round {self.round}"
        return f"{where}: {self.reason}; read {self.run}"


@dataclass
class Counts:
    """What came of all rounds so far: runs by interpreter, the rest by contract."""

    mode: str
    cores: int
    rounds: int = 0
    runs: Counter[str] = field(default_factory=Counter)
    judged: Counter[str] = field(default_factory=Counter)
    not_applicable: Counter[str] = field(default_factory=Counter)
    failures: list[Failure] = field(default_factory=list)

    def to_json(self) -> str:
        return json.dumps(vars(self) | {"failures": list(map(asdict, self.failures))}, indent=1)

    def __str__(self) -> str:
        runs, judged = self.runs.total(), self.judged.total()
        everywhere = ", ".join(f"{name}: {number}" for name, number in sorted(self.runs.items()))
        lines = [
            f"{self.mode}, {self.cores} cores: {self.rounds} rounds, {runs} runs ({everywhere})",
            f"{judged} judgements by {len(self.judged)} contracts, {len(self.failures)} failures",
        ]
        for contract, number in sorted(self.not_applicable.items()):
            total = number + self.judged[contract]
            lines.append(f"did not apply to {number} of {total} runs: {contract}")
        if judged and not self.failures:
            fewest = min(number for number in self.judged.values() if number)
            lines.append(
                f"with 95 % confidence, a judgement fails in less than 3/{judged} = "
                f"{3 / judged:.1g} of all cases; of the contract judged least often, in less than "
                f"3/{fewest} = {3 / fewest:.1g}"
            )
        return "\n".join(lines)


class Judge:
    """A plugin of pytest that counts what each contract says of the runs of one round."""

    def __init__(self, counts: Counts, store: Store, kept: Path) -> None:
        self.counts, self.store, self.kept = counts, store, kept

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Judge each run once: a round has no repeats, and may be of some examples only."""
        there = {run.example for run in self.store.all()}
        items[:] = [
            one for one in items if example_of(one) in there and not parameter(one, "repeat")
        ]

    def pytest_deselected(self, items: list[pytest.Item]) -> None:
        """Count contracts that do not apply to the run in question; not those on other Pythons."""
        here = (one for one in items if parameter(one, "interpreter"))
        self.counts.not_applicable.update(map(contract_of, here))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        if report.when == "call" or not report.passed:
            self.counts.judged[contract_of(item)] += 1
        if not report.passed:
            reason = call.excinfo.exconly().splitlines()[0] if call.excinfo else report.outcome
            failure = self._keep(item, reason)
            self.counts.failures.append(failure)
            print(failure, file=sys.__stdout__, flush=True)
        return report

    def _keep(self, item: pytest.Item, reason: str) -> Failure:
        name, number = parameter(item, "interpreter"), self.counts.rounds
        judged = self.store.folder / Path(example_of(item)).with_suffix("") / f"{name}.json"
        kept = self.kept / f"{contract_of(item)}-{name}-{number}.json"
        kept.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(judged, kept)
        return Failure(contract_of(item), name, number, reason, str(kept))


def example_of(item: pytest.Item) -> str:
    marker = item.get_closest_marker("example")
    return marker.args[0] if marker else ""


def parameter(item: pytest.Item, name: str) -> str:
    return item.callspec.params.get(name) or "" if hasattr(item, "callspec") else ""


def contract_of(item: pytest.Item) -> str:
    """As the page of evidence calls it."""
    name = getattr(item, "originalname", item.name)
    return f"{item.path.stem.removeprefix('test_')}.{name.removeprefix('test_')}"


def main() -> int:
    """Do the rounds that the command line asks for; 1 if anything did not hold in any of them."""
    parser = argparse.ArgumentParser(prog="python -m tests.rounds", description=__doc__)
    parser.add_argument("rounds", type=int, nargs="?", default=30)
    parser.add_argument("--mode", choices=MODES, default="idle")
    parser.add_argument("--only", default="", help="examples whose names match this expression")
    parser.add_argument("--at-once", type=int, help="how many scripts run side by side")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="then no new rounds")
    asked = parser.parse_args()
    for number in (signal.SIGINT, signal.SIGTERM):  # also where a shell had them ignored
        signal.signal(number, signal.default_int_handler)
    if asked.mode == "one-core":
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    cores = Machine.this().cores
    counts = Counts(asked.mode, cores)
    until = time.monotonic() + asked.minutes * 60
    at_once = asked.at_once or AT_ONCE_PER_CORE * cores
    try:
        with busy_loops(cores if asked.mode == "load" else 0):
            do_rounds(Project.here(), counts, asked.rounds, asked.only, at_once, until)
    except (Problem, KeyboardInterrupt) as error:
        print(f"stopped early: {str(error) or 'interrupted'}", file=sys.stderr)
        return 1
    finally:
        print(counts)
    return 1 if counts.failures else 0


@contextlib.contextmanager
def busy_loops(number: int) -> Iterator[None]:
    """So many processes that compute without end, each in a session of its own."""
    command = [sys.executable, "-c", "while True: pass"]
    loops = [subprocess.Popen(command, start_new_session=True) for _ in range(number)]
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()


def do_rounds(
    project: Project, counts: Counts, rounds: int, only: str, at_once: int, until: float
) -> None:
    """Execute and judge so many rounds, or as many as begin before `until` (time.monotonic())."""
    folder = project.build / "rounds" / counts.mode
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    jobs = jobs_of_a_round(project, only, 1 if counts.mode == "idle" else PATIENCE)
    while counts.rounds < rounds and time.monotonic() < until:
        batch = range(counts.rounds + 1, min(counts.rounds + BATCH, rounds) + 1)
        stores = {number: Store(folder / str(number)) for number in batch}
        apart = [[job for job in jobs if is_alone(job, counts) == alone] for alone in (False, True)]
        for part, workers in zip(apart, (at_once, 1), strict=True):
            numbered = [replace(job, repeat=number) for number in batch for job in part]
            for job, run, _ in execute_all(numbered, workers):
                if not isinstance(run, Run):
                    raise Problem(f"{job}: could not be executed: {run}")
                stores[job.repeat].save(run)
                counts.runs[run.interpreter.name] += 1
        for store in stores.values():
            counts.rounds += 1
            judge(store, counts, folder / "failed")
        folder.with_suffix(".json").write_text(counts.to_json(), "utf-8")
        done = f"{counts.rounds} of {rounds} rounds, {len(counts.failures)} failures"
        print(f"{done}, load average {os.getloadavg()[0]:.0f}", flush=True)


def jobs_of_a_round(project: Project, only: str, patience: int) -> list[Job]:
    """Each example on each interpreter, once; with so many times the time that the limits give."""
    here = list(interpreters.found(tuple(project.settings["interpreters"])))
    compile_libraries(project, here)
    watched = pages.watched(project)
    return [
        replace(job, limits=replace(job.limits, seconds=job.limits.seconds * patience))
        for example in project.example_names()
        if re.search(only, example)
        for job in jobs_of(project, example, "", example in watched, False, here)
    ]


def is_alone(job: Job, counts: Counts) -> bool:
    return counts.mode == "idle" and job.alone


def judge(store: Store, counts: Counts, kept: Path) -> None:
    """Hold every contract over the runs of one round, and remove these runs."""
    asked = ("tests/contracts", f"--runs={store.folder}", "-q", "-p", "no:cacheprovider")
    with contextlib.redirect_stdout(io.StringIO()) as said:
        code = pytest.main(list(asked), plugins=[Judge(counts, store, kept)])
    if code not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        raise Problem(f"the contracts could not be judged: {said.getvalue()}")
    shutil.rmtree(store.folder)


if __name__ == "__main__":
    sys.exit(main())

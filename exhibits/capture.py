"""Executes many examples on many interpreters, in parallel where that does not disturb them."""

import contextlib
import multiprocessing
import os
import signal
import tempfile
import time
from collections.abc import Generator, Iterable, Iterator, Mapping
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    Future,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
    wait,
)
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

import psutil
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from exhibits import sandbox
from exhibits.execute import (
    SOCKETS_BELOW,
    adopt_orphans,
    end_with_parent,
    execute,
    folder_for_scratch,
)
from exhibits.follow import Limits, end_descendants
from exhibits.interpreters import Installation, compile_library
from exhibits.pages import watched
from exhibits.project import Problem, Project
from exhibits.run import Machine, Run
from exhibits.store import Store

# Most scripts sleep most of the time, so more of them run at once than there are cores.
AT_ONCE_PER_CORE = 4
# Scripts that time things run one at a time, when nothing else does.
MEASURED = "measured/"
# Those may have many threads at once.
MANY = 12_000
# Before each of those: how much of all cores may be in use, in per cent; how often we look.
IDLE = 15.0
LOOKS = 100
# A run is made again if other programs used more than this many cores during it, beside the
# seconds that starting and watching it takes; but that many times at most.
DISTURBED = 0.2
OWN = 0.3
TRIES = 3
# What ends a build, and each of its workers; these two unless they were ignored, as by nohup.
UNLESS_IGNORED = tuple(
    getattr(signal, name) for name in ("SIGHUP", "SIGQUIT") if hasattr(signal, name)
)
TO_END = (signal.SIGINT, signal.SIGTERM, *UNLESS_IGNORED)
# How many seconds after its time limit a worker that says nothing is killed: it was stopped.
OVERDUE = 30.0
# What Python ignores by itself; a script is to find every other signal as in a terminal.
IGNORED_BY_PYTHON = {
    getattr(signal, name) for name in ("SIGPIPE", "SIGXFSZ") if hasattr(signal, name)
}


@dataclass(frozen=True)
class Job:
    """One example to execute on one interpreter; `page` is the one that shows it, if known."""

    example: str
    page: str
    source: bytes
    installation: Installation
    limits: Limits
    bytecode: Path
    watched: bool = False
    repeat: int = 0
    sandboxed: bool | None = None  # as `execute` takes it

    @property
    def alone(self) -> bool:
        """Whether its figures or its picture would show what else runs at the same time."""
        return self.repeat == 0 and (self.watched or self.example.startswith(MEASURED))

    def __str__(self) -> str:
        page = f"{self.page}: " if self.page else ""
        return f"{page}examples/{self.example} on {self.installation.interpreter.name}"

    def __call__(self) -> Run:
        return execute(
            self.example,
            self.source,
            self.installation,
            self.limits,
            self.bytecode,
            watched=self.watched,
            sandboxed=self.sandboxed,
        )


# A job, what came of it, and how many others are running.
Executed = Generator[tuple[Job, Run | BaseException, int], None, None]


def folder_of_bytecode(project: Project, installation: Installation) -> Path:
    """Where the compiled modules of exactly this interpreter are."""
    interpreter = installation.interpreter
    return project.bytecode / f"{interpreter.name}-{interpreter.digest}"


def capture(
    project: Project,
    installations: Iterable[Installation],
    examples: Iterable[str],
    store: Store,
    console: Console | None = None,
    pages: Mapping[str, str] = MappingProxyType({}),
    repeats: bool = False,
) -> None:
    """Put a run of each example on each interpreter into the store, unless it is there already.

    With `repeats`, the examples that the settings call repeated are executed again and again.
    Raises Problem, a line for each run that met a limit or could not be made; only the others are
    kept.
    """
    installations = list(installations)
    compile_libraries(project, installations)
    to_watch = watched(project)
    jobs = [
        job
        for example in examples
        for job in jobs_of(
            project, example, pages.get(example, ""), example in to_watch, repeats, installations
        )
        if not _is_there(store, job)
    ]
    together = [job for job in jobs if not job.alone]
    alone = [job for job in jobs if job.alone]
    problems: list[str] = []
    with contextlib.ExitStack() as stack:
        with _held_back():
            progress = stack.enter_context(_progress(console))
        bar = progress.add_task("executing", total=len(jobs), running="", failed="")
        side_by_side = execute_all(together, AT_ONCE_PER_CORE * Machine.this().cores)
        for batch in (side_by_side, _execute_alone(alone)):
            with contextlib.closing(batch) as executed:
                for job, run, running in executed:
                    if complaint := _complaint(run, job.limits):
                        problems.append(f"{job}: {complaint}")
                    elif isinstance(run, Run):
                        store.save(run, job.repeat)
                    failed = f"{len(problems)} failed" if problems else ""
                    progress.update(bar, advance=1, running=f"{running} running", failed=failed)
    if problems:
        raise Problem("\n".join(problems))


def compile_libraries(project: Project, installations: list[Installation]) -> None:
    """Put each interpreter's compiled library into build/, unless it is there."""
    with ThreadPoolExecutor() as pool:
        folders = [folder_of_bytecode(project, one) for one in installations]
        list(pool.map(compile_library, installations, folders))


def jobs_of(
    project: Project,
    example: str,
    page: str,
    watched: bool,
    repeats: bool,
    installations: list[Installation],
) -> Iterator[Job]:
    settings = project.settings
    limits = Limits.of(settings)
    if example.startswith(MEASURED):  # one at a time: it may have as many as the system gives
        limits = replace(limits, threads=MANY)
    source = (project.examples / example).read_bytes()
    sandboxed = sandbox.possible()  # asked once: or a worker could fail to see it, and do without
    for installation in installations:
        bytecode = folder_of_bytecode(project, installation)
        job = Job(example, page, source, installation, limits, bytecode, watched, 0, sandboxed)
        yield job
        if repeats and example in settings.get("repeated", ()):
            for number in range(1, settings["repeats"]):
                yield replace(job, repeat=number)


def _is_there(store: Store, job: Job) -> bool:
    run = store.load(job.example, job.source, job.installation.interpreter, job.repeat)
    return run is not None and not (job.watched and run.lanes is None)


def execute_all(jobs: list[Job], at_once: int) -> Executed:
    """Each job with its run, as it is done, and how many others are running then.

    Each worker is a pool of its own, so that a script which kills its worker is known by that. One
    that a script has stopped is killed when its job is long overdue; what such a script leaves
    behind comes to this process, and is ended.
    """
    adopt_orphans()
    spared = {child.pid for child in psutil.Process().children()}
    waiting = iter(jobs)
    running: dict[Future[Run], tuple[Job, ProcessPoolExecutor]] = {}
    overdue: dict[Future[Run], float] = {}
    parent = folder_for_scratch(len("/exhibits-12345678") + SOCKETS_BELOW)
    with tempfile.TemporaryDirectory("", "exhibits-", parent, True) as scratch:
        free = [_worker(scratch) for _ in range(min(at_once, len(jobs)))]
        try:
            while True:
                while free and (job := next(waiting, None)):
                    worker = free.pop()
                    with _held_back():
                        running[future := worker.submit(job)] = job, worker
                    overdue[future] = time.monotonic() + job.limits.seconds + OVERDUE
                if not running:
                    break
                done = wait(running, timeout=1, return_when=FIRST_COMPLETED).done
                for future in running.keys() - done:
                    if time.monotonic() > overdue[future]:
                        _kill(running[future][1])
                for future in done:
                    job, worker = running.pop(future)
                    error = future.exception()
                    if isinstance(error, BrokenExecutor):
                        worker.shutdown()
                        end_descendants(spared=spared | _workers())
                        worker = _worker(scratch)
                    free.append(worker)
                    yield job, error or future.result(), len(running)
            for worker in free:
                worker.shutdown()
        except BaseException:
            for process in multiprocessing.active_children():
                process.terminate()
            for pid in _workers() if hasattr(signal, "SIGCONT") else ():
                os.kill(pid, signal.SIGCONT)  # one that a script has stopped
            for worker in (*free, *(worker for _, worker in running.values())):
                worker.shutdown(cancel_futures=True)
            raise


@contextlib.contextmanager
def _held_back() -> Iterator[None]:
    """Let signals to end wait while a worker or a thread is started.

    What a signal raises while a process forks is lost. A worker takes signals from when it is
    ready; a thread that never does leaves them to the main thread.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, TO_END)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _worker(scratch: str) -> ProcessPoolExecutor:
    context = multiprocessing.get_context("fork" if os.name == "posix" else "spawn")
    return ProcessPoolExecutor(1, context, _become_a_worker, (scratch,))


def _workers() -> set[int]:
    return {child.pid for child in multiprocessing.active_children() if child.pid}


def _kill(worker: ProcessPoolExecutor) -> None:
    for process in list(worker._processes.values()):  # from 3.14 on: worker.kill_workers()
        process.kill()


def _execute_alone(jobs: list[Job]) -> Executed:
    """As `execute_all`, but one at a time; again, if other programs were busy meanwhile."""
    for job in jobs:
        for _ in range(TRIES):
            wait_until_idle()
            before = _processor_time_of_all()
            (executed,) = execute_all([job], at_once=1)
            run = executed[1]
            if not isinstance(run, Run):
                break
            others = _processor_time_of_all() - before - run.processor_time
            if others <= DISTURBED * run.duration + OWN:
                break
        yield executed


def _processor_time_of_all() -> float:
    """Seconds that all programs on this machine have been on its cores since it started."""
    times = psutil.cpu_times()
    return float(sum(times) - times.idle - getattr(times, "iowait", 0.0))


def wait_until_idle() -> None:
    """Wait until hardly anything else runs on this machine, but not for ever."""
    for _ in range(LOOKS):
        if psutil.cpu_percent(interval=0.1) <= IDLE:
            return


def _become_a_worker(scratch: str) -> None:
    """Be the one that every orphan of a script returns to, and end them all when told to end.

    A handler, unlike SIG_IGN, is not inherited by the scripts. The first signal does it all: one
    that comes on its heels may wait until the main thread wakes. The parent removes `scratch`.
    """
    tempfile.tempdir = scratch
    ignored = {n for n in signal.valid_signals() if signal.getsignal(n) is signal.SIG_IGN}
    for number in ignored - IGNORED_BY_PYTHON:  # as nohup and a shell's & leave them
        signal.signal(number, signal.SIG_DFL)
    for number in TO_END:
        goes_on = number in UNLESS_IGNORED and number in ignored
        signal.signal(number, _go_on if goes_on else _end_at_once)
    adopt_orphans()
    end_with_parent()
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, TO_END)


def _go_on(*_: object) -> None:
    """Do nothing, as SIG_IGN does."""


def _end_at_once(*_: object) -> None:
    for number in TO_END:
        signal.signal(number, signal.SIG_IGN)
    with contextlib.suppress(OSError):  # one of them will not end
        end_descendants()
    os._exit(130)


def _complaint(run: Run | BaseException, limits: Limits) -> str:
    """What is wrong with a run, or why there is none; empty where nothing is."""
    if isinstance(run, BrokenExecutor):
        return "killed or stopped the process that executes it; let it end its own processes alone"
    if isinstance(run, BaseException):
        reason = " ".join(f"{type(run).__name__}: {run}".split())
        return (
            f"could not be executed ({reason}); is the interpreter still there? "
            "nox -s interpreters lists them"
        )
    match run.end:
        case "time limit":
            return (
                f"was still running after {limits.seconds:g} s and was stopped; it last printed "
                f"{_last_words(run)}; make it end, or raise time_limit in pyproject.toml"
            )
        case "output limit":
            return (
                f"printed more than {limits.output_bytes} bytes or {limits.output_lines} lines and "
                "was stopped; print less, or raise the limits in pyproject.toml"
            )
        case "memory limit":
            return (
                f"took more than {limits.memory // 1_000_000} MB of memory and was stopped; "
                "take less, or raise memory_megabytes in pyproject.toml"
            )
        case "process limit":
            return (
                f"had more than {limits.processes} processes and was stopped; "
                "start fewer, or raise processes in pyproject.toml"
            )
        case "thread limit":
            return (
                f"had more than {limits.threads} threads and was stopped; "
                "start fewer, or raise threads in pyproject.toml"
            )
    return ""


def _last_words(run: Run) -> str:
    return repr(run.lines[-1].text.rstrip("\n")[:80]) if run.lines else "nothing"


def _progress(console: Console | None) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[running]}"),
        TextColumn("[red]{task.fields[failed]}"),
        TimeElapsedColumn(),
        console=console or Console(),
        disable=console is None,
    )

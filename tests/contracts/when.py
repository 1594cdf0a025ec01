"""To what a contract applies: interpreters, passed as `on=`, and kinds of run, passed as `of=`.

A run is of the kind or not by what it says of itself. Where it is not, the contract has nothing to
judge, and neither holds nor fails.
"""

import re
from collections.abc import Callable

from exhibits import timeline
from exhibits.interpreters import Interpreter
from exhibits.run import Run

On = Callable[[Interpreter], bool]
Of = Callable[[Run], bool]
# What a measured script prints of how undisturbed it was.
SHARE = re.compile(r"^.* had (\d\.\d\d) of a core$", re.M)
LONGEST = re.compile(r"^one after another took (\d\.\d{3}) s at most$", re.M)


def since(major: int, minor: int) -> On:
    """Version `major.minor` and later, whatever the build."""
    return lambda interpreter: interpreter.minor >= (major, minor)


def before(major: int, minor: int) -> On:
    """Versions earlier than `major.minor`."""
    return lambda interpreter: interpreter.minor < (major, minor)


def with_gil(interpreter: Interpreter) -> bool:
    """Interpreters that run with the GIL."""
    return interpreter.gil


def without_gil(interpreter: Interpreter) -> bool:
    """Interpreters that run without the GIL."""
    return not interpreter.gil


def starting_by(*methods: str) -> On:
    """Interpreters whose default start method, on this platform, is one of `methods`."""
    return lambda interpreter: interpreter.start_method in methods


def exactly(major: int, minor: int) -> On:
    """Version `major.minor` alone, whatever the build."""
    return lambda interpreter: interpreter.minor == (major, minor)


def sampled(on: On = lambda _: True) -> On:
    """As `on`, where the system tells when a thread was on a core; elsewhere nowhere."""
    return lambda interpreter: timeline.POSSIBLE and on(interpreter)


def two_cores(run: Run) -> bool:
    """Runs that had two cores or more to share with whatever else ran."""
    return run.machine.cores >= 2


def quicker_than(seconds: float) -> Of:
    """Runs that took less time than that, from their start to their end."""
    return lambda run: run.duration < seconds


def printed_before(text: str, seconds: float) -> Of:
    """Runs whose line with this text was there less than so many seconds after their start.

    A run without such a line is of the kind: the contract judges it.
    """
    return lambda run: all(line.at < seconds for line in run.lines if text in line.text)


def undisturbed(run: Run) -> bool:
    """Runs with two cores in which one worker, which never waits, had nearly all of a core.

    A run that does not say so counts as undisturbed: the contract judges it.
    """
    share = SHARE.search(run.stdout)
    return two_cores(run) and (share is None or float(share[1]) >= 0.9)


def punctual(run: Run) -> bool:
    """Runs in which ten waits of 0.1 s, one after another, ended at most 1 ms late each.

    A run that does not say so counts as punctual: the contract judges it.
    """
    longest = LONGEST.search(run.stdout)
    return longest is None or float(longest[1]) <= 1.01

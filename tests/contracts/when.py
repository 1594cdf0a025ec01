"""On which interpreters a contract applies: what to pass as `on=`."""

from collections.abc import Callable

from exhibits import timeline
from exhibits.interpreters import Interpreter

On = Callable[[Interpreter], bool]


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

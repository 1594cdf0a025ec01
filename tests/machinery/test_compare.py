"""Holds comparing to this: noise does not tell outputs apart, and everything else does."""

import pytest

from exhibits.compare import outcomes, versions
from exhibits.run import Run
from tests.machinery.conftest import a_run, an_interpreter

OLD_ERROR = """\
Exception in thread Thread-1 (worker):
Traceback (most recent call last):
  File "lib/python3.11/threading.py", line 1038, in _bootstrap_inner
    self.run()
  File "lib/python3.11/threading.py", line 975, in run
    self._target(*self._args, **self._kwargs)
  File "script.py", line 5, in worker
    return 1 / zero
           ~~^~~~~~
ZeroDivisionError: division by zero
"""
NEW_ERROR = """\
Exception in thread Thread-1 (worker):
Traceback (most recent call last):
  File "lib/python3.14/threading.py", line 1082, in _bootstrap_inner
    self._context.run(self.run)
    ~~~~~~~~~~~~~~~~~^^^^^^^^^^
  File "<frozen runpy>", line 198, in _run_module_as_main
  File "lib/python3.14/threading.py", line 1024, in run
    self._target(*self._args, **self._kwargs)
    ~~~~~~~~~~~~^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  File "script.py", line 5, in worker
    return 1 / zero
           ~~^~~~~~~
ZeroDivisionError: division by zero
"""


def names(*runs: Run) -> list[list[str]]:
    """The interpreters of each outcome."""
    found = outcomes(runs)
    return [[run.interpreter.name for run in outcome.runs] for outcome in found]


def test_equal_outputs_are_one_outcome_shown_by_the_newest() -> None:
    (one,) = outcomes([a_run("3.11", "same\n"), a_run("3.13t", "same\n"), a_run("3.14", "same\n")])
    assert [run.interpreter.name for run in one.runs] == ["3.11", "3.13t", "3.14"]
    assert one.shown.interpreter.name == "3.14"
    assert one.exact


def test_no_runs_have_no_outcome() -> None:
    assert outcomes([]) == []


@pytest.mark.parametrize(
    "other",
    [
        a_run("3.14", "other\n", "error\n", 1),
        a_run("3.14", "same", "error\n", 1),
        a_run("3.14", "same\n", "another error\n", 1),
        a_run("3.14", "same\n", "", 1),
        a_run("3.14", "same\n", "error\n", 0),
        a_run("3.14", "same\n", "error\n", -9),
    ],
    ids=["stdout", "last newline", "stderr", "no stderr", "exit code", "signal"],
)
def test_what_differs_is_another_outcome(other: object) -> None:
    assert names(a_run("3.13", "same\n", "error\n", 1), other) == [["3.14"], ["3.13"]]


def test_the_outcome_of_the_newest_interpreter_is_first() -> None:
    runs = [a_run("3.11", "b"), a_run("3.12", "a"), a_run("3.13", "c"), a_run("3.14", "a")]
    assert names(*runs) == [["3.12", "3.14"], ["3.13"], ["3.11"]]


def test_library_frames_and_marks_do_not_tell_errors_apart() -> None:
    runs = [a_run("3.11", "", OLD_ERROR, 1), a_run("3.14", "", NEW_ERROR, 1)]
    (one,) = outcomes(runs)
    assert one.shown.stderr == NEW_ERROR
    assert not one.exact


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("division by zero", "integer division or modulo by zero"),
        ("line 5, in worker", "line 6, in worker"),
        ("1 / zero", "2 / zero"),
        ('File "script.py"', 'File "other.py"'),
    ],
)
def test_the_script_s_own_frames_and_message_tell_errors_apart(old: str, new: str) -> None:
    assert old in NEW_ERROR
    other = a_run("3.14", "", NEW_ERROR.replace(old, new), 1)
    assert names(a_run("3.11", "", OLD_ERROR, 1), other) == [["3.14"], ["3.11"]]


def test_marks_on_stdout_tell_outputs_apart() -> None:
    assert names(a_run("3.11", "    ^^^\n"), a_run("3.14", "    ^^\n")) == [["3.14"], ["3.11"]]


@pytest.mark.parametrize(
    ("given", "named"),
    [
        (["3.11", "3.12", "3.13", "3.14", "3.15"], "3.11 – 3.15"),
        (["3.11", "3.12", "3.13", "3.13t", "3.14", "3.15"], "3.11 – 3.15, 3.13t free-threaded"),
        (
            ["3.15", "3.13t", "3.11", "3.14t", "3.12"],
            "3.11, 3.12, 3.15, 3.13t, 3.14t free-threaded",
        ),
        (["3.11", "3.12", "3.13", "3.15"], "3.11 – 3.13, 3.15"),
        (["3.9", "3.10", "3.11"], "3.9 – 3.11"),
        (["3.11", "3.13", "3.15"], "3.11, 3.13, 3.15"),
        (["3.13", "3.14"], "3.13, 3.14"),
        (["3.14"], "3.14"),
        (["3.13t"], "3.13t free-threaded"),
        ([], ""),
    ],
    ids=str,
)
def test_interpreters_are_named_in_few_words(given: list[str], named: str) -> None:
    assert versions(an_interpreter(name) for name in given) == named

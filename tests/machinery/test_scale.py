"""The measure of what a build costs works: it makes projects, and every phase of them is done."""

import subprocess
import sys

from tests.machinery.conftest import ROOT
from tests.scale.__main__ import PHASES


def test_each_phase_is_done_and_has_its_cost() -> None:
    command = [sys.executable, "-m", "tests.scale", "11"]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    _, *lines = map(str.split, answer.stdout.splitlines())
    assert [line[:2] for line in lines] == [["11", phase] for phase in PHASES]
    assert all(float(figure) > 0 for line in lines for figure in line[2:5])

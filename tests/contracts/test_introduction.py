"""What must hold of examples/introduction/ on every run."""

import pytest

from exhibits.run import Run


@pytest.mark.example("introduction/waiting_or_computing.py")
def test_waiting_leaves_the_processor_alone(run: Run) -> None:
    """Waiting half a second uses no processor time; computing uses all that it measures."""
    assert run.output == [
        "wait: used the processor for 0.0 s",
        "compute: used the processor for 0.5 s",
    ]


@pytest.mark.example("introduction/same_interface.py")
def test_one_interface_two_places(run: Run) -> None:
    """A Thread runs in the process that started it, a Process in one of its own."""
    assert run.output == [
        "Thread: in the same process: True",
        "Process: in the same process: False",
    ]

"""What must hold of examples/locks/ on every run."""

import re

import pytest

from exhibits.run import Run
from tests.contracts.when import quicker_than, with_gil, without_gil


def number_at_end(run: Run) -> int:
    found = re.search(r"(\d+)$", run.stdout.strip())
    assert found, f"no number at the end of {run.stdout!r}"
    return int(found[1])


@pytest.mark.example("locks/lost_update_forced.py")
def test_both_read_before_either_writes(run: Run) -> None:
    """When both threads read before either writes, two increments make 1, on every run."""
    assert run.output == ["Two increments, and the counter is 1"]


@pytest.mark.example("locks/barrier_in_lock.py")
def test_a_barrier_inside_a_lock_waits_in_vain(run: Run) -> None:
    """With the barrier inside the lock, neither thread ever meets the other there."""
    assert run.output == ["gave up waiting for the other thread"] * 2


@pytest.mark.example("locks/lost_update.py")
def test_ten_deposits_leave_ten_at_most(run: Run) -> None:
    """With a wait between read and write, ten deposits of 1 leave from 1 to 10."""
    assert 1 <= number_at_end(run) <= 10


@pytest.mark.example("locks/lost_update.py", of=quicker_than(10 * 0.1))
def test_a_wait_between_read_and_write_loses_updates(run: Run) -> None:
    """In less time than ten waits one after another, ten deposits of 1 leave less than 10."""
    assert number_at_end(run) < 10


@pytest.mark.example("locks/deposits_with_lock.py")
def test_the_lock_keeps_every_deposit(run: Run) -> None:
    """With the lock around read, wait and write, ten deposits of 1 leave 10."""
    assert run.output == ["Ten deposits of 1, and the balance is 10"]


@pytest.mark.example("locks/deposits_with_lock.py")
def test_waits_inside_the_lock_come_one_after_another(run: Run) -> None:
    """Ten waits of 0.1 s inside the lock take at least ten times as long as one."""
    assert run.duration >= 10 * 0.1


@pytest.mark.example("locks/call_in_between.py", on=with_gil)
def test_a_call_between_read_and_write_loses_updates(run: Run) -> None:
    """With the GIL, a function call between read and write loses updates."""
    assert run.output == ["2500000 calls, updates lost: True"]


@pytest.mark.example("locks/call_in_between.py", on=without_gil)
def test_a_call_between_read_and_write_without_the_gil(run: Run) -> None:
    """Without the GIL, a function call between read and write may lose updates or not."""
    assert run.output in (
        ["2500000 calls, updates lost: True"],
        ["2500000 calls, updates lost: False"],
    )


@pytest.mark.example("locks/counter_with_lock.py")
def test_the_lock_keeps_every_increment(run: Run) -> None:
    """With the lock, five threads count to 500000, with the GIL or without."""
    assert run.output == ["500000"]


@pytest.mark.example("locks/single_operations.py")
def test_single_operations_lose_nothing(run: Run) -> None:
    """Neither list.append nor storing into a dict lost one of 100000 items."""
    assert run.output == [
        "list.append kept 100000 of 100000",
        "dict[key] = value kept 100000 of 100000",
    ]


@pytest.mark.example("locks/lock_after_error.py")
def test_with_releases_on_an_error(run: Run) -> None:
    """`with lock` releases the lock when the block raises; a bare acquire() leaves it taken."""
    assert run.output == [
        "careful: error inside the with block; still locked: False",
        "careless: error between acquire() and release(); still locked: True",
    ]

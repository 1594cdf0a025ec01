"""Every run of every example is held by a contract; every contract states a claim."""

import pytest

from exhibits.project import Project
from tests.contracts.conftest import INTERPRETERS


def contracts(session: pytest.Session) -> list[pytest.Function]:
    return [
        item
        for item in session.items
        if isinstance(item, pytest.Function) and item.get_closest_marker("example")
    ]


def test_every_example_has_a_contract_on_every_interpreter(request: pytest.FixtureRequest) -> None:
    held = {
        (marker.args[0], item.callspec.params["interpreter"])
        for item in contracts(request.session)
        if (marker := item.get_closest_marker("example"))
    }
    here = [one.name for one in request.config.stash[INTERPRETERS]]
    wanted = {(example, name) for example in Project.here().example_names() for name in here}
    missing = sorted(f"examples/{example} on {name}" for example, name in wanted - held)
    assert not missing, f"write a contract for {', '.join(missing)}"


def test_every_contract_is_about_an_example_that_is_there(request: pytest.FixtureRequest) -> None:
    markers = [item.get_closest_marker("example") for item in contracts(request.session)]
    named = {marker.args[0] for marker in markers if marker}
    assert sorted(named - set(Project.here().example_names())) == []


def test_every_contract_states_its_claim_in_a_sentence(request: pytest.FixtureRequest) -> None:
    silent = [
        item.nodeid
        for item in contracts(request.session)
        if not (item.function.__doc__ or "").strip().endswith(".")
    ]
    assert silent == []

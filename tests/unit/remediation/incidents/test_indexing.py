"""Incidents are found by an index, and whatever happens to them, what it finds is what a look at all of them finds."""

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from remediation.folds import fold
from remediation.incidents import fold as incidents
from remediation.journal.incident_kinds import (
    IncidentAcknowledged,
    IncidentMerged,
    IncidentReopened,
    IncidentResolved,
)
from remediation.journal.kinds import Body
from remediation.state import Incident, State
from tests.unit.remediation.incidents.telling import Told, breach, clear, indexed

FEW = 4
"""Incidents that are kept here, so that most that come push one out."""
RULES = ("payment-failure-rate", "latency", "capacity", "costs")
NAMES = tuple(f"inc-{place}" for place in range(1, 21))
FOUND: st.SearchStrategy[Body] = st.builds(
    lambda rule, place, over: (clear if over else breach)(rule, environment=place),
    st.sampled_from(RULES),
    st.sampled_from(("blue", "green")),
    st.booleans(),
)
NAMED = st.sampled_from(NAMES)
DONE: st.SearchStrategy[Body] = st.one_of(
    st.builds(lambda of, into: IncidentMerged(incident_id=of, into=into, why="one cause"), NAMED, NAMED),
    st.builds(lambda of: IncidentAcknowledged(incident_id=of), NAMED),
    st.builds(lambda of: IncidentResolved(incident_id=of), NAMED),
    st.builds(lambda of: IncidentReopened(incident_id=of, why="still so"), NAMED),
)
SAID = st.lists(st.tuples(st.one_of(FOUND, FOUND, DONE), st.sampled_from(("ana", "daemon"))), max_size=40)


def about(state: State, fingerprint: str) -> Incident | None:
    return next((one for one in reversed(state.incidents.values()) if one.fingerprint == fingerprint), None)


def merged_into(state: State, incident_id: str) -> Iterator[Incident]:
    return (one for one in state.incidents.values() if one.merged_into == incident_id)


@settings(max_examples=60)
@given(said=SAID)
def test_a_fold_that_looks_at_all_incidents_comes_to_the_same_state(said: list[tuple[Body, str]]) -> None:
    told = Told()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(incidents, "INCIDENTS_MAX", FEW)
        for body, by in said:
            told.say(body, by=by)
        assert told.state == indexed(told.state, told.state.incidents)
        patch.setattr(incidents, "incident_of", about)
        patch.setattr(incidents, "members_of", merged_into)
        assert fold(told.entries) == told.state


def test_an_older_incident_is_found_again_once_the_newer_one_about_the_same_was_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told = Told().say(breach(), clear(), breach(), clear())
    told.say(IncidentReopened(incident_id="inc-1", why="still so"), by="ana")
    monkeypatch.setattr(incidents, "INCIDENTS_MAX", 2)
    told.say(breach("latency"))
    assert list(told.state.incidents) == ["inc-1", "inc-6"]
    assert incidents.incident_of(told.state, breach().fingerprint) == told.incident("inc-1")

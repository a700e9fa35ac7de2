"""What people and evidence do to incidents, and what of a group is done to all of it."""

import pytest

from checks.findings import Finding
from remediation.incidents import fold
from remediation.journal.incident_kinds import (
    IncidentAcknowledged,
    IncidentMerged,
    IncidentReopened,
    IncidentResolved,
    IncidentUnacknowledged,
)
from remediation.state import IncidentState
from tests.unit.remediation.incidents.telling import SECOND_MS, Told, breach, clear
from tests.unit.remediation.worlds import NOW_MS

FEW = 20
"""Incidents that are kept where there is a storm of more."""
LATENCY = breach("payment-latency", "high")
LATENCY_CLEAR = clear("payment-latency", "high")


def merged(of: str = "inc-2", into: str = "inc-1") -> IncidentMerged:
    return IncidentMerged(incident_id=of, into=into, why="the same environment")


def group() -> Told:
    """A critical incident that speaks for a milder one."""
    return Told().say(breach(), LATENCY, merged())


def states(told: Told) -> dict[str, str]:
    return {one.id: one.state.value for one in told.state.incidents.values()}


def test_what_is_given_back_is_open_again_and_remembers_when_it_was_first_answered() -> None:
    told = Told().say(breach()).later(SECOND_MS).say(IncidentAcknowledged(incident_id="inc-1"), by="ana")
    told.later(SECOND_MS).say(IncidentUnacknowledged(incident_id="inc-1", cause="timeout"))
    incident = told.incident("inc-1")
    assert (incident.state, incident.acknowledged_by, incident.acknowledged_at_ms) == (IncidentState.OPEN, "", 0)
    assert incident.answered_at_ms == NOW_MS + SECOND_MS
    told.say(IncidentAcknowledged(incident_id="inc-1"), by="bob")
    assert told.incident("inc-1").acknowledged_by == "bob"
    assert told.incident("inc-1").answered_at_ms == NOW_MS + SECOND_MS


def test_one_that_a_person_closed_hears_its_evidence_and_no_second_one_opens() -> None:
    told = Told().say(breach()).say(IncidentResolved(incident_id="inc-1"), by="ana").say(breach())
    assert list(told.state.incidents) == ["inc-1"]
    assert told.incident("inc-1").awaits_evidence
    told.say(clear())
    assert not told.incident("inc-1").awaits_evidence
    assert told.incident("inc-1").resolved_by == "ana"
    told.say(breach())
    assert list(told.state.incidents) == ["inc-1", "inc-5"]


def test_one_that_is_reopened_is_as_if_nobody_had_closed_it() -> None:
    told = Told().say(breach()).say(IncidentResolved(incident_id="inc-1"), by="ana")
    told.later(SECOND_MS).say(IncidentReopened(incident_id="inc-1", why="still so"))
    incident = told.incident("inc-1")
    assert (incident.state, incident.resolved_by, incident.resolved_at_ms) == (IncidentState.OPEN, "", 0)
    assert incident.reopened_at_ms == NOW_MS + SECOND_MS
    assert told.say(clear()).incident("inc-1").state is IncidentState.RESOLVED


def test_one_whose_rule_is_gone_is_over_for_good() -> None:
    told = Told().say(breach(), IncidentResolved(incident_id="inc-1"))
    assert told.incident("inc-1").state is IncidentState.RESOLVED
    assert not told.incident("inc-1").awaits_evidence


def test_a_group_is_taken_on_given_back_and_closed_as_one_whichever_of_it_is_named() -> None:
    told = group().say(IncidentAcknowledged(incident_id="inc-2"), by="ana")
    assert set(states(told).values()) == {"acknowledged"}
    told.say(IncidentUnacknowledged(incident_id="inc-2", cause="person"), by="ana")
    assert set(states(told).values()) == {"open"}
    told.say(IncidentResolved(incident_id="inc-2"), by="ana")
    assert set(states(told).values()) == {"resolved"}


@pytest.mark.parametrize("order", [(clear(), LATENCY_CLEAR), (LATENCY_CLEAR, clear())])
def test_a_group_is_over_when_all_of_it_is_in_whatever_order(order: tuple[Finding, Finding]) -> None:
    told = group()
    first, last = order
    assert told.say(first).incident("inc-1").state is IncidentState.OPEN
    assert set(states(told.say(last)).values()) == {"resolved"}


def test_a_root_that_breaches_again_while_its_group_lasts_is_not_over() -> None:
    told = group().say(clear(), breach(), LATENCY_CLEAR)
    assert told.incident("inc-1").state is IncidentState.OPEN
    assert told.say(clear()).incident("inc-1").state is IncidentState.RESOLVED


def test_a_rule_that_is_gone_ends_its_own_part_of_a_group_alone() -> None:
    told = group().say(IncidentResolved(incident_id="inc-1"))
    assert states(told) == {"inc-1": "open", "inc-2": "open"}
    assert set(states(told.say(LATENCY_CLEAR)).values()) == {"resolved"}


def test_reopening_a_group_opens_only_what_lasts() -> None:
    told = group().say(LATENCY_CLEAR).say(IncidentResolved(incident_id="inc-1"), by="ana")
    told.say(IncidentReopened(incident_id="inc-1", why="still so"))
    assert states(told) == {"inc-1": "open", "inc-2": "resolved"}


def test_a_group_that_somebody_is_on_is_open_again_when_a_graver_one_joins() -> None:
    told = Told().say(LATENCY).say(IncidentAcknowledged(incident_id="inc-1"), by="ana")
    told.say(breach(), merged("inc-3", "inc-1"))
    assert told.incident("inc-1").severity == 1
    assert states(told) == {"inc-1": "open", "inc-3": "open"}


def test_a_milder_one_that_joins_is_taken_on_with_its_group() -> None:
    told = Told().say(breach()).say(IncidentAcknowledged(incident_id="inc-1"), by="ana")
    told.say(LATENCY, merged("inc-3", "inc-1"))
    assert told.incident("inc-3").acknowledged_by == "ana"


def test_a_root_brings_its_members_along() -> None:
    told = group().say(breach("payments-absent"), merged("inc-1", "inc-4"))
    assert {one.merged_into for one in told.state.incidents.values()} == {"", "inc-4"}
    assert told.say(clear(), LATENCY_CLEAR, clear("payments-absent")).incident("inc-4").state is IncidentState.RESOLVED


@pytest.mark.parametrize(("of", "into"), [("inc-1", "inc-1"), ("inc-1", "inc-9"), ("inc-1", "inc-2")])
def test_nothing_is_merged_into_itself_or_into_what_is_not_there(of: str, into: str) -> None:
    before = group()
    after = states(before)
    assert states(before.say(merged(of, into))) == after
    assert before.incident("inc-1").merged_into == ""


def test_a_storm_does_not_forget_the_incident_that_speaks_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fold, "INCIDENTS_MAX", FEW)
    told = Told().say(breach())
    for number in range(2, FEW + 60):
        name = f"inc-{told.state.sequence + 1}"
        told.say(breach("cloudwatch-alarm", "medium", subject=f"alarm-{number}"), merged(name, "inc-1"))
    assert len(told.state.incidents) == FEW
    assert told.incident("inc-1").joined == FEW + 58

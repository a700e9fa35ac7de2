"""Which incidents are one, and how long a group took."""

import pytest
from msgspec.structs import replace

from config.escalation.escalation_file import Grouping
from remediation.incidents.grouping import merge_of
from remediation.incidents.labels import labels_of
from remediation.incidents.times import times_of
from remediation.journal.incident_kinds import IncidentAcknowledged, IncidentMerged, IncidentResolved
from tests.unit.remediation.incidents.telling import MINUTE_MS, SECOND_MS, Told, breach, clear
from tests.unit.remediation.worlds import NOW_MS

GREEN = {"region": "us-east-1", "environment": "green"}


def merged(told: Told, name: str = "inc-2", policy: Grouping | None = None) -> str:
    """Into which incident this one belongs; empty for none."""
    found = merge_of(told.state, told.incident(name), Grouping() if policy is None else policy)
    return "" if found is None else found.into


@pytest.mark.parametrize(
    ("key", "into"),
    [
        (GREEN, "inc-1"),
        ({**GREEN, "subject": "pay_1"}, "inc-1"),
        ({"region": "us-east-1", "environment": "blue"}, ""),
        ({"region": "eu-west-1", "environment": "green"}, ""),
        ({"region": "us-east-1"}, ""),
        ({"version": "2.0.0"}, ""),
    ],
)
def test_the_same_region_and_environment_are_one_cause(key: dict[str, str], into: str) -> None:
    assert merged(Told().say(breach(), breach("payment-latency", "high", **key))) == into


@pytest.mark.parametrize("shared", [{"version": "2.0.0"}, {"subject": "payments-db"}])
def test_the_same_release_or_subject_is_one_cause(shared: dict[str, str]) -> None:
    first, second = breach("one", "high", **shared), breach("other", "high", **shared)
    assert merged(Told().say(first, second)) == "inc-1"


@pytest.mark.parametrize(("later_ms", "into"), [(10 * MINUTE_MS, "inc-1"), (10 * MINUTE_MS + 1, "")])
def test_what_begins_later_than_the_window_is_another_cause(later_ms: int, into: str) -> None:
    assert merged(Told().say(breach()).later(later_ms).say(breach("payment-latency", "high"))) == into


def test_what_joins_a_group_joins_its_root_also_by_what_it_shares_with_a_member_alone() -> None:
    told = Told().say(breach(), breach("payment-latency", "high", **GREEN, subject="db"))
    told.say(IncidentMerged(incident_id="inc-2", into="inc-1", why="the same environment"))
    told.say(breach("component-unhealthy", "high", subject="db"))
    assert merged(told, "inc-4") == "inc-1"


def test_what_is_over_is_joined_by_nothing() -> None:
    assert merged(Told().say(breach(), clear(), breach("payment-latency", "high")), "inc-3") == ""


def test_an_older_one_joins_no_younger_one() -> None:
    told = Told().say(breach(), breach("payment-latency", "high"))
    assert merged(told, "inc-1") == ""


def test_fraud_and_a_slow_core_are_never_one_cause_and_two_of_fraud_may_be() -> None:
    fraud = replace(breach("card-testing", "high"), family="fraud")
    other = replace(breach("velocity", "high"), family="fraud")
    assert merged(Told().say(breach(), fraud)) == ""
    assert merged(Told().say(fraud, other)) == "inc-1"
    assert merged(Told().say(breach(), fraud), policy=Grouping(apart=())) == "inc-1"


def test_an_incident_is_called_by_its_own_names_and_those_of_its_key() -> None:
    told = Told().say(breach(**GREEN))
    assert labels_of(told.incident("inc-1")) == {
        **GREEN,
        "id": "inc-1",
        "rule": "payment-failure-rate",
        "family": "sla",
        "severity": "critical",
        "runbook": "payment-failures",
    }


def test_a_group_takes_from_its_first_begin_to_its_last_end() -> None:
    told = Told().say(replace(breach(), at_ms=NOW_MS - 3 * SECOND_MS)).later(SECOND_MS)
    told.say(breach("payment-latency", "high"))
    told.say(IncidentMerged(incident_id="inc-2", into="inc-1", why="the same environment")).later(SECOND_MS)
    assert times_of(told.state, told.incident("inc-1")).resolve_ms is None
    told.say(IncidentAcknowledged(incident_id="inc-2"), by="ana").later(SECOND_MS)
    told.say(IncidentResolved(incident_id="inc-1"), by="ana")
    times = times_of(told.state, told.incident("inc-1"))
    assert (times.detect_ms, times.acknowledge_ms, times.mitigate_ms, times.resolve_ms) == (3000, 2000, None, 3000)

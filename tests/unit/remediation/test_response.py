"""By when an incident is to be answered, and whether somebody did."""

import pytest
from msgspec.structs import replace
from pydantic import ValidationError

from config.policy import Severities, SeverityLevel
from daemon.http.words.wording import response_words
from remediation.response import response_of
from remediation.state import Incident, IncidentState
from tests.unit.remediation.worlds import NOW_MS

MINUTE_MS = 60_000


def incident(level: int, **changes: object) -> Incident:
    one = Incident(
        id="inc-1",
        fingerprint="r[]",
        rule_id="r",
        subject="",
        severity=level,
        runbook="r",
        state=IncidentState.OPEN,
        opened_at_ms=NOW_MS,
    )
    return replace(one, **changes)


@pytest.mark.parametrize(("level", "minutes"), [(1, 15), (2, 30), (3, 60)])
def test_each_level_has_the_owners_time(level: int, minutes: int) -> None:
    due_ms = NOW_MS + minutes * MINUTE_MS
    at_the_end = response_of(incident(level), Severities(), due_ms)
    assert (at_the_end.respond_by_ms, at_the_end.overdue) == (due_ms, False)
    assert response_of(incident(level), Severities(), due_ms + 1).overdue


@pytest.mark.parametrize("state", [IncidentState.ACKNOWLEDGED, IncidentState.RESOLVED])
def test_what_somebody_took_on_or_what_is_over_is_never_overdue(state: IncidentState) -> None:
    assert not response_of(incident(1, state=state), Severities(), NOW_MS + 10**9).overdue


@pytest.mark.parametrize(
    ("changes", "after_minutes", "words"),
    [
        ({}, 3, "answer within 12 min: Activate the kill switch at once: POST /v1/control, mode holding"),
        ({}, 20, "5 min overdue: Activate the kill switch at once: POST /v1/control, mode holding"),
        (
            {"state": IncidentState.ACKNOWLEDGED, "acknowledged_by": "ann"},
            20,
            "taken on by ann: Activate the kill switch at once: POST /v1/control, mode holding",
        ),
        ({"state": IncidentState.RESOLVED}, 20, ""),
    ],
)
def test_the_response_is_said_in_words(changes: dict[str, object], after_minutes: int, words: str) -> None:
    one, now_ms = incident(1, **changes), NOW_MS + after_minutes * MINUTE_MS
    assert response_words(response_of(one, Severities(), now_ms), one, now_ms) == words


def test_a_graver_incident_is_not_answered_later_than_a_milder_one() -> None:
    with pytest.raises(ValidationError, match="critical may wait"):
        Severities(critical=SeverityLevel(respond_within=3_600.0, action="wait"))

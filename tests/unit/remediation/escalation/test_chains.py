"""Who is told when, what stops it, what begins it anew, and what is never told twice."""

import pytest

from config.escalation.escalation_file import Escalation
from remediation.escalation.chain import ChainState
from remediation.escalation.notices import NoticeStatus
from remediation.journal.escalation_kinds import EscalationStep, EscalationTold, NoticeFailed, NoticeSent
from remediation.journal.incident_kinds import IncidentAcknowledged, IncidentResolved, IncidentUnacknowledged
from remediation.journal.kinds import body_of
from remediation.state import IncidentState
from tests.unit.remediation.escalation.playing import MINUTE_MS, SECOND_MS, play, settle, shipped, steps, waits
from tests.unit.remediation.incidents.telling import Told, breach, clear
from tests.unit.remediation.worlds import NOW_MS

HOUR_MS = 60 * MINUTE_MS
ACKNOWLEDGED = IncidentAcknowledged(incident_id="inc-1")


@pytest.fixture(scope="module")
def matrix() -> Escalation:
    return shipped()


def minutes(told: Told) -> list[float]:
    return [at for _, _, _, at in steps(told)]


def told_of(told: Told) -> list[tuple[str, str, str]]:
    """Person, kind and key of every notice that is in the journal."""
    bodies = [body_of(entry) for entry in told.entries]
    notices = [one for body in bodies if isinstance(body, EscalationStep | EscalationTold) for one in body.notices]
    return [(one.target.person, one.kind, one.dedup_key) for one in notices]


def test_the_owners_matrix_is_told_in_its_order_and_once_more(matrix: Escalation) -> None:
    told = Told().say(breach())
    play(told, matrix, NOW_MS + 5 * HOUR_MS)
    assert minutes(told) == [0, 15, 30, 60, 90, 105, 120, 150]
    assert [person for person, _, _ in told_of(told)] == [
        "on-call-engineer", "engineering-manager", "vp-engineering", "executive-team",
    ] * 2  # fmt: skip
    assert told.state.escalation.chains["inc-1"].state is ChainState.SPENT


def test_a_critical_incident_is_told_at_once_and_a_milder_one_waits_for_others_of_its_group(matrix: Escalation) -> None:
    critical, high = Told().say(breach()), Told().say(breach("payment-latency", "high"))
    for told in (critical, high):
        play(told, matrix, NOW_MS + MINUTE_MS)
    assert minutes(critical) == [0]
    assert minutes(high) == [10 / 60]


def test_an_acknowledgement_stops_it_and_whoever_was_told_hears_of_it(matrix: Escalation) -> None:
    told = Told().say(breach())
    play(told, matrix, NOW_MS + 16 * MINUTE_MS)
    told.say(ACKNOWLEDGED, by="ana")
    play(told, matrix, NOW_MS + 50 * MINUTE_MS)
    assert minutes(told) == [0, 15]
    assert told_of(told)[2:] == [
        ("on-call-engineer", "acknowledge", "inc-1:1"),
        ("engineering-manager", "acknowledge", "inc-1:1"),
    ]


def test_what_is_given_back_begins_anew_under_another_key(matrix: Escalation) -> None:
    told = Told().say(breach())
    settle(told, matrix)
    told.later(MINUTE_MS).say(ACKNOWLEDGED, by="ana").later(MINUTE_MS)
    told.say(IncidentUnacknowledged(incident_id="inc-1", cause="person"), by="ana")
    play(told, matrix, NOW_MS + 20 * MINUTE_MS)
    assert steps(told) == [("inc-1", 1, 1, 0), ("inc-1", 2, 1, 2), ("inc-1", 2, 2, 17)]
    assert ("on-call-engineer", "resolve", "inc-1:1") in told_of(told)


def test_who_took_it_on_and_is_silent_for_an_hour_is_taken_to_be_away(matrix: Escalation) -> None:
    told = Told().say(breach()).later(MINUTE_MS).say(ACKNOWLEDGED, by="ana")
    play(told, matrix, NOW_MS + 62 * MINUTE_MS)
    assert told.incident("inc-1").state is IncidentState.OPEN
    assert minutes(told) == [61]
    told.say(ACKNOWLEDGED, by="ana")
    play(told, matrix, NOW_MS + 120 * MINUTE_MS)
    assert minutes(told) == [61]


def test_who_takes_it_on_again_has_the_whole_hour_again(matrix: Escalation) -> None:
    told = Told().say(breach()).say(ACKNOWLEDGED, by="ana")
    play(told, matrix, NOW_MS + 50 * MINUTE_MS)
    told.say(ACKNOWLEDGED, by="ana")
    play(told, matrix, NOW_MS + 109 * MINUTE_MS)
    assert minutes(told) == []
    play(told, matrix, NOW_MS + 110 * MINUTE_MS)
    assert minutes(told) == [110]


def test_what_is_over_before_anybody_was_told_stays_quiet(matrix: Escalation) -> None:
    told = Told().say(breach("payment-latency", "high"))
    settle(told, matrix)
    told.later(5 * SECOND_MS).say(clear("payment-latency", "high"))
    play(told, matrix, NOW_MS + HOUR_MS)
    assert told_of(told) == []


def test_what_was_not_sent_yet_is_not_sent_any_more_when_it_is_over(matrix: Escalation) -> None:
    told = Told().say(breach())
    settle(told, matrix, sends=False)
    assert len(list(waits(told))) == 1
    told.say(clear())
    settle(told, matrix)
    assert told_of(told) == [("on-call-engineer", "trigger", "inc-1:1")]
    (notice,) = told.state.escalation.chains["inc-1"].notices
    assert notice.status is NoticeStatus.VOID


def test_what_was_on_its_way_when_it_was_over_is_followed_by_its_end(matrix: Escalation) -> None:
    told = Told().say(breach())
    settle(told, matrix, sends=False)
    (waiting,) = waits(told)
    told.say(clear(), NoticeSent(incident_id="inc-1", notice_id=waiting.notice.id, channel="sms"))
    settle(told, matrix)
    assert told_of(told)[1:] == [("on-call-engineer", "resolve", "inc-1:1")]


def test_a_failure_that_is_tried_again_leaves_a_notice_waiting_and_a_final_one_does_not(matrix: Escalation) -> None:
    told = Told().say(breach())
    settle(told, matrix, sends=False)
    (waiting,) = waits(told)
    failed = NoticeFailed(incident_id="inc-1", notice_id=waiting.notice.id, channel="sms", why="503", final=False)
    assert [one.tries for one in waits(told.say(failed, failed))] == [2]
    final = NoticeFailed(incident_id="inc-1", notice_id=waiting.notice.id, channel="sms", why="400", final=True)
    assert list(waits(told.say(final))) == []
    settle(told, matrix)
    assert len(told_of(told)) == 1


def test_a_stale_step_is_no_step(matrix: Escalation) -> None:
    told = Told().say(breach())
    settle(told, matrix)
    before = told.state.escalation
    for generation, number in ((1, 1), (1, 3), (2, 2), (0, 2)):
        told.say(EscalationStep(incident_id="inc-1", generation=generation, number=number))
    assert told.state.escalation == before
    told.say(ACKNOWLEDGED, by="ana")
    settle(told, matrix)
    before = told.state.escalation
    told.say(EscalationStep(incident_id="inc-1", generation=1, number=2))
    assert told.state.escalation == before


def test_a_critical_one_that_joins_a_group_that_was_told_is_told_at_once_and_once(matrix: Escalation) -> None:
    told = Told().say(breach("payment-latency", "high"))
    play(told, matrix, NOW_MS + 2 * MINUTE_MS)
    told.say(ACKNOWLEDGED, by="ana").later(MINUTE_MS).say(breach())
    play(told, matrix, NOW_MS + 10 * MINUTE_MS)
    assert [(name, number, at) for name, _, number, at in steps(told)] == [("inc-1", 1, 10 / 60), ("inc-1", 1, 3)]
    assert len([one for one in told.state.incidents.values() if one.merged_into]) == 1


def test_a_storm_of_one_cause_is_one_page(matrix: Escalation) -> None:
    told = Told()
    for number in range(40):
        told.say(breach(f"rule-{number}", "critical"))
    play(told, matrix, NOW_MS + 14 * MINUTE_MS)
    assert steps(told) == [("inc-1", 1, 1, 0)]
    assert told.incident("inc-1").joined == 39


def test_one_that_a_person_closed_while_it_burns_is_opened_again_and_told(matrix: Escalation) -> None:
    told = Told().say(breach())
    settle(told, matrix)
    told.later(MINUTE_MS).say(IncidentResolved(incident_id="inc-1"), by="ana")
    play(told, matrix, NOW_MS + 20 * MINUTE_MS)
    assert told.incident("inc-1").reopened_at_ms == NOW_MS + 16 * MINUTE_MS
    assert minutes(told) == [0, 16]


def test_one_that_a_person_closed_and_that_clears_stays_closed(matrix: Escalation) -> None:
    told = Told().say(breach())
    settle(told, matrix)
    told.later(MINUTE_MS).say(IncidentResolved(incident_id="inc-1"), by="ana").say(clear())
    play(told, matrix, NOW_MS + 3 * HOUR_MS)
    assert minutes(told) == [0]


def test_what_is_edited_later_does_not_change_who_is_told_of_what_is_open(matrix: Escalation) -> None:
    told = Told().say(breach())
    settle(told, matrix)
    steps_of = {name: policy.steps[:1] for name, policy in matrix.policies.items()}
    other = matrix.model_copy(
        update={
            "policies": {
                name: policy.model_copy(update={"steps": steps_of[name]}) for name, policy in matrix.policies.items()
            }
        }
    )
    play(told, other, NOW_MS + 31 * MINUTE_MS)
    assert minutes(told) == [0, 15, 30]


def test_a_security_incident_goes_to_the_security_team_too(matrix: Escalation) -> None:
    told = Told().say(breach())
    secure = Told()
    alarm = breach("security-finding", "critical", subject="i-1")
    secure.say(type(alarm)(**{name: getattr(alarm, name) for name in alarm.__struct_fields__} | {"family": "security"}))
    for one in (told, secure):
        settle(one, matrix)
    assert [person for person, _, _ in told_of(secure)] == ["on-call-engineer", "security-team"]
    assert [person for person, _, _ in told_of(told)] == ["on-call-engineer"]

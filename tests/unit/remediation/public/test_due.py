"""The outside hears of what lasts and is grave enough, forward through its phases, each word and each letter once."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from remediation.journal.escalation_kinds import EscalationHeld, MaintenanceAnnounced
from remediation.journal.incident_kinds import (
    IncidentAcknowledged,
    IncidentExposed,
    IncidentMerged,
    IncidentReopened,
    IncidentResolved,
)
from remediation.journal.kinds import Body
from remediation.journal.public_kinds import CommunicationAnswered, StatusAnswered, StatusProposed
from remediation.public.due import OVERTAKEN, UNTOLD, contacts_of, due
from tests.unit.remediation.incidents.telling import MINUTE_MS, SECOND_MS, Told, breach, clear
from tests.unit.remediation.public.outside import burning, letters, settle, shipped, standing, updates, with_kind
from tests.unit.remediation.worlds import NOW_MS

PUBLIC = shipped()
ACKNOWLEDGED = IncidentAcknowledged(incident_id="inc-1")


def exposed(failed: int = 1_234) -> IncidentExposed:
    """What went where it was wrong."""
    return IncidentExposed(
        incident_id="inc-1", payments=9_000, failed=failed, amount_cents=123_456, from_ms=0, until_ms=1, whole=True
    )


def test_what_is_over_soon_is_not_told() -> None:
    told = burning(seconds=59)
    settle(told, PUBLIC)
    told.say(clear()).later(10 * MINUTE_MS)
    settle(told, PUBLIC)
    assert updates(told) == []


def test_a_critical_one_is_told_without_a_person_and_one_of_high_severity_waits_for_one() -> None:
    critical, high = burning(), burning(severity="high")
    for told in (critical, high):
        settle(told, PUBLIC)
    assert standing(critical) == [("investigating", "done")]
    assert updates(critical)[0].why == "automatic for critical"
    assert standing(high) == [("investigating", "waiting")]


def test_one_of_medium_severity_is_not_shown() -> None:
    told = burning(severity="medium", seconds=3600)
    settle(told, PUBLIC)
    assert updates(told) == []


@pytest.mark.parametrize("rule", ["cost-variance", "savings-below-98-percent"])
def test_what_has_no_kind_is_never_told(rule: str) -> None:
    told = Told().say(breach(rule)).later(3600 * SECOND_MS)
    settle(told, PUBLIC)
    assert (updates(told), letters(told)) == ([], [])


def test_the_words_follow_the_incident_to_its_end_and_nothing_is_said_twice() -> None:
    told = burning()
    settle(told, PUBLIC)
    settle(told.say(ACKNOWLEDGED, by="anna").later(MINUTE_MS), PUBLIC)
    settle(told.later(MINUTE_MS), PUBLIC)
    settle(told.say(clear()).later(MINUTE_MS), PUBLIC)
    settle(told.later(MINUTE_MS), PUBLIC)
    assert standing(told) == [("investigating", "done"), ("identified", "done"), ("resolved", "done")]


def test_no_word_holds_a_name_of_the_inside() -> None:
    told = burning()
    settle(told, PUBLIC)
    settle(told.say(ACKNOWLEDGED, by="anna"), PUBLIC)
    settle(told.say(clear()).later(MINUTE_MS).say(exposed()), PUBLIC)
    words = [one.said.text + one.said.title for one in updates(told)]
    words += [one.said.subject + one.said.body for one in letters(told)]
    assert len(words) == 5
    for text in words:
        assert not any(
            name in text for name in ("inc-", "payment-failure-rate", "green", "us-east-1", "anna", "1234.56")
        )


def test_the_end_is_not_told_of_what_nobody_heard_of() -> None:
    told = burning(severity="high")
    settle(told, PUBLIC)
    settle(told.say(clear()).later(MINUTE_MS), PUBLIC)
    assert standing(told) == [("investigating", "rejected")]
    assert updates(told)[0].why == UNTOLD
    assert letters(told) == []


def test_words_that_waited_too_long_are_overtaken_by_those_of_the_next_phase() -> None:
    told = burning(severity="high")
    settle(told, PUBLIC)
    told.say(StatusAnswered(update_id="upd-2", publish=True), by="bert")
    settle(told.say(ACKNOWLEDGED, by="anna"), PUBLIC)
    settle(told.say(clear()), PUBLIC)
    assert standing(told) == [("investigating", "done"), ("identified", "rejected"), ("resolved", "waiting")]
    assert updates(told)[1].why == OVERTAKEN.format(phase="resolved")


def test_what_a_person_rejected_is_not_proposed_again() -> None:
    told = burning(severity="high")
    settle(told, PUBLIC)
    told.say(StatusAnswered(update_id="upd-2", publish=False, why="not now"), by="bert")
    settle(told.later(MINUTE_MS), PUBLIC)
    assert standing(told) == [("investigating", "rejected")]


def test_words_of_a_person_are_not_published_by_the_daemon() -> None:
    told = burning()
    settle(told, PUBLIC)
    own = StatusProposed(
        subject_id="inc-1", kind="payment-failures", phase="identified", impact="outage", title="T", text="ours"
    )
    settle(told.say(own, by="anna").say(ACKNOWLEDGED, by="anna"), PUBLIC)
    assert standing(told) == [("investigating", "done"), ("identified", "waiting")]


def test_one_that_opens_again_is_told_again() -> None:
    told = burning()
    settle(told, PUBLIC)
    settle(told.say(IncidentResolved(incident_id="inc-1"), by="anna").later(MINUTE_MS), PUBLIC)
    settle(told.say(IncidentReopened(incident_id="inc-1", why="still so")), PUBLIC)
    assert [phase for phase, _ in standing(told)] == ["investigating", "resolved", "investigating"]


def test_a_group_is_told_once_as_its_root() -> None:
    told = Told().say(breach(environment="green"), breach("payment-response-time", environment="blue"))
    told.say(IncidentMerged(incident_id="inc-2", into="inc-1", why="the same region")).later(MINUTE_MS)
    settle(told, PUBLIC)
    assert [one.said.subject_id for one in updates(told)] == ["inc-1"]


def test_nothing_is_told_of_what_is_held_until_it_is_not() -> None:
    told = Told().say(breach(), EscalationHeld(incident_id="inc-1", why="silence sil-3")).later(MINUTE_MS)
    settle(told, PUBLIC)
    assert updates(told) == []


@pytest.mark.parametrize("rule", ["critical-security-finding", "card-testing", "rail-mismatch"])
def test_what_a_person_must_say_is_said_by_none_but_a_person(rule: str) -> None:
    told = burning(rule)
    settle(told, PUBLIC)
    settle(told.say(ACKNOWLEDGED, by="anna").later(MINUTE_MS), PUBLIC)
    assert {one for _, one in standing(told)} <= {"waiting", "rejected"}
    assert {one.standing.value for one in letters(told)} <= {"waiting"}


def test_maintenance_is_told_when_it_is_announced_when_it_begins_and_when_it_is_over() -> None:
    told = Told()
    announced = MaintenanceAnnounced(
        kind="planned",
        what="database of blue",
        matchers=(),
        starts_at_ms=NOW_MS + 60 * MINUTE_MS,
        ends_at_ms=NOW_MS + 120 * MINUTE_MS,
    )
    settle(told.say(announced, by="anna"), PUBLIC)
    settle(told.later(60 * MINUTE_MS), PUBLIC)
    settle(told.later(60 * MINUTE_MS), PUBLIC)
    assert standing(told) == [("scheduled", "done"), ("in_progress", "done"), ("completed", "done")]
    assert "database" not in "".join(one.said.text for one in updates(told))
    assert [one.said.letter for one in letters(told)] == ["providers-announce"]


def test_a_letter_is_proposed_once_and_waits_for_a_person() -> None:
    told = burning()
    settle(told, PUBLIC)
    assert letters(told) == []
    settle(told.say(ACKNOWLEDGED, by="anna"), PUBLIC)
    settle(told.later(MINUTE_MS), PUBLIC)
    (letter,) = letters(told)
    assert (letter.said.letter, letter.standing.value, letter.by) == ("providers-begin", "waiting", "daemon")


def test_a_letter_that_names_a_count_waits_until_it_is_counted_and_names_it() -> None:
    told = burning()
    settle(told, PUBLIC)
    settle(told.say(clear()).later(MINUTE_MS), PUBLIC)
    assert "customers-end" not in [one.said.letter for one in letters(told)]
    settle(told.say(exposed()), PUBLIC)
    (letter,) = [one for one in letters(told) if one.said.letter == "customers-end"]
    assert "1,234 of them" in letter.said.body
    assert letter.said.failed_payments == 1_234


def test_a_letter_is_automatic_where_its_file_and_the_severity_say_so() -> None:
    kind = PUBLIC.communication("payment-failures")
    assert kind is not None
    automatic = tuple(one.model_copy(update={"send": "automatic"}).model_dump() for one in kind.letters)
    public = with_kind(PUBLIC, "payment-failures", letters=automatic)
    grave, lesser = burning(), burning(severity="high")
    for told in (grave, lesser):
        settle(told.say(ACKNOWLEDGED, by="anna"), public)
    assert [(one.standing.value, one.contacts) for one in letters(grave)] == [("open", ("providers/0",))]
    assert [one.standing.value for one in letters(lesser)] == ["waiting"]


def test_without_contacts_no_letter_is_proposed() -> None:
    told = burning().say(ACKNOWLEDGED, by="anna")
    settle(told, shipped(audiences={}))
    assert letters(told) == []


def test_a_page_that_is_switched_off_is_told_nothing_and_letters_go_on() -> None:
    told = burning().say(ACKNOWLEDGED, by="anna")
    settle(told, shipped(enabled=False))
    assert updates(told) == []
    assert [one.said.letter for one in letters(told)] == ["providers-begin"]


def test_contacts_are_named_by_their_place_and_never_by_their_address() -> None:
    assert contacts_of(PUBLIC, "customers") == ("customers/0", "customers/1")
    assert contacts_of(PUBLIC, "nobody") == ()


_ACTS: dict[str, Body] = {
    "breach": breach(),
    "clear": clear(),
    "ack": ACKNOWLEDGED,
    "resolve": IncidentResolved(incident_id="inc-1"),
    "expose": exposed(),
    "publish": StatusAnswered(update_id="upd-2", publish=True),
    "reject": StatusAnswered(update_id="upd-2", publish=False),
    "letter": CommunicationAnswered(communication_id="com-4", send=True, contacts=("providers/0",)),
}


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(sorted(_ACTS)), st.integers(0, 300)), max_size=12),
    st.sampled_from(["critical", "high"]),
)
def test_whatever_happens_nothing_is_due_for_ever_and_no_letter_goes_twice(
    acts: list[tuple[str, int]], severity: str
) -> None:
    told = Told().say(breach(severity=severity))
    for act, seconds in acts:
        settle(told.later(seconds * SECOND_MS).say(_ACTS[act], by="anna"), PUBLIC)
        assert due(told.state, PUBLIC, told.at_ms) == ()
    keys = [one.key for one in letters(told)]
    assert len(keys) == len(set(keys))
    published = [one for one in updates(told) if one.standing.value == "done"]
    assert all(one.answered_by for one in published)

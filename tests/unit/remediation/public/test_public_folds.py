"""What is said twice, too late or out of turn changes nothing; days that nobody watched are no good days."""

import pytest
from msgspec.structs import replace

from remediation.journal.kinds import DaemonStarted, DaemonStopped
from remediation.journal.public_kinds import (
    CommunicationAnswered,
    CommunicationBegun,
    CommunicationFailed,
    CommunicationProposed,
    CommunicationSent,
    StatusAnswered,
)
from remediation.public.coverage import DAY_MS, DAYS_MAX, Coverage, begun, ended
from remediation.public.state import Standing
from tests.unit.remediation.incidents.telling import Told
from tests.unit.remediation.public.outside import burning, letters, settle, shipped, updates

LETTER = CommunicationProposed(
    subject_id="inc-1", kind="payment-failures", letter="begin", audience="providers", subject="S", body="B"
)
STARTED = DaemonStarted(version="1", holder="h")


def approved(*contacts: str) -> Told:
    """A letter that may be sent to these."""
    answer = CommunicationAnswered(communication_id="com-1", send=True, contacts=contacts)
    return Told().say(LETTER).say(answer, by="bert")


def begin(contact: str) -> CommunicationBegun:
    """The intent."""
    return CommunicationBegun(communication_id="com-1", contact=contact, key="k")


def sent(contact: str) -> CommunicationSent:
    """It was taken."""
    return CommunicationSent(communication_id="com-1", contact=contact, channel="mail")


def failed(contact: str, *, final: bool) -> CommunicationFailed:
    """It was not."""
    return CommunicationFailed(communication_id="com-1", contact=contact, channel="mail", why="SMTP 550", final=final)


def test_a_letter_is_there_once_for_an_incident_and_again_only_after_it_was_rejected() -> None:
    told = Told().say(LETTER, LETTER)
    assert [one.id for one in letters(told)] == ["com-1"]
    told.say(CommunicationAnswered(communication_id="com-1", send=False), by="bert").say(LETTER)
    assert [one.standing for one in letters(told)] == [Standing.REJECTED, Standing.WAITING]


def test_an_answer_counts_once() -> None:
    told = Told().say(LETTER)
    told.say(CommunicationAnswered(communication_id="com-1", send=False), by="bert")
    told.say(CommunicationAnswered(communication_id="com-1", send=True, contacts=("providers/0",)), by="carl")
    assert (letters(told)[0].standing, letters(told)[0].answered_by) == (Standing.REJECTED, "bert")


def test_words_in_place_of_others_end_those_if_they_still_wait() -> None:
    told = Told().say(LETTER)
    other = replace(LETTER, body="C", replaces="com-1", why="clearer")
    told.say(other, by="anna")
    assert [(one.standing, one.said.body, one.why) for one in letters(told)] == [
        (Standing.REJECTED, "B", "clearer"),
        (Standing.WAITING, "C", ""),
    ]
    told.say(CommunicationAnswered(communication_id="com-2", send=True, contacts=("a/0",)), by="bert")
    told.say(replace(LETTER, body="D", replaces="com-2"), by="anna")
    assert [one.standing for one in letters(told)] == [Standing.REJECTED, Standing.OPEN]


def test_a_letter_is_done_when_every_contact_has_it() -> None:
    told = approved("a/0", "a/1").say(begin("a/0"), sent("a/0"))
    assert (letters(told)[0].standing, letters(told)[0].left) == (Standing.OPEN, ("a/1",))
    told.say(begin("a/1"), sent("a/1"), sent("a/1"))
    assert (letters(told)[0].standing, letters(told)[0].sent) == (Standing.DONE, ("a/0", "a/1"))


def test_one_that_a_contact_never_gets_has_failed_and_one_that_may_come_has_not() -> None:
    told = approved("a/0", "a/1").say(sent("a/0"), failed("a/1", final=False))
    assert letters(told)[0].standing is Standing.OPEN
    assert letters(told)[0].detail == "mail: SMTP 550"
    told.say(failed("a/1", final=True))
    assert letters(told)[0].standing is Standing.FAILED


def test_what_was_not_approved_is_neither_begun_nor_sent() -> None:
    told = Told().say(LETTER, begin("a/0"), sent("a/0"))
    assert (letters(told)[0].begun, letters(told)[0].sent) == ((), ())


def test_an_answer_to_words_that_are_not_there_changes_nothing() -> None:
    told = burning()
    settle(told, shipped())
    before = updates(told)
    told.say(StatusAnswered(update_id="upd-99", publish=False), StatusAnswered(update_id="upd-2", publish=False))
    assert updates(told) == before


def test_a_daemon_that_stopped_in_order_watched_until_then() -> None:
    told = Told(at_ms=10 * DAY_MS).say(STARTED).later(DAY_MS // 2).say(DaemonStopped(reason="asked"))
    told.later(DAY_MS).say(STARTED).later(1_000)
    coverage = told.state.public.coverage
    assert coverage.until(told.at_ms) == {10: DAY_MS // 2, 11: 1_000}


def test_a_daemon_that_crashed_watched_until_its_last_entry_and_no_longer() -> None:
    told = Told(at_ms=10 * DAY_MS).say(STARTED).later(5_000).say(LETTER).later(DAY_MS).say(STARTED)
    assert told.state.public.coverage.days == {10: 5_000}


@pytest.mark.parametrize("days", [0, 1, 3, 500])
def test_each_day_of_a_long_run_is_whole_and_the_oldest_are_forgotten(days: int) -> None:
    coverage = ended(begun(Coverage(), DAY_MS, 0), DAY_MS * (days + 1))
    assert coverage.days == dict.fromkeys(range(max(1, days + 1 - DAYS_MAX), days + 1), DAY_MS)


def test_a_clock_that_goes_back_makes_no_time() -> None:
    assert begun(begun(Coverage(), 5_000, 0), 4_000, 4_500).days == {}
    assert ended(Coverage(), 4_000) == Coverage()

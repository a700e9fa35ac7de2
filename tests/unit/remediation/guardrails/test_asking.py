"""People are asked once, by whoever cannot go on without them."""

from config.guardrails import ApprovalRule, Approvals
from remediation.asking import ask
from remediation.decisions import Question
from remediation.guardrails.approvals import ApprovalChange
from remediation.journal.memory import MemoryJournal
from remediation.journal.writer import JournalWriter
from tests.unit.remediation.worlds import LEASE_MS, NOW_MS, FakeClock

ONE = Approvals(flag=ApprovalRule(needed=1, expires=3600.0))
HOUR_MS = 3_600_000


def question(digest: str = "as it is", what: str = "switch it on") -> Question:
    return Question(change=ApprovalChange.FLAG, subject="flag:payouts", digest=digest, what=what)


async def leading() -> JournalWriter:
    journal = MemoryJournal()
    return await JournalWriter.open(journal, await journal.acquire_lease("here", LEASE_MS, NOW_MS), FakeClock())


async def test_the_same_is_asked_once_also_in_other_words_and_anew_when_nobody_answered_in_time() -> None:
    writer = await leading()
    names = [await ask(writer, ONE, question(what=what), "ada", NOW_MS) for what in ("switch it on", "on with it")]
    assert names == ["apr-1", "apr-1"]
    assert [(one.requested_by, one.what) for one in writer.state.approvals.values()] == [("ada", "switch it on")]
    assert await ask(writer, ONE, question("as it is now"), "bob", NOW_MS) == "apr-2"
    assert await ask(writer, ONE, question("as it is now"), "bob", NOW_MS + HOUR_MS) == "apr-3"


async def test_where_nobody_has_to_agree_nothing_is_written() -> None:
    writer = await leading()
    await ask(writer, Approvals(flag=ApprovalRule(needed=0)), question(), "ada", NOW_MS)
    assert writer.state.sequence == 0

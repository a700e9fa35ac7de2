"""An approved list is done exactly once, wherever the process dies and whatever the core does not answer."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from remediation.compensation.applying import Again, Compensating
from remediation.compensation.model import AffectedPayment, Fix
from remediation.compensation.proposing import RESERVED, digest_of, propose
from remediation.journal.aftermath_kinds import CompensationListed
from remediation.journal.entry import Draft, Entry
from remediation.journal.memory import MemoryJournal
from remediation.journal.writer import JournalWriter
from tests.unit.remediation.compensation.books import Books, attempt, record
from tests.unit.remediation.worlds import LEASE_MS, FakeClock, Stopped


def books() -> Books:
    """Three payments that were told to have failed: one was taken, one is reserved, one did fail."""
    return Books(
        {
            "pay_1": record(status="succeeded", captured_cents=1250),
            "pay_2": record("pay_2", status=RESERVED),
            "pay_3": record("pay_3"),
        }
    )


def proposed(kept: Books) -> tuple[AffectedPayment, ...]:
    """What would be proposed now."""
    return propose([attempt(name) for name in ("pay_1", "pay_2", "pay_3")], kept.records)


class MortalJournal(MemoryJournal):
    """Dies at the appends with these numbers, before or after the entry is written."""

    def __init__(self, deaths: Sequence[tuple[int, bool]]) -> None:
        super().__init__()
        self.deaths = dict(deaths)
        self.appends = 0

    async def append(self, draft: Draft, *, expected_sequence: int | None, epoch: int) -> Entry:
        """See Journal."""
        self.appends += 1
        written = self.deaths.get(self.appends)
        if written is False:
            raise Stopped
        entry = await super().append(draft, expected_sequence=expected_sequence, epoch=epoch)
        if written:
            raise Stopped
        return entry


async def leader(journal: MemoryJournal, clock: FakeClock) -> JournalWriter:
    return await JournalWriter.open(journal, await journal.acquire_lease("here", LEASE_MS, clock.now_ms()), clock)


async def listed(journal: MemoryJournal, clock: FakeClock, payments: tuple[AffectedPayment, ...]) -> None:
    writer = await leader(journal, clock)
    await writer.append(CompensationListed(deployment_id="dep-1", digest=digest_of(payments), payments=payments))


def again(kept: Books) -> Again:
    async def look(payment: AffectedPayment) -> AffectedPayment | None:
        return next((one for one in proposed(kept) if one.payment_id == payment.payment_id), None)

    return look


async def applied(journal: MemoryJournal, clock: FakeClock, kept: Books) -> int:
    """One process: opens the journal and applies what is listed."""
    writer = await leader(journal, clock)
    return await Compensating(kept, writer, clock).apply(writer.state.compensations["dep-1"], again(kept), lambda: True)


def put_right(kept: Books) -> bool:
    taken = {name: one.captured_cents - one.refunded_cents for name, one in kept.records.items()}
    return (taken, kept.records["pay_2"].status) == (
        {"pay_1": 0, "pay_2": 0, "pay_3": 0, "pay_3-again": 1250},
        "canceled",
    )


async def test_every_fix_of_the_list_is_done_once_and_told() -> None:
    kept, journal, clock = books(), MemoryJournal(), FakeClock()
    await listed(journal, clock, proposed(kept))
    assert await applied(journal, clock, kept) == 3
    assert put_right(kept)
    assert await applied(journal, clock, kept) == 0
    assert kept.calls == 3
    writer = await leader(journal, clock)
    fixes = writer.state.compensations["dep-1"].fixes
    assert {name: fix.detail for name, fix in fixes.items()} == {
        "pay_1": "refund as ref_1",
        "pay_2": "void as void_2",
        "pay_3": "resend as pay_3",
    }


@settings(max_examples=60, deadline=None)
@given(
    deaths=st.lists(st.tuples(st.integers(2, 12), st.booleans()), max_size=4),
    silent=st.integers(0, 4),
)
async def test_a_process_that_dies_at_any_entry_leaves_each_fix_to_be_done_once(
    deaths: list[tuple[int, bool]], silent: int
) -> None:
    kept, journal, clock = books(), MortalJournal(deaths), FakeClock()
    kept.silent = silent
    await listed(journal, clock, proposed(kept))
    for _ in range(len(deaths) + silent + 1):
        try:
            await applied(journal, clock, kept)
        except Stopped:
            continue
    assert put_right(kept)
    assert len(kept.made) == 3


async def test_what_is_right_by_now_is_not_done_any_more() -> None:
    kept, journal, clock = books(), MemoryJournal(), FakeClock()
    await listed(journal, clock, proposed(kept))
    kept.records["pay_1"] = record(status="succeeded", captured_cents=1250, refunded_cents=1250)
    kept.records["pay_3"] = record("pay_3", status="succeeded", captured_cents=1250)
    assert await applied(journal, clock, kept) == 3
    assert list(kept.made.values()) == ["void_1"]
    fixes = (await leader(journal, clock)).state.compensations["dep-1"].fixes
    assert (fixes["pay_1"].done, fixes["pay_1"].detail) == (False, "it is right by now")
    assert fixes["pay_3"].detail.startswith("by now it would be refund of 1250 cents")


async def test_what_was_refused_may_be_listed_and_done_again() -> None:
    kept, journal, clock = books(), MemoryJournal(), FakeClock()
    await listed(journal, clock, proposed(kept))
    kept.refusing = True
    assert await applied(journal, clock, kept) == 3
    assert not any(fix.done for fix in (await leader(journal, clock)).state.compensations["dep-1"].fixes.values())
    kept.refusing = False
    await listed(journal, clock, proposed(kept))
    assert await applied(journal, clock, kept) == 3
    assert put_right(kept)


async def test_a_core_that_does_not_answer_leaves_the_fix_open_with_its_intent() -> None:
    kept, journal, clock = books(), MemoryJournal(), FakeClock()
    kept.silent = 3
    await listed(journal, clock, proposed(kept))
    assert await applied(journal, clock, kept) == 0
    assert put_right(kept), "the calls took effect although nobody said so"
    fixes = (await leader(journal, clock)).state.compensations["dep-1"].fixes
    assert all(fix.begun_at_ms > 0 and not fix.ended for fix in fixes.values())
    assert await applied(journal, clock, kept) == 3
    assert (put_right(kept), len(kept.made)) == (True, 3)


@pytest.mark.parametrize("fix", [Fix.WAIT, Fix.INVESTIGATE, Fix.NONE])
async def test_what_only_people_read_is_never_sent(fix: Fix) -> None:
    kept, journal, clock = books(), MemoryJournal(), FakeClock()
    (payment, *_) = proposed(kept)
    line = AffectedPayment(
        payment_id=payment.payment_id,
        at_ms=payment.at_ms,
        told="failed",
        status="processing",
        fix=fix,
        amount_cents=0,
        currency="USD",
        why="",
    )
    await listed(journal, clock, (line,))
    assert (await applied(journal, clock, kept), kept.calls) == (0, 0)


async def test_a_leader_whose_lease_ran_out_sends_nothing() -> None:
    kept, journal, clock = books(), MemoryJournal(), FakeClock()
    await listed(journal, clock, proposed(kept))
    writer = await leader(journal, clock)
    await clock.sleep(LEASE_MS / 1000)
    listing = writer.state.compensations["dep-1"]
    assert await Compensating(kept, writer, clock).apply(listing, again(kept), lambda: True) == 0
    assert kept.calls == 0

"""What is refused of entries, files and cases, by the state that they are in; and that each refusal has its words."""

from collections.abc import Callable
from enum import StrEnum
from typing import Any

import pytest
from msgspec.structs import replace

from payment_core.ach.files.incoming.acknowledging import FileRefusal, explain_file, hurry
from payment_core.ach.files.incoming.cases import CaseRefusal, close_case, explain_case, open_ach_case
from payment_core.ach.files.incoming.model import AchCase
from payment_core.ach.files.incoming.receiving import ReturnRefusal, explain_return
from payment_core.ach.files.model import AchEntry, AchFile
from payment_core.ach.files.moving import EntryMover
from payment_core.ach.files.outgoing.originating import (
    ENTRY_CENTS_MAX,
    EntryRefusal,
    EntryUnusable,
    cancel_entry,
    explain_entry,
    originate,
    reverse_entry,
)
from payment_core.ach.files.states import FileStatus
from payment_core.answers import Explanation
from payment_core.providers.model import BankAccount
from payment_core.store.port import Transaction
from tests.unit.payment_core.ach_files.returns_world import debit
from tests.unit.payment_core.payouts.payout_world import ORIGIN, TUESDAY_MORNING, PayoutWorld, eastern_ms

SETTLED = eastern_ms("2026-11-24 08:30")
FIVE_BANKING_DAYS_ON = eastern_ms("2026-12-02 23:59")
"""Thanksgiving is none of them."""


@pytest.mark.parametrize(
    ("refusals", "explain"),
    [
        (EntryRefusal, explain_entry),
        (FileRefusal, explain_file),
        (CaseRefusal, explain_case),
        (ReturnRefusal, explain_return),
    ],
)
def test_every_refusal_has_words_of_its_own_and_is_missing_only_where_nothing_is(
    refusals: type[StrEnum], explain: Callable[[Any], Explanation]
) -> None:
    told = {refusal: explain(refusal) for refusal in refusals}
    assert len({one.title for one in told.values()}) == len(told)
    for refusal, one in told.items():
        assert (one.status == 404) == refusal.endswith("_not_found")
        assert one.status in {404, 409, 413, 422}
        assert one.detail.endswith(".")


async def stored(world: PayoutWorld, **changes: object) -> AchEntry:
    """A payout's entry that was sent and has settled, unless the changes say otherwise."""
    known: dict[str, object] = {
        "purpose": "payout",
        "direction": "credit",
        "status": "settled",
        "settles_at_ms": SETTLED,
    }
    entry = replace(await debit(world, 1), **(known | changes))
    await world.memory.transact(lambda transaction: transaction.put(entry), "test")
    return entry


@pytest.mark.parametrize(
    ("changes", "now_ms", "refusal"),
    [
        ({"status": "queued"}, SETTLED, EntryRefusal.ENTRY_NOT_SENT),
        ({"status": "claimed"}, SETTLED, EntryRefusal.ENTRY_NOT_SENT),
        ({"status": "built", "purpose": "payment"}, SETTLED, EntryRefusal.ENTRY_NOT_SENT),
        ({"purpose": "payment"}, SETTLED, EntryRefusal.ENTRY_NOT_A_PAYOUT),
        ({"status": "returned"}, SETTLED, EntryRefusal.ENTRY_MOVED_NO_MONEY),
        ({"status": "canceled", "reversal_entry_id": "ent_r"}, SETTLED, EntryRefusal.ENTRY_MOVED_NO_MONEY),
        ({"reversal_entry_id": "ent_r"}, SETTLED, EntryRefusal.ENTRY_REVERSED_ALREADY),
        ({}, FIVE_BANKING_DAYS_ON + 60_000, EntryRefusal.REVERSAL_TOO_LATE),
    ],
)
async def test_what_moved_no_money_or_moved_it_too_long_ago_is_not_reversed(
    changes: dict[str, object], now_ms: int, refusal: EntryRefusal
) -> None:
    world = PayoutWorld(TUESDAY_MORNING)
    entry = await stored(world, **changes)
    world.clock.ms = now_ms
    assert (
        await world.memory.transact(lambda transaction: reverse_entry(transaction, ORIGIN, entry.id), "test") is refusal
    )
    assert await world.memory.read(AchEntry, entry.id) == entry


async def test_a_reversal_is_the_opposite_of_its_entry_within_five_banking_days_and_once() -> None:
    world = PayoutWorld(TUESDAY_MORNING)
    entry = await stored(world)
    world.clock.ms = FIVE_BANKING_DAYS_ON

    def reverse(transaction: Transaction) -> AchEntry | EntryRefusal:
        return reverse_entry(transaction, ORIGIN, entry.id)

    reversal = await world.memory.transact(reverse, "test")
    assert isinstance(reversal, AchEntry)
    assert (reversal.direction, reversal.description, reversal.subject_id) == ("debit", "REVERSAL", entry.id)
    assert (reversal.amount_cents, reversal.bank_token) == (entry.amount_cents, entry.bank_token)
    assert await world.memory.transact(reverse, "test") is EntryRefusal.ENTRY_REVERSED_ALREADY


async def test_an_entry_that_is_not_there_is_neither_taken_out_nor_reversed() -> None:
    world = PayoutWorld(TUESDAY_MORNING)
    mover = EntryMover(ORIGIN, {})
    for act in (
        lambda transaction: cancel_entry(transaction, mover, "ent_x"),
        lambda transaction: reverse_entry(transaction, ORIGIN, "ent_x"),
    ):
        assert await world.memory.transact(act, "test") is EntryRefusal.ENTRY_NOT_FOUND
    claimed = await stored(world, status="claimed")
    found = await world.memory.transact(lambda transaction: cancel_entry(transaction, mover, claimed.id), "test")
    assert found is EntryRefusal.ENTRY_IN_FILE


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"routing_number": "231380105"}, "routing number does not exist"),
        ({"amount_cents": 0}, "amount is not 1"),
        ({"amount_cents": -1}, "amount is not 1"),
        ({"amount_cents": ENTRY_CENTS_MAX + 1}, "amount is not 1"),
        ({"amount_cents": 1, "purpose": "prenote"}, "amount is not 1"),
        ({"name": " 0 "}, "names no receiver"),
        ({"name": "\u4f60\u597d"}, "names no receiver"),
        ({"description": ""}, "description is not 1"),
        ({"description": "ELEVEN CHAR"}, "description is not 1"),
        ({"description": "CAF\u00c9"}, "description is not 1"),
        ({"sec": "TEL", "direction": "credit"}, "TEL has debits alone"),
    ],
)
async def test_an_entry_that_no_record_could_hold_is_never_queued(changes: dict[str, Any], words: str) -> None:
    world = PayoutWorld(TUESDAY_MORNING)
    entry = await debit(world, 1)
    account = replace(await account_of(world, entry), **{k: v for k, v in changes.items() if k == "routing_number"})
    asked: dict[str, Any] = {
        "direction": "debit",
        "sec": "WEB",
        "purpose": "payment",
        "amount_cents": 100,
        "name": "Ann",
        "description": "PURCHASE",
    } | {key: value for key, value in changes.items() if key != "routing_number"}

    def queue(transaction: Transaction) -> AchEntry:
        return originate(transaction, ORIGIN, subject_id="pay_1", bank_account=account, **asked)

    with pytest.raises(EntryUnusable, match=words):
        await world.memory.transact(queue, "test")
    assert [one.id for one in await world.entries()] == [entry.id]


async def account_of(world: PayoutWorld, entry: AchEntry) -> BankAccount:
    (account,) = [one for one in await world.all(BankAccount) if one.id == entry.bank_account_id]
    return account


@pytest.mark.parametrize(
    ("status", "lease_over", "not_delivered", "refusal"),
    [
        ("claiming", True, True, FileRefusal.FILE_HAS_NO_BYTES),
        ("building", True, True, FileRefusal.FILE_HAS_NO_BYTES),
        ("abandoned", True, True, FileRefusal.FILE_HAS_NO_BYTES),
        ("submitted", True, True, FileRefusal.FILE_SENT_ALREADY),
        ("acknowledged", True, True, FileRefusal.FILE_SENT_ALREADY),
        ("rejected", True, True, FileRefusal.FILE_SENT_ALREADY),
        ("settled", True, True, FileRefusal.FILE_SENT_ALREADY),
        ("sending", False, True, FileRefusal.FILE_IN_TRANSIT),
        ("sending", True, False, FileRefusal.RESEND_NOT_CONFIRMED),
        ("sending", True, True, None),
        ("built", True, False, None),
    ],
)
async def test_a_file_goes_out_again_only_when_a_person_knows_that_the_bank_has_not_got_it(
    status: FileStatus,
    lease_over: bool,
    not_delivered: bool,
    refusal: FileRefusal | None,  # a file's status
) -> None:
    world = PayoutWorld(TUESDAY_MORNING)
    now_ms = world.clock.ms
    file = AchFile(
        id="fil_1",
        created_at_ms=1,
        updated_at_ms=1,
        status=status,
        odfi_routing_number="231380104",
        modifier="A",
        made_at_ms=1,
        effective_on="2026-11-25",
        same_day=False,
        submit_by_ms=now_ms,
        settles_at_ms=now_ms,
        lease_until_ms=now_ms if lease_over else now_ms + 1,
    )
    await world.memory.transact(lambda transaction: transaction.put(file), "test")

    def again(transaction: Transaction) -> AchFile | FileRefusal:
        return hurry(transaction, ORIGIN, file.id, not_delivered=not_delivered)

    found = await world.memory.transact(again, "test")
    if refusal is not None:
        assert found is refusal
        assert await world.memory.read(AchFile, file.id) == file
        return
    assert isinstance(found, AchFile)
    assert (found.status, found.next_at_ms) == (status, now_ms)
    assert found.resend_confirmed is (status == "sending")


async def test_a_case_is_closed_once_and_by_name() -> None:
    world = PayoutWorld(TUESDAY_MORNING)
    case = await world.memory.transact(
        lambda transaction: open_ach_case(transaction, ORIGIN, "operations", "late", amount_cents=7), "test"
    )

    def close(transaction: Transaction, name: str) -> object:
        return close_case(transaction, ORIGIN, name, "ann", "the bank agreed")

    closed = await world.memory.transact(lambda transaction: close(transaction, case.id), "test")
    assert isinstance(closed, AchCase)
    assert (closed.status, closed.closed_by, closed.note) == ("closed", "ann", "the bank agreed")
    assert (
        await world.memory.transact(lambda transaction: close(transaction, case.id), "test") is CaseRefusal.CASE_CLOSED
    )
    missing = await world.memory.transact(lambda transaction: close(transaction, "rev_x"), "test")
    assert missing is CaseRefusal.CASE_NOT_FOUND

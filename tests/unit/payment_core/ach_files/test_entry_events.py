"""What events tell of an ACH entry: its amount, unless knowing it would verify somebody's account."""

import msgspec
import pytest

from payment_core.ach.files.model import FILE_RECORDS, AchEntry, EntryPurpose
from payment_core.ach.files.moving import EntryMover
from payment_core.ach.files.outgoing.originating import originate
from payment_core.ledger.posting import Hold
from payment_core.origin import Origin
from payment_core.providers.model import RECORDS, BankAccount
from payment_core.store.memory import MemoryStore
from payment_core.store.port import Transaction
from payment_core.store.stage import Registry

NOW_MS = 1_795_690_800_000
ORIGIN = Origin("blue", "1.0.0", "us-east-1")
CENTS = 37


class StillClock:
    """Time stands still."""

    def now_ms(self) -> int:
        return NOW_MS

    def monotonic_ms(self) -> float:
        return 0.0


ACCOUNT = BankAccount(
    id="ba_1",
    created_at_ms=NOW_MS,
    updated_at_ms=NOW_MS,
    holder_id="pro_1",
    holder_kind="provider",
    holder_name="Ada",
    token="bank_1",
    fingerprint="fp_1",
    routing_number="121042882",
    last4="6789",
    account_type="checking",
    account_class="personal",
    changed_at_ms=NOW_MS,
)


def life(transaction: Transaction, purpose: EntryPurpose) -> AchEntry:
    """An entry from the queue to its return."""
    entry = originate(
        transaction,
        ORIGIN,
        direction="credit",
        sec="PPD",
        purpose=purpose,
        subject_id="ba_1",
        bank_account=ACCOUNT,
        amount_cents=CENTS,
        name="Ada",
        description="ACCTVERIFY",
    )
    mover = EntryMover(ORIGIN, {})
    for status in ("claimed", "built", "submitted"):
        entry = mover.move(transaction, entry, status)
    return mover.move(transaction, entry, "returned", return_code="R03")


@pytest.mark.parametrize(("purpose", "told"), [("micro", {0}), ("payout", {CENTS}), ("payment", {CENTS})])
async def test_no_event_tells_the_amount_of_a_micro_entry(purpose: EntryPurpose, told: set[int]) -> None:
    registry = Registry((*FILE_RECORDS, *RECORDS, Hold))
    store = MemoryStore(registry=registry, producer="blue", clock=StillClock())
    entry = await store.transact(lambda transaction: life(transaction, purpose), "key:test")
    events = [event_of(row.body) for row in await store.events("", 100)]
    assert (len(events), entry.amount_cents) == (5, CENTS)
    assert {event.get("amount_cents", 0) for event in events} == told


def event_of(body: bytes) -> dict[str, int]:
    """The event as those who read it see it."""
    return dict(msgspec.json.decode(body))

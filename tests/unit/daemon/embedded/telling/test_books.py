"""Published and consumed events are held against each other position by position, and captures give their cost."""

import itertools
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from checks.facts import Heartbeat, ObjectChanged
from daemon.embedded.telling.books import count_events, measured_costs
from daemon.embedded.telling.savings import Measured, RailVolume
from daemon.storage.checkpoint import Checkpoint
from payment_core.clock import SystemClock
from payment_core.costs.model import NO_COST, Cost
from payment_core.costs.notes import CostNote
from payment_core.errors import DatabaseUnusable
from payment_core.payments.model import Capture, Payment
from payment_core.payments.states import CaptureStatus, PaymentStatus
from payment_core.registry import core_registry
from payment_core.store.port import Transaction
from payment_core.store.records import Document, kind_of
from payment_core.store.sqlite.store import SqliteStore

REGION = "us-east-1"
ON_CARD = Cost(rail=22_000_000, kms=10, dynamodb=20, queue=30, compute=40, baseline=60_000_000, sheet="2024-01-01")
ON_BANK = Cost(rail=25_000_000, compute=7, baseline=50_000_000, sheet="2026-01-01")


class Books:
    """A payment store with the documents that a test puts into it."""

    def __init__(self, store: SqliteStore, path: Path) -> None:
        self.path = path
        self._store = store
        self._numbers = itertools.count(1)

    async def put(self, *documents: Document) -> None:
        """Write each with its event."""

        def work(transaction: Transaction) -> None:
            for document in documents:
                kind = kind_of(type(document))
                fact = ObjectChanged(id=f"{document.id}.1", at_ms=1, subject=document.id, object=kind, status="new")
                transaction.change(document, fact)

        await self._store.transact(work, "test")

    async def publish(self, events: int) -> None:
        """Write so many events."""
        await self.put(*(_note(f"note:{next(self._numbers)}", 0) for _ in range(events)))


@pytest.fixture
async def books(tmp_path: Path) -> AsyncIterator[Books]:
    path = tmp_path / "payments.db"
    store = SqliteStore(path=path, registry=core_registry(), producer="blue", clock=SystemClock())
    await store.open()
    yield Books(store, path)
    await store.close()


def _note(note_id: str, amount_microcents: int) -> CostNote:
    return CostNote(
        id=note_id,
        created_at_ms=1,
        updated_at_ms=1,
        what="ach_file",
        subject_id=note_id,
        amount_microcents=amount_microcents,
    )


def _payment(payment_id: str, rail: str) -> Payment:
    return Payment(
        id=payment_id,
        created_at_ms=1,
        updated_at_ms=1,
        status=PaymentStatus.SUCCEEDED,
        rail="ach" if rail == "ach" else "card",
        amount_cents=10_000,
        method="tok_visa",
        customer_id="cus_1",
        provider_id="pro_1",
        environment="blue",
        release="1.0.0",
        region=REGION,
    )


def _capture(
    capture_id: str, payment_id: str, cents: int, cost: Cost, status: CaptureStatus = CaptureStatus.SUCCEEDED
) -> Capture:
    return Capture(
        id=capture_id,
        created_at_ms=1,
        updated_at_ms=1,
        payment_id=payment_id,
        status=status,
        amount_cents=cents,
        cost=cost,
    )


async def _consume(path: Path, *sequences: int) -> None:
    checkpoint = await Checkpoint.open(path, 60_000)
    await checkpoint.restore(0)
    facts = [Heartbeat(id=f"f{number}", at_ms=1, subject="relay", sequence=number) for number in sequences]
    await checkpoint.record(facts, "queue", 1)
    await checkpoint.close()


async def test_what_the_checkpoint_does_not_hold_is_lost_wherever_the_gap_is(books: Books, tmp_path: Path) -> None:
    checkpoint = tmp_path / "checkpoint.db"
    await books.publish(10)
    await _consume(checkpoint, 2, 3, 6, 7, 8)
    counts = count_events(books.path, checkpoint, REGION)
    assert (counts.published, counts.consumed, counts.lost) == (10, 5, 5)


async def test_nothing_is_lost_when_every_position_has_arrived(books: Books, tmp_path: Path) -> None:
    checkpoint = tmp_path / "checkpoint.db"
    await books.publish(10)
    await _consume(checkpoint, *range(1, 11))
    counts = count_events(books.path, checkpoint, REGION)
    assert (counts.published, counts.consumed, counts.lost) == (10, 10, 0)


async def test_an_event_that_comes_twice_is_consumed_once_and_counted_as_a_duplicate(
    books: Books, tmp_path: Path
) -> None:
    checkpoint = tmp_path / "checkpoint.db"
    await books.publish(10)
    await _consume(checkpoint, 1, 1, 2)
    counts = count_events(books.path, checkpoint, REGION)
    assert (counts.consumed, counts.duplicates) == (2, 1)


async def test_without_a_checkpoint_everything_published_is_lost(books: Books, tmp_path: Path) -> None:
    await books.publish(10)
    counts = count_events(books.path, tmp_path / "none.db", REGION)
    assert (counts.published, counts.consumed, counts.lost) == (10, 0, 10)


def test_before_the_first_payment_nothing_is_published_and_nothing_lost(tmp_path: Path) -> None:
    counts = count_events(tmp_path / "none.db", tmp_path / "neither.db", REGION)
    assert counts.published == counts.lost == 0
    assert measured_costs(tmp_path / "none.db") == Measured()


async def test_only_succeeded_captures_are_measured_each_with_the_cost_that_was_kept_with_it(books: Books) -> None:
    await books.put(
        *(_payment(f"pay_{number}", "card") for number in (1, 2, 3)),
        _payment("pay_4", "ach"),
        _payment("pay_5", "card"),
        _capture("cap_1", "pay_1", 5_000, ON_CARD),
        _capture("cap_2", "pay_1", 1_000, ON_CARD),
        _capture("cap_3", "pay_2", 700, NO_COST, CaptureStatus.FAILED),
        _capture("cap_4", "pay_3", 700, NO_COST, CaptureStatus.PENDING),
        _capture("cap_5", "pay_4", 900, ON_BANK),
        _capture("cap_6", "pay_5", 900, NO_COST),
    )
    assert measured_costs(books.path) == Measured(
        (RailVolume("ach", 1, 900, 25_000_007, 50_000_000), RailVolume("card", 2, 6_000, 44_000_200, 120_000_000)),
        0,
        ("2024-01-01", "2026-01-01"),
        unpriced=1,
    )


async def test_files_and_returns_are_measured_beside_the_captures(books: Books) -> None:
    await books.put(_note("file:1", 25_000_000), _note("file:2", 5), _payment("pay_1", "ach"))
    await books.put(_capture("cap_1", "pay_1", 900, ON_BANK))
    assert measured_costs(books.path).noted_microcents == 25_000_005


def test_a_file_that_is_no_payment_store_is_named(tmp_path: Path) -> None:
    path = tmp_path / "payments.db"
    path.write_bytes(b"not a database, but long enough to be looked at" * 100)
    with pytest.raises(DatabaseUnusable, match=r"payments\.db"):
        measured_costs(path)

"""A store's file with an audit trail, and what somebody with a database tool can do to it."""

import asyncio
import sqlite3
from pathlib import Path

from checks.facts import ObjectChanged
from payment_core.audit.chain import Finding
from payment_core.audit.roots import Root
from payment_core.audit.signing import Checker
from payment_core.audit.verify import AuditReport, verify_audit
from payment_core.ledger.file_books import file_books
from payment_core.ledger.journals import Journal, Move
from payment_core.ledger.posting import Hold
from payment_core.store.port import Transaction
from payment_core.store.records import Document
from payment_core.store.sqlite.store import SqliteStore
from payment_core.store.stage import Registry
from payment_core.store.trail import GENESIS, AuditRow

NOW_MS = 1_795_690_800_000
DAY_MS = 24 * 3600 * 1000


class HandClock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.wall_ms = NOW_MS

    def now_ms(self) -> int:
        return self.wall_ms

    def monotonic_ms(self) -> float:
        return 0


class Order(Document, frozen=True, gc=False, kw_only=True, tag="order"):
    """What is changed here."""

    note: str = ""


REGISTRY = Registry((Order, Hold))


def step(number: int) -> Order:
    """The number-th change: three orders in turn."""
    return Order(
        id=f"ord_{number % 3}",
        version=number // 3 + 1,
        created_at_ms=NOW_MS,
        updated_at_ms=NOW_MS,
        note=f"note {number}",
    )


def work_of(number: int) -> "object":
    """The number-th transaction: one change, and sometimes journals."""

    def work(transaction: Transaction) -> None:
        document = step(number)
        transaction.change(
            document,
            ObjectChanged(
                id=f"{document.id}.{document.version}.changed",
                at_ms=NOW_MS,
                subject=document.id,
                object="order",
                status="open",
            ),
        )
        for position in range(number % 3):
            moves = (Move("rail_clearing", "bank", 100 + number),)
            transaction.post(Journal(id=f"j{number}-{position}", recipe="test", reference=document.id, moves=moves))

    return work


async def write_steps(store: SqliteStore, numbers: range) -> None:
    """Run transactions one after the other."""
    for number in numbers:
        await store.transact(work_of(number), f"key:{number}")  # type: ignore[arg-type]  # a work of None


def open_store(path: Path, clock: HandClock) -> SqliteStore:
    """A store of the file, not open yet."""
    return SqliteStore(path=path, registry=REGISTRY, producer="blue", clock=clock)


def tamper(path: Path, *statements: str) -> None:
    """Change the file behind the store's back."""
    connection = sqlite3.connect(path)
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


def verify(path: Path, roots: "list[tuple[str, Root]] | None" = None, checker: Checker | None = None) -> AuditReport:
    """What the verification says of the file."""
    with file_books(path, Registry(())) as books:
        return asyncio.run(verify_audit(books, [] if roots is None else roots, checker=checker))


def findings(path: Path, roots: "list[tuple[str, Root]] | None" = None) -> list[Finding]:
    """What is wrong with the file; something has to be."""
    report = verify(path, roots)
    assert not report.intact
    assert report.first_bad == report.findings[0].place
    return report.findings


def rebuild_chain(path: Path) -> None:
    """Compute every hash of the trail again, as one who knows how would do."""
    connection = sqlite3.connect(path)
    previous = GENESIS
    rows = connection.execute("SELECT * FROM audit ORDER BY sequence").fetchall()
    for sequence, at_ms, actor, kind, record_id, version, before, after, journals, _ in rows:
        row = AuditRow(
            shard=0,
            sequence=sequence,
            at_ms=at_ms,
            actor=actor,
            kind=kind,
            id=record_id,
            version=version,
            before_sha256=before.hex(),
            after_sha256=after.hex(),
            journals_sha256=journals.hex(),
            previous_sha256=previous,
        )
        previous = row.sha256()
        connection.execute("UPDATE audit SET sha256 = ? WHERE sequence = ?", (bytes.fromhex(previous), sequence))
    connection.commit()
    connection.close()

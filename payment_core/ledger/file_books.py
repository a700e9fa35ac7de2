"""The books of a store's file, offline or while the core runs, in one snapshot."""

import asyncio
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar, cast

import msgspec

from payment_core.errors import DatabaseUnusable, UnknownAccount
from payment_core.ledger.accounts import Side, account_of
from payment_core.ledger.posting import Hold
from payment_core.ledger.verify import LedgerReport, LedgerVerifier
from payment_core.store.port import AccountKey, AccountRow, DocumentPage, OutboxRow, PostedJournal
from payment_core.store.records import Query, Record
from payment_core.store.sqlite.reading import Reading
from payment_core.store.sqlite.tables import open_for_reading
from payment_core.store.stage import Registry
from payment_core.store.totals import Totals
from payment_core.store.trail import AuditRow
from payment_core.store.walking import every_account

R = TypeVar("R", bound=Record)


class FileBooks:
    """Books, records and events of one file as they were when it was opened. Reads block: not for an event loop."""

    def __init__(self, connection: sqlite3.Connection, registry: Registry) -> None:
        self._connection = connection
        self._reading = Reading(connection, registry)

    async def journals(self, after: int, limit: int) -> list[PostedJournal]:
        """Journals in the order of posting."""
        return self._reading.journals(after, limit)

    async def accounts(self, after: AccountKey, limit: int) -> list[AccountRow]:
        """Accounts by id and currency."""
        return self._reading.accounts(after, limit)

    async def accounts_of(self, keys: Sequence[AccountKey]) -> list[AccountRow]:
        """Those of these accounts that there are."""
        return self._reading.accounts_of(keys)

    async def totals(self) -> Totals:
        """All accounts together."""
        return self._reading.totals()

    async def audit(self, shard: int, after: int, limit: int) -> list[AuditRow]:
        """Rows of the one shard there is."""
        return self._reading.audit(shard, after, limit)

    async def audit_heads(self) -> list[tuple[int, int, str]]:
        """The head of the one shard there is."""
        return self._reading.audit_heads()

    async def read(self, record_type: type[R], record_id: str) -> R | None:
        """One record."""
        return cast("R | None", self._reading.record(record_type, record_id))

    async def query(self, query: Query[R]) -> list[R]:
        """Records of one kind."""
        return self._reading.query(query)

    async def documents(self, kind: str, after: str, limit: int) -> DocumentPage:
        """Records of a kind, in the order of their ids."""
        return self._reading.documents(kind, after, limit)

    async def events(self, after: str, limit: int) -> list[OutboxRow]:
        """All events from the one that follows."""
        return self._reading.events(after, limit)


class Balance(msgspec.Struct, frozen=True):
    """An account's stored totals in cents; balance_cents grows on the account's normal side.

    available_cents: the balance without what is set aside against it.
    """

    account: str
    currency: str
    normal_side: Side
    debits_cents: int
    credits_cents: int
    balance_cents: int
    debits_pending_cents: int
    credits_pending_cents: int
    available_cents: int


@contextmanager
def file_books(database: Path, registry: Registry) -> Iterator[FileBooks]:
    """The file's books in one snapshot; raises DatabaseUnusable when it is missing or no store."""
    connection = open_for_reading(database)
    try:
        connection.execute("BEGIN")
        yield FileBooks(connection, registry)
    except (sqlite3.Error, msgspec.MsgspecError) as error:
        raise DatabaseUnusable(f"{database}: {error}") from error
    finally:
        connection.close()


def verify_file(database: Path) -> LedgerReport:
    """Check the whole ledger of a file in one snapshot; raises DatabaseUnusable. Blocks: not for an event loop."""
    with file_books(database, Registry((Hold,))) as books:
        return asyncio.run(LedgerVerifier(books, books).check_all())


def balances(database: Path) -> tuple[Balance, ...]:
    """Every account's stored balance, by account id; raises DatabaseUnusable."""
    with file_books(database, Registry(())) as books:
        try:
            return asyncio.run(_balances(books))
        except UnknownAccount as error:
            raise DatabaseUnusable(f"{database}: {error}") from error


async def _balances(books: FileBooks) -> tuple[Balance, ...]:
    return tuple([balance_of(row) async for row in every_account(books)])


def balance_of(row: AccountRow) -> Balance:
    """An account's totals with its balance; raises UnknownAccount when the chart does not have it."""
    side, totals = account_of(row.account_id).normal_side, row.balances
    return Balance(
        row.account_id,
        row.currency,
        side,
        totals.debits_posted,
        totals.credits_posted,
        totals.balance_cents(side),
        totals.debits_pending,
        totals.credits_pending,
        totals.available_cents(side),
    )

"""A LedgerStore over another one: it shows what that one has, and keeps what is written to itself."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import TypeVar, cast

import msgspec

from payment_core.clock import Clock
from payment_core.ledger.journals import Journal
from payment_core.ledger.posting import Balances
from payment_core.migration.dry_running.scratch import Scratch
from payment_core.migration.errors import MigrationError
from payment_core.store.port import LedgerStore, Transaction, Work
from payment_core.store.records import Query, Record, kind_of
from payment_core.store.stage import Key, Registry, Stage

R = TypeVar("R", bound=Record)
T = TypeVar("T")

RUNS_MAX = 100
"""Runs of one work, each of which asked for what none before it had."""
FETCHED_AT_ONCE = 50
"""Of the store below: a transaction of DynamoDB reads a hundred items."""

BALANCES = "balances of an account"
"""Stands in place of a kind, which has no blanks."""
GONE = b""

_encode, _totals = msgspec.msgpack.Encoder().encode, msgspec.msgpack.Decoder(Balances)


class OverlaidStore:
    """What a work looks for and was not fetched yet is taken to be absent; then it is fetched and the work run again.

    Audit rows and events are left out. Listings are those of the store below: a job asks for one before it writes.
    """

    def __init__(self, below: LedgerStore, scratch: Scratch, registry: Registry, clock: Clock) -> None:
        self._below = below
        self._scratch = scratch
        self._registry = registry
        self._clock = clock

    async def transact(self, work: Work[T], actor: str) -> T:
        """See LedgerStore; what it changes is seen by later ones of this store alone. Raises ScratchUnusable."""
        found = _Found()
        for _ in range(RUNS_MAX):
            # A new document may be of another id in each run, so nobody looks whether it is there.
            stage = Stage(found, self._clock.now_ms(), inserts_blindly=True)
            try:
                answer = work(stage)
            except Exception:
                # What it raised was decided on what it had not seen.
                if not found.wants:
                    raise
            else:
                if not found.wants:
                    await self._scratch.put(self._bodies(stage))
                    return answer
            await self._fetch(found, actor)
        raise MigrationError(f"a dry run asked {RUNS_MAX} times for something else.")

    async def read(self, record_type: type[R], record_id: str) -> R | None:
        """See LedgerStore."""
        kept = (await self._scratch.get([(kind_of(record_type), record_id)])).values()
        for body in kept:
            return cast("R | None", self._decoded(kind_of(record_type), body))
        return await self._below.read(record_type, record_id)

    async def query(self, query: Query[R]) -> list[R]:
        """Of the store below."""
        return await self._below.query(query)

    async def account(self, account_id: str, currency: str = "USD") -> Balances:
        """See LedgerStore."""
        kept = (await self._scratch.get([_key_of(account_id, currency)])).values()
        for body in kept:
            return _totals.decode(body)
        return await self._below.account(account_id, currency)

    def _bodies(self, stage: Stage) -> dict[Key, bytes]:
        bodies = {
            key: GONE if record is None else self._registry.encode(record) for key, record in stage.records.items()
        }
        bodies.update({_key_of(*account): _encode(totals) for account, totals in stage.accounts.items()})
        return bodies

    def _decoded(self, kind: str, body: bytes) -> Record | None:
        return None if body == GONE else self._registry.decode(kind, body)

    async def _fetch(self, found: "_Found", actor: str) -> None:
        """What is wanted: from here, else from below."""
        records, accounts = list(found.records_wanted), list(found.accounts_wanted)
        keys = [(kind_of(record_type), name) for record_type, name in records]
        kept = await self._scratch.get([*keys, *(_key_of(*account) for account in accounts)])
        below: list[tuple[type[Record], str]] = []
        for wanted, key in zip(records, keys, strict=True):
            if key in kept:
                found.records[key] = self._decoded(key[0], kept[key])
            else:
                below.append(wanted)
        for part in _parts(below):
            found.records.update(await self._below.transact(partial(_records, wanted=part), actor))
        for account in accounts:
            body = kept.get(_key_of(*account))
            found.accounts[account] = await self._below.account(*account) if body is None else _totals.decode(body)
        found.records_wanted.clear()
        found.accounts_wanted.clear()


class _Found:
    """The Base of a stage: what was fetched, and what is missed."""

    def __init__(self) -> None:
        self.records: dict[Key, Record | None] = {}
        self.accounts: dict[Key, Balances] = {}
        self.records_wanted: dict[tuple[type[Record], str], None] = {}
        self.accounts_wanted: dict[Key, None] = {}

    @property
    def wants(self) -> bool:
        return bool(self.records_wanted or self.accounts_wanted)

    def load(self, record_type: type[Record], record_id: str) -> Record | None:
        key = (kind_of(record_type), record_id)
        if key not in self.records:
            self.records_wanted[record_type, record_id] = None
        return self.records.get(key)

    def load_balances(self, account_id: str, currency: str) -> Balances:
        key = (account_id, currency)
        if key not in self.accounts:
            self.accounts_wanted[key] = None
        return self.accounts.get(key, Balances())

    def load_journal(self, journal_id: str) -> Journal | None:  # noqa: ARG002 - as every Base
        """None: a pass posts under ids of its own, and this one is of no other store."""
        return None


def _records(transaction: Transaction, wanted: Sequence[tuple[type[Record], str]]) -> dict[Key, Record | None]:
    return {(kind_of(record_type), name): transaction.get(record_type, name) for record_type, name in wanted}


def _parts(wanted: Sequence[tuple[type[Record], str]]) -> Iterator[Sequence[tuple[type[Record], str]]]:
    return (wanted[first : first + FETCHED_AT_ONCE] for first in range(0, len(wanted), FETCHED_AT_ONCE))


def _key_of(account_id: str, currency: str) -> Key:
    return BALANCES, f"{account_id} {currency}"

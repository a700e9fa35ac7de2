"""Applies one event of the old processor by the code that moves its export, as the object is known here."""

from collections.abc import Callable
from typing import Protocol

import msgspec
import structlog

from payment_core.customers.model import Customer
from payment_core.migration.export.kinds import Kind
from payment_core.migration.export.records import Read, Record
from payment_core.migration.export.shapes.account import BankAccount as ExportedAccount
from payment_core.migration.export.shapes.customer import Customer as ExportedCustomer
from payment_core.migration.export.shapes.payment_method import PaymentMethod as ExportedCard
from payment_core.migration.feed.errors import EventUnreadable
from payment_core.migration.feed.events import Events
from payment_core.migration.model import MigrationRun
from payment_core.migration.names import JOB_OF, JobName, Outcome
from payment_core.migration.running.catching_up import ACTOR, Taken
from payment_core.migration.running.links import Links
from payment_core.migration.running.model import JobWish, OldTold, OldWrite, write_id
from payment_core.migration.running.moved_records import OBJECT_OF
from payment_core.migration.running.old_shape import is_gone
from payment_core.migration.running.ours_kept import OURS, Ours, with_ours
from payment_core.migration.running.ports import Numbers, OldEvent
from payment_core.operations.documents import record_change
from payment_core.origin import Origin
from payment_core.providers.model import BankAccount, Provider
from payment_core.store.port import LedgerStore, Transaction
from payment_core.vault.numbers.instruments import Card

log = structlog.get_logger()


Still = Callable[[Transaction], bool]


class Takes(Protocol):
    """Moves one record; ``engine.runner.Runner``. Raises MigrationError where it cannot yet."""

    async def take(self, read: Read, still: Still | None = None) -> Outcome:
        """What became of it; the same record again changes nothing. still: see Runner."""
        ...


class FeedTaking:
    """The catch-up's ``Takes``. Where both sides were changed at once, ours counts: it is told, or will be."""

    def __init__(
        self,
        *,
        store: LedgerStore,
        events: Events,
        runner: Takes,
        links: Links,
        numbers: Numbers,
        origin: Origin,
    ) -> None:
        self._store = store
        self._events = events
        self._runner = runner
        self._links = links
        self._numbers = numbers
        self._origin = origin

    async def take(self, event: OldEvent) -> Taken:
        """See Takes. Raises MigrationError, and what the store and the vault raise."""
        try:
            read = self._events.read(event.raw)
        except EventUnreadable as fault:
            # It must not keep the others waiting; what it changed is found by the comparison.
            log.error("an event cannot be read", action="feed_unreadable", event=event.id, fault=str(fault))
            return Taken.UNREADABLE
        if read is None or not await self._is_of_interest(JOB_OF[read.kind]):
            return Taken.NOT_OF_INTEREST
        still: Still | None = None
        if isinstance(read, Record):
            object_id = await self._here(read)
            ours = await self._ours(read.kind, object_id)
            if ours is not None:
                still = _unchanged(ours)
                if await self._is_ours_newer(read, ours):
                    if read.is_removed or _is_ended(ours):
                        return Taken.WRITE_WAITS
                    read = with_ours(read, ours)
            read = await self._as_here(read, object_id)
        outcome = await self._runner.take(read, still)
        if outcome is Outcome.QUARANTINED:
            return Taken.QUARANTINED
        return Taken.TAKEN if outcome in {Outcome.MOVED, Outcome.UPDATED, Outcome.MERGED} else Taken.KNOWN

    async def _is_of_interest(self, job: JobName) -> bool:
        """Whether the job is wanted, or was begun from the command line."""
        wish = await self._store.read(JobWish, job.value)
        return wish is not None or await self._store.read(MigrationRun, job.value) is not None

    async def _here(self, record: Record) -> str:
        kind = OBJECT_OF.get(record.kind.value)
        return "" if kind is None else await self._links.here(kind, record.id)

    async def _ours(self, kind: Kind, object_id: str) -> Ours | None:
        return None if object_id == "" else await self._store.read(OURS[OBJECT_OF[kind.value]], object_id)

    async def _is_ours_newer(self, record: Record, ours: Ours) -> bool:
        """Whether a change of ours is on its way there, or was told there after this happened.

        The old processor's clock counts seconds: what happened there in the second of the call counts as before it.
        """
        write = write_id(OBJECT_OF[record.kind.value], ours.id)
        if await self._store.read(OldWrite, write) is not None:
            return True
        told = await self._store.read(OldTold, write)
        return told is not None and record.occurred_at_ms <= told.at_ms

    async def _as_here(self, record: Record, object_id: str) -> Record:
        """The record with our id, and with the number that the old processor tells nobody."""
        body = record.body
        if isinstance(body, ExportedCustomer) and object_id not in {"", record.id}:
            return msgspec.structs.replace(record, id=object_id, body=msgspec.structs.replace(body, id=object_id))
        if isinstance(body, ExportedCard) and body.customer:
            owner = await self._links.here("customer", body.customer)
            body = msgspec.structs.replace(body, customer=owner if owner else body.customer)
            record = msgspec.structs.replace(record, body=body)
            if owner:
                await self._with_profile(owner)
        if record.is_removed or object_id == "":
            return record
        if isinstance(body, ExportedCard) and body.number is None:
            card = await self._numbers.number(object_id)
            if isinstance(card, Card) and card.pan.last4 == body.last4:
                body = msgspec.structs.replace(body, number=card.pan)
        elif isinstance(body, ExportedAccount) and body.account_number is None:
            body = await self._with_account_number(body, object_id)
        return msgspec.structs.replace(record, body=body)

    async def _with_profile(self, customer_id: str) -> None:
        """Give a customer a profile of whom we knew nothing but the id: cards move to customers that have one."""

        def work(transaction: Transaction) -> None:
            if transaction.get(Customer, customer_id) is None:
                now_ms = transaction.now_ms
                profile = Customer(id=customer_id, created_at_ms=now_ms, updated_at_ms=now_ms, since_ms=now_ms)
                record_change(transaction, self._origin, profile, status="active")

        if await self._store.read(Customer, customer_id) is None:
            await self._store.transact(work, ACTOR)

    async def _with_account_number(self, body: ExportedAccount, object_id: str) -> ExportedAccount:
        account = await self._store.read(BankAccount, object_id)
        found = None if account is None else await self._numbers.number(account.token)
        if found is None or isinstance(found, Card) or account is None:
            return body
        same = account.routing_number == body.routing_number and str(body.last4).endswith(account.last4)
        return msgspec.structs.replace(body, account_number=found.account_number) if same else body


def _unchanged(ours: Ours) -> Still:
    """Whether the object is as it was looked at: a change of ours between look and write must not be overwritten."""

    def still(transaction: Transaction) -> bool:
        current = transaction.get(type(ours), ours.id)
        return current is not None and current.version == ours.version

    return still


def _is_ended(ours: Ours) -> bool:
    return not isinstance(ours, Provider) and is_gone(ours)

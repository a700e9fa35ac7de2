"""Tells the old processor what changed here: at least once, under one key for each call, the oldest first."""

import asyncio

import msgspec
import structlog

from payment_core.customers.model import Customer
from payment_core.errors import CoreError
from payment_core.methods.model import PaymentMethod
from payment_core.migration.running.counts import RunningCounts
from payment_core.migration.running.dual_write.calls import NoCall, Situation, Subject, call_for, owner_of
from payment_core.migration.running.errors import OldHalfMade, OldProcessorError, OldRefused, OldUnreachable
from payment_core.migration.running.links import Known, Links, link
from payment_core.migration.running.model import (
    NO_RETURN_ID,
    NoReturn,
    ObjectKind,
    OldCall,
    OldLink,
    OldTold,
    OldWrite,
    here_id,
    write_id,
)
from payment_core.migration.running.ports import Numbers, OldProcessor
from payment_core.providers.model import BankAccount, Provider
from payment_core.store.port import LedgerStore, Transaction
from payment_core.store.records import Due
from payment_core.vault.errors import VaultError

log = structlog.get_logger()

ACTOR = "sweep:old-processor"
BATCH = 100
"""Objects of one run; the next run takes the next ones."""
AT_ONCE = 4
"""Calls at the same time: payments have the loop and the vault beside them."""
LEASE_MS = 30_000
"""A call belongs to who began it for so long: three times the longest call."""
FIRST_WAIT_MS, WAIT_MS_MAX = 500, 60_000
"""Waits double up to the longest: an old processor that is back is told within a minute."""
FAULT_CHARACTERS_MAX = 300
REFUSED_WAIT_MS = 300_000
"""What was refused for good is tried again when a person may have mended it."""
TYPE_OF: dict[ObjectKind, type[Customer | PaymentMethod | BankAccount | Provider]] = {
    "customer": Customer,
    "payment_method": PaymentMethod,
    "bank_account": BankAccount,
    "account": Provider,
}
OWNER_WAIT_MS = 250
"""For an owner that is made there first."""


class OldDelivering:
    """A job."""

    def __init__(
        self,
        *,
        store: LedgerStore,
        old: OldProcessor,
        links: Links,
        numbers: Numbers,
        counts: RunningCounts,
    ) -> None:
        self._store = store
        self._old = old
        self._links = links
        self._numbers = numbers
        self._counts = counts

    async def run_once(self, now_ms: int) -> int:
        """Tell a batch of what is due; how many were told. A processor that does not answer ends the batch."""
        due = iter(await self._store.query(Due(OldWrite, now_ms, BATCH)))
        unreachable = asyncio.Event()
        told = 0

        async def work_off() -> None:
            nonlocal told
            for write in due:
                if unreachable.is_set():
                    return
                told += await self._handle(write, unreachable)

        async with asyncio.TaskGroup() as group:
            for number in range(AT_ONCE):
                group.create_task(work_off(), name=f"old-processor-{number}")
        return told

    async def _handle(self, write: OldWrite, unreachable: asyncio.Event) -> bool:
        """Bring one object one call further; whether a call went through."""
        begun = await self._begin(write)
        if begun is None or begun.call is None:
            return False
        try:
            made = await self._send(begun.call)
        except OldUnreachable as fault:
            unreachable.set()
            await self._put_off(begun, fault)
            self._counts.told[begun.call.verb, "unreachable"] += 1
        except (OldProcessorError, VaultError) as fault:
            log.error("not told", action="old_processor_fault", object=write.id, fault=str(fault))
            await self._put_off(begun, fault)
            self._counts.told[begun.call.verb, "refused"] += 1
        else:
            await self._store.transact(lambda transaction: _settle(transaction, begun, made), ACTOR)
            self._counts.told[begun.call.verb, "told"] += 1
            return True
        return False

    async def _begin(self, write: OldWrite) -> OldWrite | None:
        """The write with the call that is sent now, on disk before it is sent; None when there is nothing to send."""
        planned = write.call if write.call is not None else call_for(await self._situation(write))
        subject = await self._subject(write.object_kind, write.object_id)

        def claim(transaction: Transaction) -> OldWrite | None:
            current = transaction.get(OldWrite, write.id)
            if current is None or current.due_ms > transaction.now_ms:
                return None
            if transaction.get(NoReturn, NO_RETURN_ID) is not None:
                transaction.delete(OldWrite, write.id)
                return None
            if current != write:
                # It changed while it was planned; it is still due, and the next run plans anew.
                return None
            if isinstance(planned, NoCall):
                _without_call(transaction, current, planned, subject)
                return None
            begun = msgspec.structs.replace(
                current, call=planned, attempts=current.attempts + 1, due_ms=transaction.now_ms + LEASE_MS
            )
            transaction.put(begun)
            return begun

        return await self._store.transact(claim, ACTOR)

    async def _situation(self, write: OldWrite) -> Situation:
        subject = await self._subject(write.object_kind, write.object_id)
        known = await self._links.there(write.object_kind, write.object_id)
        owner: Known | None = None
        if isinstance(subject, PaymentMethod | BankAccount):
            owner = await self._links.there(*owner_of(subject))
        return Situation(
            write=write,
            subject=subject,
            known=known,
            owner=None if owner is None else owner.place,
            has_other_number=await self._has_other_number(subject, known),
        )

    async def _has_other_number(self, subject: Subject, known: Known | None) -> bool:
        """Whether the account there is of another number; where nobody noted which, the old processor is asked."""
        if known is None or not isinstance(subject, BankAccount):
            return False
        if known.token:
            return known.token != subject.token
        theirs = await self._old.read(known.place)
        if theirs is None:
            return True
        last4 = theirs.fields.get("last4", "")
        return theirs.fields.get("routing_number") != subject.routing_number or not last4.endswith(subject.last4)

    async def _subject(self, kind: ObjectKind, object_id: str) -> Subject:
        return await self._store.read(TYPE_OF[kind], object_id)

    async def _send(self, call: OldCall) -> str:
        """Do the call; the id of what it made, empty for other verbs."""
        if call.verb == "update":
            await self._old.update(call.place, call.fields, call.key)
        elif call.verb == "delete":
            await self._old.delete(call.place, call.key)
        else:
            number = await self._numbers.number(call.token) if call.token and call.made == "" else None
            return await self._old.create(call.place, call.fields, number, call.key, call.made)
        return ""

    async def _put_off(self, begun: OldWrite, fault: CoreError) -> None:
        """Try again later."""

        def work(transaction: Transaction) -> None:
            current = transaction.get(OldWrite, begun.id)
            if current is not None and current.call == begun.call:
                transaction.put(put_off(current, fault, transaction.now_ms))

        await self._store.transact(work, ACTOR)


def put_off(write: OldWrite, fault: CoreError, now_ms: int) -> OldWrite:
    """The write as it waits after a fault. What became of its call is not known unless it was refused.

    Then it is repeated as it is, under its key; what was refused did nothing, and is planned anew under another.
    """
    later = msgspec.structs.replace(write, fault=str(fault)[:FAULT_CHARACTERS_MAX])
    if fault.retryable:
        return msgspec.structs.replace(later, due_ms=now_ms + wait_ms(write.attempts))
    later = msgspec.structs.replace(later, call=None, due_ms=now_ms + REFUSED_WAIT_MS)
    if not isinstance(fault, OldRefused):
        return later
    later = msgspec.structs.replace(later, refusals=write.refusals + 1)
    if isinstance(fault, OldHalfMade) and write.call is not None:
        return msgspec.structs.replace(later, made=fault.made, made_version=write.call.version)
    return later


def wait_ms(attempts: int) -> int:
    """How long to wait after so many attempts that nobody answered."""
    return min(FIRST_WAIT_MS << min(max(attempts - 1, 0), 16), WAIT_MS_MAX)


def _without_call(transaction: Transaction, write: OldWrite, why: NoCall, subject: Subject) -> None:
    """Forget what the old processor need not know; have an owner made there first."""
    if why is NoCall.NOTHING_TO_TELL or not isinstance(subject, PaymentMethod | BankAccount):
        transaction.delete(OldWrite, write.id)
        return
    kind, owner_id = owner_of(subject)
    is_there = transaction.get(OldLink, here_id(kind, owner_id)) is not None
    if not is_there and transaction.get(OldWrite, write_id(kind, owner_id)) is None:
        now_ms = transaction.now_ms
        transaction.put(
            OldWrite(
                id=write_id(kind, owner_id),
                object_kind=kind,
                object_id=owner_id,
                version=1,
                waiting_since_ms=now_ms,
                due_ms=now_ms,
            )
        )
    transaction.put(msgspec.structs.replace(write, due_ms=transaction.now_ms + OWNER_WAIT_MS))


def _settle(transaction: Transaction, begun: OldWrite, made: str) -> None:
    """Write what the old processor has now; what changed meanwhile, or is left behind, is told next."""
    call, current = begun.call, transaction.get(OldWrite, begun.id)
    if call is None or current is None or current.call != call:
        return
    transaction.put(OldTold(id=begun.id, at_ms=transaction.now_ms))
    left = None if call.place == current.left else current.left
    if call.verb == "create":
        place = msgspec.structs.replace(call.place, id=made)
        left = left if call.replaces is None else call.replaces
        link(transaction, begun.object_id, place, call.token, call.version)
    if left is None and current.version <= call.version:
        transaction.delete(OldWrite, begun.id)
        return
    now_ms = transaction.now_ms
    after = msgspec.structs.replace(current, call=None, left=left, attempts=0, fault="", due_ms=now_ms)
    transaction.put(msgspec.structs.replace(after, refusals=0, made="", made_version=0))

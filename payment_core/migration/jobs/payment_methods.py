"""The job ``payment-methods``: card numbers of the transfer file, sealed anew under a data key of ours."""

from collections.abc import Sequence
from typing import cast

import msgspec

from payment_core.customers.model import Customer
from payment_core.methods.model import PaymentMethod
from payment_core.methods.vault_records import shred_number
from payment_core.migration.export.kinds import Kind
from payment_core.migration.export.records import Malformed, Read, Record
from payment_core.migration.export.shapes.payment_method import PaymentMethod as Exported
from payment_core.migration.jobs.cards import card_in, exported_core, kept_of, stored_core
from payment_core.migration.jobs.digests import digest_of
from payment_core.migration.jobs.port import CHANGED_HERE, BatchWork, Prepared, Refused, refusal_of, standing
from payment_core.migration.jobs.sealing import BatchKey, NumberSealing, SealedNumber
from payment_core.migration.jobs.texts import text
from payment_core.migration.jobs.vaulted import find_number, is_left_to_others, join, keep_number, taken_off
from payment_core.migration.model import Moved, SealedOnce, moved_id
from payment_core.migration.names import JobName, Outcome
from payment_core.migration.proof.sides import Line
from payment_core.operations.documents import next_of, record_change
from payment_core.origin import Origin
from payment_core.store.port import Transaction
from payment_core.vault.numbers.instruments import Card
from payment_core.vault.records import CardDetails, StoredToken
from payment_core.vault.tokens import new_token

REMOVED = "removed"
UNDO_REASON = "migration undone"


class _Sealing(msgspec.Struct, frozen=True):
    """A card ready to be stored. core: keyed hash of all that must be the same. key: to seal it under another token."""

    card: Card
    fingerprint: str
    core: str
    kept: bytes
    sealed: SealedNumber
    key: BatchKey


class _Stored(msgspec.Struct, frozen=True):
    """What the store holds of one card."""

    moved: Moved
    method: PaymentMethod
    number: StoredToken | None


class PaymentMethods:
    """The same card of the same customer is sealed once; a second id for it leads to the same token."""

    name = JobName.PAYMENT_METHODS

    def __init__(self, sealing: NumberSealing, origin: Origin, actor: str) -> None:
        self._sealing = sealing
        self._origin = origin
        self._actor = actor

    async def expect(self, reads: Sequence[Read]) -> list[Line | Refused]:
        """What each card has to be."""
        found: list[Line | Refused] = []
        for read in reads:
            one = _checked(read)
            if isinstance(one, Card):
                fingerprint = await self._sealing.fingerprint(one)
                found.append(_line_of(cast("Record", read), one, fingerprint))
            else:
                without = _without_number(read, one)
                found.append(without if isinstance(without, Refused) else without.line)
        return found

    async def prepare(self, reads: Sequence[Read]) -> list[Prepared | Refused]:
        """Check every card and seal those that are good, all under one data key."""
        checked = [_checked(read) for read in reads]
        cards = [one for one in checked if isinstance(one, Card)]
        if not cards:
            return [_without_number(read, one) for read, one in zip(reads, checked, strict=True)]
        key = await self._sealing.key_for(len(cards))
        prints = [await self._sealing.fingerprint(card) for card in cards]
        sealed = iter(await self._sealing.each(lambda pair: _seal(key, *pair), list(zip(cards, prints, strict=True))))
        found: list[Prepared | Refused] = []
        for read, one in zip(reads, checked, strict=True):
            if isinstance(one, Card):
                found.append(_sealed(cast("Record", read), one, next(sealed), key))
            else:
                found.append(_without_number(read, one))
        return found

    def apply(self, transaction: Transaction, one: Prepared, work: BatchWork) -> Outcome | Refused:  # noqa: ARG002 - as every job
        """Store the card, unless it is here as it is."""
        record = cast("Record", one.read)
        moved = transaction.get(Moved, one.line.name)
        settled = standing(transaction, one, moved)
        if settled is not None:
            return settled
        if moved is not None and moved.undone_at_ms > 0:
            moved = None
        if one.material is None:
            return self._removed(transaction, one, moved)
        material = cast("_Sealing", one.material)
        refused = _owner_refusal(transaction, record)
        if refused is not None:
            return refused
        if moved is None:
            return self._new(transaction, one, material)
        return self._changed(transaction, one, material, moved)

    def finish(self, transaction: Transaction, work: BatchWork) -> None:
        """Nothing is gathered."""

    def find(self, transaction: Transaction, names: Sequence[str], batch: str) -> list[object]:  # noqa: ARG002 - as every job
        """Method, number and who it was."""
        return [_stored(transaction, name) for name in names]

    async def lines(self, names: Sequence[str], found: Sequence[object]) -> list[Line | None]:
        """What is stored, with each number opened and its keyed hash worked out again."""
        stored = cast("Sequence[_Stored | None]", found)
        numbers = [one.number for one in stored if one is not None and one.number is not None and _is_ours(one)]
        opened = iter(await self._sealing.opened(numbers))
        lines: list[Line | None] = []
        for name, one in zip(names, stored, strict=True):
            if one is None:
                lines.append(None)
            elif not _is_ours(one):
                lines.append(Line(name, CHANGED_HERE))
            elif one.number is None:
                lines.append(Line(name, digest_of(name, REMOVED) if one.method.deleted_at_ms > 0 else ""))
            else:
                card = cast("Card", next(opened))
                core = stored_core(one.method, card, await self._sealing.fingerprint(card))
                lines.append(Line(name, digest_of(core, one.moved.kept)))
        return lines

    def release(self, lost_key: str = "") -> None:
        """Erase the batch's key."""
        self._sealing.release(lost_key)

    def take_back(self, transaction: Transaction, name: str, now_ms: int) -> str:
        """Destroy the number and leave a tombstone, as when a customer deletes a card."""
        moved = transaction.get(Moved, name)
        if moved is None or moved.undone_at_ms > 0:
            return ""
        self._delete(transaction, moved)
        transaction.put(msgspec.structs.replace(moved, undone_at_ms=now_ms))
        return ""

    def _new(self, transaction: Transaction, one: Prepared, material: _Sealing) -> Outcome:
        record = cast("Record", one.read)
        body = cast("Exported", record.body)
        once_id = f"{body.customer}:{material.core}"
        once = transaction.get(SealedOnce, once_id)
        known = None if once is None else transaction.get(PaymentMethod, once.token)
        if once is not None and known is not None and known.deleted_at_ms == 0:
            join(transaction, once, one.line.name)
            transaction.put(_moved(one, known, material, transaction.now_ms))
            return Outcome.MERGED
        token = material.sealed.record.token
        keep_number(transaction, material.sealed)
        details = cast("CardDetails", material.sealed.record.details)
        method = PaymentMethod(
            id=token,
            created_at_ms=transaction.now_ms,
            updated_at_ms=transaction.now_ms,
            customer_id=text(body.customer),
            brand=details.brand,
            bin=details.bin6,
            last4=details.last4,
            expiry_month=details.expiry_month,
            expiry_year=details.expiry_year,
            fingerprint=material.fingerprint,
            country=text(body.address.country),
        )
        record_change(transaction, self._origin, method, status="active")
        transaction.put(SealedOnce(id=once_id, token=token, names=(one.line.name,)))
        transaction.put(_moved(one, method, material, transaction.now_ms))
        return Outcome.MOVED

    def _changed(self, transaction: Transaction, one: Prepared, material: _Sealing, moved: Moved) -> Outcome | Refused:
        """Another expiry, number or address under the same token, so that nobody has to learn a new one."""
        body = cast("Exported", cast("Record", one.read).body)
        method = transaction.get(PaymentMethod, moved.local_id)
        if method is None or method.deleted_at_ms > 0:
            return Refused(one.read, "deleted_here", "The payment method was deleted here; it is not brought back.")
        if moved.validation != material.core:
            self._move_once(transaction, moved, method, f"{body.customer}:{material.core}")
            keep_number(transaction, material.key.seal(material.card, method.id, material.fingerprint))
            details = cast("CardDetails", material.sealed.record.details)
            after = next_of(
                method,
                transaction.now_ms,
                customer_id=text(body.customer),
                brand=details.brand,
                bin=details.bin6,
                last4=details.last4,
                expiry_month=details.expiry_month,
                expiry_year=details.expiry_year,
                fingerprint=material.fingerprint,
                country=text(body.address.country),
            )
            record_change(transaction, self._origin, after, status="active", previous_status="active")
            method = after
        after_moved = _moved(one, method, material, transaction.now_ms)
        transaction.put(msgspec.structs.replace(after_moved, made_here=moved.made_here))
        return Outcome.UPDATED

    def _move_once(self, transaction: Transaction, moved: Moved, method: PaymentMethod, once_id: str) -> None:
        before = transaction.get(SealedOnce, f"{method.customer_id}:{moved.validation}")
        if before is not None:
            transaction.delete(SealedOnce, before.id)
        if not moved.made_here:
            # What was made here is no job's, so nothing that is moved may become one with it and be undone.
            names = (moved.id,) if before is None else before.names
            transaction.put(SealedOnce(id=once_id, token=method.id, names=names))

    def _removed(self, transaction: Transaction, one: Prepared, moved: Moved | None) -> Outcome | Refused:
        """It was detached there, so its number goes here, too."""
        record = cast("Record", one.read)
        if moved is None:
            return Refused(record, "detached", "It belongs to no customer any more.")
        method = transaction.get(PaymentMethod, moved.local_id)
        once_id = "" if method is None else f"{method.customer_id}:{moved.validation}"
        if is_left_to_others(transaction, once_id, moved.id):
            return Refused(record, "still_there", "The same card is there under another id; it is not destroyed here.")
        version = self._delete(transaction, moved)
        transaction.put(taken_off(moved, one, version))
        return Outcome.UPDATED

    def _delete(self, transaction: Transaction, moved: Moved) -> int:
        """Destroy the number; the version that the method has then."""
        method = transaction.get(PaymentMethod, moved.local_id)
        if method is None or method.deleted_at_ms > 0:
            return 0 if method is None else method.version
        after = next_of(method, transaction.now_ms, deleted_at_ms=transaction.now_ms, fingerprint="")
        record_change(transaction, self._origin, after, status="deleted", previous_status="active")
        shred_number(transaction, self._origin, method.id, actor=self._actor, reason=UNDO_REASON)
        if moved.validation != "":
            transaction.delete(SealedOnce, f"{method.customer_id}:{moved.validation}")
        return after.version


def _owner_refusal(transaction: Transaction, record: Record) -> Refused | None:
    body = cast("Exported", record.body)
    customer = transaction.get(Customer, text(body.customer))
    if customer is None:
        return Refused(record, "customer_missing", f"Its customer {body.customer} was not moved.")
    if customer.deleted_at_ms > 0:
        return Refused(record, "customer_deleted", f"Its customer {body.customer} is deleted.")
    return None


def _checked(read: Read) -> Card | Refused | None:
    """The card; None for one that was taken off its customer."""
    if isinstance(read, Malformed):
        return refusal_of(read)
    if read.is_removed:
        return None
    return card_in(read)


def _seal(key: BatchKey, card: Card, fingerprint: str) -> tuple[str, SealedNumber]:
    return fingerprint, key.seal(card, new_token("tok"), fingerprint)


def _sealed(record: Record, card: Card, sealed: tuple[str, SealedNumber], key: BatchKey) -> Prepared:
    fingerprint, number = sealed
    body = cast("Exported", record.body)
    core, kept = exported_core(body, card, fingerprint), kept_of(body)
    return Prepared(record, _line_of(record, card, fingerprint), _Sealing(card, fingerprint, core, kept, number, key))


def _line_of(record: Record, card: Card, fingerprint: str) -> Line:
    body = cast("Exported", record.body)
    core, kept = exported_core(body, card, fingerprint), kept_of(body)
    return Line(moved_id(Kind.PAYMENT_METHODS, record.id), digest_of(core, kept))


def _without_number(read: Read, one: Card | Refused | None) -> Prepared | Refused:
    if isinstance(one, Refused):
        return one
    name = moved_id(Kind.PAYMENT_METHODS, read.id)
    return Prepared(read, Line(name, digest_of(name, REMOVED)))


def _moved(one: Prepared, method: PaymentMethod, material: _Sealing, now_ms: int) -> Moved:
    record = cast("Record", one.read)
    return Moved(
        id=one.line.name,
        local_id=method.id,
        source_hash=record.source_hash,
        content=one.line.sha256,
        version=method.version,
        validation=material.core,
        moved_at_ms=now_ms,
        occurred_at_ms=record.occurred_at_ms,
        position=record.position,
        kept=material.kept,
    )


def _is_ours(stored: _Stored) -> bool:
    return stored.method.version == stored.moved.version


def _stored(transaction: Transaction, name: str) -> _Stored | None:
    moved = transaction.get(Moved, name)
    method = None if moved is None else transaction.get(PaymentMethod, moved.local_id)
    if moved is None or method is None or moved.undone_at_ms > 0:
        return None
    return _Stored(moved, method, find_number(transaction, method.id))

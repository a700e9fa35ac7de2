"""The job ``customers``: the profile of each, under the id that it had."""

from collections.abc import Sequence
from typing import cast

import msgspec

from payment_core.customers.model import Customer, PostalAddress
from payment_core.migration.export.kinds import Kind
from payment_core.migration.export.records import Malformed, Read, Record
from payment_core.migration.export.shapes.customer import Customer as Exported
from payment_core.migration.jobs.digests import digest_of
from payment_core.migration.jobs.port import CHANGED_HERE, BatchWork, Prepared, Refused, refusal_of, standing
from payment_core.migration.jobs.texts import text
from payment_core.migration.model import Moved, moved_id
from payment_core.migration.names import JobName, Outcome
from payment_core.migration.proof.sides import Line
from payment_core.operations.documents import record_change
from payment_core.origin import Origin
from payment_core.store.port import Transaction

MS_PER_SECOND = 1000


class _Stored(msgspec.Struct, frozen=True):
    """What the store holds of one customer."""

    moved: Moved
    customer: Customer


class Customers:
    """A deleted customer keeps its id and nothing else, here as there."""

    name = JobName.CUSTOMERS

    def __init__(self, origin: Origin) -> None:
        self._origin = origin

    async def expect(self, reads: Sequence[Read]) -> list[Line | Refused]:
        """What each profile has to be."""
        return [one if isinstance(one, Refused) else one.line for one in map(_prepared, reads)]

    async def prepare(self, reads: Sequence[Read]) -> list[Prepared | Refused]:
        """Work out each profile's side of the proof."""
        return [_prepared(read) for read in reads]

    def apply(self, transaction: Transaction, one: Prepared, work: BatchWork) -> Outcome | Refused:
        """Write the profile, unless it is here as it is."""
        record = cast("Record", one.read)
        key = moved_id(record.kind, record.id)
        moved = transaction.get(Moved, key)
        settled = standing(transaction, one, moved)
        if settled is not None:
            return settled
        known = transaction.get(Customer, record.id)
        if known is not None and moved is None:
            return Refused(record, "id_taken", "A customer of this id was made here; it is not overwritten.")
        profile = _profile(record, transaction.now_ms)
        if moved is not None and known is not None and _was_blanked(moved, known) and profile.deleted_at_ms == 0:
            return Refused(record, "deleted_here", "The profile was blanked here for good; it is not brought back.")
        if known is not None:
            profile = msgspec.structs.replace(
                profile, created_at_ms=known.created_at_ms, version=known.version + 1, since_ms=profile.since_ms
            )
        previous = "" if known is None else _status(known)
        record_change(transaction, self._origin, profile, status=_status(profile), previous_status=previous)
        transaction.put(
            Moved(
                id=key,
                local_id=record.id,
                source_hash=record.source_hash,
                content=one.line.sha256,
                version=profile.version,
                moved_at_ms=work.now_ms,
                occurred_at_ms=record.occurred_at_ms,
                position=record.position,
                made_here=moved is not None and moved.made_here,
            )
        )
        return Outcome.MOVED if moved is None or moved.undone_at_ms > 0 else Outcome.UPDATED

    def finish(self, transaction: Transaction, work: BatchWork) -> None:
        """Nothing is gathered."""

    def find(self, transaction: Transaction, names: Sequence[str], batch: str) -> list[object]:  # noqa: ARG002 - as every job
        """The stored profiles."""
        return [_stored(transaction, name) for name in names]

    async def lines(self, names: Sequence[str], found: Sequence[object]) -> list[Line | None]:
        """What the stored profiles say."""
        stored = cast("Sequence[_Stored | None]", found)
        return [None if one is None else _stored_line(name, one) for name, one in zip(names, stored, strict=True)]

    def release(self, lost_key: str = "") -> None:
        """No key was used."""

    def take_back(self, transaction: Transaction, name: str, now_ms: int) -> str:
        """Blank the profile; the id stays, because audit rows and payments name it."""
        moved = transaction.get(Moved, name)
        known = None if moved is None else transaction.get(Customer, moved.local_id)
        if moved is None or known is None or moved.undone_at_ms > 0:
            return ""
        blank = Customer(
            id=known.id,
            created_at_ms=known.created_at_ms,
            updated_at_ms=now_ms,
            version=known.version + 1,
            deleted_at_ms=now_ms,
        )
        record_change(transaction, self._origin, blank, status="deleted", previous_status=_status(known))
        transaction.put(msgspec.structs.replace(moved, undone_at_ms=now_ms))
        return ""


def _prepared(read: Read) -> Prepared | Refused:
    if isinstance(read, Malformed):
        return refusal_of(read)
    return Prepared(read, Line(moved_id(Kind.CUSTOMERS, read.id), _exported_digest(read)))


def _profile(record: Record, now_ms: int) -> Customer:
    body = cast("Exported", record.body)
    if body.deleted or record.is_removed:
        return Customer(
            id=body.id,
            created_at_ms=now_ms,
            updated_at_ms=now_ms,
            since_ms=body.created * MS_PER_SECOND,
            deleted_at_ms=record.occurred_at_ms,
        )
    address = body.address
    return Customer(
        id=body.id,
        created_at_ms=now_ms,
        updated_at_ms=now_ms,
        name=text(body.name),
        email=text(body.email),
        phone=text(body.phone),
        description=text(body.description),
        currency=text(body.currency).upper(),
        balance=body.balance,
        delinquent=body.delinquent,
        default_payment_method=_default_of(body),
        address=PostalAddress(
            line1=text(address.line1),
            line2=text(address.line2),
            city=text(address.city),
            state=text(address.state),
            postal_code=text(address.postal_code),
            country=text(address.country),
        ),
        metadata=tuple(sorted(body.metadata.items())),
        since_ms=body.created * MS_PER_SECOND,
    )


def _exported_digest(record: Record) -> str:
    """What of the export has to be found here."""
    body = cast("Exported", record.body)
    gone = body.deleted or record.is_removed
    if gone:
        return digest_of(body.id, gone)
    return digest_of(
        body.id,
        gone,
        [text(said) for said in (body.name, body.email, body.phone, body.description)],
        (text(body.currency).upper(), body.balance, body.delinquent, _default_of(body)),
        [text(said) for said in msgspec.structs.astuple(body.address)],
        sorted(body.metadata.items()),
        body.created,
    )


def _stored(transaction: Transaction, name: str) -> _Stored | None:
    moved = transaction.get(Moved, name)
    customer = None if moved is None else transaction.get(Customer, moved.local_id)
    return None if moved is None or customer is None or moved.undone_at_ms > 0 else _Stored(moved, customer)


def _stored_line(name: str, stored: _Stored) -> Line:
    customer = stored.customer
    if customer.version != stored.moved.version:
        return Line(name, CHANGED_HERE)
    if customer.deleted_at_ms > 0:
        return Line(name, digest_of(customer.id, True))  # noqa: FBT003 - a field of the hash
    return Line(
        name,
        digest_of(
            customer.id,
            False,  # noqa: FBT003 - a field of the hash
            (customer.name, customer.email, customer.phone, customer.description),
            (customer.currency, customer.balance, customer.delinquent, customer.default_payment_method),
            msgspec.structs.astuple(customer.address),
            customer.metadata,
            customer.since_ms // MS_PER_SECOND,
        ),
    )


def _was_blanked(moved: Moved, customer: Customer) -> bool:
    """Whether the customer was deleted here, by nobody's undo and by no record."""
    return customer.deleted_at_ms > 0 and moved.undone_at_ms == 0 and customer.version != moved.version


def _default_of(body: Exported) -> str:
    method = text(body.default_payment_method)
    return method if method != "" else text(body.default_source)


def _status(customer: Customer) -> str:
    return "active" if customer.deleted_at_ms == 0 else "deleted"

"""Who is who on the two sides: what the jobs have moved, and what was made on both since."""

from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from payment_core.migration.export.kinds import Kind
from payment_core.migration.model import Moved, moved_id
from payment_core.migration.running.model import ObjectKind, OldLink, OldPlace, here_id, there_id
from payment_core.migration.running.ports import Moved as MovedObjects
from payment_core.store.port import LedgerStore, Transaction

MS_PER_SECOND = 1000
KIND_OF: Mapping[ObjectKind, Kind] = MappingProxyType(
    {
        "customer": Kind.CUSTOMERS,
        "account": Kind.ACCOUNTS,
        "payment_method": Kind.PAYMENT_METHODS,
        "bank_account": Kind.BANK_ACCOUNTS,
    }
)
"""What the export calls each kind of object."""


class Known(msgspec.Struct, frozen=True):
    """Where our object is there. token: of the vault, whose number it has there; empty when nobody noted it."""

    place: OldPlace
    token: str = ""


class Links:
    """Looks at what was made here first: a link of ours is the newer word."""

    def __init__(self, store: LedgerStore, moved: MovedObjects) -> None:
        self._store = store
        self._moved = moved

    async def there(self, kind: ObjectKind, object_id: str) -> Known | None:
        """Where our object is at the old processor; None for one that is not there."""
        link = await self._store.read(OldLink, here_id(kind, object_id))
        if link is not None:
            place = OldPlace(kind=kind, owner_kind=link.owner_kind, owner_id=link.owner_there, id=link.other)
            return Known(place, link.token)
        place_moved = await self._moved.there(kind, object_id)
        return None if place_moved is None else Known(place_moved)

    async def here(self, kind: ObjectKind, old_id: str) -> str:
        """Our id of an object of the old processor; empty for one that is not here."""
        link = await self._store.read(OldLink, there_id(kind, old_id))
        return await self._moved.here(kind, old_id) if link is None else link.other


def link(transaction: Transaction, object_id: str, place: OldPlace, token: str, version: int) -> None:
    """Note in both directions that our object is there now; what was there in its place is forgotten."""
    before = transaction.get(OldLink, here_id(place.kind, object_id))
    if before is not None and before.other != place.id:
        transaction.delete(OldLink, there_id(place.kind, before.other))
    there = OldLink(
        id=there_id(place.kind, place.id),
        kind_there=place.kind,
        other=object_id,
        owner_kind=place.owner_kind,
        owner_there=place.owner_id,
    )
    here = msgspec.structs.replace(
        there, id=here_id(place.kind, object_id), other=place.id, token=token, told_version=version
    )
    transaction.put(here)
    transaction.put(there)
    kind = KIND_OF[place.kind]
    if transaction.get(Moved, moved_id(kind, place.id)) is None:
        # So that an event about it finds our object, and one of before is known to be older.
        transaction.put(
            Moved(
                id=moved_id(kind, place.id),
                local_id=object_id,
                source_hash="",
                content="",
                moved_at_ms=transaction.now_ms,
                made_here=True,
                occurred_at_ms=transaction.now_ms // MS_PER_SECOND * MS_PER_SECOND,
            )
        )

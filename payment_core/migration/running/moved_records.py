"""Who is who among what the jobs have moved, from the records that the jobs keep."""

from collections.abc import Mapping
from types import MappingProxyType

from payment_core.customers.model import Customer
from payment_core.methods.model import PaymentMethod
from payment_core.migration.model import Moved, moved_id
from payment_core.migration.running.dual_write.calls import owner_of
from payment_core.migration.running.links import KIND_OF
from payment_core.migration.running.model import ObjectKind, OldPlace
from payment_core.migration.running.ports import MovedPair
from payment_core.providers.model import BankAccount
from payment_core.store.port import LedgerStore
from payment_core.store.records import Listing

OBJECT_OF: Mapping[str, ObjectKind] = MappingProxyType({kind.value: name for name, kind in KIND_OF.items()})
COMPARED = frozenset({"customer", "payment_method", "bank_account"})
SAME_MAX = 20
"""Records of the old processor that are one object here, such as one card that was saved twice."""


class MovedRecords:
    """The port Moved over the store."""

    def __init__(self, store: LedgerStore) -> None:
        self._store = store

    async def there(self, kind: ObjectKind, object_id: str) -> OldPlace | None:
        """See the port. Of several records that are one object here, the one that was moved last."""
        owner = f"{KIND_OF[kind].value}:{object_id}"
        found = [
            one for one in await self._store.query(Listing(Moved, owner=owner, limit=SAME_MAX)) if one.undone_at_ms == 0
        ]
        if not found:
            return None
        newest = max(found, key=lambda one: (one.occurred_at_ms, one.id))
        return await self._place(kind, object_id, newest.id.partition(":")[2])

    async def here(self, kind: ObjectKind, old_id: str) -> str:
        """See the port."""
        moved = await self._store.read(Moved, moved_id(KIND_OF[kind], old_id))
        return "" if moved is None or moved.undone_at_ms > 0 else moved.local_id

    async def page(self, after: str, limit: int) -> list[MovedPair]:
        """See the port."""
        found: list[MovedPair] = []
        for one in await self._store.query(Listing(Moved, after=after, limit=limit)):
            name, _, old_id = one.id.partition(":")
            kind = OBJECT_OF.get(name)
            is_here = one.undone_at_ms == 0 and kind in COMPARED and await self._has_record(kind, one.local_id)
            place = await self._place(kind, one.local_id, old_id) if kind is not None and is_here else None
            found.append(MovedPair(one.local_id, place, one.id))
        return found

    async def _has_record(self, kind: ObjectKind | None, object_id: str) -> bool:
        """Whether there is anything to compare: of a customer nothing but the id need be known."""
        return kind != "customer" or await self._store.read(Customer, object_id) is not None

    async def _place(self, kind: ObjectKind, object_id: str, old_id: str) -> OldPlace | None:
        """Under its owner there; None when the owner is not known there, so that it cannot be asked for."""
        if kind in {"customer", "account"}:
            return OldPlace(kind=kind, id=old_id)
        if kind == "payment_method":
            # A card is asked for by its own id.
            method = await self._store.read(PaymentMethod, object_id)
            return None if method is None else OldPlace(kind=kind, id=old_id)
        account = await self._store.read(BankAccount, object_id)
        if account is None:
            return None
        owner_kind, owner_id = owner_of(account)
        owner = await self.there(owner_kind, owner_id)
        return None if owner is None else OldPlace(kind=kind, owner_kind=owner_kind, owner_id=owner.id, id=old_id)

"""What running both asks of others: the old processor, its events, numbers from the vault, and the jobs."""

from collections.abc import Mapping
from typing import Protocol

import msgspec

from payment_core.migration.running.model import ObjectKind, OldPlace
from payment_core.vault.numbers.instruments import BankAccount, Card


class OldObject(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """An object as the old processor shows it. fields: what can be compared, by our names; never a number.

    deleted: it is there no more, or belongs to nobody.
    """

    place: OldPlace
    deleted: bool = False
    fields: Mapping[str, str] = msgspec.field(default_factory=dict)


class OldProcessor(Protocol):
    """The processor that is left. A key makes a repeated call one call.

    Raises OldUnreachable (unknown, try again), OldRefused (nothing was done, for certain), OldKeyUsed or OldUnreadable.
    """

    async def create(
        self, place: OldPlace, fields: Mapping[str, str], number: Card | BankAccount | None, key: str, made: str = ""
    ) -> str:
        """Make the object under its owner; its id there. made: that of one that its owner was not given yet.

        Raises OldHalfMade when it was made, and its owner cannot be given it.
        """
        ...

    async def update(self, place: OldPlace, fields: Mapping[str, str], key: str) -> None:
        """Let it have these fields, absolutely."""
        ...

    async def delete(self, place: OldPlace, key: str) -> None:
        """Let it be gone; one that is gone already is no error."""
        ...

    async def read(self, place: OldPlace) -> OldObject | None:
        """The object, or None when there is none."""
        ...


class OldEvent(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One event of the old processor. raw: as it was sent. happened_at_ms: there; its clock counts seconds.

    key: of idempotency, of the request that caused it; empty when that was none of the API. tag: our id of the object,
    where we had made it; empty otherwise.
    """

    id: str
    happened_at_ms: int
    raw: bytes
    key: str = ""
    tag: str = ""


class EventPage(msgspec.Struct, frozen=True, gc=False):
    """Events from the oldest. more: whether others follow at once."""

    events: tuple[OldEvent, ...]
    more: bool


class OldEvents(Protocol):
    """The old processor's own list of what happened."""

    async def after(self, event_id: str) -> EventPage:
        """Those after this one, or the oldest there are. Raises what OldProcessor raises."""
        ...


class Numbers(Protocol):
    """Opens numbers for the old processor; each opening is on record before it happens."""

    async def number(self, token: str) -> Card | BankAccount | None:
        """The number behind a token; None when it was destroyed. Raises what the vault raises."""
        ...


class MovedPair(msgspec.Struct, frozen=True, gc=False):
    """One object of both sides. place: there; None for one that is not compared. after: ``page`` goes on behind it."""

    object_id: str
    place: OldPlace | None
    after: str


class Moved(Protocol):
    """Who is who among what the jobs have moved."""

    async def there(self, kind: ObjectKind, object_id: str) -> OldPlace | None:
        """Where our object is at the old processor; None for one that was not moved."""
        ...

    async def here(self, kind: ObjectKind, old_id: str) -> str:
        """Our id of an object of the old processor; empty for one that was not moved."""
        ...

    async def page(self, after: str, limit: int) -> list[MovedPair]:
        """Objects that can be compared, in a stable order from the one that follows ``after``."""
        ...

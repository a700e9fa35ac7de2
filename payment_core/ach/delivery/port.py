"""What files need of wherever they are delivered to."""

from enum import StrEnum
from typing import Protocol

import msgspec

from payment_core.errors import CoreError


class DeliveryError(CoreError):
    """The file was not delivered."""


class DeliveryUnavailable(DeliveryError):
    """The destination did not answer; whether the file arrived is not known."""

    @property
    def retryable(self) -> bool:
        """Yes, but only after asking whether it is there."""
        return True


class DeliveryConflict(DeliveryError):
    """The destination has another file under this name; nothing was overwritten."""


class NameUnusable(DeliveryError):
    """The name is not one of ours."""


class Presence(StrEnum):
    """What the destination has under a name: these bytes, other bytes, or nothing."""

    SAME = "same"
    OTHER = "other"
    ABSENT = "absent"


class Inbound(msgspec.Struct, frozen=True):
    """Something that the bank left for us. fingerprint: another one when the bytes under the name change."""

    name: str
    fingerprint: str
    size_bytes: int


class Delivery(Protocol):
    """A place to leave files at. Creating never overwrites, so a second sender of the same file does nothing."""

    async def put(self, name: str, content: bytes, sha256: str) -> None:
        """Create the file, complete and durable, or find the same bytes there.

        Raises DeliveryConflict for other bytes under the name, DeliveryUnavailable when it is not known what happened.
        """
        ...

    async def find(self, name: str, sha256: str) -> Presence:
        """What is there under the name. Raises DeliveryUnavailable."""
        ...

    async def inbound(self) -> list[Inbound]:
        """What the bank left, by name. Raises DeliveryUnavailable."""
        ...

    async def fetch(self, name: str) -> bytes:
        """The bytes of an inbound file. Raises DeliveryUnavailable, NameUnusable."""
        ...

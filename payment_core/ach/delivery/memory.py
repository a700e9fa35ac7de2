"""Delivery into memory, for tests and simulations."""

import asyncio
import hashlib

from payment_core.ach.delivery.names import checked_name
from payment_core.ach.delivery.port import DeliveryConflict, DeliveryUnavailable, Inbound, Presence


class MemoryDelivery:
    """outbound: bytes by name. inbox: what the bank left. created: how many files appeared."""

    def __init__(self) -> None:
        self.outbound: dict[str, bytes] = {}
        self.inbox: dict[str, bytes] = {}
        self.created = 0

    async def put(self, name: str, content: bytes, sha256: str) -> None:
        """Create, or find the same bytes."""
        await asyncio.sleep(0)
        if checked_name(name) not in self.outbound:
            self.outbound[name] = content
            self.created += 1
        elif hashlib.sha256(self.outbound[name]).hexdigest() != sha256:
            raise DeliveryConflict(name)
        await asyncio.sleep(0)

    async def find(self, name: str, sha256: str) -> Presence:
        """What is there."""
        await asyncio.sleep(0)
        content = self.outbound.get(checked_name(name))
        if content is None:
            return Presence.ABSENT
        return Presence.SAME if hashlib.sha256(content).hexdigest() == sha256 else Presence.OTHER

    async def inbound(self) -> list[Inbound]:
        """What the bank left."""
        await asyncio.sleep(0)
        return [
            Inbound(name, hashlib.sha256(content).hexdigest(), len(content))
            for name, content in sorted(self.inbox.items())
        ]

    async def fetch(self, name: str) -> bytes:
        """The bytes of one."""
        await asyncio.sleep(0)
        content = self.inbox.get(checked_name(name))
        if content is None:
            raise DeliveryUnavailable(name)
        return content

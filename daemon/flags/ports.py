"""What flags need of a broker."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from typing import Protocol


class Session(Protocol):
    """One connection."""

    async def publish(self, body: bytes) -> None:
        """Have the broker retain this document; on return it has it. Raises BrokerGone."""

    def reports(self) -> AsyncIterator[bytes]:
        """What processes report, as it comes. Raises BrokerGone when the connection ends."""


class Broker(Protocol):
    """Where documents are retained and reports come from."""

    def session(self) -> AbstractAsyncContextManager[Session]:
        """Connect and subscribe to reports. Raises BrokerGone, also when the connection ends in the block."""

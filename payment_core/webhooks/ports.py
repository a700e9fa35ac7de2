"""What webhooks ask of others: to seal their secrets, and to carry a request out."""

from typing import Protocol

import msgspec


class Seal(Protocol):
    """Keeps secrets at rest."""

    async def seal(self, purpose: str, record_id: str, plaintext: bytes) -> bytes:
        """Seal for this purpose and record; it opens as theirs alone."""
        ...

    async def open(self, purpose: str, record_id: str, sealed: bytes) -> bytes:
        """What was sealed for this purpose and record."""
        ...


class Sent(msgspec.Struct, frozen=True, gc=False):
    """What became of a request. status_code: of the answer, 0 when there was none; then fault says why.

    retry_after_seconds: how long the receiver wants to be left alone, 0 when it did not say.
    """

    status_code: int
    fault: str = ""
    retry_after_seconds: int = 0

    @property
    def accepted(self) -> bool:
        """Whether the receiver has it; a redirect is no acceptance."""
        return 200 <= self.status_code < 300  # noqa: PLR2004 - HTTP's own numbers


class Sender(Protocol):
    """Carries requests out."""

    async def send(self, url: str, headers: dict[str, str], body: bytes) -> Sent:
        """POST the body; whatever goes wrong is told in the answer."""
        ...

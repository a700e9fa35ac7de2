"""What the core asks of a rail, and what a rail may answer."""

from enum import StrEnum
from typing import Literal, Protocol

import msgspec

from checks.facts import Rail

Order = Literal["authorize", "purchase", "capture", "void", "refund"]
"""``purchase`` authorizes and captures at once; ``void`` releases an authorization."""


class Verdict(StrEnum):
    """What is known about an instruction; UNKNOWN never means that nothing happened."""

    APPROVED = "approved"
    DECLINED = "declined"
    FAILED = "failed"
    UNKNOWN = "unknown"
    NOT_FOUND = "not_found"


class RailAnswer(msgspec.Struct, frozen=True, gc=False):
    """code: the issuer's decline code or the rail's error code; empty when approved or unknown."""

    verdict: Verdict
    code: str = ""


class Instruction(msgspec.Struct, frozen=True, gc=False):
    """What the rail shall do. reference: ours, idempotent at the rail: the same one has one effect and one answer."""

    reference: str
    order: Order
    rail: Rail
    method: str
    amount_cents: int
    currency: str = "USD"


class Acquirer(Protocol):
    """A card or bank rail."""

    async def submit(self, instruction: Instruction) -> RailAnswer:
        """Carry the instruction out once, however often it is submitted; may never answer."""
        ...

    async def status(self, reference: str) -> RailAnswer:
        """What became of an instruction: UNKNOWN while undecided, NOT_FOUND when the rail never saw it."""
        ...

"""What the core asks of a rail, and what a rail may answer."""

from enum import StrEnum
from typing import Literal, Protocol

import msgspec

from checks.facts import Rail
from payment_core.vault.numbers.sensitive import Cvc, Pan

Order = Literal["authorize", "purchase", "capture", "void", "refund"]
"""``purchase`` authorizes and captures at once; ``void`` releases what is left of an authorization."""


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
    """What the rail shall do. reference: ours, idempotent at the rail: the same one has one effect and one answer.

    original: the reference of the authorization or purchase that a capture, void or refund belongs to.
    final: of a capture, whether the rail shall release the rest. cvc: passes through; neither side may keep it.
    """

    reference: str
    order: Order
    rail: Rail
    method: str
    amount_cents: int
    currency: str = "USD"
    original: str = ""
    final: bool = True
    cvc: Cvc | None = None


class Acquirer(Protocol):
    """A card or bank rail."""

    async def submit(self, instruction: Instruction) -> RailAnswer:
        """Carry the instruction out once, however often it is submitted; may never answer."""
        ...

    async def status(self, reference: str) -> RailAnswer:
        """What became of an instruction: UNKNOWN while undecided, NOT_FOUND when the rail never saw it."""
        ...


class CardReader(Protocol):
    """Gives the number behind a token to an adapter that sends it to a rail, and to nobody else."""

    async def card_number(self, token: str) -> Pan | None:
        """The card's number; None when the token stands for none (any more)."""
        ...


DisputeOutcome = Literal["opened", "won", "lost"]


class RailDispute(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A rail tells of a dispute. sequence: its place among the rail's notices, from 1.

    reference: the dispute's id at the rail. original: our reference of the payment. outcome: what happened to it.
    """

    sequence: int
    reference: str
    original: str
    outcome: DisputeOutcome
    amount_cents: int
    reason: str


class DisputeDesk(Protocol):
    """Where a rail's disputes are read and answered."""

    async def disputes(self, after: int, limit: int) -> list[RailDispute]:
        """Notices in order, from the one that follows ``after``."""
        ...

    async def answer_dispute(self, reference: str, evidence: str) -> None:
        """Hand the evidence in; again is the same as once. Empty evidence accepts the dispute."""
        ...


class CardRail(Acquirer, DisputeDesk, Protocol):
    """All that the core needs of the rail that it is put together over."""

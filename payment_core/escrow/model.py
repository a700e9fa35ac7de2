"""What is kept of an escrow: whose money it holds, for whom, on which conditions, and what became of it."""

from typing import Literal

import msgspec

from payment_core.store.records import Document, Record

EscrowStatus = Literal[
    "created",
    "funded",
    "partially_released",
    "frozen",
    "disputed",
    "released",
    "refunded",
    "resolved",
    "expired",
]


class Source(msgspec.Struct, frozen=True, gc=False):
    """A captured payment that funds the escrow. amount_cents: its part, after the platform's fee.

    provider_id: in whose ``customer_escrow`` the money was, and returns to when it is refunded.
    """

    payment_id: str
    provider_id: str
    amount_cents: int
    released_cents: int = 0
    refunded_cents: int = 0

    @property
    def held_cents(self) -> int:
        """What of it is still held."""
        return self.amount_cents - self.released_cents - self.refunded_cents


class Payee(msgspec.Struct, frozen=True, gc=False):
    """A provider that releases go to. weight: its share is its weight over the sum of all weights."""

    provider_id: str
    weight: int


class Condition(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """Something that must have happened. evidence: a reference to what shows it. satisfied_at_ms: 0 before."""

    name: str
    satisfied_at_ms: int = 0
    satisfied_by: str = ""
    evidence: str = ""


class Approval(msgspec.Struct, frozen=True, gc=False):
    """One person's yes to the next release. person: as the audit trail names them, ``key:alice``."""

    person: str
    at_ms: int


class Escrow(Document, frozen=True, gc=False, kw_only=True, tag="escrow"):
    """Money between a payer and a provider.

    frozen_from: the status to return to, empty unless frozen. amount_cents: the sum of the sources.
    hold_ms: how long after funding nothing is released; hold_until_ms: 0 before funding.
    auto_release_at_ms, auto_refund_at_ms: at most one of them is set; 0 is never.
    disputed_at_ms: of the last dispute. resolves_at_ms: when an undecided one resolves itself.
    case_id: of the compliance case that a large sum opened.
    """

    status: EscrowStatus = "created"
    frozen_from: EscrowStatus | Literal[""] = ""
    provider_id: str
    customer_id: str = ""
    description: str = ""
    amount_cents: int
    released_cents: int = 0
    refunded_cents: int = 0
    sources: tuple[Source, ...]
    payees: tuple[Payee, ...]
    conditions: tuple[Condition, ...] = ()
    approvals: tuple[Approval, ...] = ()
    hold_ms: int
    hold_until_ms: int = 0
    auto_release_at_ms: int = 0
    auto_refund_at_ms: int = 0
    freeze_reason: str = ""
    dispute_reason: str = ""
    disputed_at_ms: int = 0
    resolves_at_ms: int = 0
    case_id: str = ""

    @property
    def owner(self) -> str:
        """The provider that it was made for."""
        return self.provider_id

    @property
    def is_funded(self) -> bool:
        """Whether its money was ever moved into it."""
        return self.status not in {"created", "expired"}

    @property
    def held_cents(self) -> int:
        """What it holds now: funded less released less refunded (I7), in cents."""
        return self.amount_cents - self.released_cents - self.refunded_cents if self.is_funded else 0


class EscrowTimer(Record, frozen=True, gc=False, kw_only=True, tag="escrow_timer"):
    """When an escrow has to be looked at next; its id is the escrow's."""

    at_ms: int

    @property
    def due_at_ms(self) -> int:
        """That time."""
        return self.at_ms


RECORDS: tuple[type[Record], ...] = (Escrow, EscrowTimer)

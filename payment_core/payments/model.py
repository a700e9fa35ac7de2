"""Payments, captures, refunds and disputes as they are stored."""

from typing import Literal

import msgspec

from checks.facts import Rail
from checks.scoring.model import HardMatch, Match
from payment_core.costs.model import NO_COST, Cost
from payment_core.operations.documents import next_of
from payment_core.payments.states import (
    AUTHORIZED_STATUSES,
    CAPTURE_TRANSITIONS,
    DISPUTE_TRANSITIONS,
    PAYMENT_TRANSITIONS,
    REFUND_TRANSITIONS,
    CaptureEvent,
    CaptureStatus,
    DisputeEvent,
    DisputeStatus,
    PaymentEvent,
    PaymentStatus,
    RefundEvent,
    RefundStatus,
    after,
)
from payment_core.store.records import Document, Record

CaptureMode = Literal["automatic", "manual"]
ReleaseMode = Literal["automatic", "escrow"]
Review = Literal["", "pending", "approved", "rejected"]
Mode = Literal["normal", "holding"]
RefundSource = Literal["api", "escrow", "dispute"]
Purpose = Literal["", "health"]
"""``health``: a probe's payment. It is authorized and voided, is never captured, and counts in nothing."""


class Fraud(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """What the score said before the rail was asked. score: 0 to 1000; -1 when there was none.

    reasons: codes. version: digest of the rules. ip, device_id: for the fact that tells how the attempt ended.
    readings: what each rule of that version measured, in their order (MessagePack); hard, allowed: what went beyond
    points. With them the score is reached again.
    """

    decision: str = "approve"
    score: int = -1
    reasons: tuple[str, ...] = ()
    version: str = ""
    ip: str = ""
    device_id: str = ""
    readings: bytes = b""
    hard: tuple[HardMatch, ...] = ()
    allowed: tuple[Match, ...] = ()


class Payment(Document, frozen=True, gc=False, kw_only=True, tag="payment"):
    """One payment; amounts in cents, times in Unix milliseconds, 0 for none.

    requested_cents: what the capture in flight asks for. refunded_cents: refunds queued, pending and succeeded.
    disputed_cents: in open and lost disputes, as far as it was not refunded before. fee_refunded_cents: the fee's share
    that those refunds and disputes give back. unreleased_cents: the provider's part that lies in its customer escrow.
    released_cents: given to the provider and not taken back. escrowed_cents: moved into escrows, net.
    final: whether the capture in flight releases the rest. deferred: nobody waits for the answer, so what the rail
    never saw is sent again. pending_reference: what the rail knows the instruction in flight by; pending_key: the
    record of its operation's idempotency key. lease_until_ms: whose it is until then. open_disputes: how many.
    purpose: ``health`` for a probe's payment, which counts in nothing. request_digest: of the idempotency key that it
    was asked for with. exposures: ``flag=variant`` of the experiments that its payer took part in then.
    """

    status: PaymentStatus
    rail: Rail
    amount_cents: int
    currency: Literal["USD"] = "USD"
    requested_cents: int = 0
    captured_cents: int = 0
    fee_cents: int = 0
    refunded_cents: int = 0
    fee_refunded_cents: int = 0
    disputed_cents: int = 0
    unreleased_cents: int = 0
    released_cents: int = 0
    escrowed_cents: int = 0
    capture: CaptureMode = "automatic"
    release_mode: ReleaseMode = "automatic"
    final: bool = True
    method: str
    method_fingerprint: str = ""
    brand: str = ""
    bin: str = ""
    last4: str = ""
    customer_id: str
    provider_id: str
    description: str = ""
    metadata: dict[str, str] = msgspec.field(default_factory=dict)
    decline_code: str = ""
    error_code: str = ""
    fraud: Fraud = Fraud()
    review: Review = ""
    review_reason: str = ""
    deferred: bool = False
    environment: str
    release: str
    region: str
    release_at_ms: int = 0
    expires_at_ms: int = 0
    lease_until_ms: int = 0
    pending_reference: str = ""
    pending_key: str = ""
    ach_entry_id: str = ""
    open_disputes: int = 0
    purpose: Purpose = ""
    request_digest: str = ""
    exposures: tuple[str, ...] = ()

    @property
    def due_at_ms(self) -> int:
        """When the rail has to be asked; else when the authorization expires or the money is released."""
        if self.lease_until_ms > 0:
            return self.lease_until_ms
        if self.expires_at_ms == 0 or self.status not in AUTHORIZED_STATUSES:
            return self.release_at_ms
        return self.expires_at_ms if self.release_at_ms == 0 else min(self.expires_at_ms, self.release_at_ms)

    @property
    def owner(self) -> str:
        """Payments are listed by customer."""
        return self.customer_id


class Capture(Document, frozen=True, gc=False, kw_only=True, tag="capture"):
    """One capture of a payment; the rail knows it by its id.

    fee_cents: the platform's part of this capture. cost: what it cost us, known once it succeeded.
    """

    payment_id: str
    status: CaptureStatus
    amount_cents: int
    currency: Literal["USD"] = "USD"
    fee_cents: int = 0
    final: bool = True
    error_code: str = ""
    cost: Cost = NO_COST

    @property
    def owner(self) -> str:
        """Captures are listed by payment."""
        return self.payment_id


class Refund(Document, frozen=True, gc=False, kw_only=True, tag="refund"):
    """One refund; the rail knows it by its id.

    fee_share_cents, from_escrow_cents, from_available_cents: where its money was taken, and goes back to if it fails:
    the platform's fee, the customer's escrow, the provider. ach_entry_id: of the ACH credit that carries it.
    """

    payment_id: str
    status: RefundStatus
    amount_cents: int
    currency: Literal["USD"] = "USD"
    fee_share_cents: int = 0
    from_escrow_cents: int = 0
    from_available_cents: int = 0
    reason: str = ""
    source: RefundSource = "api"
    error_code: str = ""
    lease_until_ms: int = 0
    pending_key: str = ""
    ach_entry_id: str = ""

    @property
    def due_at_ms(self) -> int:
        """When the rail has to be asked what became of it."""
        return self.lease_until_ms

    @property
    def owner(self) -> str:
        """Refunds are listed by payment."""
        return self.payment_id


class Dispute(Document, frozen=True, gc=False, kw_only=True, tag="dispute"):
    """A payer takes a payment back through the issuer or bank.

    amount_cents: what the payer claims. at_risk_cents: the part of it that was not refunded or disputed before; this
    much can be lost. fee_share_cents, from_escrow_cents, from_available_cents: where money was set aside when it was
    opened. shortfall_cents: what was not there. reserve_cents: what the provider owes since it was lost.
    rail_reference: the rail's id of it. return_code: NACHA's. evidence_due_at_ms: the last moment for a response.
    hand_in_at_ms: when the answer has to be given to the rail; 0 when there is none to give.
    """

    payment_id: str
    provider_id: str
    status: DisputeStatus
    rail: Rail
    amount_cents: int
    currency: Literal["USD"] = "USD"
    at_risk_cents: int = 0
    fee_share_cents: int = 0
    from_escrow_cents: int = 0
    from_available_cents: int = 0
    shortfall_cents: int = 0
    reserve_cents: int = 0
    reason: str = ""
    rail_reference: str = ""
    return_code: str = ""
    evidence: str = ""
    evidence_due_at_ms: int = 0
    hand_in_at_ms: int = 0

    @property
    def due_at_ms(self) -> int:
        """When it expires, or its answer has to be handed in."""
        if self.hand_in_at_ms > 0:
            return self.hand_in_at_ms
        return self.evidence_due_at_ms if self.status is DisputeStatus.NEEDS_RESPONSE else 0

    @property
    def owner(self) -> str:
        """Disputes are listed by payment."""
        return self.payment_id


class RailReference(Record, frozen=True, gc=False, kw_only=True, tag="rail_reference"):
    """Which dispute a rail's id stands for, so that a notice that comes twice has one effect."""

    dispute_id: str


class Waiting(Record, frozen=True, gc=False, kw_only=True, tag="waiting"):
    """Something that waits to be given to the rail, under its own id: a payment, a capture or a refund.

    A payment that waits is held, or to be voided. since_ms: they go out in this order.
    """

    since_ms: int

    @property
    def due_at_ms(self) -> int:
        """At once, unless the core is in holding mode."""
        return self.since_ms


class Doubt(Record, frozen=True, gc=False, kw_only=True, tag="doubt"):
    """The rail said that it never saw an instruction, under the instruction's reference: it is asked once more.

    Should it have taken money after all, ``order`` gives it back. refused: how often the rail refused to.
    """

    payment_id: str
    order: Literal["void", "refund"]
    amount_cents: int
    ask_at_ms: int
    refused: int = 0

    @property
    def due_at_ms(self) -> int:
        """When it is asked again."""
        return self.ask_at_ms


class Control(Document, frozen=True, gc=False, kw_only=True, tag="control"):
    """How the payment core works now; all its processes read the one record. reason: of whoever set it."""

    mode: Mode = "normal"
    reason: str = ""


class RailCursor(Record, frozen=True, gc=False, kw_only=True, tag="rail_cursor"):
    """How far a rail's notices were read."""

    sequence: int


RECORDS: tuple[type[Record], ...] = (
    Payment,
    Capture,
    Refund,
    Dispute,
    RailReference,
    Waiting,
    Doubt,
    Control,
    RailCursor,
)


def move_payment(payment: Payment, event: PaymentEvent, now_ms: int, **changes: object) -> Payment:
    """The payment after the event: next status, version one higher, and the changes."""
    return next_of(payment, now_ms, status=after(PAYMENT_TRANSITIONS, payment.status, event), **changes)


def move_capture(capture: Capture, event: CaptureEvent, now_ms: int, **changes: object) -> Capture:
    """The capture after the event."""
    return next_of(capture, now_ms, status=after(CAPTURE_TRANSITIONS, capture.status, event), **changes)


def move_refund(refund: Refund, event: RefundEvent, now_ms: int, **changes: object) -> Refund:
    """The refund after the event."""
    return next_of(refund, now_ms, status=after(REFUND_TRANSITIONS, refund.status, event), **changes)


def move_dispute(dispute: Dispute, event: DisputeEvent, now_ms: int, **changes: object) -> Dispute:
    """The dispute after the event."""
    return next_of(dispute, now_ms, status=after(DISPUTE_TRANSITIONS, dispute.status, event), **changes)

"""Takes payments: begins each operation, asks the rail, and settles it."""

from collections.abc import Callable
from enum import StrEnum

import msgspec

from checks.scoring.model import Decision
from payment_core.acquirer.port import RailAnswer
from payment_core.answers import Answer
from payment_core.clock import Clock
from payment_core.fraud.scorer import FraudDecision
from payment_core.operations.call import Call
from payment_core.operations.once import OnceRefusal, claim, finish, recall, request_hash
from payment_core.origin import Origin
from payment_core.payments.answers import refund_answer
from payment_core.payments.beginning.changing import (
    Begun,
    Intent,
    begin,
    cancel_intent,
    capture_intent,
    review_intent,
)
from payment_core.payments.beginning.creating import Creation, asks_rail, repetition
from payment_core.payments.beginning.flights import CANCEL, CAPTURE, REFUND, REVIEW, Flight, refund_flight
from payment_core.payments.beginning.refunding import set_aside
from payment_core.payments.beginning.scoring import RequestScores
from payment_core.payments.carrying import Carrier
from payment_core.payments.control import is_holding
from payment_core.payments.model import Payment, Refund, Waiting
from payment_core.payments.ports import SANDBOX_METHODS, Debits, FraudScorer, Method, Methods, NoMethods
from payment_core.payments.refusals import PaymentRefusal
from payment_core.payments.requests import CancelPayment, CapturePayment, CreatePayment, CreateRefund, ReviewPayment
from payment_core.payments.settling.ach_debits import NoDebits
from payment_core.payments.settling.operations import Settled, Settler
from payment_core.payments.terms import Terms
from payment_core.store.port import LedgerStore, Transaction, Work

OnAttempt = Callable[[str, str], None]
"""Told the outcome and rail of every payment attempt that ends in this process."""


class Desk:
    """The operations of one process."""

    def __init__(
        self,
        *,
        store: LedgerStore,
        carrier: Carrier,
        settler: Settler,
        scores: RequestScores,
        scorer: FraudScorer,
        origin: Origin,
        clock: Clock,
        terms: Terms,
        on_attempt: OnAttempt,
        methods: Methods | None = None,
        debits: Debits | None = None,
    ) -> None:
        self._store = store
        self._carrier = carrier
        self._settler = settler
        self._scores = scores
        self._scorer = scorer
        self._origin = origin
        self._clock = clock
        self._lease_ms = terms.lease_ms
        self._on_attempt = on_attempt
        self._methods: Methods = NoMethods() if methods is None else methods
        self._debits: Debits = NoDebits() if debits is None else debits

    async def create(self, call: Call, body: CreatePayment) -> Answer | StrEnum:
        """Take a payment."""
        method = SANDBOX_METHODS.get(body.payment_method)
        if method is None:
            method = await self._methods.resolve(body.payment_method)
        if body.cvc != "":
            # The code may not be kept, and a hash of three digits would keep it.
            call = msgspec.structs.replace(
                call, request_hash=request_hash(call.instance, msgspec.structs.replace(body, cvc=""))
            )
        refusal = self._unusable(method, body)
        if method is None or refusal is not None:
            return await self._perform(call, lambda transaction: _repeated(transaction, call, refusal))
        requested, decision = self._scores.score(call, body, method, self._clock.now_ms())
        creation = Creation(call, body, method, requested, decision, self._origin, self._lease_ms, self._debits)
        return await self._perform(call, creation)

    async def create_for_health(self, call: Call, body: CreatePayment) -> Answer | StrEnum:
        """Authorize a payment that shows that payments can be taken. body: with a sandbox method, captured manually.

        It goes the way of every payment but is not scored; in holding mode it is refused with HealthRefusal.
        """
        method = SANDBOX_METHODS[body.payment_method]
        requested = self._scores.requested(body, method, self._clock.now_ms())
        approved = FraudDecision(decision=Decision.APPROVE)
        origin, lease_ms, debits = self._origin, self._lease_ms, self._debits
        creation = Creation(call, body, method, requested, approved, origin, lease_ms, debits, purpose="health")
        return await self._perform(call, creation)

    async def capture(self, call: Call, body: CapturePayment) -> Answer | StrEnum:
        """Take authorized money."""
        return await self._change(call, CAPTURE, capture_intent(call.path["payment_id"], body))

    async def cancel(self, call: Call, _body: CancelPayment) -> Answer | StrEnum:
        """Release what is left of an authorization."""
        return await self._change(call, CANCEL, cancel_intent(call.path["payment_id"], self._debits))

    async def review(self, call: Call, body: ReviewPayment) -> Answer | StrEnum:
        """Approve or reject a payment under review."""
        return await self._change(call, REVIEW, review_intent(call.path["payment_id"], body, self._debits))

    async def refund(self, call: Call, body: CreateRefund) -> Answer | StrEnum:
        """Give captured money back."""
        return await self._perform(call, lambda transaction: _begin_refund(transaction, call, body, self._lease_ms))

    async def carry_out(self, flight: Flight, actor: str) -> Answer:
        """Ask the rail about a begun or recovered operation and settle it."""
        rail = await self._carrier.carry(flight)
        return await self._settle(flight, rail, actor, self._clock.now_ms() - flight.payment.created_at_ms)

    def _unusable(self, method: Method | None, body: CreatePayment) -> PaymentRefusal | None:
        """Why the method cannot pay this."""
        if method is None:
            return PaymentRefusal.METHOD_UNKNOWN
        if method.sandbox:
            return None
        if not method.usable or (not asks_rail(method) and isinstance(self._debits, NoDebits)):
            return PaymentRefusal.METHOD_NOT_USABLE
        if method.holder_customer_id not in {"", body.customer_id}:
            return PaymentRefusal.METHOD_OF_ANOTHER_CUSTOMER
        if body.capture == "manual" and not asks_rail(method):
            return PaymentRefusal.METHOD_CANNOT_WAIT
        return None

    async def _change(self, call: Call, operation: str, intent: Intent) -> Answer | StrEnum:
        payment_id = call.path["payment_id"]
        lease_ms = self._lease_ms
        return await self._perform(
            call, lambda transaction: begin(transaction, operation, call, payment_id, intent, lease_ms)
        )

    async def _perform(self, call: Call, work: Work[Begun]) -> Answer | StrEnum:
        """Both transactions, with the rail between them."""
        started_ms = self._clock.monotonic_ms()
        begun = await self._store.transact(work, call.actor)
        if not isinstance(begun, Flight):
            return begun
        if begun.recovered:
            return await self.carry_out(begun, call.actor)
        rail = await self._carrier.carry(begun)
        return await self._settle(begun, rail, call.actor, self._clock.monotonic_ms() - started_ms)

    async def _settle(self, flight: Flight, rail: RailAnswer, actor: str, latency_ms: float) -> Answer:
        settled: Settled = await self._store.transact(
            lambda transaction: self._settler.settle(transaction, flight, rail, latency_ms), actor
        )
        attempt = settled.attempt
        if attempt is not None:
            self._on_attempt(attempt.outcome, attempt.rail)
            self._scorer.observe(attempt, attempt.at_ms)
        return settled.answer


def _repeated(transaction: Transaction, call: Call, refusal: PaymentRefusal | None) -> Begun:
    """The refusal of a method, unless the key paid with it before it became unusable."""
    repeated = repetition(transaction, call)
    if repeated is not None:
        return repeated
    return PaymentRefusal.METHOD_UNKNOWN if refusal is None else refusal


def _begin_refund(transaction: Transaction, call: Call, body: CreateRefund, lease_ms: int) -> Begun:
    """Set the money aside; the refund goes to the rail at once, or waits: for the holding mode, or an ACH file."""
    known = recall(transaction, REFUND, call)
    if known is not None:
        if isinstance(known, OnceRefusal):
            return known
        return known.answer if known.answer is not None else _resume_refund(transaction, known.resource_id)
    payment = transaction.get(Payment, body.payment_id)
    waits = is_holding(transaction) or (payment is not None and payment.ach_entry_id != "")
    lease_until_ms = 0 if waits else transaction.now_ms + lease_ms
    refund = set_aside(
        transaction,
        body.payment_id,
        None if body.amount is None else body.amount.amount_cents,
        body.reason,
        source="api",
        lease_until_ms=lease_until_ms,
        pending_key="" if waits else f"{REFUND}:{call.key}",
    )
    if not isinstance(refund, Refund):
        return refund
    claim(transaction, REFUND, call, refund.id, lease_until_ms)
    if waits:
        transaction.put(Waiting(id=refund.id, since_ms=transaction.now_ms))
        answer = refund_answer(refund)
        finish(transaction, REFUND, call.key, answer)
        return answer
    payment = transaction.get(Payment, refund.payment_id)
    return PaymentRefusal.PAYMENT_NOT_FOUND if payment is None else refund_flight(payment, refund)


def _resume_refund(transaction: Transaction, refund_id: str) -> Begun:
    refund = transaction.get(Refund, refund_id)
    payment = None if refund is None else transaction.get(Payment, refund.payment_id)
    if refund is None or payment is None or refund.lease_until_ms > transaction.now_ms:
        return OnceRefusal.IDEMPOTENCY_IN_PROGRESS
    return refund_flight(payment, refund, recovered=True)

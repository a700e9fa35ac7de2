"""Takes payments: begins each operation, asks the rail, and settles it."""

from collections.abc import Callable
from enum import StrEnum

import msgspec

from checks.scoring.model import Decision
from payment_core.acquirer.port import RailAnswer
from payment_core.answers import Answer
from payment_core.clock import Clock
from payment_core.flags.declared import Context, Gates, NormalOperation
from payment_core.fraud.scorer import FraudDecision
from payment_core.operations.call import Call
from payment_core.operations.once import request_hash
from payment_core.origin import Origin
from payment_core.payments.gating import PaymentGates
from payment_core.payments.ports import SANDBOX_METHODS, Debits, FraudScorer, Method, Methods, NoMethods, by_acquirer
from payment_core.payments.rail.ach_debits import NoDebits
from payment_core.payments.rail.carrying import Carrier
from payment_core.payments.rail.changing import Begun, Intent, begin, cancel_intent, capture_intent, review_intent
from payment_core.payments.rail.creating import Creation, HealthRefusal, repetition
from payment_core.payments.rail.flights import CANCEL, CAPTURE, REVIEW, Flight
from payment_core.payments.rail.refunding import begin_refund
from payment_core.payments.rail.scoring import RequestScores
from payment_core.payments.rail.settling import Settled, Settler
from payment_core.payments.refusals import PaymentRefusal
from payment_core.payments.requests import CancelPayment, CapturePayment, CreatePayment, CreateRefund, ReviewPayment
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
        flags: Gates | None = None,
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
        self._gates = PaymentGates(NormalOperation() if flags is None else flags, origin)

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
        context = self._gates.context(body, method)
        refusal = self._refused(method, body, context)
        if method is None or refusal is not None:
            return await self._perform(call, lambda transaction: _repeated(transaction, call, refusal))
        requested, decision = self._scores.score(call, body, method, self._clock.now_ms())
        creation = Creation(
            call,
            body,
            method,
            requested,
            decision,
            self._origin,
            self._lease_ms,
            self._debits,
            challenged=self._gates.challenged(body, method, decision, context),
            exposures=self._gates.exposures(context),
        )
        return await self._perform(call, creation)

    async def create_for_health(self, call: Call, body: CreatePayment) -> Answer | StrEnum:
        """Authorize a payment that shows that payments can be taken. body: with a sandbox method, captured manually.

        It goes the way of every payment but is not scored; in holding mode, and while payments are off, it is refused
        with HealthRefusal.
        """
        method = SANDBOX_METHODS[body.payment_method]
        if self._gates.closed(self._gates.context(body, method)) is not None:
            return HealthRefusal.PAYMENTS_OFF
        requested = self._scores.requested(body, method, self._clock.now_ms())
        approved = FraudDecision(decision=Decision.APPROVE)
        origin, lease_ms, debits = self._origin, self._lease_ms, self._debits
        creation = Creation(call, body, method, requested, approved, origin, lease_ms, debits, purpose="health")
        return await self._perform(call, creation)

    async def capture(self, call: Call, body: CapturePayment) -> Answer | StrEnum:
        """Take authorized money."""
        return await self._change(call, CAPTURE, capture_intent(body))

    async def cancel(self, call: Call, _body: CancelPayment) -> Answer | StrEnum:
        """Release what is left of an authorization."""
        return await self._change(call, CANCEL, cancel_intent(self._debits))

    async def review(self, call: Call, body: ReviewPayment) -> Answer | StrEnum:
        """Approve or reject a payment under review."""
        return await self._change(call, REVIEW, review_intent(body, self._debits))

    async def refund(self, call: Call, body: CreateRefund) -> Answer | StrEnum:
        """Give captured money back."""
        return await self._perform(call, lambda transaction: begin_refund(transaction, call, body, self._lease_ms))

    async def carry_out(self, flight: Flight, actor: str) -> Answer:
        """Ask the rail about a begun or recovered operation and settle it."""
        rail = await self._carrier.carry(flight)
        return await self._settle(flight, rail, actor, self._clock.now_ms() - flight.payment.created_at_ms)

    def _refused(self, method: Method | None, body: CreatePayment, context: Context) -> PaymentRefusal | None:
        """Why no payment is begun: payments are off, or this one cannot be."""
        refusal = self._gates.closed(context)
        if refusal is None:
            refusal = self._unusable(method, body)
        return self._gates.closed_to(method, context) if refusal is None and method is not None else refusal

    def _unusable(self, method: Method | None, body: CreatePayment) -> PaymentRefusal | None:
        """Why the method cannot pay this."""
        if method is None:
            return PaymentRefusal.METHOD_UNKNOWN
        if method.token in SANDBOX_METHODS:
            return None
        debited = not by_acquirer(method.rail, method.token)
        if method.why_not != "" or (debited and isinstance(self._debits, NoDebits)):
            return PaymentRefusal.METHOD_NOT_USABLE
        if method.holder_customer_id not in {"", body.customer_id}:
            return PaymentRefusal.METHOD_OF_ANOTHER_CUSTOMER
        if body.capture == "manual" and debited:
            return PaymentRefusal.METHOD_CANNOT_WAIT
        return None

    async def _change(self, call: Call, operation: str, intent: Intent) -> Answer | StrEnum:
        return await self._perform(
            call, lambda transaction: begin(transaction, operation, call, intent, self._lease_ms)
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

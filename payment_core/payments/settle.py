"""The second transaction of every operation: state, ledger, event and stored answer change together."""

import msgspec

from checks.facts import PaymentAttempted, PaymentCaptured, PaymentOutcome
from checks.facts import Refund as RefundFact
from payment_core.acquirer.port import RailAnswer, Verdict
from payment_core.acquirer.tokens import TOKEN_BY_NAME
from payment_core.ledger import recipes
from payment_core.money import fee_cents
from payment_core.payments import answers
from payment_core.payments.answers import Answer
from payment_core.payments.begin import Origin
from payment_core.payments.idempotency import finish, recall
from payment_core.payments.model import (
    Payment,
    find_payment,
    find_refund,
    move_payment,
    move_refund,
    update_payment,
    update_refund,
)
from payment_core.payments.operations import InFlight, Operation
from payment_core.payments.states import PaymentEvent, PaymentStatus, RefundEvent, RefundStatus
from payment_core.store.batch import CoreBatch

RETRY_UNKNOWN_MS = 1000
"""An undecided operation is looked at again after this long; one status question costs the rail little."""

NEVER_SEEN_CODE = "rail_never_saw_it"


class Settled(msgspec.Struct, frozen=True):
    """outcome: of the payment attempt that ended here, None otherwise.

    stray: the rail approved what was given up meanwhile; it has to be voided.
    """

    answer: Answer
    outcome: PaymentOutcome | None = None
    stray: bool = False


class Settler:
    """Applies a rail's answer to an operation in flight. fee_basis_points: our part of every capture."""

    def __init__(self, *, origin: Origin, fee_basis_points: int) -> None:
        self._origin = origin
        self._fee_basis_points = fee_basis_points

    def settle(self, batch: CoreBatch, flight: InFlight, rail: RailAnswer, latency_ms: float) -> Settled:
        """Write the outcome once: whoever comes second gets the answer of whoever came first."""
        if flight.refund is not None:
            return self._settle_refund(batch, flight, rail)
        payment = find_payment(batch.connection, flight.payment.id)
        if payment is None or payment.version != flight.payment.version:
            return _came_second(batch, flight, flight.payment if payment is None else payment, rail)
        if rail.verdict is Verdict.UNKNOWN:
            return _keep_waiting(batch, flight, payment)
        match flight.operation:
            case Operation.CREATE:
                return self._settle_creation(batch, flight, payment, rail, latency_ms)
            case Operation.CAPTURE:
                return self._settle_capture(batch, flight, payment, rail)
            case Operation.CANCEL | Operation.REFUND:
                return _settle_cancel(batch, flight, payment, rail)

    def _settle_creation(
        self, batch: CoreBatch, flight: InFlight, payment: Payment, rail: RailAnswer, latency_ms: float
    ) -> Settled:
        outcome: PaymentOutcome
        if rail.verdict is Verdict.APPROVED:
            outcome = "succeeded"
            settled = self._approve(batch, payment)
        elif rail.verdict is Verdict.DECLINED:
            outcome = "declined"
            settled = move_payment(payment, PaymentEvent.DECLINED, batch.now_ms, decline_code=rail.code, **_RELEASED)
        else:
            outcome = "failed"
            settled = move_payment(payment, PaymentEvent.FAILED, batch.now_ms, error_code=_code(rail), **_RELEASED)
        update_payment(batch.connection, settled)
        self._publish_attempt(batch, settled, outcome, latency_ms)
        if settled.status is PaymentStatus.SUCCEEDED:
            self._publish_capture(batch, settled)
        answer = answers.answer_for(settled)
        finish(batch.connection, Operation.CREATE, flight.key, answer)
        return Settled(answer, outcome)

    def _approve(self, batch: CoreBatch, payment: Payment) -> Payment:
        if payment.capture == "manual":
            return move_payment(payment, PaymentEvent.AUTHORIZED, batch.now_ms, **_RELEASED)
        return self._captured(batch, payment, PaymentEvent.PURCHASED)

    def _captured(self, batch: CoreBatch, payment: Payment, event: PaymentEvent) -> Payment:
        """The payment with its money captured, and the journal of it."""
        cents = payment.requested_cents
        fee = fee_cents(cents, self._fee_basis_points)
        batch.post(recipes.capture(payment.id, amount_cents=cents, fee_cents=fee))
        return move_payment(payment, event, batch.now_ms, captured_cents=cents, fee_cents=fee, **_RELEASED)

    def _settle_capture(self, batch: CoreBatch, flight: InFlight, payment: Payment, rail: RailAnswer) -> Settled:
        if rail.verdict is Verdict.APPROVED:
            settled = self._captured(batch, payment, PaymentEvent.CAPTURED)
            self._publish_capture(batch, settled)
            answer = answers.payment_answer(200, settled)
        else:
            settled = move_payment(payment, PaymentEvent.CAPTURE_REFUSED, batch.now_ms, requested_cents=0, **_RELEASED)
            answer = answers.failed(settled, "capture", _code(rail))
        update_payment(batch.connection, settled)
        finish(batch.connection, Operation.CAPTURE, flight.key, answer)
        return Settled(answer)

    def _settle_refund(self, batch: CoreBatch, flight: InFlight, rail: RailAnswer) -> Settled:
        connection = batch.connection
        refund = find_refund(connection, flight.refund.id) if flight.refund is not None else None
        payment = find_payment(connection, flight.payment.id)
        if refund is None or payment is None or refund.status is not RefundStatus.PENDING:
            return _came_second(batch, flight, flight.payment if payment is None else payment, rail)
        if rail.verdict is Verdict.UNKNOWN:
            update_refund(
                connection, msgspec.structs.replace(refund, lease_until_ms=_ask_again_at(batch, refund.lease_until_ms))
            )
            answer = answers.refund_answer(202, refund)
            finish(connection, Operation.REFUND, flight.key, answer)
            return Settled(answer)
        cents, share = refund.amount_cents, refund.fee_share_cents
        if rail.verdict is Verdict.APPROVED:
            refund = move_refund(refund, RefundEvent.SETTLED, batch.now_ms)
            batch.post(recipes.refund_settled(payment.id, refund.id, amount_cents=cents))
            answer = answers.refund_answer(201, refund)
        else:
            refund = move_refund(refund, RefundEvent.FAILED, batch.now_ms, _code(rail))
            batch.post(recipes.refund_failed(payment.id, refund.id, amount_cents=cents, fee_share_cents=share))
            payment = move_payment(
                payment,
                PaymentEvent.REFUND_FAILED,
                batch.now_ms,
                refunded_cents=payment.refunded_cents - cents,
                fee_refunded_cents=payment.fee_refunded_cents - share,
            )
            update_payment(connection, payment)
            answer = answers.refund_failed(refund)
        update_refund(connection, refund)
        batch.publish(
            RefundFact(
                id=f"{refund.id}.{refund.version}.refund",
                at_ms=batch.now_ms,
                subject=refund.id,
                region=self._origin.region,
                environment=self._origin.environment,
                version=self._origin.release,
                rail=payment.rail,
                status="succeeded" if refund.status is RefundStatus.SUCCEEDED else "failed",
                amount_cents=cents,
                currency=refund.currency,
                payment_id=payment.id,
                reason=refund.reason,
            )
        )
        finish(connection, Operation.REFUND, flight.key, answer)
        return Settled(answer)

    def _publish_attempt(self, batch: CoreBatch, payment: Payment, outcome: PaymentOutcome, latency_ms: float) -> None:
        """The attempt ended. It is told of the release that took the payment, whoever found out how it ended."""
        # A method of a newer release, left by a crash and settled after that was rolled back, is not known here.
        token = TOKEN_BY_NAME.get(payment.method)
        batch.publish(
            PaymentAttempted(
                id=f"{payment.id}.{payment.version}.attempted",
                at_ms=batch.now_ms,
                subject=payment.id,
                region=payment.region,
                environment=payment.environment,
                version=payment.release,
                rail=payment.rail,
                outcome=outcome,
                amount_cents=payment.amount_cents,
                currency=payment.currency,
                latency_ms=latency_ms,
                decline_code=payment.decline_code,
                error_code=payment.error_code,
                customer_id=payment.customer_id,
                provider_id=payment.provider_id,
                method_fingerprint="" if token is None else token.fingerprint,
                card_brand="" if token is None else token.brand,
            )
        )

    def _publish_capture(self, batch: CoreBatch, payment: Payment) -> None:
        batch.publish(
            PaymentCaptured(
                id=f"{payment.id}.{payment.version}.captured",
                at_ms=batch.now_ms,
                subject=payment.id,
                region=payment.region,
                environment=self._origin.environment,
                version=self._origin.release,
                rail=payment.rail,
                amount_cents=payment.captured_cents,
                fee_cents=payment.fee_cents,
                currency=payment.currency,
                customer_id=payment.customer_id,
                provider_id=payment.provider_id,
            )
        )


_RELEASED: dict[str, object] = {"lease_until_ms": 0, "pending_key": ""}


def _code(rail: RailAnswer) -> str:
    """The error code of an instruction that had no effect."""
    if rail.verdict is Verdict.NOT_FOUND:
        return NEVER_SEEN_CODE
    return rail.code


def _settle_cancel(batch: CoreBatch, flight: InFlight, payment: Payment, rail: RailAnswer) -> Settled:
    if rail.verdict is Verdict.APPROVED:
        settled = move_payment(payment, PaymentEvent.CANCELED, batch.now_ms, **_RELEASED)
        answer = answers.payment_answer(200, settled)
    else:
        settled = move_payment(payment, PaymentEvent.CANCEL_REFUSED, batch.now_ms, **_RELEASED)
        answer = answers.failed(settled, "cancellation", _code(rail))
    update_payment(batch.connection, settled)
    finish(batch.connection, Operation.CANCEL, flight.key, answer)
    return Settled(answer)


def _ask_again_at(batch: CoreBatch, lease_until_ms: int) -> int:
    """When the sweep asks the rail. Never before the lease ends: until then the rail may not have seen it yet."""
    return max(batch.now_ms + RETRY_UNKNOWN_MS, lease_until_ms)


def _keep_waiting(batch: CoreBatch, flight: InFlight, payment: Payment) -> Settled:
    """The rail has not decided: 202 is the answer, and the sweep asks once the lease has ended."""
    waiting = msgspec.structs.replace(payment, lease_until_ms=_ask_again_at(batch, payment.lease_until_ms))
    update_payment(batch.connection, waiting)
    answer = answers.payment_answer(202, payment)
    finish(batch.connection, flight.operation, flight.key, answer)
    return Settled(answer)


def _came_second(batch: CoreBatch, flight: InFlight, payment: Payment, rail: RailAnswer) -> Settled:
    """Another process settled it after our lease ended; an approval that nobody counted is stray."""
    given_up = flight.operation is Operation.CREATE and payment.status is PaymentStatus.FAILED
    stray = given_up and rail.verdict is Verdict.APPROVED
    known = recall(batch.connection, flight.operation, flight.key)
    answer = answers.payment_answer(202, payment) if known is None or known.answer is None else known.answer
    return Settled(msgspec.structs.replace(answer, replayed=False), stray=stray)

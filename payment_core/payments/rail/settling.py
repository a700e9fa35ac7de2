"""The second transaction of every operation: state, ledger, event and stored answer change together."""

import msgspec

from checks.facts import PaymentAttempted
from payment_core.acquirer.port import RailAnswer, Verdict
from payment_core.answers import Answer
from payment_core.identifiers import new_id
from payment_core.ledger import recipes
from payment_core.money import fee_cents
from payment_core.operations.once import KeyRecord, finish
from payment_core.payments import answers, facts
from payment_core.payments.model import Capture, Payment, Waiting, move_capture, move_payment
from payment_core.payments.money.refunds import settle_refund
from payment_core.payments.moving import change_capture, change_payment
from payment_core.payments.ports import CostMeter
from payment_core.payments.rail.doubting import doubt_flight, put_doubt
from payment_core.payments.rail.flights import Flight
from payment_core.payments.states import CaptureEvent, CaptureStatus, PaymentEvent, PaymentStatus
from payment_core.payments.terms import RETRY_EXPIRY_MS, RETRY_UNKNOWN_MS, Terms
from payment_core.store.port import Transaction

NEVER_SEEN_CODE = "rail_never_saw_it"


class Settled(msgspec.Struct, frozen=True, gc=False):
    """attempt: the fact of the payment attempt that ended here, None otherwise."""

    answer: Answer
    attempt: PaymentAttempted | None = None


class Settler:
    """Applies a rail's answer to an operation in flight."""

    def __init__(self, *, terms: Terms, costs: CostMeter) -> None:
        self._terms = terms
        self._costs = costs

    def settle(self, transaction: Transaction, flight: Flight, rail: RailAnswer, latency_ms: float) -> Settled:
        """Write the outcome once: whoever comes second gets the answer of whoever came first."""
        if flight.refund is not None:
            return _answered(transaction, flight, settle_refund(transaction, flight.refund.id, rail))
        payment = transaction.get(Payment, flight.payment.id)
        # Without a lease it waits to be sent (again), and is settled by whoever sends it.
        if payment is None or payment.lease_until_ms == 0 or payment.pending_reference != flight.instruction.reference:
            return _came_second(transaction, flight, payment, rail)
        undecided = rail.verdict is Verdict.UNKNOWN or (rail.verdict is Verdict.NOT_FOUND and payment.deferred)
        if flight.creates and not undecided:
            return self._settle_creation(transaction, flight, payment, rail, latency_ms)
        if rail.verdict is Verdict.UNKNOWN:
            answer = _keep_waiting(transaction, payment)
        elif undecided:
            answer = _wait_again(transaction, payment)
        elif flight.instruction.order == "capture":
            answer = self._settle_capture(transaction, payment, rail)
        else:
            answer = _settle_void(transaction, payment, rail)
        return _answered(transaction, flight, answer)

    def _settle_creation(
        self, transaction: Transaction, flight: Flight, payment: Payment, rail: RailAnswer, latency_ms: float
    ) -> Settled:
        capture = None
        if rail.verdict is Verdict.APPROVED:
            if flight.instruction.order == "purchase":
                capture, settled = self.purchase(transaction, payment)
            else:
                settled = self._authorized(payment, transaction.now_ms)
            attempt = facts.attempted(settled, "succeeded", latency_ms)
        elif rail.verdict is Verdict.DECLINED:
            settled = move_payment(
                payment, PaymentEvent.DECLINED, transaction.now_ms, decline_code=rail.code, **_LANDED
            )
            attempt = facts.attempted(settled, "declined", latency_ms)
        else:
            settled = move_payment(payment, PaymentEvent.FAILED, transaction.now_ms, error_code=_code(rail), **_LANDED)
            attempt = facts.attempted(settled, "failed", latency_ms)
            if rail.verdict is Verdict.NOT_FOUND or payment.deferred:
                # What waited may have gone out before, to a rail that sees it later than this failure.
                doubt_flight(transaction, flight, self._terms.lease_ms)
        counts = payment.purpose == ""
        transaction.change(settled, attempt if counts else facts.payment_changed(settled, payment.status))
        if capture is not None:
            transaction.change(capture, facts.captured(capture, settled))
        answer = answers.creation_answer(settled)
        if payment.pending_key != "":
            # Who answers it takes it from the payment, so nobody has.
            finish(transaction, payment.pending_key, answer, flight.key)
        return Settled(answer, attempt if counts else None)

    def purchase(self, transaction: Transaction, payment: Payment) -> tuple[Capture, Payment]:
        """All of the payment captured at once: the capture's only version, the payment after it, and the journal."""
        now_ms = transaction.now_ms
        cents = payment.amount_cents
        capture = Capture(
            id=new_id("cap", now_ms),
            payment_id=payment.id,
            status=CaptureStatus.SUCCEEDED,
            amount_cents=cents,
            fee_cents=fee_cents(cents, self._terms.fee_basis_points),
            cost=self._costs.capture_cost(payment.rail, cents, now_ms),
            created_at_ms=now_ms,
            updated_at_ms=now_ms,
        )
        settled = self._captured(transaction, payment, capture, PaymentEvent.PURCHASED)
        return capture, settled

    def tell_purchase(self, transaction: Transaction, capture: Capture, settled: Payment) -> PaymentAttempted:
        """Write what ``purchase`` made, of a payment that no acquirer carried."""
        attempt = facts.attempted(settled, "succeeded", settled.updated_at_ms - settled.created_at_ms)
        transaction.change(settled, attempt)
        transaction.change(capture, facts.captured(capture, settled))
        return attempt

    def _captured(self, transaction: Transaction, payment: Payment, capture: Capture, event: PaymentEvent) -> Payment:
        """The payment with the capture's money in it, and the journal of that."""
        journal = recipes.capture(
            capture.id,
            payment.id,
            payment.provider_id,
            amount_cents=capture.amount_cents,
            fee_cents=capture.fee_cents,
        )
        recipes.must_post(transaction, journal)
        delay_ms = self._terms.ach_release_delay_ms if payment.rail == "ach" else self._terms.release_delay_ms
        released = payment.release_mode == "automatic" and payment.open_disputes == 0
        return move_payment(
            payment,
            event,
            transaction.now_ms,
            captured_cents=payment.captured_cents + capture.amount_cents,
            fee_cents=payment.fee_cents + capture.fee_cents,
            unreleased_cents=payment.unreleased_cents + capture.amount_cents - capture.fee_cents,
            release_at_ms=transaction.now_ms + delay_ms if released else 0,
            requested_cents=0,
            expires_at_ms=0 if capture.final else payment.expires_at_ms,
            **_LANDED,
        )

    def _authorized(self, payment: Payment, now_ms: int) -> Payment:
        review = payment.review == "pending"
        terms = self._terms
        lasts_ms = terms.authorization_ms if payment.purpose == "" else terms.health_authorization_ms
        return move_payment(
            payment,
            PaymentEvent.AUTHORIZED_FOR_REVIEW if review else PaymentEvent.AUTHORIZED,
            now_ms,
            expires_at_ms=now_ms + lasts_ms,
            **_LANDED,
        )

    def _settle_capture(self, transaction: Transaction, payment: Payment, rail: RailAnswer) -> Answer:
        now_ms = transaction.now_ms
        capture = transaction.get(Capture, payment.pending_reference)
        if capture is None or rail.verdict is not Verdict.APPROVED:
            refused = change_payment(transaction, payment, PaymentEvent.CAPTURE_REFUSED, requested_cents=0, **_LANDED)
            if capture is not None:
                change_capture(transaction, capture, payment, CaptureEvent.FAILED, error_code=_code(rail))
                if rail.verdict is Verdict.NOT_FOUND:
                    put_doubt(transaction, capture.id, payment.id, "refund", capture.amount_cents, self._terms.lease_ms)
            return answers.failed(refused, "capture", _code(rail))
        after_cents = payment.captured_cents + capture.amount_cents
        fee = fee_cents(after_cents, self._terms.fee_basis_points) - payment.fee_cents
        cost = self._costs.capture_cost(payment.rail, capture.amount_cents, now_ms)
        done = move_capture(capture, CaptureEvent.SETTLED, now_ms, fee_cents=fee, cost=cost)
        event = PaymentEvent.CAPTURED if capture.final else PaymentEvent.CAPTURED_IN_PART
        settled = self._captured(transaction, payment, done, event)
        transaction.change(settled, facts.payment_changed(settled, payment.status))
        transaction.change(done, facts.captured(done, settled))
        return answers.payment_answer(200, settled)


_LANDED: dict[str, object] = {"lease_until_ms": 0, "pending_key": "", "pending_reference": "", "deferred": False}


def _code(rail: RailAnswer) -> str:
    """The error code of an instruction that had no effect."""
    return NEVER_SEEN_CODE if rail.verdict is Verdict.NOT_FOUND and rail.code == "" else rail.code


def _answered(transaction: Transaction, flight: Flight, answer: Answer) -> Settled:
    if flight.pending_key != "":
        finish(transaction, flight.pending_key, answer)
    return Settled(answer)


def _settle_void(transaction: Transaction, payment: Payment, rail: RailAnswer) -> Answer:
    if rail.verdict is Verdict.APPROVED:
        event = PaymentEvent.CANCELED if payment.captured_cents == 0 else PaymentEvent.CLOSED
        return answers.payment_answer(200, change_payment(transaction, payment, event, expires_at_ms=0, **_LANDED))
    to_review = payment.review == "pending" or (payment.review == "rejected" and payment.captured_cents == 0)
    expiring = payment.status is PaymentStatus.EXPIRING
    kept = change_payment(
        transaction,
        payment,
        PaymentEvent.REJECTION_REFUSED if to_review else PaymentEvent.CANCEL_REFUSED,
        review="pending" if to_review else payment.review,
        expires_at_ms=transaction.now_ms + RETRY_EXPIRY_MS if expiring else payment.expires_at_ms,
        **_LANDED,
    )
    return answers.failed(kept, "cancellation", _code(rail))


def _keep_waiting(transaction: Transaction, payment: Payment) -> Answer:
    """The rail has not decided: 202 is the answer, and the rail is asked once the lease has ended.

    Never before that: until then the rail may not have seen it yet.
    """
    lease_until_ms = max(transaction.now_ms + RETRY_UNKNOWN_MS, payment.lease_until_ms)
    event = PaymentEvent.STILL_UNKNOWN
    waiting = change_payment(transaction, payment, event, lease_until_ms=lease_until_ms, pending_key="")
    return answers.payment_answer(202, waiting)


def _wait_again(transaction: Transaction, payment: Payment) -> Answer:
    """What nobody waits for and the rail never saw goes out again, under the same reference."""
    capture = None
    if payment.status is PaymentStatus.CAPTURING:
        capture = transaction.get(Capture, payment.pending_reference)
    if capture is not None:
        change_capture(transaction, capture, payment, CaptureEvent.NEVER_SENT)
    waiting = change_payment(transaction, payment, PaymentEvent.NEVER_SENT, lease_until_ms=0, pending_key="")
    subject = payment if capture is None else capture
    transaction.put(Waiting(id=subject.id, since_ms=subject.created_at_ms))
    return answers.payment_answer(202, waiting)


def _came_second(transaction: Transaction, flight: Flight, payment: Payment | None, rail: RailAnswer) -> Settled:
    """Another process settled it after our lease ended; an approval that nobody counted is taken back."""
    if rail.verdict is Verdict.APPROVED and _is_stray(transaction, flight, payment):
        doubt_flight(transaction, flight, 0)
    known = None if flight.pending_key == "" else transaction.get(KeyRecord, flight.pending_key)
    if known is not None and known.answer is not None:
        return Settled(msgspec.structs.replace(known.answer, replayed=False))
    return Settled(answers.payment_answer(202, flight.payment if payment is None else payment))


def _is_stray(transaction: Transaction, flight: Flight, payment: Payment | None) -> bool:
    if flight.creates:
        # Still deferred, it was canceled while it waited: nothing that the rail did for it was ever settled.
        return payment is not None and (
            payment.status is PaymentStatus.FAILED or (payment.status is PaymentStatus.CANCELED and payment.deferred)
        )
    capture = transaction.get(Capture, flight.instruction.reference)
    return capture is not None and capture.status is CaptureStatus.FAILED

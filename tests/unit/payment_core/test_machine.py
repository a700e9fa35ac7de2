"""Any interleaving of operations, rail answers and crashes keeps invariants I1 to I6, I9, I10 and I11."""

import sqlite3
from collections.abc import Iterator

import msgspec
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from checks.facts import AnyFact, PaymentAttempted, PaymentCaptured
from checks.facts import Refund as RefundFact
from payment_core.acquirer.port import RailAnswer, Verdict
from payment_core.ledger.verify import verify_connection
from payment_core.money import Charge
from payment_core.payments.answers import Answer
from payment_core.payments.begin import (
    Begun,
    Intent,
    Origin,
    begin,
    intend_cancel,
    intend_capture,
    intend_payment,
    intend_refund,
    take_over,
)
from payment_core.payments.idempotency import Claim
from payment_core.payments.model import Payment, Refund, find_payment, find_refund
from payment_core.payments.operations import InFlight, Operation
from payment_core.payments.requests import CapturePayment, CreatePayment, CreateRefund
from payment_core.payments.settle import Settled, Settler
from payment_core.payments.states import PaymentStatus, RefundStatus
from payment_core.store.batch import CoreBatch
from payment_core.store.schema import create_tables

LEASE_MS = 1000
ORIGIN = Origin("blue", "1.0.0", "us-east-1")
ANSWERS = st.sampled_from(
    [
        RailAnswer(Verdict.APPROVED),
        RailAnswer(Verdict.DECLINED, "do_not_honor"),
        RailAnswer(Verdict.FAILED, "rail_error"),
        RailAnswer(Verdict.UNKNOWN),
        RailAnswer(Verdict.NOT_FOUND),
    ]
)
AMOUNTS = st.one_of(st.none(), st.integers(1, 30_000))
PICKS = st.integers(0, 10_000)


def charge(cents: int | None) -> Charge | None:
    return None if cents is None else Charge(cents, "USD")


class PaymentMachine(RuleBasedStateMachine):
    """Drives the two transactions of every operation directly, on a database in memory."""

    @initialize()
    def open(self) -> None:
        self.connection = sqlite3.connect(":memory:", isolation_level=None)
        create_tables(self.connection)
        self.settler = Settler(origin=ORIGIN, fee_basis_points=800)
        self.now_ms = 1_000_000
        self.keys = 0
        self.in_flight: list[InFlight] = []
        self.versions: dict[str, int] = {}
        self.finished: list[tuple[Claim, Intent, Answer]] = []

    def teardown(self) -> None:
        self.connection.close()

    def transact(self) -> Iterator[CoreBatch]:
        self.now_ms += 1
        self.connection.execute("BEGIN IMMEDIATE")
        batch = CoreBatch(self.connection, "blue", self.now_ms)
        yield batch
        batch.flush()
        self.connection.execute("COMMIT")

    def begin(self, operation: Operation, intent: Intent) -> None:
        self.keys += 1
        claim = Claim(operation, f"k{self.keys}", b"hash", self.now_ms + LEASE_MS)
        begun: Begun | None = None
        for batch in self.transact():
            begun = begin(batch, claim, intent)
        if isinstance(begun, InFlight):
            self.in_flight.append(begun)
            self.finished.append((claim, intent, Answer(0, b"")))

    def payments(self, *statuses: PaymentStatus) -> list[Payment]:
        rows = self.connection.execute("SELECT id FROM payments ORDER BY id").fetchall()
        found = [find_payment(self.connection, payment_id) for (payment_id,) in rows]
        return [payment for payment in found if payment is not None and (not statuses or payment.status in statuses)]

    def refunds(self) -> list[Refund]:
        rows = self.connection.execute("SELECT id FROM refunds ORDER BY id").fetchall()
        found = [find_refund(self.connection, refund_id) for (refund_id,) in rows]
        return [refund for refund in found if refund is not None]

    def facts(self) -> list[AnyFact]:
        rows = self.connection.execute("SELECT body FROM outbox ORDER BY sequence").fetchall()
        return [msgspec.json.decode(body, type=AnyFact) for (body,) in rows]

    @rule(cents=st.integers(1, 20_000), manual=st.booleans())
    def create(self, cents: int, *, manual: bool) -> None:
        request = CreatePayment(
            amount=Charge(cents, "USD"),
            payment_method="tok_visa",
            customer_id="c",
            provider_id="p",
            capture="manual" if manual else "automatic",
        )
        self.begin(Operation.CREATE, intend_payment(request, ORIGIN))

    @precondition(lambda self: self.payments())
    @rule(pick=PICKS, cents=AMOUNTS)
    def capture(self, pick: int, cents: int | None) -> None:
        payments = self.payments(PaymentStatus.REQUIRES_CAPTURE) + self.payments()[:1]
        payment = payments[pick % len(payments)]
        self.begin(Operation.CAPTURE, intend_capture(payment.id, CapturePayment(amount=charge(cents))))

    @precondition(lambda self: self.payments())
    @rule(pick=PICKS)
    def cancel(self, pick: int) -> None:
        payments = self.payments(PaymentStatus.REQUIRES_CAPTURE) + self.payments()[:1]
        self.begin(Operation.CANCEL, intend_cancel(payments[pick % len(payments)].id))

    @precondition(lambda self: self.payments())
    @rule(pick=PICKS, cents=AMOUNTS)
    def refund(self, pick: int, cents: int | None) -> None:
        payments = self.payments(PaymentStatus.SUCCEEDED) + self.payments()[:1]
        request = CreateRefund(payment_id=payments[pick % len(payments)].id, amount=charge(cents))
        self.begin(Operation.REFUND, intend_refund(request))

    @precondition(lambda self: self.in_flight)
    @rule(pick=PICKS, rail=ANSWERS, twice=st.booleans())
    def settle(self, pick: int, rail: RailAnswer, *, twice: bool) -> None:
        flight = self.in_flight.pop(pick % len(self.in_flight))
        answers: list[Settled] = []
        for _ in range(1 + twice):
            for batch in self.transact():
                answers.append(self.settler.settle(batch, flight, rail, 1.0))  # noqa: PERF401 - one transaction each
        assert len({settled.answer.body for settled in answers if rail.verdict is not Verdict.UNKNOWN}) <= 1

    @precondition(lambda self: self.in_flight)
    @rule(pick=PICKS, rail=ANSWERS)
    def crash_and_recover(self, pick: int, rail: RailAnswer) -> None:
        """The lease ends, another process takes over and settles; then the first one comes back."""
        flight = self.in_flight.pop(pick % len(self.in_flight))
        self.now_ms += 2 * LEASE_MS
        resource_id = flight.payment.id if flight.refund is None else flight.refund.id
        taken: InFlight | None = None
        for batch in self.transact():
            taken = take_over(batch, resource_id, self.now_ms + LEASE_MS)
        if taken is not None:
            assert taken.instruction == flight.instruction
            for batch in self.transact():
                self.settler.settle(batch, taken, rail, 1.0)
            for batch in self.transact():
                self.settler.settle(batch, flight, rail, 1.0)

    @precondition(lambda self: self.finished)
    @rule(pick=PICKS)
    def repeat_a_key(self, pick: int) -> None:
        """I9: a key that was used has no second effect, and answers the same bytes once it has answered."""
        position = pick % len(self.finished)
        claim, intent, before = self.finished[position]
        count = len(self.payments()) + len(self.refunds())
        begun: Begun | None = None
        for batch in self.transact():
            begun = begin(batch, claim, intent)
        assert len(self.payments()) + len(self.refunds()) == count
        if isinstance(begun, Answer):
            assert before.status == 0 or before == begun
            self.finished[position] = (claim, intent, begun)
        elif isinstance(begun, InFlight):
            assert begun.recovered
            self.in_flight.append(begun)

    @invariant()
    def the_ledger_is_balanced(self) -> None:
        """I1 to I4."""
        if hasattr(self, "connection"):
            assert verify_connection(self.connection).violations == ()

    @invariant()
    def amounts_are_within_their_limits(self) -> None:
        """I5 and I6, and the fee comes back in proportion."""
        if not hasattr(self, "connection"):
            return
        refunds = self.refunds()
        for payment in self.payments():
            assert payment.captured_cents <= payment.amount_cents
            live = [
                refund
                for refund in refunds
                if refund.payment_id == payment.id and refund.status is not RefundStatus.FAILED
            ]
            assert sum(refund.amount_cents for refund in live) == payment.refunded_cents <= payment.captured_cents
            assert sum(refund.fee_share_cents for refund in live) == payment.fee_refunded_cents

    @invariant()
    def versions_grow_by_one_for_each_change(self) -> None:
        """I10: no transaction of one operation moves a payment by more than one version."""
        if not hasattr(self, "connection"):
            return
        for payment in self.payments():
            assert payment.version >= self.versions.get(payment.id, 0)
            self.versions[payment.id] = payment.version

    @invariant()
    def every_ended_attempt_capture_and_refund_has_one_event(self) -> None:
        """I11, and the outbox has no gap."""
        if not hasattr(self, "connection"):
            return
        facts = self.facts()
        assert [fact.sequence for fact in facts] == list(range(1, len(facts) + 1))
        assert len({fact.id for fact in facts}) == len(facts)
        attempted = sorted(fact.subject for fact in facts if isinstance(fact, PaymentAttempted))
        captured = sorted(fact.subject for fact in facts if isinstance(fact, PaymentCaptured))
        refunded = sorted(fact.subject for fact in facts if isinstance(fact, RefundFact))
        payments = self.payments()
        assert attempted == [payment.id for payment in payments if payment.status is not PaymentStatus.PROCESSING]
        assert captured == [payment.id for payment in payments if payment.captured_cents > 0]
        assert refunded == [refund.id for refund in self.refunds() if refund.status is not RefundStatus.PENDING]


TestPayments = PaymentMachine.TestCase
TestPayments.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)

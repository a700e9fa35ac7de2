"""Any order of operations, rail answers and crashes keeps the invariants; TILL_OPERATIONS says how many are tried."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from checks.scoring.model import Decision
from payment_core.acquirer.port import RailDispute
from payment_core.answers import Answer
from payment_core.ledger.accounts import (
    CUSTOMER_ESCROW,
    ESCROW_HELD,
    PAYOUT_IN_FLIGHT,
    PROVIDER_AVAILABLE,
    RAIL_CLEARING,
)
from payment_core.ledger.journals import Journal, Move
from payment_core.money import Charge
from payment_core.payments.control import CONTROL_ID, SetControl
from payment_core.payments.model import Control, Doubt, Payment, Waiting
from payment_core.payments.money.escrowing import move_to_escrow, release_from_escrow, return_from_escrow
from payment_core.payments.requests import (
    AcceptDispute,
    CancelPayment,
    CapturePayment,
    CreatePayment,
    CreateRefund,
    GiveEvidence,
    NotifyDispute,
    ReviewPayment,
)
from payment_core.payments.states import MONEY_STATUSES, DisputeStatus, PaymentStatus, RefundStatus
from payment_core.store.port import Transaction
from tests.simulation.invariants import violations
from tests.simulation.payment_invariants import WAITING, everything, payment_violations, read_books
from tests.simulation.payment_world import REGISTRY, TERMS, HandClock, Process, World, call_of
from tests.simulation.stores import OpenStore, memory_store, sqlite_store

STEPS = 30
OPERATIONS = int(os.environ.get("TILL_OPERATIONS", "1200"))
PROVIDERS = ("pro_1", "pro_2")

picks = st.integers(0, 10_000)
amounts = st.one_of(st.none(), st.integers(1, 12_000))
# Three operations of four live; 9 awaits are more than any of them has.
deaths = st.sampled_from([0] * 27 + list(range(1, 10)))
rail_answers = st.sampled_from(["approved"] * 4 + ["declined", "failed", "lost", "late", "mute"])


def charge(cents: int | None) -> Charge | None:
    return None if cents is None else Charge(cents, "USD")


class PaymentMachine(RuleBasedStateMachine):
    """Drives the desks and jobs as they are, on a store as it is."""

    open_store: ClassVar[OpenStore] = staticmethod(memory_store)

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.stack = AsyncExitStack()
        self.world = self.runner.run(self.begin())
        self.keys = 0
        self.journals = 0
        self.on_the_way_ms = 0
        self.answered: list[tuple[str, Callable[[Process], Awaitable[object]], bytes]] = []

    async def begin(self) -> World:
        clock = HandClock()
        store = await self.stack.enter_async_context(type(self).open_store(REGISTRY, clock))
        return World(store, clock)

    def teardown(self) -> None:
        try:
            self.runner.run(self.finish())
        finally:
            self.runner.run(self.stack.aclose())
            self.runner.close()

    def key(self) -> str:
        self.keys += 1
        return f"k{self.keys}"

    def do(self, operation: Callable[[Process], Awaitable[object]], dies_at: int) -> None:
        """Run the operation in the process that serves, which may die of it."""
        self.world.clock.ms += 1
        holding, sent = self.is_holding(), len(self.world.rail.submitted)
        answer = self.runner.run(self.world.live(operation, dies_at=dies_at))
        if holding and self.is_holding():
            doubts = self.world.rail.submitted[sent:]
            assert all(":stray" in instruction.reference for instruction in doubts)
        if isinstance(answer, Answer):
            self.answered.append((f"k{self.keys}", operation, answer.body))

    def is_holding(self) -> bool:
        control = self.runner.run(self.world.store.read(Control, CONTROL_ID))
        return control is not None and control.mode == "holding"

    def pick(self, pick: int, *statuses: PaymentStatus) -> Payment | None:
        """One of the payments that the operation is for; now and then another one."""
        payments = self.runner.run(read_books(self.world.store)).payments
        fitting = [payment for payment in payments if payment.status in statuses]
        among = fitting if fitting and pick % 8 else payments
        return among[pick // 8 % len(among)] if among else None

    @initialize(
        capture_modes=st.lists(st.booleans(), min_size=3, max_size=5), decision=st.sampled_from(list(Decision)[:3])
    )
    def open_shop(self, *, capture_modes: list[bool], decision: Decision) -> None:
        """Payments to work with; hypothesis leaves rules out at random, also those that make payments."""
        for manual in capture_modes:
            self.create(
                cents=10_000,
                manual=manual,
                escrow=False,
                provider="pro_1",
                decision=decision,
                answer="approved",
                dies_at=0,
            )

    @rule(
        cents=st.integers(1, 12_000),
        manual=st.booleans(),
        escrow=st.booleans(),
        provider=st.sampled_from(PROVIDERS),
        decision=st.sampled_from([Decision.APPROVE] * 4 + [Decision.REVIEW, Decision.BLOCK]),
        answer=rail_answers,
        dies_at=deaths,
    )
    def create(
        self, *, cents: int, manual: bool, escrow: bool, provider: str, decision: Decision, answer: str, dies_at: int
    ) -> None:
        body = CreatePayment(
            amount=Charge(cents, "USD"),
            payment_method="tok_visa",
            customer_id="cus_1",
            provider_id=provider,
            capture="manual" if manual else "automatic",
            release="escrow" if escrow else "automatic",
        )
        self.world.scorer.decision = decision
        self.world.rail.next_answers = [answer]
        call = call_of(self.key(), body)
        self.do(lambda process: process.desk.create(call, body), dies_at)

    @rule(pick=picks, cents=amounts, final=st.booleans(), answer=rail_answers, dies_at=deaths)
    def capture(self, *, pick: int, cents: int | None, final: bool, answer: str, dies_at: int) -> None:
        payment = self.pick(pick, PaymentStatus.REQUIRES_CAPTURE)
        if payment is not None:
            body = CapturePayment(amount=charge(cents), final=final)
            call = call_of(self.key(), body, payment_id=payment.id)
            self.world.rail.next_answers = [answer]
            self.do(lambda process: process.desk.capture(call, body), dies_at)

    @rule(pick=picks, answer=rail_answers, dies_at=deaths)
    def cancel(self, *, pick: int, answer: str, dies_at: int) -> None:
        payment = self.pick(pick, PaymentStatus.REQUIRES_CAPTURE, PaymentStatus.HELD)
        if payment is not None:
            call = call_of(self.key(), None, payment_id=payment.id)
            self.world.rail.next_answers = [answer]
            self.do(lambda process: process.desk.cancel(call, CancelPayment()), dies_at)

    @rule(pick=picks, approve=st.booleans(), answer=rail_answers, dies_at=deaths)
    def review(self, *, pick: int, approve: bool, answer: str, dies_at: int) -> None:
        payment = self.pick(pick, PaymentStatus.REQUIRES_REVIEW)
        if payment is not None:
            body = ReviewPayment(decision="approve" if approve else "reject", reason="looked at it")
            call = call_of(self.key(), body, payment_id=payment.id)
            self.world.rail.next_answers = [answer]
            self.do(lambda process: process.desk.review(call, body), dies_at)

    @rule(pick=picks, cents=amounts, answer=rail_answers, dies_at=deaths)
    def refund(self, *, pick: int, cents: int | None, answer: str, dies_at: int) -> None:
        payment = self.pick(pick, *MONEY_STATUSES)
        if payment is not None:
            body = CreateRefund(payment_id=payment.id, amount=charge(cents))
            call = call_of(self.key(), body)
            self.world.rail.next_answers = [answer]
            self.do(lambda process: process.desk.refund(call, body), dies_at)

    @rule(pick=picks, cents=amounts, outcome=st.sampled_from(["opened", "opened", "won", "lost"]), dies_at=deaths)
    def dispute(self, *, pick: int, cents: int | None, outcome: str, dies_at: int) -> None:
        """A rail tells of a dispute over HTTP; the same one may be told twice, in any order."""
        payment = self.pick(pick, *MONEY_STATUSES)
        if payment is not None:
            body = NotifyDispute(
                payment_id=payment.id,
                reference=f"dp_{payment.id}_{pick % 2}",
                outcome=outcome,  # type: ignore[arg-type]  # one of the three
                amount=charge(cents),
            )
            call = call_of(self.key(), body)
            self.do(lambda process: process.disputes.notify(call, body), dies_at)

    @rule(pick=picks, cents=st.integers(1, 12_000), won=st.booleans())
    def rail_notices(self, *, pick: int, cents: int, won: bool) -> None:
        """A rail leaves notices to be read."""
        payment = self.pick(pick, *MONEY_STATUSES)
        if payment is not None:
            for outcome in ("opened", "won" if won else "lost")[: 1 + pick % 2]:
                notices = self.world.rail.notices
                notices.append(
                    RailDispute(
                        sequence=len(notices) + 1,
                        reference=f"rail_{payment.id}",
                        original=payment.id,
                        outcome=outcome,  # type: ignore[arg-type]  # one of the three
                        amount_cents=cents,
                        reason="fraudulent",
                    )
                )

    @rule(pick=picks, accept=st.booleans(), dies_at=deaths)
    def respond(self, *, pick: int, accept: bool, dies_at: int) -> None:
        books = self.runner.run(read_books(self.world.store))
        if books.disputes:
            dispute = books.disputes[pick % len(books.disputes)]
            call = call_of(self.key(), None, dispute_id=dispute.id)
            if accept:
                self.do(lambda process: process.disputes.accept(call, AcceptDispute()), dies_at)
            else:
                evidence = GiveEvidence(evidence="a receipt")
                self.do(lambda process: process.disputes.give_evidence(call, evidence), dies_at)

    @rule(pick=picks, cents=st.integers(1, 12_000), what=st.sampled_from(["take", "return", "release"]))
    def escrow(self, *, pick: int, cents: int, what: str) -> None:
        """As an escrow does it: the payment and the accounts in one transaction."""
        payment = self.pick(pick, *MONEY_STATUSES)
        if payment is None:
            return
        self.journals += 1
        customer, held = CUSTOMER_ESCROW.of(payment.provider_id), ESCROW_HELD.of(f"esc_{payment.id}")
        available = PROVIDER_AVAILABLE.of(payment.provider_id)
        move, accounts = {
            "take": (move_to_escrow, (customer, held)),
            "return": (return_from_escrow, (held, customer)),
            "release": (release_from_escrow, (held, available)),
        }[what]
        journal_id = f"escrow:{self.journals}"

        def work(transaction: Transaction) -> None:
            if isinstance(move(transaction, payment.id, cents), Payment):
                moves = (Move(accounts[0], accounts[1], cents),)
                journal = Journal(id=journal_id, recipe="escrow", reference=payment.id, moves=moves)
                assert transaction.post(journal) is None

        self.runner.run(self.world.store.transact(work, "key:test"))

    @rule(provider=st.sampled_from(PROVIDERS), cents=st.integers(1, 12_000))
    def pay_out(self, *, provider: str, cents: int) -> None:
        """A payout takes what the provider has, if it is that much."""
        self.journals += 1
        moves = (Move(PROVIDER_AVAILABLE.of(provider), PAYOUT_IN_FLIGHT.name, cents),)
        journal = Journal(id=f"payout:{self.journals}", recipe="payout", reference=provider, moves=moves)
        self.runner.run(self.world.store.transact(lambda transaction: transaction.post(journal), "key:test"))

    @rule(holding=st.booleans(), dies_at=deaths)
    def control(self, *, holding: bool, dies_at: int) -> None:
        body = SetControl(mode="holding" if holding else "normal", reason="a drill")
        call = call_of(self.key(), body)
        sent = len(self.world.rail.submitted)
        self.do(lambda process: process.control.set(call, body), dies_at)
        assert len(self.world.rail.submitted) == sent

    @rule(
        passes_ms=st.sampled_from([0, 1000, 15_000, 120_000, 8 * 24 * 3_600_000]), answer=rail_answers, dies_at=deaths
    )
    def jobs(self, *, passes_ms: int, answer: str, dies_at: int) -> None:
        self.world.clock.ms += passes_ms
        self.world.rail.next_answers = [answer]
        # What is on its way for about two leases never arrives: its sender gave it up when its own lease ended.
        self.on_the_way_ms = self.on_the_way_ms + passes_ms if self.world.rail.on_the_way else 0
        if self.on_the_way_ms > 2 * TERMS.lease_ms - 1000:
            self.world.rail.on_the_way.clear()
        self.do(lambda process: process.run_jobs(self.world.clock.ms), dies_at * 3)

    @rule()
    def late_ones_arrive(self) -> None:
        """The rail sees what was given up on; before two leases are over, or not at all."""
        for instruction in self.world.rail.on_the_way:
            self.world.rail.carry_out(instruction, "approved")
        self.world.rail.on_the_way.clear()

    @rule(pick=picks, what=st.sampled_from(["create", "capture", "refund"]))
    def give_up_too_early(self, *, pick: int, what: str) -> None:
        """The rail sees an instruction only after the recovery was told that it never did."""
        if what == "create":
            self.create(
                cents=5000,
                manual=pick % 2 == 0,
                escrow=False,
                provider="pro_1",
                decision=Decision.APPROVE,
                answer="late",
                dies_at=0,
            )
        elif what == "capture":
            self.capture(pick=pick, cents=None, final=True, answer="late", dies_at=0)
        else:
            self.refund(pick=pick, cents=None, answer="late", dies_at=0)
        self.jobs(passes_ms=TERMS.lease_ms + 1, answer="approved", dies_at=0)
        self.late_ones_arrive()

    @rule(pick=picks, dies_at=deaths)
    def repeat(self, *, pick: int, dies_at: int) -> None:
        """I9: a key that was answered answers the same, and has no second effect."""
        if not self.answered:
            return
        _, operation, body = self.answered[pick % len(self.answered)]
        before = self.runner.run(read_books(self.world.store))
        submitted = len(self.world.rail.submitted)
        answer = self.runner.run(self.world.live(operation, dies_at=dies_at))
        after = self.runner.run(read_books(self.world.store))
        assert vars(after) == vars(before)
        assert len(self.world.rail.submitted) == submitted
        assert answer is None or (isinstance(answer, Answer) and answer.body == body and answer.replayed)

    @invariant()
    def everything_adds_up(self) -> None:
        """I1 to I6 and I10 to I14, after every step."""
        found = self.runner.run(violations(self.world.store))
        found += self.runner.run(payment_violations(self.world.store))
        assert found + self.world.rail.wrong == []

    async def finish(self) -> None:
        """Once everything has settled, the rail's books are ours, and nothing is left in between."""
        self.world.rail.on_the_way.clear()
        self.world.new_process()
        body = SetControl(mode="normal")
        await self.world.process.control.set(call_of("the end", body), body)
        await self.world.settle_everything()
        books = await read_books(self.world.store)
        assert [payment.id for payment in books.payments if payment.status in WAITING] == []
        assert {refund.status for refund in books.refunds} <= {
            RefundStatus.SUCCEEDED,
            RefundStatus.FAILED,
            RefundStatus.CANCELED,
        }
        lost = {DisputeStatus.LOST, DisputeStatus.ACCEPTED, DisputeStatus.EXPIRED}
        self.world.rail.disputes_taken_cents = sum(
            dispute.at_risk_cents for dispute in books.disputes if dispute.status in lost
        )
        clearing = await self.world.store.account(RAIL_CLEARING.name)
        assert clearing.balance_cents("debit") == self.world.rail.balance_cents()
        for payment in books.payments:
            charges = [each for each in self.world.rail.approved(payment.id) if each.order in {"purchase", "authorize"}]
            assert len(charges) <= 1
        for record_type in (Doubt, Waiting):
            assert await leftovers(self.world, record_type) == []
        assert await violations(self.world.store) + await payment_violations(self.world.store) == []


async def leftovers(world: World, record_type: type[Doubt] | type[Waiting]) -> list[str]:
    """What a job should have done away with."""
    return [record.id for record in await everything(world.store, record_type)]


class SqlitePaymentMachine(PaymentMachine):
    """The same on a file."""

    open_store: ClassVar[OpenStore] = staticmethod(sqlite_store)


def _settings(operations: int) -> settings:
    return settings(
        max_examples=max(5, operations // STEPS),
        stateful_step_count=STEPS,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )


pytestmark = pytest.mark.timeout(max(120, OPERATIONS // 50))
TestPaymentsInMemory = PaymentMachine.TestCase
TestPaymentsInMemory.settings = _settings(OPERATIONS)
TestPaymentsInSqlite = SqlitePaymentMachine.TestCase
TestPaymentsInSqlite.settings = _settings(OPERATIONS // 6)

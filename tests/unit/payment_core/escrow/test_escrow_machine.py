"""Whatever happens to escrows, in any order and with the process dying at any await, no cent is lost or made."""

import asyncio
from collections.abc import Coroutine
from enum import StrEnum
from random import Random
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from payment_core.answers import Answer
from payment_core.escrow.model import Escrow
from payment_core.escrow.options import HOUR_MS, EscrowOptions
from payment_core.escrow.requests import AmountRequest, ConditionRequest, EscrowRequest, ResolutionRequest
from payment_core.escrow.states import FINAL
from payment_core.money import Charge
from payment_core.operations.bodies import NoBody, ReasonRequest
from payment_core.operations.call import Call
from payment_core.payments.model import Payment
from tests.unit.payment_core.escrow.escrow_world import Died, EscrowWorld, two_payees

DEATHS = st.integers(0, 4)
"""At which await of the operation the process dies; 0: not at all."""
PICKS = st.integers(0, 99)
CENTS = st.one_of(st.just(0), st.integers(1, 50), st.integers(1, 5_001))
OPTIONS = EscrowOptions(
    hold_ms=HOUR_MS, approvals_over_cents=2_000, dispute_ms=48 * HOUR_MS, fund_within_ms=24 * HOUR_MS
)
"""Short, so that everything is reached within a few steps."""


class Escrows(RuleBasedStateMachine):
    """The escrows' own books are held against what the calls were told: each key has one effect."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.world = EscrowWorld(OPTIONS)
        self.finals: dict[str, Escrow] = {}

    def teardown(self) -> None:
        self.loop.close()

    def do(self, work: Coroutine[Any, Any, Any]) -> Any:  # noqa: ANN401  # whatever it answers
        return self.loop.run_until_complete(work)

    def ask(self, operation: Any, call: Call, body: Any, dies_at: int) -> Answer | StrEnum:  # noqa: ANN401
        """Ask, and ask again with the same key when the process died on the way."""
        self.world.mortal.awaits, self.world.mortal.dies_at = 0, dies_at
        try:
            answer: Answer | StrEnum = self.do(operation(call, body))
        except Died:
            self.world.mortal.dies_at = 0
            answer = self.do(operation(call, body))
        self.world.mortal.dies_at = 0
        if isinstance(answer, Answer):
            again = self.do(operation(call, body))
            assert again.body == answer.body
            assert again.replayed
        return answer

    @initialize()
    def providers_and_payments(self) -> None:
        if self.do(self.world.store.read(Payment, "pay_1")) is not None:
            return
        for provider_id in ("pro_a", "pro_b"):
            self.do(self.world.add_provider(provider_id))
        self.do(self.world.add_payment("pay_1", 20_011))
        self.do(self.world.add_payment("pay_2", 9_999, captured=False))

    @initialize(amount=st.integers(100, 5_000), payees=st.sampled_from([(), two_payees(1, 2)]))
    def an_escrow_that_can_be_released(self, amount: int, payees: Any) -> None:  # noqa: ANN401  # of requests
        if self.do(self.world.store.read(Payment, "pay_1")) is None:
            self.providers_and_payments()
        self.do(self.world.create(amount, payees=payees))
        self.world.clock.at_ms += OPTIONS.hold_ms

    @rule(
        amount=st.integers(100, 4_000),
        payment=st.sampled_from(["pay_1", "pay_1", "pay_2"]),
        timer=st.sampled_from(["description", "description", "auto_release_at_ms", "auto_refund_at_ms"]),
        conditions=st.sampled_from([(), (), ("delivered",)]),
        payees=st.sampled_from([(), two_payees(1, 2)]),
        dies_at=DEATHS,
    )
    def create(self, amount: int, payment: str, timer: str, dies_at: int, **fields: Any) -> None:  # noqa: ANN401
        at: dict[str, Any] = {} if timer == "description" else {timer: self.world.clock.now_ms() + 40 * HOUR_MS}
        body = EscrowRequest(provider_id="pro_a", amount=Charge(amount, "USD"), payment_id=payment, **at, **fields)
        before = len(self.stored())
        answer = self.ask(self.world.desk.create, self.world.call(), body, dies_at)
        assert isinstance(answer, Answer)
        after = self.stored()
        assert len(after) == before + 1

    @rule(pick=PICKS, cents=CENTS, dies_at=DEATHS)
    def release(self, pick: int, cents: int, dies_at: int) -> None:
        escrow = self.live(pick)
        self.give(escrow, cents, back=False, dies_at=dies_at)

    @rule(pick=PICKS, cents=CENTS, dies_at=DEATHS)
    def refund(self, pick: int, cents: int, dies_at: int) -> None:
        escrow = self.live(pick)
        self.give(escrow, cents, back=True, dies_at=dies_at)

    @rule(pick=PICKS, cents=CENTS, dies_at=DEATHS)
    def approve_and_release(self, pick: int, cents: int, dies_at: int) -> None:
        escrow = self.live(pick)
        if self.one(escrow).status == "frozen":
            self.mark(escrow, "unfreeze", "key:ada", dies_at)
        for person in ("key:ada", "key:bob"):
            self.mark(escrow, "approve", person, dies_at)
        self.give(escrow, cents, back=False, dies_at=dies_at)

    def give(self, escrow: str, cents: int, *, back: bool, dies_at: int) -> None:
        body = AmountRequest(None if cents == 0 else Charge(cents, "USD"))
        before = self.one(escrow)
        operation = self.world.desk.refund if back else self.world.desk.release
        answer = self.ask(operation, self.world.call(escrow_id=escrow), body, dies_at)
        after = self.one(escrow)
        if not isinstance(answer, Answer):
            assert after == before
            return
        given = before.held_cents if cents == 0 else cents
        assert before.status in {"funded", "partially_released"}
        assert after.released_cents - before.released_cents == (0 if back else given)
        assert after.refunded_cents - before.refunded_cents == (given if back else 0)
        if not back:
            assert after.approvals == ()
            assert self.world.clock.now_ms() >= before.hold_until_ms
            assert all(condition.satisfied_at_ms > 0 for condition in before.conditions)
            assert before.amount_cents <= 2_000 or len({each.person for each in before.approvals}) == 2

    @rule(pick=PICKS)
    def release_and_refund_at_once(self, pick: int) -> None:
        escrow = self.live(pick)
        before = self.one(escrow)

        async def race() -> tuple[Answer | StrEnum, ...]:
            desk, call = self.world.desk, self.world.call
            return await asyncio.gather(
                desk.release(call(escrow_id=escrow), AmountRequest()),
                desk.refund(call(escrow_id=escrow), AmountRequest()),
                desk.release(call(escrow_id=escrow), AmountRequest()),
                desk.freeze(call(escrow_id=escrow), ReasonRequest("race")),
            )

        answers = self.do(race())
        assert len([answer for answer in answers if isinstance(answer, Answer)]) <= 1
        after = self.one(escrow)
        assert after.version - before.version <= 1

    @rule(
        pick=PICKS,
        act=st.sampled_from(["freeze", "unfreeze", "dispute", "approve", "satisfy", "fund", "expire"]),
        person=st.sampled_from(["key:ada", "key:bob", "key:pro_a"]),
        dies_at=DEATHS,
    )
    def change(self, pick: int, act: str, person: str, dies_at: int) -> None:
        escrow = self.live(pick)
        self.mark(escrow, act, person, dies_at)

    def mark(self, escrow: str, act: str, person: str, dies_at: int) -> None:
        bodies = {"freeze": ReasonRequest("r"), "dispute": ReasonRequest("r"), "satisfy": ConditionRequest("e")}
        call = self.world.call(person, escrow_id=escrow, name="delivered")
        before = self.one(escrow)
        answer = self.ask(getattr(self.world.desk, act), call, bodies.get(act, NoBody()), dies_at)
        after = self.one(escrow)
        assert after.version - before.version == (1 if isinstance(answer, Answer) else 0)
        assert all(approval.person != "key:pro_a" for approval in after.approvals)

    @rule(pick=PICKS, share=st.integers(0, 100), slip=st.integers(-1, 1), dies_at=DEATHS)
    def dispute_and_resolve(self, pick: int, share: int, slip: int, dies_at: int) -> None:
        escrow = self.live(pick)
        if self.one(escrow).status == "frozen":
            self.mark(escrow, "unfreeze", "key:ada", dies_at)
        self.mark(escrow, "dispute", "key:ada", dies_at)
        before = self.one(escrow)
        to_provider = before.held_cents * share // 100
        to_payer = max(0, before.held_cents - to_provider + slip)
        body = ResolutionRequest(to_provider, to_payer)
        answer = self.ask(self.world.desk.resolve, self.world.call(escrow_id=escrow), body, dies_at)
        if isinstance(answer, Answer):
            assert to_provider + to_payer == before.held_cents
            assert before.status == "disputed"
            assert self.one(escrow).held_cents == 0

    @rule(hours=st.integers(1, 60), dies_at=st.integers(0, 6))
    def time_passes(self, hours: int, dies_at: int) -> None:
        self.world.clock.at_ms += hours * HOUR_MS
        self.world.mortal.awaits, self.world.mortal.dies_at = 0, dies_at
        try:
            self.do(self.world.timers.run_once(self.world.clock.now_ms()))
        except Died:
            self.do(self.world.check_money())
            self.world.mortal.dies_at = 0
            self.do(self.world.timers.run_once(self.world.clock.now_ms()))
        self.world.mortal.dies_at = 0

    @rule(status=st.sampled_from(["active", "suspended"]))
    def provider_changes(self, status: Any) -> None:  # noqa: ANN401  # one of two literals
        self.do(self.world.set_provider("pro_b", status))

    @rule()
    def second_payment_is_captured(self) -> None:
        payment = self.do(self.world.store.read(Payment, "pay_2"))
        if payment.captured_cents == 0:
            self.do(self.world.capture_payment("pay_2"))

    @invariant()
    def money_is_where_the_books_say(self) -> None:
        self.do(self.world.check_money())

    @invariant()
    def what_is_final_stays(self) -> None:
        for escrow in self.stored():
            if escrow.id in self.finals:
                assert escrow == self.finals[escrow.id]
            elif escrow.status in FINAL:
                assert escrow.held_cents == 0
                self.finals[escrow.id] = escrow

    def live(self, pick: int) -> str:
        """One of the escrows that can still move; now and then any."""
        every = self.stored()
        live = [escrow for escrow in every if escrow.status not in FINAL]
        pool = live if live and pick % 10 else every
        return pool[pick % len(pool)].id

    def stored(self) -> list[Escrow]:
        return self.do(self.world._all(Escrow))  # type: ignore[no-any-return]  # do answers anything

    def one(self, escrow_id: str) -> Escrow:
        return self.do(self.world.stored(escrow_id))  # type: ignore[no-any-return]  # do answers anything


TestEscrows = Escrows.TestCase
TestEscrows.settings = settings(max_examples=30, stateful_step_count=40, deadline=None)


@pytest.mark.parametrize("seed", range(6))
def test_a_long_life_of_escrows_keeps_every_cent(seed: int, request: pytest.FixtureRequest) -> None:
    """The same machine with even chances, so that what comes after many steps is reached in every run."""
    chance = Random(seed)  # noqa: S311  # the same life in every run
    machine = Escrows()
    request.addfinalizer(machine.teardown)  # the machine owns an event loop
    machine.providers_and_payments()
    machine.do(machine.world.add_payment("pay_3", 90_000))
    machine.an_escrow_that_can_be_released(1_000, ())
    payees = (), two_payees(1, 2)

    def deaths() -> int:
        return chance.choice((0, 0, 1, 2, 3, 4))

    def cents() -> int:
        return chance.choice((0, chance.randint(1, 50), chance.randint(1, 5_000)))

    for _ in range(120):
        pick = chance.randint(0, 99)
        kind = chance.randint(0, 9)
        if kind <= 1:
            machine.an_escrow_that_can_be_released(chance.randint(100, 2_500), chance.choice(payees))
        elif kind == 2:
            timer = chance.choice(("auto_release_at_ms", "auto_refund_at_ms"))
            conditions = chance.choice(((), ("delivered",)))
            machine.create(chance.randint(100, 2_500), "pay_3", timer, deaths(), conditions=conditions)
        elif kind <= 5:
            act = chance.choice((machine.release, machine.refund, machine.approve_and_release))
            act(pick, cents(), deaths())
        elif kind == 6:
            act_name = chance.choice(("freeze", "unfreeze", "unfreeze", "satisfy", "dispute", "fund", "expire"))
            machine.change(pick, act_name, "key:ada", deaths())
        elif kind == 7:
            machine.dispute_and_resolve(pick, chance.randint(0, 100), chance.choice((0, 0, 1, -1)), deaths())
        elif kind == 8:
            machine.time_passes(chance.randint(1, 30), deaths())
        else:
            machine.release_and_refund_at_once(pick)
        machine.money_is_where_the_books_say()
        machine.what_is_final_stays()
    statuses = {escrow.status for escrow in machine.stored()}
    assert {"released", "refunded", "resolved"} <= statuses

"""Single stories over the whole payment core, each of which once ended wrong."""

import asyncio
from collections.abc import Awaitable, Callable

import msgspec
import pytest

from checks.scoring.model import Decision
from payment_core.ach.files.model import AchEntry
from payment_core.acquirer.port import Verdict
from payment_core.answers import Answer
from payment_core.ledger.accounts import RAIL_CLEARING
from payment_core.methods.model import PaymentMethod
from payment_core.money import Charge
from payment_core.payments.control import SetControl
from payment_core.payments.model import Doubt, Payment, Refund
from payment_core.payments.requests import CancelPayment, CreatePayment, CreateRefund, ReviewPayment
from payment_core.payments.terms import RETRY_EXPIRY_MS
from payment_core.providers.model import BankAccount
from payment_core.providers.requests import ReplacementRequest
from tests.simulation.core.driver import Driver
from tests.simulation.core.ending import days_pass
from tests.simulation.core.episode import opened
from tests.simulation.core.world import OPTIONS
from tests.simulation.payment_invariants import everything, payment_violations
from tests.simulation.payment_world import TERMS, call_of, memory_world
from tests.simulation.stores import memory_store

Story = Callable[[Driver], Awaitable[None]]


def told(story: Story) -> None:
    """Tell the story in an open marketplace, and let everything end."""

    async def run() -> None:
        async with opened(memory_store, seed=7) as driver:
            await driver.begin()
            await story(driver)
            await driver.end()

    asyncio.run(run())


async def ask(driver: Driver, route: str, body: msgspec.Struct | None, key: str, **path: str) -> object:
    call = call_of(key, body, **path)
    return await driver.world.process.handlers[route](call, body)


async def debit(driver: Driver, key: str) -> Payment:
    """A payment by the verified account of a customer."""
    account = await customer_account(driver)
    body = CreatePayment(
        amount=Charge(5_000, "USD"),
        payment_method=account.token,
        customer_id=account.holder_id,
        provider_id=(await driver.picks.providers())[0],
        description=key,
    )
    await ask(driver, "POST /v1/payments", body, key)
    (payment,) = [each for each in await everything(driver.world.store, Payment) if each.description == key]
    return payment


async def customer_account(driver: Driver) -> BankAccount:
    return next(each for each in await driver.picks.accounts() if each.holder_kind == "customer")


async def replace_number(driver: Driver) -> None:
    account = await customer_account(driver)
    body = ReplacementRequest(
        routing_number="121042882",
        account_number=driver.picks.new_account_number(),
        account_type="checking",
        account_class="personal",
    )
    path = "POST /v1/bank_accounts/{bank_account_id}/replace"
    answer = await ask(driver, path, body, "replace", bank_account_id=account.id)
    assert isinstance(answer, Answer)
    assert answer.status == 200


async def stored(driver: Driver, payment_id: str) -> Payment:
    payment = await driver.world.store.read(Payment, payment_id)
    assert payment is not None
    return payment


def test_a_bank_debit_that_no_file_has_is_canceled() -> None:
    async def story(driver: Driver) -> None:
        payment = await debit(driver, "debit")
        answer = await ask(
            driver, "POST /v1/payments/{payment_id}/cancel", CancelPayment(), "cancel", payment_id=payment.id
        )
        assert isinstance(answer, Answer)
        assert answer.status == 200
        assert (await stored(driver, payment.id)).status == "canceled"
        (entry,) = [each for each in await everything(driver.world.store, AchEntry) if each.subject_id == payment.id]
        assert entry.status == "canceled"

    told(story)


def test_a_key_answers_as_before_after_its_card_was_destroyed() -> None:
    async def story(driver: Driver) -> None:
        (card,) = await everything(driver.world.store, PaymentMethod)
        body = CreatePayment(
            amount=Charge(5_000, "USD"), payment_method=card.id, customer_id=card.customer_id, provider_id="pro_1"
        )
        first = await ask(driver, "POST /v1/payments", body, "paid")
        await ask(
            driver, "DELETE /v1/payment_methods/{payment_method_id}", None, "destroyed", payment_method_id=card.id
        )
        again = await ask(driver, "POST /v1/payments", body, "paid")
        assert isinstance(first, Answer)
        assert isinstance(again, Answer)
        assert (again.status, again.body, again.replayed) == (first.status, first.body, True)
        assert await ask(driver, "POST /v1/payments", body, "another") == "method_not_usable"

    told(story)


def test_a_refund_of_a_debit_is_paid_after_the_number_of_the_account_was_replaced() -> None:
    async def story(driver: Driver) -> None:
        payment = await debit(driver, "debit")
        await days_pass(driver.world, 4)
        assert (await stored(driver, payment.id)).status == "succeeded"
        await replace_number(driver)
        body = CreateRefund(payment_id=payment.id, amount=Charge(2_000, "USD"), reason="refund")
        await ask(driver, "POST /v1/refunds", body, "refund")
        await days_pass(driver.world, 7)
        (refund,) = await everything(driver.world.store, Refund)
        assert refund.status == "succeeded"
        entry = await driver.world.store.read(AchEntry, refund.ach_entry_id)
        assert entry is not None
        assert entry.bank_account_id == (await customer_account(driver)).id

    told(story)


@pytest.mark.parametrize("void", ["approved", "declined"])
def test_a_payment_that_went_out_before_it_was_canceled_in_the_queue_keeps_no_money(void: str) -> None:
    async def story(driver: Driver) -> None:
        world = driver.world
        jobs = world.process.jobs
        await ask(driver, "POST /v1/control", SetControl(mode="holding", reason="a drill"), "holding")
        body = CreatePayment(
            amount=Charge(33_333, "USD"), payment_method="tok_visa", customer_id="cus_1", provider_id="pro_1"
        )
        await ask(driver, "POST /v1/payments", body, "held")
        (payment,) = [each for each in await everything(world.store, Payment) if each.status == "held"]
        await ask(driver, "POST /v1/control", SetControl(mode="normal", reason="over"), "normal")
        world.rail.next_answers = ["late"]
        await jobs["sending"].run_once(world.clock.ms)
        world.clock.ms += OPTIONS.lease_ms + 1
        await jobs["recovery"].run_once(world.clock.ms)
        assert (await stored(driver, payment.id)).status == "held"
        route = "POST /v1/payments/{payment_id}/cancel"
        await ask(driver, route, CancelPayment(), "cancel", payment_id=payment.id)
        await world.rail.late_ones_arrive()
        world.rail.next_answers = [void]
        await days_pass(world, 1)
        await days_pass(world, 1)
        assert (await stored(driver, payment.id)).status == "canceled"
        undone = "void" if void == "approved" else "refund"
        assert [each.order for each in world.rail.approved(payment.id)] == ["purchase", undone]

    told(story)


@pytest.mark.parametrize("decision", ["approve", "reject"])
def test_a_debit_whose_account_was_replaced_while_it_was_reviewed_is_not_sent(decision: str) -> None:
    async def story(driver: Driver) -> None:
        driver.world.engine.decision = Decision.REVIEW
        payment = await debit(driver, "debit")
        assert payment.status == "requires_review"
        await replace_number(driver)
        body = ReviewPayment(decision="approve" if decision == "approve" else "reject", reason="looked at it")
        answer = await ask(driver, "POST /v1/payments/{payment_id}/review", body, "review", payment_id=payment.id)
        after = await stored(driver, payment.id)
        assert isinstance(answer, Answer)
        if decision == "approve":
            assert (after.status, after.error_code) == ("failed", "bank_account_not_usable")
        else:
            assert after.status == "canceled"

    told(story)


def test_a_rail_that_does_not_void_what_came_too_late_refunds_it_an_hour_later() -> None:
    async def run() -> None:
        world = memory_world()
        body = CreatePayment(
            amount=Charge(5_000, "USD"), payment_method="tok_visa", customer_id="cus_1", provider_id="pro_1"
        )
        world.rail.next_answers = ["late"]
        await world.process.desk.create(call_of("k1", body), body)
        world.clock.ms += TERMS.lease_ms + 1
        await world.process.run_jobs(world.clock.ms)
        (late,) = world.rail.on_the_way
        world.rail.carry_out(late, "approved")
        world.rail.next_answers = ["declined"]
        for pause_ms in (TERMS.lease_ms, 1000, RETRY_EXPIRY_MS // 2):
            world.clock.ms += pause_ms
            await world.process.run_jobs(world.clock.ms)
        (doubt,) = await everything(world.store, Doubt)
        assert doubt.refused == 1
        world.clock.ms += RETRY_EXPIRY_MS
        await world.process.run_jobs(world.clock.ms)
        assert await everything(world.store, Doubt) == []
        undone = [
            (instruction.order, answer.verdict)
            for instruction, answer in world.rail.known.values()
            if ":stray" in instruction.reference
        ]
        assert undone == [("void", Verdict.DECLINED), ("refund", Verdict.APPROVED)]
        clearing = await world.store.account(RAIL_CLEARING.name)
        assert clearing.balance_cents("debit") == world.rail.balance_cents() == 0
        assert await payment_violations(world.store) == []

    asyncio.run(run())

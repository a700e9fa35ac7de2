"""A vaulted bank account pays by ACH debit: what settles is captured, what returns is failed or lost."""

from typing import Any, Literal

import msgspec
import pytest

from checks.scoring.model import Decision
from payment_core.payments.desk import Desk
from payment_core.payments.jobs.sending import Sending
from payment_core.payments.model import Payment, Refund
from payment_core.payments.ports import Method
from payment_core.payments.rail.ach_debits import AchDebits, refund_entry_changed
from payment_core.payments.refusals import PaymentRefusal
from payment_core.store.port import Transaction
from tests.simulation.payment_invariants import read_books
from tests.simulation.payment_world import TERMS, World
from tests.unit.payment_core.payments.asking import (
    all_is_well,
    balance,
    cancel,
    control,
    create,
    order,
    payment_of,
    plain,
    refund,
    review,
)

Status = Literal["settled", "returned", "canceled"]
BANK = "bank_abcdefghijklmnopqrstuvwxyz"


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """As much of an entry as payments look at."""

    id: str
    subject_id: str
    status: Status
    return_code: str = ""


class OneAccount:
    """A vault with one bank account of one customer."""

    def __init__(self, *, usable: bool = True) -> None:
        self.usable = usable

    async def resolve(self, token: str) -> Method | None:
        if token != BANK:
            return None
        why_not = "" if self.usable else "bank_account_unverified"
        return Method(token=token, rail="ach", last4="6789", holder_customer_id="cus_1", why_not=why_not)


class Originated:
    """Counts what was queued."""

    def __init__(self) -> None:
        self.entries: list[str] = []
        self.too_late = False

    def originate(self, transaction: Transaction, payment: Payment) -> str:
        del transaction
        self.entries.append(f"ent_{payment.id}")
        return self.entries[-1]

    def give_back(self, transaction: Transaction, payment: Payment, refund: Refund) -> str:
        del transaction, payment
        self.entries.append(f"ent_{refund.id}")
        return self.entries[-1]

    def withdraw(self, transaction: Transaction, entry_id: str) -> bool:
        del transaction, entry_id
        return not self.too_late


@pytest.fixture
def bank(world: World) -> Originated:
    debits = Originated()
    desk = world.process.desk
    desk._methods, desk._debits = OneAccount(), debits
    jobs = [job for job in world.process.jobs if not isinstance(job, Sending)]
    world.process.jobs = (*jobs, Sending(world.store, desk, debits, TERMS.lease_ms))  # type: ignore[assignment]  # as many
    return debits


async def pay(world: World, key: str = "k1", **fields: object) -> Payment:
    answer = await create(world, key, order(10_000, payment_method=BANK, **fields))
    return await payment_of(world, plain(answer)["id"])


async def entry(world: World, payment: Payment, status: Status, code: str = "") -> None:
    changed = Entry(id=payment.ach_entry_id, subject_id=payment.id, status=status, return_code=code)
    debits = AchDebits(world.process.settler)
    await world.store.transact(lambda transaction: debits.payment_entry_changed(transaction, changed), "sweep:ach")


async def test_a_debit_is_captured_when_it_settles_and_released_after_the_return_window(
    world: World, bank: Originated
) -> None:
    payment = await pay(world)
    assert (payment.status.value, bank.entries, world.rail.submitted) == ("processing", [payment.ach_entry_id], [])
    for _ in range(2):
        await entry(world, payment, "settled")
    assert (await payment_of(world, payment.id)).status.value == "succeeded"
    world.clock.ms += TERMS.ach_release_delay_ms - 1
    await world.process.run_jobs(world.clock.ms)
    assert await balance(world, "provider_available/pro_1") == 0
    world.clock.ms += 1
    await world.process.run_jobs(world.clock.ms)
    assert await balance(world, "provider_available/pro_1") == 9200
    assert await all_is_well(world)


@pytest.mark.parametrize(("status", "code", "error"), [("returned", "R01", "R01"), ("canceled", "", "canceled")])
async def test_a_debit_that_never_settles_fails_the_payment(
    world: World, bank: Originated, status: Literal["returned", "canceled"], code: str, error: str
) -> None:
    payment = await pay(world)
    await entry(world, payment, status, code)
    failed = await payment_of(world, payment.id)
    assert (failed.status.value, failed.error_code, len(bank.entries)) == ("failed", error, 1)
    assert await all_is_well(world)


async def test_a_late_return_is_a_dispute_that_is_lost_at_once(world: World, bank: Originated) -> None:
    payment = await pay(world)
    await entry(world, payment, "settled")
    for _ in range(2):
        await entry(world, payment, "returned", "R10")
    (lost,) = (await read_books(world.store)).disputes
    assert (lost.status.value, lost.return_code, lost.at_risk_cents) == ("lost", "R10", 10_000)
    assert await balance(world, "rail_clearing", "debit") == 0
    assert len(bank.entries) == 1
    assert await all_is_well(world)


async def test_a_debit_is_withdrawn_only_while_it_waits_for_its_file(world: World, bank: Originated) -> None:
    first, second = await pay(world), await pay(world, "k2")
    assert plain(await cancel(world, first.id))["status"] == "canceled"
    bank.too_late = True
    assert await cancel(world, second.id, "x2") is PaymentRefusal.PAYMENT_NOT_CANCELABLE


@pytest.mark.parametrize(("decision", "status", "entries"), [("approve", "processing", 1), ("reject", "canceled", 0)])
async def test_a_debit_under_review_goes_out_only_once_it_is_approved(
    world: World, bank: Originated, decision: str, status: str, entries: int
) -> None:
    world.scorer.decision = Decision.REVIEW
    payment = await pay(world)
    assert (payment.status.value, bank.entries) == ("requires_review", [])
    assert plain(await review(world, payment.id, decision))["status"] == status
    assert len(bank.entries) == entries
    assert await all_is_well(world)


async def test_a_held_debit_goes_out_after_the_holding_mode(world: World, bank: Originated) -> None:
    await control(world, "holding")
    payment = await pay(world)
    await world.process.run_jobs(world.clock.ms)
    assert (payment.status.value, bank.entries) == ("held", [])
    world.clock.ms += 1
    await control(world, "normal")
    for _ in range(2):
        await world.process.run_jobs(world.clock.ms)
    assert ((await payment_of(world, payment.id)).status.value, len(bank.entries)) == ("processing", 1)
    assert await all_is_well(world)


@pytest.mark.parametrize(
    ("status", "code", "ends"),
    [("settled", "", "succeeded"), ("returned", "R02", "failed"), ("canceled", "", "failed")],
)
async def test_a_debit_is_refunded_by_an_ach_credit(
    world: World, bank: Originated, status: Status, code: str, ends: str
) -> None:
    payment = await pay(world)
    await entry(world, payment, "settled")
    answer = await refund(world, payment.id, 4000)
    assert (answer.status, plain(answer)["status"]) == (202, "queued")
    await world.process.run_jobs(world.clock.ms)
    (sent,) = (await read_books(world.store)).refunds
    assert (sent.status.value, sent.ach_entry_id) == ("pending", bank.entries[-1])
    changed = Entry(id=sent.ach_entry_id, subject_id=sent.id, status=status, return_code=code)
    for _ in range(2):
        await world.store.transact(lambda transaction: refund_entry_changed(transaction, changed), "sweep:ach")
    (ended,) = (await read_books(world.store)).refunds
    assert (ended.status.value, world.rail.submitted) == (ends, [])
    assert await all_is_well(world)


@pytest.mark.parametrize(
    ("fields", "usable", "refusal"),
    [
        ({"capture": "manual"}, True, PaymentRefusal.METHOD_CANNOT_WAIT),
        ({"customer_id": "cus_2"}, True, PaymentRefusal.METHOD_OF_ANOTHER_CUSTOMER),
        ({}, False, PaymentRefusal.METHOD_NOT_USABLE),
    ],
)
async def test_an_account_that_cannot_pay_this_is_refused(
    world: World, bank: Originated, fields: dict[str, Any], *, usable: bool, refusal: PaymentRefusal
) -> None:
    world.process.desk._methods = OneAccount(usable=usable)
    assert await create(world, body=order(payment_method=BANK, **fields)) is refusal
    assert bank.entries == []


async def test_without_origination_no_bank_account_can_pay(world: World) -> None:
    desk: Desk = world.process.desk
    desk._methods = OneAccount()
    assert await create(world, body=order(payment_method=BANK)) is PaymentRefusal.METHOD_NOT_USABLE

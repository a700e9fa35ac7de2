"""Where the money is: captures in parts, refunds, releases, escrows, and refunds that race with payouts and returns."""

import asyncio

import pytest

from checks.scoring.model import Decision
from payment_core.ledger.accounts import CUSTOMER_ESCROW, ESCROW_HELD, PAYOUT_IN_FLIGHT, PROVIDER_AVAILABLE
from payment_core.ledger.journals import Journal, LedgerRefusal, Move
from payment_core.payments.model import Payment
from payment_core.payments.money.escrowing import move_to_escrow, release_from_escrow, return_from_escrow
from payment_core.payments.money.refunds import queue_refund
from payment_core.payments.refusals import PaymentRefusal
from payment_core.store.port import Transaction
from tests.simulation.payment_invariants import read_books
from tests.simulation.payment_world import TERMS, World
from tests.unit.payment_core.payments.asking import (
    all_is_well,
    balance,
    cancel,
    capture,
    dispute,
    paid,
    payment_of,
    plain,
    refund,
    review,
)

ESCROW = CUSTOMER_ESCROW.of("pro_1")
AVAILABLE = PROVIDER_AVAILABLE.of("pro_1")
HELD = ESCROW_HELD.of("esc_1")


async def pass_time(world: World, milliseconds: int) -> None:
    world.clock.ms += milliseconds
    await world.process.run_jobs(world.clock.ms)


async def pay_out(world: World, cents: int, name: str = "payout:1") -> LedgerRefusal | None:
    moves = (Move(AVAILABLE, PAYOUT_IN_FLIGHT.name, cents),)
    journal = Journal(id=name, recipe="payout", reference="po_1", moves=moves)
    return await world.store.transact(lambda transaction: transaction.post(journal), "key:test")


async def test_money_is_captured_in_parts_until_one_is_final(world: World) -> None:
    payment = await paid(world, 999, capture="manual")
    first = plain(await capture(world, payment.id, 333, final=False, key="c1"))
    assert (first["status"], first["captured"]["amount_cents"]) == ("requires_capture", 333)
    assert await capture(world, payment.id, 667, key="c2") is PaymentRefusal.AMOUNT_EXCEEDS_AUTHORIZED
    second = plain(await capture(world, payment.id, 333, final=True, key="c3"))
    assert (second["status"], second["captured"]["amount_cents"], second["expires_at_ms"]) == ("succeeded", 666, 0)
    assert await capture(world, payment.id, 1, key="c4") is PaymentRefusal.PAYMENT_NOT_CAPTURABLE
    fees = sorted(each.fee_cents for each in (await read_books(world.store)).captures)
    assert (fees, (await payment_of(world, payment.id)).fee_cents) == ([26, 27], 53)
    assert [each.final for each in world.rail.submitted if each.order == "capture"] == [False, True]
    assert await all_is_well(world)


async def test_a_capture_of_the_last_cent_is_final_whatever_was_asked(world: World) -> None:
    payment = await paid(world, 500, capture="manual")
    assert plain(await capture(world, payment.id, 500, final=False))["status"] == "succeeded"


async def test_canceling_the_rest_keeps_what_was_captured(world: World) -> None:
    payment = await paid(world, 1000, capture="manual")
    await capture(world, payment.id, 400, final=False)
    assert plain(await cancel(world, payment.id))["status"] == "succeeded"
    assert world.rail.submitted[-1].amount_cents == 600
    untouched = await paid(world, 1000, "k2", capture="manual")
    assert plain(await cancel(world, untouched.id, "x2"))["status"] == "canceled"


@pytest.mark.parametrize(("captured", "status"), [(0, "canceled"), (400, "succeeded")])
async def test_an_authorization_expires_after_seven_days(world: World, captured: int, status: str) -> None:
    payment = await paid(world, 1000, capture="manual")
    if captured > 0:
        await capture(world, payment.id, captured, final=False)
    await pass_time(world, TERMS.authorization_ms - 10_000)
    assert (await payment_of(world, payment.id)).status.value == "requires_capture"
    await pass_time(world, 10_001)
    assert (await payment_of(world, payment.id)).status.value == status
    assert (world.rail.submitted[-1].order, world.rail.submitted[-1].amount_cents) == ("void", 1000 - captured)
    assert await all_is_well(world)


async def test_a_refused_void_of_an_expired_authorization_is_tried_again(world: World) -> None:
    payment = await paid(world, 1000, capture="manual")
    world.rail.next_answers = ["failed"]
    await pass_time(world, TERMS.authorization_ms)
    assert (await payment_of(world, payment.id)).status.value == "requires_capture"
    await pass_time(world, 3_600_000)
    assert (await payment_of(world, payment.id)).status.value == "canceled"


@pytest.mark.parametrize(
    ("mode", "decision", "status", "order"),
    [
        ("automatic", "approve", "succeeded", "capture"),
        ("automatic", "reject", "canceled", "void"),
        ("manual", "approve", "requires_capture", "authorize"),
        ("manual", "reject", "canceled", "void"),
    ],
)
async def test_a_payment_under_review_is_only_authorized_until_a_person_decides(
    world: World, mode: str, decision: str, status: str, order: str
) -> None:
    world.scorer.decision = Decision.REVIEW
    payment = await paid(world, capture=mode)
    assert (payment.status.value, payment.captured_cents) == ("requires_review", 0)
    assert await capture(world, payment.id) is PaymentRefusal.PAYMENT_NOT_CAPTURABLE
    body = plain(await review(world, payment.id, decision))
    assert (body["status"], world.rail.submitted[-1].order) == (status, order)
    assert await review(world, payment.id, "approve", "v2") is PaymentRefusal.PAYMENT_NOT_IN_REVIEW
    assert await all_is_well(world)


async def test_refunds_stop_at_what_was_captured_and_give_back_exactly_the_fee(world: World) -> None:
    payment = await paid(world, 999)
    for number in range(3):
        assert (await refund(world, payment.id, 333, f"r{number}")).status == 201
    assert await refund(world, payment.id, None, "r3") is PaymentRefusal.AMOUNT_EXCEEDS_REFUNDABLE
    after = await payment_of(world, payment.id)
    assert (after.fee_cents, after.fee_refunded_cents, after.unreleased_cents) == (80, 80, 0)
    assert await balance(world, "platform_fee") == await balance(world, ESCROW) == 0
    assert await all_is_well(world)


async def test_a_refused_refund_can_be_asked_for_again(world: World) -> None:
    payment = await paid(world)
    world.rail.next_answers = ["declined"]
    answer = await refund(world, payment.id)
    assert (answer.status, plain(answer)["resource"]["status"]) == (502, "failed")
    assert (await refund(world, payment.id, None, "r2")).status == 201
    assert await all_is_well(world)


async def test_a_refund_that_the_rail_never_saw_is_sent_again_under_its_own_id(world: World) -> None:
    payment = await paid(world)
    world.rail.next_answers = ["lost"]
    assert plain(await refund(world, payment.id))["status"] == "pending"
    await world.settle_everything()
    (sent,) = (await read_books(world.store)).refunds
    assert sent.status.value == "succeeded"
    assert [each.reference for each in world.rail.submitted if each.order == "refund"] == [sent.id, sent.id]
    assert await all_is_well(world)


async def test_captured_money_becomes_the_providers_after_the_delay_and_not_before(world: World) -> None:
    payment = await paid(world)
    await pass_time(world, TERMS.release_delay_ms - 1)
    assert (await balance(world, AVAILABLE), await balance(world, ESCROW)) == (0, 9200)
    await pass_time(world, 1)
    assert (await balance(world, AVAILABLE), await balance(world, ESCROW)) == (9200, 0)
    await pass_time(world, TERMS.release_delay_ms)
    assert (await payment_of(world, payment.id)).released_cents == 9200
    assert await all_is_well(world)


async def test_money_that_is_for_an_escrow_waits_for_it(world: World) -> None:
    payment = await paid(world, release="escrow")
    await pass_time(world, 100 * TERMS.release_delay_ms)
    assert (await payment_of(world, payment.id)).unreleased_cents == 9200
    await escrow(world, payment, 9000, ESCROW, HELD, move_to_escrow)
    assert await refund(world, payment.id) is PaymentRefusal.PAYMENT_IN_ESCROW
    await escrow(world, payment, 5000, HELD, AVAILABLE, release_from_escrow)
    await escrow(world, payment, 4000, HELD, ESCROW, return_from_escrow)
    after = await payment_of(world, payment.id)
    assert (after.unreleased_cents, after.released_cents, after.escrowed_cents) == (4200, 5000, 0)
    assert await all_is_well(world)


@pytest.mark.parametrize(
    ("move", "cents", "refusal"),
    [
        (move_to_escrow, 9201, PaymentRefusal.AMOUNT_EXCEEDS_UNRELEASED),
        (return_from_escrow, 1, PaymentRefusal.AMOUNT_EXCEEDS_ESCROWED),
        (release_from_escrow, 1, PaymentRefusal.AMOUNT_EXCEEDS_ESCROWED),
    ],
)
async def test_an_escrow_takes_and_gives_no_more_than_there_is(
    world: World, move: object, cents: int, refusal: PaymentRefusal
) -> None:
    payment = await paid(world, release="escrow")

    def work(transaction: Transaction) -> object:
        return move(transaction, payment.id, cents)  # type: ignore[operator]  # one of the three

    assert await world.store.transact(work, "key:test") is refusal
    assert await payment_of(world, payment.id) == payment


async def escrow(world: World, payment: Payment, cents: int, debit: str, credit: str, move: object) -> None:
    """Move the money as an escrow does, the payment and the accounts in one transaction."""

    def work(transaction: Transaction) -> None:
        moved = move(transaction, payment.id, cents)  # type: ignore[operator]  # one of the three moves
        assert isinstance(moved, Payment)
        journal_id = f"esc_1:{moved.version}"
        journal = Journal(id=journal_id, recipe="escrow", reference="esc_1", moves=(Move(debit, credit, cents),))
        assert transaction.post(journal) is None

    await world.store.transact(work, "key:test")


async def test_a_queued_refund_is_sent_by_a_job_and_counts_at_once(world: World) -> None:
    payment = await paid(world)
    queued = await world.store.transact(
        lambda transaction: queue_refund(transaction, payment.id, 6000, "split", source="escrow"), "key:test"
    )
    assert not isinstance(queued, PaymentRefusal)
    assert queued.status.value == "queued"
    assert await refund(world, payment.id, 4001) is PaymentRefusal.AMOUNT_EXCEEDS_REFUNDABLE
    await pass_time(world, 0)
    (sent,) = (await read_books(world.store)).refunds
    assert sent.status.value == "succeeded"
    assert await all_is_well(world)


async def test_a_refund_a_payout_and_a_lost_dispute_at_once_never_pay_more_than_was_captured(world: World) -> None:
    """All three want the same money; whoever is first gets it, and what a dispute lacks is owed by the provider."""
    payment = await paid(world)
    await pass_time(world, TERMS.release_delay_ms)
    async with asyncio.TaskGroup() as group:
        refunded = group.create_task(refund(world, payment.id), name="refund")
        paid_out = group.create_task(pay_out(world, 9200), name="payout")
        disputed = group.create_task(dispute(world, payment.id, outcome="lost"), name="dispute")
    assert disputed.result().status == 201
    after = await payment_of(world, payment.id)
    assert after.refunded_cents + after.disputed_cents <= after.captured_cents
    gone = after.refunded_cents + after.disputed_cents + (9200 if paid_out.result() is None else 0)
    owed = await balance(world, "provider_reserve/pro_1", "debit")
    assert gone - owed <= 10_000
    assert refunded.result() is PaymentRefusal.PROVIDER_BALANCE_TOO_LOW or refunded.result().status == 201
    assert await all_is_well(world)


async def test_a_paid_out_provider_cannot_be_refunded_from(world: World) -> None:
    payment = await paid(world)
    await pass_time(world, TERMS.release_delay_ms)
    assert await pay_out(world, 9000) is None
    assert await refund(world, payment.id) is PaymentRefusal.PROVIDER_BALANCE_TOO_LOW
    assert (await refund(world, payment.id, 200, "r2")).status == 201
    assert await pay_out(world, 100, "payout:2") is LedgerRefusal.EXCEEDS_BALANCE
    assert await all_is_well(world)

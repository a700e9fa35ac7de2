"""Disputes freeze what they can cost, give it back when won, and never pay a payer twice."""

import pytest

from payment_core.acquirer.port import RailDispute
from payment_core.ledger.accounts import CUSTOMER_ESCROW, PAYOUT_IN_FLIGHT, PROVIDER_AVAILABLE, PROVIDER_RESERVE
from payment_core.ledger.journals import Journal, Move
from payment_core.payments.model import Dispute
from payment_core.payments.refusals import PaymentRefusal
from payment_core.payments.requests import AcceptDispute, GiveEvidence
from tests.simulation.payment_invariants import read_books
from tests.simulation.payment_world import TERMS, World, call_of
from tests.unit.payment_core.payments.asking import (
    all_is_well,
    balance,
    control,
    dispute,
    paid,
    payment_of,
    plain,
    refund,
)

ESCROW, AVAILABLE = CUSTOMER_ESCROW.of("pro_1"), PROVIDER_AVAILABLE.of("pro_1")
RESERVE = PROVIDER_RESERVE.of("pro_1")


async def only(world: World) -> Dispute:
    (found,) = (await read_books(world.store)).disputes
    return found


async def pass_time(world: World, milliseconds: int) -> None:
    world.clock.ms += milliseconds
    await world.process.run_jobs(world.clock.ms)


async def respond(world: World, evidence: str, key: str = "e1") -> object:
    dispute_id = (await only(world)).id
    if evidence == "":
        return await world.process.disputes.accept(call_of(key, None, dispute_id=dispute_id), AcceptDispute())
    body = GiveEvidence(evidence=evidence)
    return await world.process.disputes.give_evidence(call_of(key, body, dispute_id=dispute_id), body)


async def test_an_open_dispute_freezes_its_amount_for_refunds_and_releases(world: World) -> None:
    payment = await paid(world)
    await dispute(world, payment.id, 6000)
    assert await refund(world, payment.id, 4001) is PaymentRefusal.AMOUNT_EXCEEDS_REFUNDABLE
    assert await balance(world, "disputes_held") == 6000
    await pass_time(world, 2 * TERMS.release_delay_ms)
    assert await balance(world, AVAILABLE) == 0
    assert (await refund(world, payment.id, 4000)).status == 201
    assert await all_is_well(world)


async def test_a_won_dispute_gives_everything_back_and_the_release_goes_on(world: World) -> None:
    payment = await paid(world)
    await pass_time(world, TERMS.release_delay_ms)
    await dispute(world, payment.id)
    assert (await balance(world, AVAILABLE), await balance(world, "platform_fee")) == (0, 0)
    await dispute(world, payment.id, outcome="won")
    assert (await balance(world, AVAILABLE), await balance(world, "platform_fee")) == (9200, 800)
    assert (await payment_of(world, payment.id)).disputed_cents == 0
    assert await all_is_well(world)


async def test_what_a_lost_dispute_lacks_is_owed_by_the_provider(world: World) -> None:
    payment = await paid(world)
    await pass_time(world, TERMS.release_delay_ms)
    journal = Journal(
        id="po:1", recipe="payout", reference="po_1", moves=(Move(AVAILABLE, PAYOUT_IN_FLIGHT.name, 9000),)
    )
    assert await world.store.transact(lambda transaction: transaction.post(journal), "key:test") is None
    await dispute(world, payment.id)
    assert (await only(world)).shortfall_cents == 9000
    await paid(world, 5000, "k2")
    await pass_time(world, TERMS.release_delay_ms)
    body = plain(await dispute(world, payment.id, outcome="lost"))
    assert (body["status"], body["owed"]["amount_cents"]) == ("lost", 9000 - 4600)
    assert await balance(world, RESERVE, "debit") == 4400
    assert await balance(world, "rail_clearing", "debit") == 5000
    assert await all_is_well(world)


@pytest.mark.parametrize("outcome", ["opened", "won", "lost"])
async def test_a_dispute_after_a_refund_never_pays_twice(world: World, outcome: str) -> None:
    payment = await paid(world)
    await refund(world, payment.id, 7000)
    body = plain(await dispute(world, payment.id, outcome=outcome))
    assert (body["amount"]["amount_cents"], body["at_risk"]["amount_cents"]) == (10_000, 3000)
    await pass_time(world, TERMS.evidence_ms)
    left = {"won": 3000, "opened": 0, "lost": 0}[outcome]
    assert await balance(world, "rail_clearing", "debit") == left
    assert await all_is_well(world)


async def test_refunds_that_were_not_sent_are_withdrawn_for_a_dispute(world: World) -> None:
    payment = await paid(world)
    await control(world, "holding")
    await refund(world, payment.id, 7000)
    await dispute(world, payment.id)
    (withdrawn,) = (await read_books(world.store)).refunds
    assert (withdrawn.status.value, (await only(world)).at_risk_cents) == ("canceled", 10_000)
    await control(world, "normal")
    await pass_time(world, 0)
    assert [each.order for each in world.rail.submitted] == ["purchase"]
    assert await all_is_well(world)


async def test_notices_may_come_twice_and_in_any_order(world: World) -> None:
    payment = await paid(world)
    first = plain(await dispute(world, payment.id, outcome="lost"))
    again = plain(await dispute(world, payment.id, outcome="opened"))
    late = plain(await dispute(world, payment.id, outcome="won"))
    assert first["id"] == again["id"] == late["id"]
    assert {first["status"], again["status"], late["status"]} == {"lost"}
    assert await all_is_well(world)


@pytest.mark.parametrize(
    ("evidence", "status", "handed_in"), [("a receipt", "under_review", "a receipt"), ("", "accepted", "")]
)
async def test_an_answer_is_handed_to_the_rail_once(world: World, evidence: str, status: str, handed_in: str) -> None:
    payment = await paid(world)
    await dispute(world, payment.id)
    assert plain(await respond(world, evidence))["status"] == status
    assert await respond(world, "again", "e2") is PaymentRefusal.DISPUTE_NOT_OPEN
    await pass_time(world, 0)
    await pass_time(world, 2 * TERMS.evidence_ms)
    assert world.rail.answered == {"dp_1": handed_in}
    assert (await only(world)).status.value == status
    assert await all_is_well(world)


async def test_a_dispute_that_nobody_answers_is_lost_at_its_deadline(world: World) -> None:
    payment = await paid(world)
    await dispute(world, payment.id, 2500)
    await pass_time(world, TERMS.evidence_ms - 1)
    assert (await only(world)).status.value == "needs_response"
    await pass_time(world, 1)
    assert (await only(world)).status.value == "expired"
    assert await balance(world, "rail_clearing", "debit") == 7500
    assert await all_is_well(world)


async def test_what_the_rail_tells_is_read_in_order_and_once(world: World) -> None:
    payment = await paid(world)
    told = [("d1", payment.id, "opened"), ("d2", "pay_unknown", "opened"), ("d1", payment.id, "won")]
    world.rail.notices = [
        RailDispute(
            sequence=number,
            reference=reference,
            original=original,
            outcome="won" if outcome == "won" else "opened",
            amount_cents=500,
            reason="fraudulent",
        )
        for number, (reference, original, outcome) in enumerate(told, start=1)
    ]
    for _ in range(2):
        await pass_time(world, 0)
    closed = await only(world)
    assert (closed.status.value, closed.version, closed.reason) == ("won", 2, "fraudulent")


async def test_only_captured_money_can_be_disputed(world: World) -> None:
    payment = await paid(world, capture="manual")
    assert await dispute(world, payment.id) is PaymentRefusal.PAYMENT_NOT_DISPUTABLE
    assert await dispute(world, "pay_none") is PaymentRefusal.PAYMENT_NOT_FOUND

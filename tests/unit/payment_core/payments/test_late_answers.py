"""What a rail does for something that waits again, because it had not seen it when it was asked, is counted once."""

import pytest

from payment_core.acquirer.port import RailAnswer, Verdict
from payment_core.ledger.accounts import RAIL_CLEARING
from payment_core.payments.jobs.recovery import Recovery
from payment_core.payments.jobs.sending import Sending
from payment_core.payments.model import Doubt, Payment
from payment_core.payments.rail.carrying import RELEASE_FAULT_CODE, FaultProfile
from payment_core.payments.rail.flights import Flight
from payment_core.payments.rail.resuming import find_flight
from tests.simulation.payment_invariants import everything
from tests.simulation.payment_world import TERMS, World
from tests.unit.payment_core.payments.asking import (
    all_is_well,
    balance,
    cancel,
    capture,
    control,
    create,
    paid,
    payment_of,
)


async def run(world: World, kind: type[Recovery | Sending]) -> None:
    (job,) = [each for each in world.process.jobs if isinstance(each, kind)]
    await job.run_once(world.clock.ms)


async def waiting_again(world: World, what: str) -> Flight:
    """A payment or capture that was sent and waits again; the flight as its sender, who is still there, has it."""
    authorized = await paid(world, key="authorized", capture="manual") if what == "capture" else None
    await control(world, "holding")
    await (create(world) if authorized is None else capture(world, authorized.id))
    await control(world, "normal")
    world.rail.next_answers = ["late"]
    await run(world, Sending)
    (payment,) = await everything(world.store, Payment)
    flight = await world.store.transact(lambda transaction: find_flight(transaction, payment.id), "test")
    assert flight is not None
    world.clock.ms += TERMS.lease_ms + 1
    await run(world, Recovery)
    assert (await payment_of(world, payment.id)).lease_until_ms == 0
    return flight


async def sender_settles(world: World, flight: Flight) -> None:
    """The sender gets its answer at last."""
    (late,) = world.rail.on_the_way
    rail = world.rail.carry_out(late, "approved")
    await world.store.transact(
        lambda transaction: world.process.settler.settle(transaction, flight, rail, 0.0), "key:test"
    )


async def books_agree(world: World) -> bool:
    clearing = await balance(world, RAIL_CLEARING.name, "debit")
    return clearing == world.rail.balance_cents() and await all_is_well(world)


@pytest.mark.parametrize("what", ["payment", "capture"])
async def test_an_answer_to_who_sent_it_first_leaves_it_to_who_sends_it_again(world: World, what: str) -> None:
    flight = await waiting_again(world, what)
    before = await payment_of(world, flight.payment.id)
    await sender_settles(world, flight)
    assert await payment_of(world, flight.payment.id) == before
    await world.settle_everything()
    after = await payment_of(world, flight.payment.id)
    assert (after.status.value, after.captured_cents) == ("succeeded", after.amount_cents)
    assert await books_agree(world)


async def test_an_answer_after_the_cancellation_and_the_last_question_is_taken_back(world: World) -> None:
    flight = await waiting_again(world, "payment")
    await cancel(world, flight.payment.id)
    await world.settle_everything()
    assert await everything(world.store, Doubt) == []
    await sender_settles(world, flight)
    await world.settle_everything()
    assert (await payment_of(world, flight.payment.id)).status.value == "canceled"
    assert [each.order for each in world.rail.approved(flight.payment.id)] == ["purchase", "void"]
    assert await books_agree(world)


async def test_what_a_bad_release_failed_is_taken_back_from_a_rail_that_had_it_from_the_one_before(
    world: World,
) -> None:
    flight = await waiting_again(world, "payment")
    world.new_process(fault=FaultProfile(fail_percent=100.0))
    await run(world, Sending)
    failed = await payment_of(world, flight.payment.id)
    assert (failed.status.value, failed.error_code) == ("failed", RELEASE_FAULT_CODE)
    (late,) = world.rail.on_the_way
    assert world.rail.carry_out(late, "approved") == RailAnswer(Verdict.APPROVED)
    await world.settle_everything()
    assert [each.order for each in world.rail.approved(flight.payment.id)] == ["purchase", "void"]
    assert await books_agree(world)


async def test_a_canceled_payment_that_never_went_out_is_not_asked_about(world: World) -> None:
    await control(world, "holding")
    await create(world)
    (payment,) = await everything(world.store, Payment)
    await cancel(world, payment.id)
    assert await everything(world.store, Doubt) == []
    await control(world, "normal")
    await world.settle_everything()
    assert (world.rail.submitted, world.rail.asked) == ([], [])

"""Payouts that flags refuse are refused before anything is written; what was accepted goes on."""

import pytest

from payment_core.answers import Answer
from payment_core.money import Charge
from payment_core.payouts.refusals import PayoutRefusal
from payment_core.payouts.requests import PayoutRequest
from tests.unit.payment_core.flags.chosen import ChosenFlags
from tests.unit.payment_core.payouts.payout_world import TUESDAY_MORNING, PayoutWorld, eastern_ms


@pytest.fixture
async def world() -> PayoutWorld:
    world = PayoutWorld(TUESDAY_MORNING)
    await world.provider("ann", available_cents=50_000)
    return world


def switch(world: PayoutWorld, **variants: str) -> None:
    world.flags.variants = ChosenFlags(**variants).variants


async def ask(world: PayoutWorld, key: str, speed: str) -> object:
    request = PayoutRequest(provider_id="pro_ann", amount=Charge(30_000, "USD"), speed=speed)  # type: ignore[arg-type]  # a speed
    return await world.system.desk.create(world.call(key), request)


@pytest.mark.parametrize(
    ("flag", "speed", "refusal"),
    [
        ("direct_ach_transfers", "standard", PayoutRefusal.BANK_TRANSFERS_OFF),
        ("direct_ach_transfers", "same_day", PayoutRefusal.BANK_TRANSFERS_OFF),
        ("instant_payouts", "standard", None),
        ("instant_payouts", "same_day", PayoutRefusal.FAST_PAYOUTS_OFF),
        ("instant_payouts", "instant", PayoutRefusal.FAST_PAYOUTS_OFF),
        ("card_testing_challenge", "instant", PayoutRefusal.INSTANT_NOT_AVAILABLE),
    ],
)
async def test_each_flag_refuses_its_payouts_and_no_others(
    world: PayoutWorld, flag: str, speed: str, refusal: PayoutRefusal | None
) -> None:
    switch(world, **{flag: "off"})
    answer = await ask(world, "k", speed)
    assert answer is refusal if refusal is not None else isinstance(answer, Answer)
    assert len(await world.payouts()) == (0 if refusal is not None else 1)
    assert len(world.risk.asked) == (0 if refusal is not None else 1), "what is refused counts in no window"


async def test_a_repeated_request_has_its_answer_whatever_is_switched_off_since(world: PayoutWorld) -> None:
    first = await ask(world, "k", "same_day")
    switch(world, direct_ach_transfers="off", instant_payouts="off")
    again = await ask(world, "k", "same_day")
    assert isinstance(first, Answer)
    assert isinstance(again, Answer)
    assert (again.body, again.replayed) == (first.body, True)


async def test_a_refused_request_may_be_asked_again_under_its_key_once_it_is_on(world: PayoutWorld) -> None:
    switch(world, direct_ach_transfers="off")
    assert await ask(world, "k", "standard") is PayoutRefusal.BANK_TRANSFERS_OFF
    switch(world)
    assert isinstance(await ask(world, "k", "standard"), Answer)


async def test_what_was_accepted_goes_out_while_transfers_are_off(world: PayoutWorld) -> None:
    await ask(world, "k", "standard")
    switch(world, direct_ach_transfers="off")
    for _ in range(4):
        await world.run()
    assert {payout.status for payout in await world.payouts()}.isdisjoint({"requested", "canceled", "failed"})


async def test_the_schedule_waits_while_transfers_are_off_and_pays_on_the_same_day_once_they_are_on(
    world: PayoutWorld,
) -> None:
    world.clock.ms = eastern_ms("2026-11-24 12:00")
    switch(world, direct_ach_transfers="off")
    assert await world.run("payout-schedule") == 0
    switch(world)
    assert await world.run("payout-schedule") == 1
    assert [payout.provider_id for payout in await world.payouts()] == ["pro_ann"]


async def test_a_provider_for_whom_alone_transfers_are_off_is_passed_over_on_its_day(world: PayoutWorld) -> None:
    await world.provider("bob", available_cents=20_000)
    world.clock.ms = eastern_ms("2026-11-24 12:00")
    switch(world, direct_ach_transfers="off")
    world.flags.only_for = "pro_ann"
    assert await world.run("payout-schedule") == 1
    assert [payout.provider_id for payout in await world.payouts()] == ["pro_bob"]

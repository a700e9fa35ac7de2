"""In holding mode everything is accepted and nothing is sent, also by another process and after a restart."""

import pytest

from checks.scoring.model import Decision
from tests.simulation.payment_world import World
from tests.unit.payment_core.payments.asking import (
    all_is_well,
    cancel,
    capture,
    control,
    create,
    paid,
    payment_of,
    plain,
    refund,
    review,
)


async def test_whatever_is_asked_for_in_holding_mode_is_accepted_and_not_sent(world: World) -> None:
    to_capture = await paid(world, key="a1", capture="manual")
    to_cancel = await paid(world, key="a2", capture="manual")
    to_refund = await paid(world, key="a3")
    world.scorer.decision = Decision.REVIEW
    to_review = await paid(world, key="a4")
    sent = len(world.rail.submitted)
    await control(world, "holding")
    world.new_process()
    answers = [
        await create(world),
        await capture(world, to_capture.id, 400),
        await cancel(world, to_cancel.id),
        await refund(world, to_refund.id),
        await review(world, to_review.id, "approve"),
    ]
    assert [answer.status for answer in answers] == [202] * 5
    statuses = [plain(answer)["status"] for answer in answers]
    assert statuses == ["held", "capturing", "canceling", "queued", "capturing"]
    for _ in range(3):
        world.clock.ms += 60_000
        await world.process.run_jobs(world.clock.ms)
    assert len(world.rail.submitted) == sent
    await control(world, "normal")
    await world.process.run_jobs(world.clock.ms)
    orders = [instruction.order for instruction in world.rail.submitted[sent:]]
    assert sorted(orders) == ["authorize", "capture", "capture", "refund", "void"]
    assert await all_is_well(world)


@pytest.mark.parametrize(("decision", "status"), [(Decision.APPROVE, 202), (Decision.BLOCK, 402)])
async def test_a_payment_is_scored_when_it_is_accepted_and_not_again(
    world: World, decision: Decision, status: int
) -> None:
    await control(world, "holding")
    world.scorer.decision = decision
    assert (await create(world)).status == status
    world.clock.ms += 1
    await control(world, "normal")
    await world.process.run_jobs(world.clock.ms)
    assert len(world.scorer.scored) == 1
    assert len(world.rail.submitted) == (1 if status == 202 else 0)


async def test_a_held_payment_can_be_canceled_and_is_then_never_sent(world: World) -> None:
    await control(world, "holding")
    held = plain(await create(world))
    assert plain(await cancel(world, held["id"]))["status"] == "canceled"
    world.clock.ms += 1
    await control(world, "normal")
    await world.process.run_jobs(world.clock.ms)
    assert world.rail.submitted == []
    assert await all_is_well(world)


async def test_a_held_payment_under_review_is_only_authorized(world: World) -> None:
    await control(world, "holding")
    world.scorer.decision = Decision.REVIEW
    held = plain(await create(world))
    world.clock.ms += 1
    await control(world, "normal")
    await world.process.run_jobs(world.clock.ms)
    assert (await payment_of(world, held["id"])).status.value == "requires_review"
    assert [instruction.order for instruction in world.rail.submitted] == ["authorize"]


async def test_setting_the_same_mode_again_changes_nothing(world: World) -> None:
    first = plain(await control(world, "holding"))
    world.clock.ms += 1
    assert plain(await control(world, "holding")) == first
    assert (first["mode"], first["version"], first["reason"]) == ("holding", 1, "a drill")

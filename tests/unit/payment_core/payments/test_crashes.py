"""Whatever await a process dies at, a later run finishes or undoes the operation exactly once."""

from collections.abc import Awaitable, Callable

import pytest

from checks.scoring.model import Decision
from payment_core.ledger.accounts import RAIL_CLEARING
from payment_core.payments.model import Doubt, Payment, Waiting
from payment_core.payments.requests import GiveEvidence
from tests.simulation.payment_invariants import WAITING, everything, read_books
from tests.simulation.payment_world import TERMS, Process, World, call_of, memory_world
from tests.unit.payment_core.payments.asking import (
    all_is_well,
    balance,
    cancel,
    capture,
    control,
    create,
    dispute,
    order,
    paid,
    refund,
    review,
)

AWAITS = range(1, 9)
DAY_MS = 24 * 3_600_000

Operation = Callable[[Process], Awaitable[object]]


async def end(world: World) -> None:
    """Nothing is left in between, and the rail's books are ours."""
    await world.settle_everything()
    books = await read_books(world.store)
    assert [payment.status for payment in books.payments if payment.status in WAITING] == []
    assert await everything(world.store, Waiting) + await everything(world.store, Doubt) == []
    assert await balance(world, RAIL_CLEARING.name, "debit") == world.rail.balance_cents()
    assert await all_is_well(world)


async def begin(world: World, what: str) -> Operation:
    """Prepare a world for the operation."""
    if what == "create":
        return lambda _: create(world)
    if what.startswith("review"):
        world.scorer.decision = Decision.REVIEW
    payment = await paid(world, capture="manual" if what in {"capture", "cancel", "expiry"} else "automatic")
    if what in {"expiry", "release"}:
        world.clock.ms += TERMS.authorization_ms
    if what == "evidence":
        await dispute(world, payment.id)
    operations: dict[str, Operation] = {
        "capture": lambda _: capture(world, payment.id),
        "cancel": lambda _: cancel(world, payment.id),
        "expiry": lambda process: process.run_jobs(world.clock.ms),
        "release": lambda process: process.run_jobs(world.clock.ms),
        "review-approve": lambda _: review(world, payment.id, "approve"),
        "review-reject": lambda _: review(world, payment.id, "reject"),
        "refund": lambda _: refund(world, payment.id, 4000),
        "dispute": lambda _: dispute(world, payment.id),
        "evidence": lambda process: give_evidence(world, process),
    }
    return operations[what]


async def give_evidence(world: World, process: Process) -> object:
    dispute_id = (await read_books(world.store)).disputes[0].id
    evidence = GiveEvidence(evidence="a receipt")
    return await process.disputes.give_evidence(call_of("e1", evidence, dispute_id=dispute_id), evidence)


@pytest.mark.parametrize("answer", ["approved", "failed", "mute", "lost", "late"])
@pytest.mark.parametrize(
    "what",
    [
        "create",
        "capture",
        "cancel",
        "expiry",
        "review-approve",
        "review-reject",
        "refund",
        "release",
        "dispute",
        "evidence",
    ],
)
async def test_a_process_may_die_at_any_await(what: str, answer: str) -> None:
    for dies_at in AWAITS:
        fresh = memory_world()
        operation = await begin(fresh, what)
        fresh.rail.next_answers = [answer]
        await fresh.live(operation, dies_at=dies_at)
        assert await all_is_well(fresh)
        late = list(fresh.rail.on_the_way)
        fresh.clock.ms += TERMS.lease_ms + 1
        await fresh.process.run_jobs(fresh.clock.ms)
        for instruction in late:
            fresh.rail.carry_out(instruction, "approved")
        fresh.rail.on_the_way.clear()
        await end(fresh)
        # The caller asks again with the same key, and there is still one effect.
        if what in {"create", "capture", "cancel", "refund"}:
            await fresh.live(operation)
            await end(fresh)
            books = await read_books(fresh.store)
            assert (len(books.payments), len(books.refunds)) == (1, what == "refund")
            assert len(books.captures) <= 1


@pytest.mark.parametrize("dies_at", range(1, 30))
async def test_what_was_held_goes_out_once_and_in_order_also_when_the_drain_is_killed(
    world: World, dies_at: int
) -> None:
    authorized = await paid(world, 3000, "a1", capture="manual")
    taken = await paid(world, 2000, "a2")
    await control(world, "holding")
    sent = len(world.rail.submitted)
    for number in range(3):
        world.clock.ms += 1
        await create(world, f"h{number}", order(1000 + number))
    await capture(world, authorized.id, 1000, key="hc")
    await refund(world, taken.id, 500, key="hr")
    await world.process.run_jobs(world.clock.ms + 8 * DAY_MS)
    assert len(world.rail.submitted) == sent
    world.new_process()
    world.clock.ms += 1
    await control(world, "normal")
    await world.live(lambda process: process.run_jobs(world.clock.ms), dies_at=dies_at)
    await end(world)
    carried = [instruction for instruction, _ in world.rail.known.values()][sent:]
    purchases = [instruction.amount_cents for instruction in carried if instruction.order == "purchase"]
    assert sorted(purchases) == [1000, 1001, 1002]
    if dies_at > 25:
        assert purchases == [1000, 1001, 1002]
    assert {instruction.order for instruction in carried} == {"purchase", "capture", "refund"}
    assert len(carried) == 5
    assert {payment.status.value for payment in await everything(world.store, Payment)} == {"succeeded"}

"""What was accepted in holding mode is given to the rail once, although the core dies while it is sent."""

import asyncio

import pytest

from tests.integration.core_process.conftest import MakeWorld
from tests.integration.core_process.core_world import CoreWorld, rail_rows, until
from tests.integration.core_process.marketplace import payment

PAYMENTS = 50


async def succeeded(world: CoreWorld) -> list[str]:
    """Ids of the payments that were taken."""
    return [found["id"] for found in await world.all("/v1/payments") if found["status"] == "succeeded"]


@pytest.mark.timeout(180)
@pytest.mark.parametrize("sent", [1, 20])
async def test_held_payments_are_sent_once_over_a_restart_and_a_kill(make_world: MakeWorld, sent: int) -> None:
    world = make_world()
    world.start(place="never")
    await world.made("/v1/control", {"mode": "holding", "reason": "moving"})
    wanted = [
        world.made("/v1/payments", payment(number, 2_000 + number), key=f"held-{number}") for number in range(PAYMENTS)
    ]
    accepted = await asyncio.gather(*wanted)
    assert {held["status"] for held in accepted} == {"held"}
    assert rail_rows(world) == []
    world.kill()
    world.start(place="never")
    assert (await world.get("/v1/control")).json()["mode"] == "holding"
    assert await succeeded(world) == []
    await world.made("/v1/control", {"mode": "normal"})
    await until(lambda: len(rail_rows(world)) >= sent, "the first were sent")
    world.kill()
    before = len(rail_rows(world))
    world.start(place="never@60000")

    async def all_taken() -> bool:
        return len(await succeeded(world)) == PAYMENTS

    await until(all_taken, f"all payments are taken; {before} were at the rail when the core died")
    assert sorted(row[3] for row in rail_rows(world)) == [2_000 + number for number in range(PAYMENTS)]
    assert (await world.balances())["rail_clearing"] == sum(2_000 + number for number in range(PAYMENTS))
    assert sorted(await succeeded(world)) == sorted(held["id"] for held in accepted)
    assert (await world.get("/v1/ledger/verification")).json()["balanced"]

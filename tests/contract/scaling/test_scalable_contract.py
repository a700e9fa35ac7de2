"""What holds of every component's capacity, whatever it runs on."""

import pytest

from remediation.errors import RemediationError, WorldRefused, WorldUnreachable
from tests.contract.environments.watched import WatchedTransport
from tests.contract.scaling.worlds import World


def changes(world: World) -> int:
    """Changes that reached the world."""
    return sum(count for name, count in world.watch.changes.items() if world.change in name)


async def test_units_are_set_absolutely_and_come_into_service(world: World) -> None:
    assert (await world.scalable.read()).desired == 2
    await world.scalable.set(world.largest, "out")
    await world.serving(world.largest)
    grown = await world.scalable.read()
    assert (grown.desired, grown.in_service) == (world.largest, world.largest)
    await world.scalable.set(1, "in")
    assert (await world.scalable.read()).desired == 1


async def test_what_is_there_already_is_not_asked_for_again(world: World) -> None:
    await world.scalable.set(3, "k")
    await world.serving(3)
    world.watch.changes.clear()
    await world.scalable.set(3, "k")
    await world.scalable.set(3, "another key")
    # Reserved concurrency is a number that is put there; putting it twice is putting it once.
    if world.change not in {"put_function_concurrency", "put_provisioned_concurrency_config"}:
        assert changes(world) == 0
    assert (await world.scalable.read()).desired == 3


async def test_a_lost_answer_leaves_what_was_asked_for(world: World) -> None:
    world.watch.lose = 1
    with pytest.raises(WorldUnreachable):
        await world.scalable.set(3, "k")
    await world.scalable.set(3, "k")
    await world.serving(3)


async def test_throttled_is_unknown_and_refused_is_certain(world: World) -> None:
    world.watch.throttle()
    for work in (world.scalable.read(), world.scalable.set(3, "k")):
        with pytest.raises(WorldUnreachable):
            await work
    if isinstance(world.watch, WatchedTransport):
        return
    world.watch.refuse()
    for work in (world.scalable.read(), world.scalable.set(3, "k")):
        with pytest.raises(RemediationError) as raised:
            await work
        assert isinstance(raised.value, WorldRefused)

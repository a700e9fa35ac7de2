"""The rollback of traffic, and the ways in which it could make things worse."""

import asyncio

import pytest

from config.policy import TrafficPolicy
from remediation.actions.rollback_traffic import RollbackTraffic
from remediation.deployment.ports import EnvironmentState
from remediation.errors import UnsafeWeights, WorldRefused
from remediation.ports import DestinationHealth
from tests.unit.remediation.worlds import FakeWorld

ARGUMENTS = {"deployment_id": "dep-1", "from_environment": "green", "to_environment": "blue", "version": "2.0.0"}


def action_on(world: FakeWorld) -> RollbackTraffic:
    return RollbackTraffic(world, world, TrafficPolicy())


async def test_all_traffic_goes_to_the_destination_in_absolute_weights() -> None:
    world = FakeWorld(weights={"blue": 95, "green": 5})
    action = action_on(world)
    assert (await action.preflight(ARGUMENTS)).before == {"blue": "95", "green": "5"}
    await action.apply(ARGUMENTS, "key")
    await action.apply(ARGUMENTS, "key")
    assert world.weights == {"blue": 100, "green": 0}
    assert (await action.verify(ARGUMENTS)).in_effect


@pytest.mark.parametrize(
    "weights",
    [{}, {"blue": 100}, {"green": 100}, {"blue": 50, "green": 50, "red": 0}, {"blue": 50, "green": 50, "blue-2": 50}],
)
async def test_any_other_record_set_than_the_two_is_refused(weights: dict[str, int]) -> None:
    world = FakeWorld(weights=weights)
    assert (await action_on(world).preflight(ARGUMENTS)).refusal
    assert world.writes == []


async def test_a_record_that_appeared_after_the_call_is_not_taken_for_success() -> None:
    world = FakeWorld(weights={"blue": 100, "green": 0, "blue-2": 100})
    look = await action_on(world).verify(ARGUMENTS)
    assert not look.in_effect
    assert look.detail == "weights are blue 100, blue-2 100, green 0"


async def test_a_dead_destination_is_refused() -> None:
    world = FakeWorld(healthy=False)
    refusal = (await action_on(world).preflight(ARGUMENTS)).refusal
    assert refusal == "blue is not healthy in check 1 of 2: blue answered 503"


async def test_a_destination_that_fails_its_last_check_is_refused() -> None:
    class Flapping(FakeWorld):
        async def health(self, environment: str) -> DestinationHealth:
            self.checks += 1
            return DestinationHealth(healthy=self.checks < 2, detail=f"then {environment} fell over")

    world = Flapping()
    refusal = (await action_on(world).preflight(ARGUMENTS)).refusal
    assert refusal == "blue is not healthy in check 2 of 2: then blue fell over"


async def test_a_destination_that_does_not_answer_is_refused_in_time() -> None:
    class Silent(FakeWorld):
        async def health(self, environment: str) -> DestinationHealth:
            await asyncio.Event().wait()
            raise AssertionError(environment)

    world = Silent()
    action = RollbackTraffic(world, world, TrafficPolicy(destination_timeout=0.001))
    assert "did not answer" in (await action.preflight(ARGUMENTS)).refusal


async def test_what_is_already_so_needs_no_healthy_destination() -> None:
    world = FakeWorld(weights={"blue": 100, "green": 0}, healthy=False)
    preflight = await action_on(world).preflight(ARGUMENTS)
    assert preflight.already_done
    assert not preflight.refusal


async def test_all_weights_zero_serves_everybody_and_is_not_taken_for_done() -> None:
    world = FakeWorld(weights={"blue": 0, "green": 0})
    action = action_on(world)
    assert not (await action.preflight(ARGUMENTS)).already_done
    await action.apply(ARGUMENTS, "key")
    assert world.weights == {"blue": 100, "green": 0}


async def test_reversing_restores_what_preflight_read() -> None:
    world = FakeWorld(weights={"blue": 75, "green": 25})
    action = action_on(world)
    before = (await action.preflight(ARGUMENTS)).before
    await action.apply(ARGUMENTS, "key")
    await action.reverse(before, "key-2")
    assert world.weights == {"blue": 75, "green": 25}


@pytest.mark.parametrize("before", [{}, {"blue": "0", "green": "0"}, {"blue": "100", "green": "-1"}])
async def test_weights_that_send_traffic_where_nobody_meant_it_to_go_are_never_written(before: dict[str, str]) -> None:
    world = FakeWorld()
    with pytest.raises(UnsafeWeights):
        await action_on(world).reverse(before, "key")
    assert world.writes == []


class Sized:
    """Environments with so many healthy instances of four; none: not there. strange: not in the settings."""

    def __init__(self, healthy: int | None, *, strange: bool = False) -> None:
        self.healthy = healthy
        self.strange = strange

    async def look(self, environment: str) -> EnvironmentState | None:
        """See Sizes."""
        if self.strange:
            raise WorldRefused(f"no {environment} here")
        if self.healthy is None:
            return None
        return EnvironmentState(
            version="1.0.0", desired=4, running=self.healthy, healthy=self.healthy, settled=self.healthy == 4
        )


PLANNED = {**ARGUMENTS, "instances": "3"}


@pytest.mark.parametrize(
    ("sizes", "arguments", "blue", "why"),
    [
        (Sized(3), PLANNED, 50, ""),
        (Sized(2), PLANNED, 50, "too small for all of the traffic: 2 healthy instances, 3 are needed"),
        (Sized(0), PLANNED, 0, "too small"),
        (Sized(2), PLANNED, 79, "too small"),
        (Sized(2), PLANNED, 80, ""),
        (Sized(None), PLANNED, 50, "blue is not there"),
        (Sized(4, strange=True), PLANNED, 50, "no blue here"),
        (Sized(4), ARGUMENTS, 50, ""),
        (Sized(3), ARGUMENTS, 50, "4 are needed"),
        (Sized(None), ARGUMENTS, 50, ""),
        (Sized(4, strange=True), ARGUMENTS, 50, ""),
    ],
)
async def test_a_destination_has_to_be_as_large_as_the_plan_or_its_own_wish_unless_it_carries_most_already(
    sizes: Sized, arguments: dict[str, str], blue: int, why: str
) -> None:
    world = FakeWorld(weights={"blue": blue, "green": 100 - blue})
    refusal = (await RollbackTraffic(world, world, TrafficPolicy(), sizes).preflight(arguments)).refusal
    assert why in refusal
    assert bool(refusal) == bool(why)

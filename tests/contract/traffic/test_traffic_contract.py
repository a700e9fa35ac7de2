"""What splits traffic keeps one promise wherever it is: read whole, written whole, and never to a stranger."""

import pytest

from config.policy import TrafficPolicy
from daemon.errors import AwsFailed
from remediation.actions.rollback_traffic import RollbackTraffic
from remediation.errors import UnsafeWeights, WorldRefused, WorldUnreachable
from remediation.ports import DestinationHealth
from tests.contract.traffic.worlds import FIRST, World

ROLLBACK = {"deployment_id": "dep-1", "from_environment": "green", "to_environment": "blue", "version": "2.0.0"}
THROTTLED = AwsFailed("Throttling: rate exceeded", code="Throttling", retryable=True)
NO_ANSWER = AwsFailed("TimeoutError: no answer")
DENIED = AwsFailed("AccessDenied: not yours", code="AccessDenied", retryable=False)
NOBODY_MEANS: tuple[dict[str, int], ...] = (
    {"blue": 0, "green": 0},
    {"blue": 100},
    {"blue": 100, "green": 0, "red": 0},
    {"blue": -1, "green": 101},
    {"blue": 1000, "green": 0},
)


class Alive:
    """A destination that is well."""

    async def health(self, environment: str) -> DestinationHealth:
        """See Destination."""
        return DestinationHealth(healthy=True, detail=environment)


async def test_what_is_written_is_read_and_writing_it_again_changes_nothing(world: World) -> None:
    assert await world.traffic.read() == FIRST
    for weights in ({"blue": 100, "green": 0}, {"blue": 100, "green": 0}, {"blue": 25, "green": 75}, FIRST):
        await world.traffic.write(weights, "key")
        assert await world.traffic.read() == weights


async def test_who_asked_before_a_change_may_go_the_old_way_for_a_known_time(world: World) -> None:
    assert await world.traffic.settles_in_seconds() == world.settles_in_seconds


async def test_weights_that_nobody_can_mean_are_refused_before_anything_is_sent(world: World) -> None:
    for weights in NOBODY_MEANS:
        with pytest.raises(UnsafeWeights):
            await world.traffic.write(weights, "key")
    assert world.writes not in world.aws.asked
    assert await world.traffic.read() == FIRST


async def test_a_stranger_is_seen_refused_and_never_counted_as_rolled_back(world: World) -> None:
    """The first sketch added a second record, and its 100 % was half of the traffic."""
    await world.stranger()
    assert len(await world.traffic.read()) == 3
    with pytest.raises(UnsafeWeights, match="share of the traffic"):
        await world.traffic.write({"blue": 100, "green": 0}, "key")
    assert world.writes not in world.aws.asked
    action = RollbackTraffic(world.traffic, Alive(), TrafficPolicy())
    assert (await action.preflight(ROLLBACK)).refusal
    assert not (await action.verify(ROLLBACK)).in_effect


async def test_a_fault_is_told_as_unknown_or_certain_and_changes_nothing(world: World) -> None:
    for fault, told in ((THROTTLED, WorldUnreachable), (NO_ANSWER, WorldUnreachable), (DENIED, WorldRefused)):
        world.aws.faults[world.reads] = [fault]
        with pytest.raises(told):
            await world.traffic.read()
        world.aws.faults[world.writes] = [fault]
        with pytest.raises(told):
            await world.traffic.write({"blue": 100, "green": 0}, "key")
    assert await world.traffic.read() == FIRST


async def test_a_change_whose_answer_was_lost_is_in_effect_once_and_may_be_repeated(world: World) -> None:
    world.aws.after[world.writes] = [NO_ANSWER]
    with pytest.raises(WorldUnreachable):
        await world.traffic.write({"blue": 100, "green": 0}, "key")
    assert await world.traffic.read() == {"blue": 100, "green": 0}
    await world.traffic.write({"blue": 100, "green": 0}, "key")
    assert await world.traffic.read() == {"blue": 100, "green": 0}


async def test_a_rollback_takes_all_traffic_away_and_is_seen(world: World) -> None:
    action = RollbackTraffic(world.traffic, Alive(), TrafficPolicy())
    assert (await action.preflight(ROLLBACK)).before == {"blue": "90", "green": "10"}
    await action.apply(ROLLBACK, "key")
    assert (await action.verify(ROLLBACK)).in_effect

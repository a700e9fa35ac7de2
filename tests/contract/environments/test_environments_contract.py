"""What every kind of environment has to do, whatever it runs on."""

import pytest

from remediation.errors import WorldRefused, WorldUnreachable
from tests.contract.environments.worlds import World

TRIES_MAX = 12


async def test_a_look_tells_version_and_size(world: World) -> None:
    state = await world.at_rest()
    assert (state.version, state.desired, state.running) == ("1.0.0", 1, 1)
    assert state.healthy == 1
    assert state.settled
    assert not state.failed
    assert state.detail


async def test_a_look_changes_nothing(world: World) -> None:
    await world.region.look("green")
    assert not world.watch.changes


async def test_a_version_is_deployed_with_its_size(world: World) -> None:
    await world.region.deploy("green", "2.0.0", 2, "key-1")
    state = await world.at_rest()
    assert (state.version, state.desired, state.running, state.healthy) == ("2.0.0", 2, 2, 2)


async def test_what_will_run_is_told_at_once(world: World) -> None:
    await world.region.deploy("green", "2.0.0", 2, "key-1")
    state = await world.region.look("green")
    assert state is not None
    assert (state.version, state.desired) == ("2.0.0", 2)


async def test_a_repeated_deployment_changes_nothing(world: World) -> None:
    await world.region.deploy("green", "2.0.0", 2, "key-1")
    made = world.watch.changes.copy()
    assert made[world.effect] == 1
    await world.region.deploy("green", "2.0.0", 2, "key-1")
    before = await world.region.look("green")
    await world.region.deploy("green", "2.0.0", 2, "key-1")
    assert before is not None
    assert before.version == "2.0.0"
    assert world.watch.changes[world.effect] == 1
    assert set(world.watch.changes) - set(made) <= {f"start 2.0.0 in {slot}" for slot in range(5)}


async def test_deploying_what_runs_already_changes_nothing(world: World) -> None:
    await world.region.deploy("green", "1.0.0", 1, "key-of-another-deployment")
    assert not world.watch.changes


@pytest.mark.parametrize("lost", [1, 2, 3])
async def test_a_deployment_whose_answers_are_lost_has_a_single_effect(world: World, lost: int) -> None:
    world.watch.lose = lost
    for _ in range(TRIES_MAX):
        try:
            await world.region.deploy("green", "2.0.0", 2, "key-1")
        except WorldUnreachable:
            continue
        break
    else:
        pytest.fail(f"not done after {TRIES_MAX} tries")
    state = await world.region.look("green")
    assert state is not None
    assert (state.version, state.desired) == ("2.0.0", 2)
    assert world.watch.changes[world.effect] <= 1


async def test_a_new_size_keeps_the_version(world: World) -> None:
    await world.region.resize("green", 3, "key-1")
    state = await world.region.look("green")
    assert state is not None
    assert (state.version, state.desired) == ("1.0.0", 3)


async def test_the_same_size_changes_nothing(world: World) -> None:
    await world.region.resize("green", 1, "key-1")
    assert not world.watch.changes


async def test_a_size_of_0_keeps_the_version_and_is_undone_by_another(world: World) -> None:
    await world.region.resize("green", 0, "key-1")
    state = await world.at_rest()
    assert (state.version, state.desired, state.running) == ("1.0.0", 0, 0)
    await world.region.resize("green", 1, "key-2")
    state = await world.at_rest()
    assert (state.version, state.desired, state.running) == ("1.0.0", 1, 1)


async def _reason(world: World) -> str:
    """Why the broken version does not come up: refused at once, or told by a look."""
    try:
        await world.region.deploy("green", world.broken, 1, "key-broken")
    except WorldRefused as refused:
        return refused.detail
    return (await world.at_rest()).failed


async def test_a_failed_deployment_tells_why(world: World) -> None:
    reason = await _reason(world)
    assert any(word in reason for word in (world.broken, "circuit breaker")), reason


async def test_a_failed_deployment_is_not_tried_again_under_its_key(world: World) -> None:
    assert await _reason(world)
    tried = world.watch.changes[world.effect]
    assert await _reason(world)
    assert world.watch.changes[world.effect] == tried


async def test_after_a_failed_deployment_another_version_is_deployed(world: World) -> None:
    assert await _reason(world)
    await world.region.deploy("green", "3.0.0", 1, "key-next")
    state = await world.at_rest()
    assert (state.version, state.failed, state.running) == ("3.0.0", "", 1)


async def test_after_a_failed_deployment_the_version_that_is_there_is_deployed_and_resized(world: World) -> None:
    assert await _reason(world)
    for _ in range(2):
        await world.region.deploy("green", "1.0.0", 1, "key-of-what-is-there")
        state = await world.at_rest()
        assert (state.version, state.failed, state.running, state.settled) == ("1.0.0", "", 1, True)
    await world.region.resize("green", 2, "key-more")
    state = await world.at_rest()
    assert (state.version, state.failed, state.desired, state.settled) == ("1.0.0", "", 2, True)


@pytest.mark.parametrize("environment", ["teal", "violet"])
async def test_an_environment_that_does_not_exist_is_none(world: World, environment: str) -> None:
    assert await world.region.look(environment) is None


async def test_nothing_is_deployed_to_an_environment_that_nobody_described(world: World) -> None:
    with pytest.raises(WorldRefused):
        await world.region.deploy("violet", "2.0.0", 1, "key-1")
    with pytest.raises(WorldRefused):
        await world.region.resize("violet", 1, "key-1")
    assert not world.watch.changes


async def test_a_throttled_world_is_unreachable(world: World) -> None:
    world.watch.throttle()
    with pytest.raises(WorldUnreachable):
        await world.region.look("green")
    with pytest.raises(WorldUnreachable):
        await world.region.deploy("green", "2.0.0", 1, "key-1")
    with pytest.raises(WorldUnreachable):
        await world.region.resize("green", 2, "key-2")


async def test_a_world_that_says_no_has_refused(world: World) -> None:
    world.watch.refuse()
    with pytest.raises(WorldRefused):
        await world.region.look("green")
    with pytest.raises(WorldRefused):
        await world.region.deploy("green", "2.0.0", 1, "key-1")
    with pytest.raises(WorldRefused):
        await world.region.resize("green", 2, "key-2")

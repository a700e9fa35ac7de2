"""An environment comes to what was asked for, never below its size, and a version that cannot start takes nothing."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from daemon.embedded.environments.group import EnvironmentGroup, KeyReused, NothingRan, NotToRoll
from daemon.embedded.faults import ChildDied
from daemon.environments.load import ProcessLoad
from remediation.deployment.ports import EnvironmentState

BROKEN = "6.6.6"
DRAIN_SECONDS = 2.5


class _World:
    """Processes that take no time, and a clock that moves when somebody sleeps; notes what happens in order."""

    def __init__(self) -> None:
        self.log: list[str] = []
        self.up: list[tuple[int, str]] = []
        self.fewest = 99
        self.tried = 0
        self.ms = 0.0
        self.before_start = asyncio.Event()
        self.before_start.set()

    def now_ms(self) -> int:
        return int(self.ms)

    def monotonic_ms(self) -> float:
        return self.ms

    async def sleep(self, seconds: float) -> None:
        self.ms += seconds * 1000
        if self.log[-1:] != ["drain"]:
            self.log.append("drain")

    async def start(self, environment: str, slot: int, version: str) -> "_Process":
        del environment
        await self.before_start.wait()
        self.tried += 1
        if version == BROKEN:
            died = f"core-green: exit code 1: {version}"
            raise ChildDied(died)
        assert (slot, version) not in self.up, "twice the same"
        self.log.append(f"start {slot} {version}")
        self.up.append((slot, version))
        return _Process(self, slot, version)

    def down(self, slot: int, version: str, how: str) -> None:
        self.log.append(f"{how} {slot} {version}")
        self.up.remove((slot, version))
        self.fewest = min(self.fewest, len(self.up))


class _Process:
    def __init__(self, world: _World, slot: int, version: str) -> None:
        self.version = version
        self.running = True
        self._world = world
        self._slot = slot

    async def is_ready(self) -> bool:
        return self.running

    async def load(self, slot: int) -> ProcessLoad | None:
        return ProcessLoad(
            slot=slot, version=self.version, in_flight=0, processor_seconds=1.0, requests=10, turned_away=0
        )

    async def stop(self) -> None:
        self._end("stop")

    async def kill(self) -> None:
        self._end("kill")

    def hurry(self) -> None:
        self._end("hurry")

    def _end(self, how: str) -> None:
        if self.running:
            self.running = False
            self._world.down(self._slot, self.version, how)


@pytest.fixture
def world() -> _World:
    return _World()


@asynccontextmanager
async def running(group: EnvironmentGroup) -> AsyncIterator[None]:
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(group.run(), name="environment")
        yield
        task.cancel()


async def at_rest(group: EnvironmentGroup) -> EnvironmentState:
    """The state once it has settled or failed; nothing here takes time, so a few turns are enough."""
    for _ in range(200):
        state = await group.look()
        if state is not None and (state.settled or state.failed):
            return state
        await asyncio.sleep(0)
    pytest.fail("neither settled nor failed")


async def _group(world: _World, *, size: int = 1) -> EnvironmentGroup:
    group = EnvironmentGroup("green", world, world, DRAIN_SECONDS)
    await group.begin("1.0.0")
    if size > 1:
        group.resize(size, "to-begin-with")
        async with running(group):
            await at_rest(group)
    world.log.clear()
    world.fewest = len(world.up)
    return group


@pytest.mark.parametrize("size", [1, 2, 4])
async def test_while_a_version_replaces_another_there_are_never_fewer_processes_than_its_size(
    world: _World, size: int
) -> None:
    group = await _group(world, size=size)
    group.deploy("2.0.0", size, "key")
    async with running(group):
        state = await at_rest(group)
    assert (state.version, state.running, state.healthy) == ("2.0.0", size, size)
    assert sorted(world.up) == [(slot, "2.0.0") for slot in range(size)]
    assert world.fewest >= size


async def test_the_new_version_starts_beside_the_old_one_and_clients_leave_before_a_process_is_stopped(
    world: _World,
) -> None:
    group = await _group(world, size=2)
    group.deploy("2.0.0", 2, "key")
    async with running(group):
        await at_rest(group)
    assert world.ms == pytest.approx(3 * DRAIN_SECONDS * 1000)
    assert world.log == [
        "start 2 2.0.0",
        "start 1 2.0.0",
        "drain",
        "stop 1 1.0.0",
        "start 0 2.0.0",
        "drain",
        "stop 0 1.0.0",
        "drain",
        "stop 2 2.0.0",
    ]


async def test_a_process_that_is_to_stop_gets_no_new_clients(world: _World) -> None:
    group = await _group(world, size=2)
    seen: list[tuple[str, ...]] = []

    async def sleep(seconds: float) -> None:
        del seconds
        seen.append(group.addresses())

    world.sleep = sleep  # type: ignore[method-assign]  # what happens while clients leave
    group.resize(1, "key")
    async with running(group):
        await at_rest(group)
    assert set(seen) == {("127.0.0.3",)}
    assert group.addresses() == ("127.0.0.3",)


async def test_a_version_that_cannot_start_takes_no_process_away_and_tells_why(world: _World) -> None:
    group = await _group(world, size=2)
    group.deploy(BROKEN, 2, "key")
    async with running(group):
        state = await at_rest(group)
    assert BROKEN in state.failed
    assert (state.version, state.running, state.healthy, state.settled) == ("1.0.0", 2, 2, False)
    assert not world.log


async def test_after_a_failure_the_same_version_is_tried_again_under_another_key_alone(world: _World) -> None:
    group = await _group(world)
    group.deploy(BROKEN, 1, "key")
    world.tried = 0
    async with running(group):
        for key, tried in (("key", 1), ("key", 1), ("another", 2)):
            group.deploy(BROKEN, 1, key)
            await at_rest(group)
            assert world.tried == tried
        group.resize(2, "more-of-what-is-left")
        state = await at_rest(group)
    assert (state.version, state.running, state.failed) == ("1.0.0", 2, "")


async def test_what_is_asked_for_last_is_what_comes(world: _World) -> None:
    group = await _group(world)
    world.before_start.clear()
    group.deploy("2.0.0", 4, "first")
    async with running(group):
        await asyncio.sleep(0)
        group.deploy("3.0.0", 1, "second")
        world.before_start.set()
        state = await at_rest(group)
    assert (state.version, state.desired) == ("3.0.0", 1)
    assert world.up == [(0, "3.0.0")]


async def test_what_is_asked_for_while_another_version_fails_is_carried_out(world: _World) -> None:
    group = await _group(world)
    world.before_start.clear()
    group.deploy(BROKEN, 1, "first")
    async with running(group):
        await asyncio.sleep(0)
        group.deploy("3.0.0", 1, "second")
        world.before_start.set()
        state = await at_rest(group)
    assert (state.version, state.failed) == ("3.0.0", "")


async def test_a_key_stands_for_one_wish(world: _World) -> None:
    group = await _group(world)
    group.deploy("2.0.0", 1, "key")
    with pytest.raises(KeyReused, match=r"1 of 2\.0\.0"):
        group.deploy("3.0.0", 1, "key")
    with pytest.raises(KeyReused):
        group.resize(3, "key")


async def test_a_late_repetition_of_an_older_wish_changes_nothing(world: _World) -> None:
    group = await _group(world)
    async with running(group):
        group.deploy("2.0.0", 1, "first")
        await at_rest(group)
        group.deploy("3.0.0", 1, "second")
        await at_rest(group)
        group.deploy("2.0.0", 1, "first")
        state = await at_rest(group)
    assert state.version == "3.0.0"


async def test_a_size_of_0_stops_everything_and_remembers_the_version(world: _World) -> None:
    group = await _group(world, size=2)
    async with running(group):
        group.resize(0, "down")
        state = await at_rest(group)
        assert (state.version, state.running, state.settled) == ("1.0.0", 0, True)
        assert group.addresses() == ("127.0.0.3",), "clients are refused where they always went"
        group.resize(1, "up")
        state = await at_rest(group)
    assert (state.version, state.running) == ("1.0.0", 1)


async def test_what_crashed_is_told_and_stays_down_until_it_is_restarted(world: _World) -> None:
    group = await _group(world, size=2)
    await group.crash()
    state = await group.look()
    assert state is not None
    assert (state.desired, state.running, state.settled, state.failed) == (2, 0, False, "")
    await group.restart()
    assert world.up == [(0, "1.0.0"), (1, "1.0.0")]


async def test_an_environment_in_which_nothing_ever_ran_does_not_exist_and_has_nothing_to_resize(
    world: _World,
) -> None:
    group = EnvironmentGroup("green", world, world)
    assert await group.look() is None
    with pytest.raises(NothingRan):
        group.resize(1, "key")
    group.deploy("2.0.0", 1, "key")
    async with running(group):
        assert (await at_rest(group)).version == "2.0.0"


async def test_stopping_ends_every_process_without_waiting_for_clients(world: _World) -> None:
    group = await _group(world, size=3)
    await group.stop()
    assert not world.up
    assert not [line for line in world.log if line.startswith("drain")]


async def _rolled(world: _World, group: EnvironmentGroup, count: int) -> list[str]:
    """The versions by slot once so many processes run 2.0.0."""
    group.roll("2.0.0", count, f"key-{count}-{len(world.log)}")
    await at_rest(group)
    told = await group.rolled("2.0.0")
    assert (told.new, told.settled, told.failed) == (count, True, "")
    return [version for _, version in sorted(world.up)]


async def test_a_version_takes_over_in_batches_the_first_process_last_and_goes_back_the_same_way(
    world: _World,
) -> None:
    group = await _group(world, size=3)
    async with running(group):
        assert await _rolled(world, group, 1) == ["1.0.0", "1.0.0", "2.0.0"]
        assert await _rolled(world, group, 2) == ["1.0.0", "2.0.0", "2.0.0"]
        state = await group.look()
        assert state is not None
        assert (state.version, state.healthy, state.settled) == ("1.0.0", 3, True)
        assert "2 of them run 2.0.0" in state.detail
        assert await _rolled(world, group, 3) == ["2.0.0", "2.0.0", "2.0.0"]
        state = await group.look()
        assert state is not None
        assert state.version == "2.0.0"
        assert await _rolled(world, group, 1) == ["1.0.0", "1.0.0", "2.0.0"]
        assert await _rolled(world, group, 0) == ["1.0.0", "1.0.0", "1.0.0"]
    assert world.fewest >= 3


async def test_a_batch_that_cannot_start_leaves_the_others_and_tells_why(world: _World) -> None:
    group = await _group(world, size=2)
    async with running(group):
        group.roll(BROKEN, 1, "key")
        await at_rest(group)
        told = await group.rolled(BROKEN)
        assert (told.new, told.settled) == (0, False)
        assert BROKEN in told.failed
        group.roll(BROKEN, 0, "back")
        state = await at_rest(group)
    assert (state.version, state.healthy, state.failed) == ("1.0.0", 2, "")


async def test_a_mixture_keeps_its_versions_when_it_grows_and_shrinks(world: _World) -> None:
    group = await _group(world, size=2)
    async with running(group):
        await _rolled(world, group, 1)
        group.resize(3, "up")
        await at_rest(group)
        assert sorted(world.up) == [(0, "1.0.0"), (1, "2.0.0"), (2, "2.0.0")]
        group.resize(1, "down")
        state = await at_rest(group)
    assert (state.version, world.up) == ("1.0.0", [(0, "1.0.0")])


async def test_a_batch_that_makes_no_sense_is_refused(world: _World) -> None:
    group = await _group(world, size=2)
    with pytest.raises(NotToRoll):
        group.roll("2.0.0", 3, "too-many")
    with pytest.raises(NotToRoll, match=r"2 of 1\.0\.0"):
        group.roll("1.0.0", 1, "nobody-knows-what-the-others-ran")
    group.roll("1.0.0", 2, "so-already")
    empty = EnvironmentGroup("green", world, world)
    with pytest.raises(NothingRan):
        empty.roll("2.0.0", 0, "key")
    with pytest.raises(NothingRan):
        await empty.rolled("2.0.0")

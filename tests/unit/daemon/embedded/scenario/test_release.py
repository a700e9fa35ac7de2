"""A deployment is announced before traffic moves, goes on after a crash and is not played twice."""

from collections.abc import Mapping
from pathlib import Path

import msgspec
import pytest

from checks.facts import Deployment
from config.scenario import CoreRelease, Scenario, Traffic
from daemon.embedded.faults import NotNoted
from daemon.embedded.scenario.release import Release, running_deployment
from daemon.embedded.telling.follower import Follower
from remediation.journal.kinds import draft
from remediation.journal.sqlite import SqliteJournal
from remediation.state import DeploymentState


class _Clock:
    def __init__(self) -> None:
        self.ms = 1_000_000.0

    def now_ms(self) -> int:
        return int(self.ms)

    def monotonic_ms(self) -> float:
        return self.ms

    async def sleep(self, seconds: float) -> None:
        self.ms += seconds * 1000


class _World:
    """The bus, the split and a daemon that journals what it hears, unless it is deaf."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.said: list[str] = []
        self.done: list[str] = []
        self.weights: dict[str, int] = {}
        self.is_deaf = False
        self.clock = _Clock()

    async def put(self, source: str, detail_type: str, detail: Mapping[str, object]) -> None:
        assert (source, detail_type) == ("tillwatch.deploy", "Tillwatch Deployment State Change")
        fields = dict(detail)
        subject = str(fields.pop("deployment_id"))
        self.done.append(f"{fields['status']} {fields.get('weight_percent', '')}".strip())
        if not self.is_deaf:
            await self.journal(msgspec.convert({**fields, "kind": "deployment", "subject": subject}, Deployment))

    async def write(self, weights: Mapping[str, int], key: str) -> None:
        assert key
        self.weights = dict(weights)
        self.done.append(f"weights {weights['green']}")

    async def journal(self, fact: Deployment) -> None:
        journal = await SqliteJournal.open(self.path)
        lease = await journal.acquire_lease("test", 10_000, self.clock.now_ms())
        body = draft(fact, actor="daemon", at_ms=self.clock.now_ms())
        await journal.append(body, expected_sequence=None, epoch=lease.epoch)
        await journal.close()

    async def release(self, *, weights_lost: bool = False, version: str = "2.0.0") -> Release:
        follower = Follower(self.path)
        await follower.catch_up()
        scenario = Scenario(
            name="canary",
            summary="Green gets traffic.",
            blue=CoreRelease(version="1.0.0"),
            green=CoreRelease(version=version),
            traffic=Traffic(payments_per_second=10),
        )
        return Release(
            scenario,
            bus=self,
            weights=self,
            follower=follower,
            clock=self.clock,
            say=self.said.append,
            resumed=running_deployment(follower.state, version),
            weights_lost=weights_lost,
        )

    async def deployments(self) -> list[DeploymentState]:
        follower = Follower(self.path)
        await follower.catch_up()
        return list(follower.state.deployments.values())

    async def roll_back(self) -> None:
        newest = (await self.deployments())[-1]
        await self.journal(
            Deployment(
                id="rolled-back",
                at_ms=self.clock.now_ms(),
                subject=newest.id,
                environment="green",
                version=newest.version,
                status="rolled_back",
            )
        )


@pytest.fixture
def world(tmp_path: Path) -> _World:
    return _World(tmp_path / "journal.db")


async def test_the_daemon_knows_of_the_deployment_before_traffic_moves(world: _World) -> None:
    release = await world.release()
    await release.shift(25)
    assert world.done == ["started 25", "weights 25"]
    assert world.weights == {"blue": 75, "green": 25}
    (deployment,) = await world.deployments()
    assert deployment.id.startswith("prod-deploy-")
    assert (deployment.version, deployment.previous_environment, deployment.weight_percent) == ("2.0.0", "blue", 25)


async def test_traffic_stays_when_the_daemon_does_not_note_the_deployment(world: _World) -> None:
    world.is_deaf = True
    release = await world.release()
    with pytest.raises(NotNoted):
        await release.shift(25)
    assert world.weights == {}


async def test_a_later_step_advances_the_same_deployment(world: _World) -> None:
    release = await world.release()
    await release.shift(5)
    await release.shift(50)
    assert world.done == ["started 5", "weights 5", "in_progress 50", "weights 50"]
    assert len(await world.deployments()) == 1


async def test_after_a_rollback_no_later_step_moves_traffic(world: _World) -> None:
    release = await world.release()
    await release.shift(5)
    await world.roll_back()
    await release.shift(50)
    assert world.done == ["started 5", "weights 5"]
    assert "rolled back" in world.said[-1]


async def test_a_run_that_was_killed_midway_is_continued_and_not_deployed_again(world: _World) -> None:
    await (await world.release()).shift(25)
    world.done.clear()
    await (await world.release()).shift(25)
    assert world.done == []
    assert len(await world.deployments()) == 1


async def test_a_continued_run_that_is_rolled_back_first_is_not_deployed_again(world: _World) -> None:
    await (await world.release()).shift(25)
    second = await world.release()
    await world.roll_back()
    world.done.clear()
    await second.shift(25)
    assert world.done == []


async def test_lost_weights_are_set_again_under_the_same_deployment(world: _World) -> None:
    await (await world.release()).shift(25)
    world.done.clear()
    await (await world.release(weights_lost=True)).shift(25)
    assert world.done == ["in_progress 25", "weights 25"]
    assert len(await world.deployments()) == 1


async def test_after_a_rollback_the_next_run_makes_a_new_deployment(world: _World) -> None:
    await (await world.release()).shift(25)
    await world.roll_back()
    await (await world.release()).shift(25)
    first, second = await world.deployments()
    assert first.id != second.id
    assert first.rolled_back
    assert not second.rolled_back


async def test_a_deployment_of_another_version_that_was_left_open_is_given_up_first(world: _World) -> None:
    await (await world.release(version="2.0.0")).shift(25)
    world.done.clear()
    await (await world.release(version="3.0.0")).shift(10)
    assert world.done == ["failed", "started 10", "weights 10"]
    first, second = await world.deployments()
    assert (first.status, second.status) == ("failed", "started")

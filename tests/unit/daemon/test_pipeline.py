"""The one flow: recorded, evaluated, decided, carried out, in that order and each once."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from config.calendars.freeze import Freeze
from config.policy import GuardPolicy, Policy
from daemon import pipeline as pipeline_module
from tests.unit.daemon.pipeline_world import deciding, line, payments, rollout
from tests.unit.remediation.worlds import LEASE_MS, NOW_MS, FakeWorld, scene


class HeldWorld(FakeWorld):
    """The first read of the weights waits until the test lets it go."""

    held: asyncio.Event
    go: asyncio.Event

    async def read(self) -> dict[str, int]:
        """Tell, wait, read."""
        self.held.set()
        await self.go.wait()
        return await super().read()


def held_world() -> HeldWorld:
    world = HeldWorld()
    world.held, world.go = asyncio.Event(), asyncio.Event()
    return world


async def test_facts_are_on_disk_before_a_rule_sees_them(tmp_path: Path) -> None:
    async with line(tmp_path, await scene()) as one:
        one.engine.look = lambda: one.checkpoint.totals().consumed
        await one.pipeline.accept(payments(3, "succeeded"), "queue")
        await one.pipeline.accept(payments(2, "succeeded", start=3), "queue")
        assert one.engine.seen == [3, 5]
        assert one.pipeline.accepted_at_ms == {"queue": NOW_MS}
        assert len(one.marks) == 2


async def test_a_duplicate_never_reaches_a_rule(tmp_path: Path) -> None:
    async with line(tmp_path, await scene()) as one:
        await one.pipeline.accept(payments(5), "queue")
        await one.pipeline.accept(payments(7), "backfill")
        assert one.engine.observed_facts == 7
        (reading,) = one.engine.current()
        assert reading.samples == 7


async def test_a_deployment_stands_in_the_journal_before_a_rule_sees_it(tmp_path: Path) -> None:
    async with line(tmp_path, await scene()) as one:
        one.engine.look = lambda: list(one.scene.writer.state.deployments)
        await one.pipeline.accept([rollout()], "queue")
        assert one.engine.seen == [["dep-1"]]
        await one.pipeline.accept([rollout()], "queue")
        assert await one.kinds() == ["deployment"]


async def test_a_breach_is_found_decided_intended_and_ended_in_that_order(tmp_path: Path) -> None:
    async with line(tmp_path, await scene()) as one, deciding(one):
        await one.pipeline.accept([rollout()], "queue")
        await one.pipeline.accept(payments(20), "queue")
        await one.until("outcome")
        assert await one.kinds() == ["deployment", "finding", "decision", "intent", "outcome"]
        assert one.scene.world.weights == {"blue": 100, "green": 0}
        for _ in range(5):
            await one.pipeline.tick()
        await one.decide_all()
        assert await one.kinds() == ["deployment", "finding", "decision", "intent", "outcome"]


async def test_a_breach_in_a_freeze_says_so_once_and_is_acted_on_when_the_freeze_ends(tmp_path: Path) -> None:
    end_ms = NOW_MS + 30_000
    freeze = Freeze(
        start=datetime.fromtimestamp(0, UTC), end=datetime.fromtimestamp(end_ms / 1000, UTC), reason="holiday sales"
    )
    policy = Policy(guard=GuardPolicy(freezes=(freeze,)))
    async with line(tmp_path, await scene(policy=policy)) as one, deciding(one):
        await one.pipeline.accept([rollout(), *payments(20)], "queue")
        for second in range(1, 29):
            one.scene.clock.at_ms = NOW_MS + second * 1000
            await one.pipeline.tick()
        await one.decide_all()
        assert await one.reasons() == ["frozen"]
        one.scene.clock.at_ms = end_ms
        await one.pipeline.tick()
        await one.until("outcome")
        assert await one.reasons() == ["frozen", "breached"]


async def test_what_was_refused_is_tried_again_after_a_pause_and_done_once_the_destination_is_well(
    tmp_path: Path,
) -> None:
    async with line(tmp_path, await scene(world=FakeWorld(healthy=False))) as one, deciding(one):
        await one.pipeline.accept([rollout(), *payments(20)], "queue")
        await one.until("outcome")
        one.scene.world.healthy = True
        for _ in range(25):
            one.scene.clock.at_ms += 1_000
            await one.pipeline.tick()
            await one.decide_all()
        outcomes = await one.told("outcome")
        assert [outcome["status"] for outcome in outcomes] == ["refused", "verified"]
        assert await one.reasons() == ["breached", "breached"]
        assert len(one.scene.world.writes) == 1


async def test_a_spent_budget_is_said_once_and_ends_with_the_hour(tmp_path: Path) -> None:
    policy = Policy(guard=GuardPolicy(actions_per_hour=1, cooldown=60.0))
    async with line(tmp_path, await scene(policy=policy)) as one, deciding(one):
        clock = one.scene.clock
        await one.pipeline.accept([rollout(), *payments(20)], "queue")
        await one.until("outcome")
        one.scene.world.weights = {"blue": 50, "green": 50}
        clock.at_ms += 5_000
        await one.pipeline.accept([rollout("dep-2", clock.at_ms)], "queue")
        for number in range(362):
            clock.at_ms += 10_000
            lease = await one.scene.journal.renew_lease(one.scene.writer.lease, LEASE_MS, clock.at_ms)
            one.scene.writer.renewed(lease)
            await one.pipeline.accept(payments(5, start=100 + number * 5, at_ms=clock.at_ms), "queue")
            await one.pipeline.tick()
            await one.decide_all(40)
        assert await one.reasons() == ["breached", "no_data", "budget_spent", "breached"]
        assert len(one.scene.world.writes) == 2


async def test_what_observe_only_held_back_is_acted_on_by_the_daemon_that_may(tmp_path: Path) -> None:
    watching = await scene(policy=Policy(guard=GuardPolicy(observe_only=True)))
    async with line(tmp_path, watching) as one, deciding(one):
        await one.pipeline.accept([rollout(), *payments(20)], "queue")
        for _ in range(3):
            await one.pipeline.tick()
        await one.decide_all()
        assert await one.reasons() == ["observe_only"]
        assert watching.world.writes == []
    acting = await scene(journal=watching.journal, clock=watching.clock, world=watching.world)
    async with line(tmp_path, acting) as one, deciding(one):
        await one.pipeline.tick()
        await one.until("outcome")
        assert await one.reasons() == ["observe_only", "breached"]


async def test_a_replay_brings_the_windows_back_and_decides_nothing_by_itself(tmp_path: Path) -> None:
    first = await scene()
    async with line(tmp_path, first) as one:
        await one.pipeline.accept([rollout(), *payments(20)], "queue")
    async with line(tmp_path, await first.restarted()) as one, deciding(one):
        (reading,) = one.engine.current()
        assert (reading.samples, reading.value) == (20, 1.0)
        await one.decide_all()
        assert await one.kinds() == ["deployment"]
        await one.pipeline.tick()
        await one.until("outcome")
        assert await one.kinds() == ["deployment", "finding", "decision", "intent", "outcome"]


async def test_other_findings_are_decided_while_an_action_is_carried_out(tmp_path: Path) -> None:
    world = held_world()
    async with line(tmp_path, await scene(world=world)) as one, deciding(one):
        await one.pipeline.accept([rollout(), *payments(20)], "queue")
        await world.held.wait()
        await one.pipeline.accept(payments(20, environment="blue"), "queue")
        await one.until("decision", 2)
        assert await one.reasons() == ["breached", "not_the_canary"]
        assert await one.told("outcome") == []
        world.go.set()
        await one.until("outcome")


async def test_a_rule_that_clears_while_its_action_is_carried_out_is_not_forgotten(tmp_path: Path) -> None:
    world = held_world()
    async with line(tmp_path, await scene(world=world)) as one, deciding(one):
        await one.pipeline.accept([rollout(), *payments(20)], "queue")
        await world.held.wait()
        await one.pipeline.accept(payments(300, "succeeded", start=100), "queue")
        await one.pipeline.tick()
        await one.until("finding", 2)
        world.go.set()
        await one.until("outcome")
        assert [finding["state"] for finding in await one.told("finding")] == ["breached", "cleared"]
        (incident,) = one.scene.writer.state.incidents.values()
        assert incident.resolved_at_ms > 0


async def test_sources_wait_when_findings_come_faster_than_they_are_decided(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline_module, "WAITING_FINDINGS_MAX", 1)
    async with line(tmp_path, await scene()) as one, asyncio.TaskGroup() as group:
        evaluated = asyncio.Event()
        one.engine.look = evaluated.set
        breaches = payments(20) + payments(20, environment="blue")
        accepting = group.create_task(one.pipeline.accept(breaches, "queue"), name="accept")
        await evaluated.wait()
        await one.decide_all()
        assert not accepting.done()
        async with deciding(one):
            await accepting
            await one.until("finding", 2)

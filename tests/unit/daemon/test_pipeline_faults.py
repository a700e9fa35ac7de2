"""When a disk takes nothing, nothing is done that could not be accounted for, and all is made up for afterwards."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from checks.facts import Fact
from daemon.errors import CheckpointFailed
from daemon.storage.checkpoint import Recorded
from remediation.errors import StaleEpoch
from tests.unit.daemon.pipeline_world import NarrowJournal, deciding, line, payments, rollout
from tests.unit.remediation.worlds import LEASE_MS, scene


async def test_a_full_journal_stops_deciding_and_acting_until_there_is_room(tmp_path: Path) -> None:
    journal = NarrowJournal()
    async with line(tmp_path, await scene(journal=journal)) as one, deciding(one):
        await one.pipeline.accept([rollout()], "queue")
        journal.refused_kinds = {"finding"}
        await one.pipeline.accept(payments(20), "queue")
        await one.decide_all()
        assert await one.kinds() == ["deployment"]
        assert one.scene.world.writes == []
        assert "no room" in one.pipeline.fault
        assert journal.refusals > 1
        journal.refused_kinds = set()
        one.scene.clock.at_ms = one.engine.current()[0].at_ms
        await one.pipeline.tick()
        await one.until("outcome")
        assert await one.kinds() == ["deployment", "finding", "decision", "intent", "outcome"]
        assert one.pipeline.fault == ""


@pytest.mark.parametrize("kind", ["decision", "intent"])
async def test_what_cannot_be_recorded_is_not_done_and_is_tried_again_on_a_tick(tmp_path: Path, kind: str) -> None:
    journal = NarrowJournal()
    async with line(tmp_path, await scene(journal=journal)) as one, deciding(one):
        await one.pipeline.accept([rollout()], "queue")
        journal.refused_kinds = {kind}
        await one.pipeline.accept(payments(20), "queue")
        await one.decide_all()
        assert one.scene.world.writes == []
        assert "no room" in one.pipeline.fault
        journal.refused_kinds = set()
        await one.scene.executor.recover()
        one.scene.clock.at_ms += 11_000
        await one.pipeline.tick()
        await one.decide_all()
        assert one.scene.world.weights == {"blue": 100, "green": 0}
        assert len(one.scene.world.writes) == 1
        assert one.pipeline.fault == ""


async def test_an_outcome_that_cannot_be_recorded_is_found_by_recovery_and_nothing_is_sent_twice(
    tmp_path: Path,
) -> None:
    journal = NarrowJournal()
    async with line(tmp_path, await scene(journal=journal)) as one, deciding(one):
        journal.refused_kinds = {"outcome"}
        await one.pipeline.accept([rollout(), *payments(20)], "queue")
        await one.decide_all()
        assert "outcome" not in await one.kinds()
        journal.refused_kinds = set()
        (outcome,) = await one.scene.executor.recover()
        assert outcome.status.value == "already_done"
        await one.pipeline.tick()
        await one.decide_all()
        assert len(one.scene.world.writes) == 1


async def test_a_leader_that_was_followed_stops_deciding(tmp_path: Path) -> None:
    first = await scene()
    async with line(tmp_path, first) as one:
        await first.journal.acquire_lease("here", LEASE_MS, first.clock.now_ms())
        await one.pipeline.accept(payments(20), "queue")
        with pytest.raises(ExceptionGroup) as raised:
            await one.pipeline.decide_for_ever()
    assert raised.group_contains(StaleEpoch)
    assert first.world.writes == []


async def test_without_a_lease_nothing_is_begun_and_the_tick_after_its_renewal_acts(tmp_path: Path) -> None:
    async with line(tmp_path, await scene()) as one, deciding(one):
        await one.pipeline.accept([rollout()], "queue")
        one.scene.clock.at_ms = one.scene.writer.lease.until_ms
        now_ms = one.scene.clock.now_ms()
        await one.pipeline.accept(payments(20, at_ms=now_ms), "queue")
        await one.pipeline.tick()
        await one.decide_all()
        assert await one.kinds() == ["deployment", "finding"]
        one.scene.writer.renewed(await one.scene.journal.renew_lease(one.scene.writer.lease, LEASE_MS, now_ms))
        await one.pipeline.tick()
        await one.until("outcome")
        assert await one.kinds() == ["deployment", "finding", "decision", "intent", "outcome"]
        assert one.scene.world.weights == {"blue": 100, "green": 0}


class DeadCheckpoint:
    """Fails as often as it was told to."""

    def __init__(self, failures: int) -> None:
        self.failures = failures

    async def record(self, facts: Sequence[Fact], source: str, now_ms: int) -> Recorded:
        """Fail, or take everything as new."""
        del source, now_ms
        if self.failures > 0:
            self.failures -= 1
            raise CheckpointFailed("disk full")
        return Recorded(list(facts), 1)


async def test_facts_that_are_not_on_disk_are_not_evaluated_and_the_source_hears_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with line(tmp_path, await scene()) as one:
        monkeypatch.setattr(one.pipeline, "_checkpoint", DeadCheckpoint(1))
        with pytest.raises(CheckpointFailed):
            await one.pipeline.accept(payments(20), "queue")
        assert one.engine.observed_facts == 0
        assert "disk full" in one.pipeline.fault
        assert one.pipeline.accepted_at_ms == {}
        await one.pipeline.accept(payments(20), "queue")
        assert one.pipeline.fault == ""
        assert one.engine.observed_facts == 20

"""The daemon's memory across restarts: nothing forgotten, nothing counted twice, whatever is damaged in between."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from checks.compiled_rule import CompiledRule
from checks.engine import Engine
from checks.facts import AlarmStateChanged, Heartbeat
from checks.findings import State
from daemon.pipeline import Pipeline
from daemon.state_keeping import KEEP_EVERY_FACTS, KEEP_EVERY_MS, StateKeeping
from daemon.storage import checkpoint as checkpoints
from daemon.storage.checkpoint import PROBES, Checkpoint
from daemon.storage.state_store import StateStore
from daemon.view.series import PaymentSeries
from tests.unit.checks.conftest import Compile, compiled, load  # noqa: F401  # fixtures
from tests.unit.checks.rule_text import rule, rules
from tests.unit.daemon.pipeline_world import payments
from tests.unit.remediation.worlds import NOW_MS, Scene, scene

HORIZON_MS = 3_600_000
DAY_MS = 86_400_000
RULES = rules(
    rule("{count: 'true', window: 60s}", identity="attempts", breach="> 1000"),
    rule(
        "{value: state, stale_after: 30d}",
        identity="alarm",
        on="alarm.state_changed",
        per="[subject]",
        breach="== 'ALARM'",
    ),
)


@dataclass
class Kept:
    """A daemon's memory, of which the loop, the world and the clock are the test's."""

    pipeline: Pipeline
    keeping: StateKeeping
    checkpoint: Checkpoint
    folder: Path

    def attempts(self) -> int:
        """How many payments the rule counts."""
        return sum(one.samples for one in self.pipeline.engine.current() if one.rule_id == "attempts")

    def states(self) -> dict[str, State]:
        """What is so, by rule."""
        return {one.rule_id: one.state for one in self.pipeline.engine.current()}


@asynccontextmanager
async def daemon(tmp_path: Path, one: Scene, compiled_rules: Sequence[CompiledRule]) -> AsyncIterator[Kept]:
    """One life; leaving it is a kill as far as the state is concerned: nothing is kept on the way out."""
    checkpoint = await Checkpoint.open(tmp_path / "checkpoint.db", HORIZON_MS)
    series = PaymentSeries()
    pipeline = Pipeline(
        checkpoint=checkpoint,
        engine=Engine(compiled_rules),
        series=series,
        writer=one.writer,
        executor=one.executor,
        clock=one.clock,
        changed=lambda: None,
    )
    keeping = StateKeeping(StateStore(tmp_path / "state"), checkpoint, pipeline, series, one.clock)
    try:
        await keeping.resume(compiled_rules)
        yield Kept(pipeline, keeping, checkpoint, tmp_path / "state")
    finally:
        await checkpoint.close()


@pytest.fixture
def known(compiled: Compile) -> tuple[CompiledRule, ...]:  # noqa: F811  # the fixture
    """The rules of these tests."""
    return compiled(RULES)


def alarm() -> AlarmStateChanged:
    return AlarmStateChanged(id="a1", at_ms=NOW_MS, subject="cpu", state="ALARM")


@pytest.mark.parametrize("keeps", [(), (0,), (1,), (0, 1), (2,)])
async def test_a_kill_before_after_or_without_a_snapshot_loses_and_doubles_nothing(
    tmp_path: Path, known: Sequence[CompiledRule], keeps: Sequence[int]
) -> None:
    one = await scene()
    async with daemon(tmp_path, one, known) as first:
        for number in range(3):
            await first.pipeline.accept(payments(5, start=5 * number), "queue")
            if number in keeps:
                await first.keeping.keep()
    async with daemon(tmp_path, await one.restarted(), known) as again:
        assert again.attempts() == 15
        await again.pipeline.accept(payments(20), "queue")
        assert again.attempts() == 20


async def test_what_is_older_than_the_log_and_than_its_limit_is_still_known(
    tmp_path: Path, known: Sequence[CompiledRule], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoints, "MAX_REMEMBERED", 10)
    one = await scene()
    async with daemon(tmp_path, one, known) as first:
        await first.pipeline.accept([alarm()], "queue")
        await first.keeping.keep()
        one.clock.at_ms += 5 * DAY_MS
        await first.pipeline.accept(payments(40, at_ms=one.clock.at_ms), "queue")
        await first.keeping.keep()
        await first.checkpoint.prune(one.clock.at_ms)
    async with daemon(tmp_path, await one.restarted(), known) as again:
        assert again.states()["alarm"] is State.BREACHED
        assert again.attempts() == 40
        assert again.keeping.status.unusable == 0


async def test_a_damaged_snapshot_is_counted_and_the_one_before_it_does(
    tmp_path: Path, known: Sequence[CompiledRule]
) -> None:
    one = await scene()
    async with daemon(tmp_path, one, known) as first:
        await first.pipeline.accept([alarm()], "queue")
        await first.keeping.keep()
        one.clock.at_ms += 2 * DAY_MS
        await first.checkpoint.prune(one.clock.at_ms)
        await first.pipeline.accept(payments(5, at_ms=one.clock.at_ms), "queue")
        await first.keeping.keep()
    newest = max(first.folder.iterdir())
    newest.write_bytes(newest.read_bytes()[:-1])
    async with daemon(tmp_path, await one.restarted(), known) as again:
        assert again.keeping.status.unusable == 1
        assert again.states()["alarm"] is State.BREACHED
        assert again.attempts() == 5


async def test_a_checkpoint_that_began_anew_does_not_take_the_places_of_the_old_one_for_its_own(
    tmp_path: Path, known: Sequence[CompiledRule]
) -> None:
    one = await scene()
    async with daemon(tmp_path, one, known) as first:
        await first.pipeline.accept(payments(5), "queue")
        await first.keeping.keep()
    (tmp_path / "checkpoint.db").unlink()
    async with daemon(tmp_path, await one.restarted(), known) as second:
        assert second.keeping.status.unusable == 1
        await second.pipeline.accept(payments(3), "queue")
        assert second.attempts() == 3


async def test_places_are_not_given_twice_after_everything_was_pruned(
    tmp_path: Path, known: Sequence[CompiledRule]
) -> None:
    one = await scene()
    async with daemon(tmp_path, one, known) as first:
        for number in range(4):
            await first.pipeline.accept(payments(1, start=number), "queue")
        await first.keeping.keep()
        one.clock.at_ms += DAY_MS
        await first.checkpoint.prune(one.clock.at_ms)
    one = await one.restarted()
    async with daemon(tmp_path, one, known) as second:
        await second.pipeline.accept(payments(2, start=10, at_ms=one.clock.at_ms), "queue")
    async with daemon(tmp_path, await one.restarted(), known) as third:
        assert third.attempts() == 2


async def test_facts_that_are_known_already_move_no_place(tmp_path: Path, known: Sequence[CompiledRule]) -> None:
    one = await scene()
    async with daemon(tmp_path, one, known) as first:
        await first.pipeline.accept(payments(5), "queue")
        for _ in range(3):
            await first.pipeline.accept(payments(5), "queue")
        await first.keeping.keep()
    one = await one.restarted()
    async with daemon(tmp_path, one, known) as second:
        await second.pipeline.accept(payments(2, start=5), "queue")
    async with daemon(tmp_path, await one.restarted(), known) as third:
        assert third.attempts() == 7


async def test_a_caller_that_goes_away_leaves_its_facts_recorded_and_counted(
    tmp_path: Path, known: Sequence[CompiledRule]
) -> None:
    one = await scene()
    async with daemon(tmp_path, one, known) as first:
        async with first.pipeline.turn:
            async with asyncio.TaskGroup() as group:
                gone = group.create_task(first.pipeline.accept(payments(5), "queue"), name="gone")
                for _ in range(5):
                    await asyncio.sleep(0)
                assert await first.checkpoint.missing(payments(5)) == []
                gone.cancel()
            assert first.attempts() == 0
        await first.pipeline.accept(payments(5, start=5), "queue")
        assert first.attempts() == 10
        await first.keeping.keep()
    async with daemon(tmp_path, await one.restarted(), known) as again:
        assert again.attempts() == 10


async def test_a_snapshot_is_due_at_once_then_by_time_or_by_facts(
    tmp_path: Path, known: Sequence[CompiledRule]
) -> None:
    one = await scene()
    async with daemon(tmp_path, one, known) as first:
        kept: list[int] = []
        for later_ms in (0, 1_000, KEEP_EVERY_MS - 2_000, 1_000):
            one.clock.at_ms += later_ms
            await first.keeping.keep_when_due()
            kept.append(first.keeping.status.kept_at_ms - NOW_MS)
        assert kept == [0, 0, 0, KEEP_EVERY_MS]
        first.pipeline.engine.observed_facts += KEEP_EVERY_FACTS
        one.clock.at_ms += 5
        await first.keeping.keep_when_due()
        assert first.keeping.status.kept_at_ms - NOW_MS == KEEP_EVERY_MS + 5
        assert first.keeping.status.size_bytes > 0


async def test_a_disk_that_takes_no_snapshot_is_counted_and_costs_no_fact(
    tmp_path: Path, known: Sequence[CompiledRule]
) -> None:
    one = await scene()
    (tmp_path / "state").write_text("in the way")
    async with daemon(tmp_path, one, known) as first:
        await first.pipeline.accept(payments(5), "queue")
        await first.keeping.keep()
        await first.keeping.keep_last()
        assert first.keeping.status.failures == 2
    async with daemon(tmp_path, await one.restarted(), known) as again:
        assert again.attempts() == 5


async def test_facts_that_waited_in_the_queues_during_an_outage_are_still_within_their_windows(
    tmp_path: Path, known: Sequence[CompiledRule]
) -> None:
    one = await scene()
    async with daemon(tmp_path, one, known) as first:
        await first.pipeline.accept(payments(5), "queue")
        await first.keeping.keep()
    one.clock.at_ms += 600_000
    async with daemon(tmp_path, await one.restarted(), known) as again:
        await again.pipeline.tick()
        await again.pipeline.accept([Heartbeat(id="h", at_ms=one.clock.at_ms, subject="self")], PROBES)
        await again.pipeline.tick()
        await again.pipeline.accept(payments(4, start=5, at_ms=NOW_MS + 20_000), "queue")
        assert again.pipeline.engine.late_facts == 0
        assert again.attempts() == 9
        one.clock.at_ms += 60_000
        await again.pipeline.tick()
        assert again.attempts() == 0


async def test_a_breach_that_has_to_hold_goes_on_over_an_outage_in_the_time_of_its_facts(
    tmp_path: Path,
    compiled: Compile,  # noqa: F811  # the fixture
) -> None:
    held = compiled(rules(rule("{count: 'true', window: 30s}", identity="held", breach="> 2", more="for: 60s")))
    one = await scene()

    async def bring(kept: Kept, seconds: int) -> None:
        facts = payments(5, start=seconds * 10, at_ms=NOW_MS + seconds * 1000)
        await kept.pipeline.accept(facts, "queue")
        await kept.pipeline.tick()

    async with daemon(tmp_path, one, held) as first:
        for seconds in (0, 10, 20):
            one.clock.at_ms = NOW_MS + seconds * 1000
            await bring(first, seconds)
            await first.keeping.keep()
        assert first.states() == {"held": State.PENDING}
    one.clock.at_ms += 2 * HORIZON_MS
    async with daemon(tmp_path, await one.restarted(), held) as again:
        await again.pipeline.tick()
        assert again.states() == {"held": State.PENDING}
        for seconds in (30, 40, 50):
            await bring(again, seconds)
            assert again.states() == {"held": State.PENDING}
        await bring(again, 60)
        (reading,) = again.pipeline.engine.current()
        assert (reading.state, reading.since_ms) == (State.BREACHED, NOW_MS + 60_000)


async def test_an_outage_is_no_time_in_which_a_breach_held(
    tmp_path: Path,
    compiled: Compile,  # noqa: F811  # the fixture
) -> None:
    held = compiled(rules(rule("{count: 'true', window: 30s}", identity="held", breach="> 2", more="for: 60s")))
    one = await scene()
    async with daemon(tmp_path, one, held) as first:
        await first.pipeline.accept(payments(5), "queue")
        await first.pipeline.tick()
        await first.keeping.keep()
    one.clock.at_ms += 600_000
    async with daemon(tmp_path, await one.restarted(), held) as again:
        for _ in range(15):
            one.clock.at_ms += 1_000
            await again.pipeline.tick()
        await again.pipeline.accept(payments(5, start=50, at_ms=one.clock.at_ms), "queue")
        await again.pipeline.tick()
        assert again.states() == {"held": State.PENDING}

"""A feed that stops: one incident for each silence, nothing done, and its end only with data."""

from pathlib import Path

from checks.facts import Heartbeat
from remediation.state import Incident, IncidentState
from tests.unit.daemon.pipeline_world import deciding, line, payments, rollout
from tests.unit.remediation.worlds import NOW_MS, Scene, scene

INTERVAL_SECONDS = 5
GAPS = 100
FEED = """
rules:
  - id: feed
    family: health
    on: heartbeat
    per: [subject]
    measure: {value: interval_seconds, stale_after: 10s}
    breach: "> 60"
    no_data: page
    severity: high
    do: [rollback.traffic]
    runbook: r
"""


def beat(number: int, at_ms: int) -> Heartbeat:
    return Heartbeat(id=f"beat-{number}", at_ms=at_ms, subject="sqs", interval_seconds=INTERVAL_SECONDS)


async def test_a_hundred_gaps_are_a_hundred_incidents_in_time_and_none_ends_before_data_is_back(tmp_path: Path) -> None:
    async with line(tmp_path, await scene(), FEED) as one, deciding(one):
        await one.pipeline.accept([rollout()], "queue")
        clock = one.scene.clock
        for gap in range(1, GAPS + 1):
            beaten_ms = clock.now_ms()
            await one.pipeline.accept([beat(gap, beaten_ms)], "queue")
            await one.decide_all(20)
            assert not [two for two in _incidents(one.scene) if two.state is not IncidentState.RESOLVED]
            # Ticks come once a second, at whatever fraction of it; the page has to come within 2 * 5 s + 1 s.
            clock.at_ms += (gap * 37) % 1000 + 10_001
            await one.pipeline.tick()
            await one.decide_all(20)
            assert len(_incidents(one.scene)) == gap
            for _ in range(3):
                clock.at_ms += 60_000
                await one.pipeline.tick()
                await one.decide_all(20)
            (unresolved,) = [two for two in _incidents(one.scene) if two.state is not IncidentState.RESOLVED]
            assert unresolved.opened_at_ms - beaten_ms <= (2 * INTERVAL_SECONDS + 1) * 1_000
        assert one.scene.world.weights["green"] > 0
        kinds = await one.kinds()
        assert kinds.count("finding") == 2 * GAPS - 1
        assert "intent" not in kinds


async def test_a_share_over_facts_that_stop_coming_pages_and_goes_back_to_nobody(tmp_path: Path) -> None:
    rule = FEED.replace("heartbeat", "payment.attempted").replace("[subject]", "[environment]")
    rule = rule.replace("{value: interval_seconds, stale_after: 10s}", "{ratio: \"outcome == 'failed'\", window: 10s}")
    async with line(tmp_path, await scene(), rule.replace("> 60", "> 60%")) as one, deciding(one):
        await one.pipeline.accept([rollout(), *payments(20, "succeeded", at_ms=NOW_MS)], "queue")
        await one.pipeline.tick()
        for _ in range(30):
            one.scene.clock.at_ms += 1_000
            await one.pipeline.tick()
        await one.decide_all()
        assert [two.state for two in _incidents(one.scene)] == [IncidentState.OPEN]
        assert await one.reasons() == ["no_data"]


def _incidents(where: Scene) -> list[Incident]:
    return list(where.writer.state.incidents.values())

"""The gates of a running step, read from real rules and a real log: the same after a restart, blind in a blackout."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec.structs import replace

from checks.facts import Fact, HealthProbed, Heartbeat, Reconciled, TokensOpened
from daemon.deployments.gate_readings import GateReadings
from daemon.errors import CheckpointFailed
from daemon.storage.checkpoint import StoredBatch
from remediation.deployment.findings import GateState, StepFinding
from remediation.deployment.gates.sources import QUORUM
from remediation.deployment.gates.verdict import start_verdict, verdict
from remediation.deployment.ports import StepContext
from tests.unit.daemon.deployments.gate_line import SMALL, WATCHED, Line, found, line, named, run_of
from tests.unit.remediation.gates.scenes import attempt, context, step


async def test_a_sound_release_waits_until_there_is_evidence_and_then_passes(tmp_path: Path) -> None:
    async with line(tmp_path) as stage:
        gates = stage.gates()
        findings = []
        for _ in range(40):
            await stage.second()
            findings.append(await found(gates))
        assert findings[0] is StepFinding.WAITING
        assert findings[-1] is StepFinding.PASSED
        assert set(findings) == {StepFinding.WAITING, StepFinding.PASSED}
        readings = named(await gates.read(WATCHED))
        assert readings["evidence"].samples == 80
        assert readings["evidence"].samples_needed == 36
        assert next(iter(readings)) == QUORUM


async def test_a_release_that_fails_is_breached_by_the_rule_and_against_the_old_version(tmp_path: Path) -> None:
    async with line(tmp_path) as stage:
        gates = stage.gates()
        for _ in range(30):
            await stage.second(new_failed=True)
        readings = await gates.read(WATCHED)
        report = verdict(readings, is_over=False)
        assert report.finding is StepFinding.BREACHED
        for name in ("payment-failure-rate", "payment-failure-by-bin", "failures-against-baseline"):
            assert named(readings)[name].state is GateState.BREACHED
            assert name in report.detail or len(report.readings) > 4


async def test_a_daemon_that_starts_anew_reads_the_same_from_the_log(tmp_path: Path) -> None:
    async with line(tmp_path) as stage:
        gates = stage.gates()
        for number in range(20):
            await stage.second(new_failed=number % 5 == 0)
            await gates.read(WATCHED)
        before = await gates.read(WATCHED)
        assert await stage.gates().read(WATCHED) == before


async def test_two_who_read_at_once_count_every_payment_once(tmp_path: Path) -> None:
    async with line(tmp_path) as stage:
        gates = stage.gates()
        for _ in range(5):
            await stage.second()
        readings = await asyncio.gather(*(gates.read(WATCHED) for _ in range(4)))
        assert [named(one)["evidence"].samples for one in readings] == [10] * 4


async def test_a_step_counts_from_its_own_beginning_and_a_later_one_anew(tmp_path: Path) -> None:
    async with line(tmp_path) as stage:
        gates = stage.gates()
        for _ in range(5):
            await stage.second()
        later = context(step(25), began_at_ms=stage.clock.at_ms + 1)
        for _ in range(3):
            await stage.second()
        assert named(await gates.read(WATCHED))["evidence"].samples == 16
        assert named(await gates.read(later))["evidence"].samples == 6


async def test_ten_minutes_without_any_telemetry_hold_and_neither_pass_nor_breach(tmp_path: Path) -> None:
    async with line(tmp_path) as stage:
        gates = stage.gates()
        for _ in range(40):
            await stage.second()
        assert await found(gates) is StepFinding.PASSED
        findings = []
        for _ in range(600):
            await stage.second(silent=True)
            findings.append(await found(gates))
        assert set(findings[11:]) == {StepFinding.HELD}
        assert StepFinding.BREACHED not in findings
        for _ in range(30):
            await stage.second()
        assert await found(gates) is StepFinding.PASSED


async def test_what_nobody_could_hear_while_the_daemon_was_down_is_no_darkness(tmp_path: Path) -> None:
    async with line(tmp_path) as stage:
        for _ in range(40):
            await stage.second()
        stage.clock.at_ms += 300_000
        restarted = stage.gates()
        assert named(await restarted.read(WATCHED))[QUORUM].state is GateState.PASSED
        stage.clock.at_ms += 11_000
        assert named(await restarted.read(WATCHED))[QUORUM].state is GateState.NO_DATA


async def test_a_mismatch_with_the_rail_is_breached_at_the_first(tmp_path: Path) -> None:
    async with line(tmp_path) as stage:
        gates = stage.gates()
        await stage.second()
        told = Reconciled(
            id="r", at_ms=stage.clock.at_ms, subject="green", environment="green", examined=100, mismatched=1
        )
        await stage.hear([told])
        reading = named(await gates.read(WATCHED))["rail-mismatch"]
        assert (reading.state, reading.limit) == (GateState.BREACHED, "> 0")


class Looker:
    """Finds a card that does not open, once."""

    def __init__(self, stage: Line) -> None:
        self._stage = stage
        self.looks = 0

    async def look(self, context: StepContext) -> Mapping[type[Fact], str]:
        """See Looking."""
        self.looks += 1
        told = TokensOpened(
            id=context.step.id, at_ms=self._stage.clock.at_ms, subject="dk_1", reader="blue", opened=4, failed=1
        )
        await self._stage.hear([told])
        return {}


async def test_what_a_look_finds_is_in_the_very_reading_that_asked_for_it(tmp_path: Path) -> None:
    async with line(tmp_path) as stage:
        await stage.second()
        looker = Looker(stage)
        gates = GateReadings(stage, stage.checkpoint, lambda: SMALL, stage.clock, run_of, (looker,))
        assert named(await gates.read(WATCHED))["token-unreadable"].state is GateState.BREACHED
        await gates.read(context(step(phase="pre_deployment_validation")))
        assert looker.looks == 1


async def test_before_a_deployment_a_broken_ledger_refuses_and_a_sound_system_does_not(tmp_path: Path) -> None:
    start = context(step(phase="pre_deployment_validation"))
    async with line(tmp_path) as stage:
        gates = stage.gates()
        for _ in range(3):
            await stage.second()
        assert start_verdict(await gates.read(start)).finding is StepFinding.PASSED
        broken = HealthProbed(id="b", at_ms=stage.clock.at_ms, subject="database", status="unhealthy")
        await stage.hear([broken])
        report = start_verdict(await gates.read(start))
        assert report.finding is StepFinding.FAILED
        assert "red at the start: ledger-broken" in report.detail
        declared = context(step(phase="pre_deployment_validation"), differential=True)
        assert start_verdict(await gates.read(declared)).finding is StepFinding.PASSED


async def test_nothing_begins_in_the_dark_whatever_no_rule_says(tmp_path: Path) -> None:
    start = context(step(phase="pre_deployment_validation"))
    async with line(tmp_path) as stage:
        gates = stage.gates()
        assert start_verdict(await gates.read(start)).finding is StepFinding.WAITING
        for _ in range(30):
            await stage.second()
        assert start_verdict(await gates.read(start)).finding is StepFinding.PASSED
        for _ in range(11):
            await stage.second(silent=True)
        report = start_verdict(await gates.read(start))
        assert report.finding is StepFinding.HELD
        assert "dark: payments for 11 s" in report.detail
        await stage.second()
        assert start_verdict(await gates.read(start)).finding is StepFinding.PASSED


async def test_a_total_blackout_since_the_daemon_began_is_held_and_does_not_begin(tmp_path: Path) -> None:
    start = context(step(phase="pre_deployment_validation"))
    async with line(tmp_path) as stage:
        gates = stage.gates()
        stage.clock.at_ms += 26_000
        assert start_verdict(await gates.read(start)).finding is StepFinding.HELD
        unread = GateReadings(stage, BrokenLog(), lambda: SMALL, stage.clock, run_of)
        stage.place = 1
        assert start_verdict(await unread.read(start)).finding is StepFinding.HELD


async def test_an_environment_that_is_not_there_yet_is_no_dark_source(tmp_path: Path) -> None:
    start = context(step(phase="pre_deployment_validation"))
    async with line(tmp_path) as stage:
        gates = stage.gates()
        at_ms = stage.clock.at_ms
        probe = HealthProbed(
            id="p",
            at_ms=at_ms,
            subject="aws-payment-processor",
            environment="blue",
            check="readiness",
            status="healthy",
        )
        paid = attempt(1, new=False, at_ms=at_ms)
        database = replace(probe, id="d", subject="database", environment="", check="")
        await stage.hear([probe, paid, database, Heartbeat(id="b", at_ms=at_ms, subject="tillwatch")])
        assert start_verdict(await gates.read(start)).finding is StepFinding.PASSED


class BrokenLog:
    """A disk that does not read."""

    async def read(self, after: int, through: int, limit: int) -> Sequence[StoredBatch]:
        """See FactLog."""
        raise CheckpointFailed(f"no {limit} batches of {after} to {through}")


async def test_a_log_that_cannot_be_read_holds_and_says_why(tmp_path: Path) -> None:
    async with line(tmp_path) as stage:
        await stage.second()
        gates = GateReadings(stage, BrokenLog(), lambda: SMALL, stage.clock, run_of)
        report = verdict(await gates.read(WATCHED), is_over=False)
        assert report.finding is StepFinding.HELD
        assert "no 1 batches" in report.detail


async def test_a_region_that_is_not_in_the_plan_holds(tmp_path: Path) -> None:
    async with line(tmp_path) as stage:
        elsewhere = replace(WATCHED, step=replace(WATCHED.step, region="eu-west-1"))
        assert await found(stage.gates(), elsewhere) is StepFinding.HELD

"""The gates of a running step, read from real rules and a real log: the same after a restart, blind in a blackout."""

import asyncio
import threading
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from msgspec.structs import replace

from checks.engine import Engine
from checks.facts import Fact, HealthProbed, Heartbeat, Reconciled, TokensOpened
from checks.rules import compile_rules
from config.delivery.deployment import Deployments, Evidence
from config.delivery.gates import CostGate, DriftGate, Gates
from config.load import load_configuration
from daemon.deployments.gate_readings import GateReadings, _Watched
from daemon.errors import CheckpointFailed
from daemon.storage.checkpoint import Checkpoint, StoredBatch
from remediation.deployment.findings import GateReading, GateState, StepFinding
from remediation.deployment.gates.sources import QUORUM
from remediation.deployment.gates.verdict import start_verdict, verdict
from remediation.deployment.ports import StepContext
from remediation.deployment.run import DeploymentRun, EndedStep
from tests.unit.remediation.gates.scenes import NOW_MS, attempt, capture, context, step
from tests.unit.remediation.worlds import FakeClock

SMALL = Deployments(
    evidence=Evidence(healthy="0.5%", faulty="40%"),
    gates=Gates(cost=CostGate(samples=30), drift=DriftGate(samples=50)),
)
WATCHED = context(step(5))


def run_of(_: str, **changes: object) -> DeploymentRun:
    """The deployment, planned at the beginning."""
    return replace(DeploymentRun(id="dep-1", sequence=1, plan=WATCHED.plan, planned_at_ms=NOW_MS), **changes)


@dataclass
class Line:
    """What evaluates and what is read: the engine's place is the log's."""

    engine: Engine
    checkpoint: Checkpoint
    clock: FakeClock
    place: int = 0
    number: int = 0

    async def hear(self, facts: Sequence[Fact]) -> None:
        """Record and evaluate, as the pipeline does."""
        recorded = await self.checkpoint.record(facts, "events", self.clock.at_ms)
        self.place = recorded.sequence
        self.engine.observe(recorded.facts, self.clock.at_ms)
        self.engine.tick(self.clock.at_ms)

    async def second(self, *, new_failed: bool = False, silent: bool = False) -> None:
        """One second: eight payments of the old version and two of the new one, probes, and a beat."""
        self.clock.at_ms += 1_000
        at_ms = self.clock.at_ms
        if silent:
            self.engine.tick(at_ms)
            return
        facts: list[Fact] = [
            HealthProbed(
                id=f"{name}-{at_ms}",
                at_ms=at_ms,
                subject=subject,
                environment=name,
                check=check,
                status="healthy",
            )
            for name, subject, check in (
                ("blue", "aws-payment-processor", "readiness"),
                ("green", "aws-payment-processor", "readiness"),
                ("", "database", ""),
            )
        ]
        facts.append(Heartbeat(id=f"beat-{at_ms}", at_ms=at_ms, subject="tillwatch"))
        for place in range(10):
            self.number += 1
            new = place < 2
            failed = new and new_failed
            facts.append(attempt(self.number, new=new, at_ms=at_ms, outcome="failed" if failed else "succeeded"))
            if not failed:
                facts.append(capture(self.number, new=new, at_ms=at_ms))
        await self.hear(facts)

    def gates(self, deployments: Deployments = SMALL) -> GateReadings:
        return GateReadings(self, self.checkpoint, lambda: deployments, self.clock, run_of)


@asynccontextmanager
async def line(path: Path) -> AsyncIterator[Line]:
    checkpoint = await Checkpoint.open(path / "checkpoint.db", 86_400_000)
    await checkpoint.restore(NOW_MS)
    try:
        engine = Engine(compile_rules(load_configuration(None, {}).rule_files))
        yield Line(engine, checkpoint, FakeClock(NOW_MS))
    finally:
        await checkpoint.close()


async def found(gates: GateReadings, at: StepContext = WATCHED) -> StepFinding:
    return verdict(await gates.read(at), is_over=False).finding


def named(readings: Sequence[GateReading]) -> dict[str, GateReading]:
    return {one.gate: one for one in readings}


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


async def test_a_look_that_brought_nothing_is_no_data_of_the_gates_that_it_feeds_and_hides_no_breach(
    tmp_path: Path,
) -> None:
    class Blind:
        async def look(self, context: StepContext) -> Mapping[type[Fact], str]:
            """See Looking."""
            del context
            return {Reconciled: "cut after 3 s", TokensOpened: "green is away"}

    async with line(tmp_path) as stage:
        gates = GateReadings(stage, stage.checkpoint, lambda: SMALL, stage.clock, run_of, (Blind(),))
        for _ in range(40):
            await stage.second()
        readings = named(await gates.read(WATCHED))
        assert (readings["rail-mismatch"].state, readings["rail-mismatch"].shown) == (
            GateState.NO_DATA,
            "cut after 3 s",
        )
        assert readings["token-unreadable"].state is GateState.NO_DATA
        assert readings["payment-failure-rate"].state is GateState.PASSED
        assert await found(gates) is StepFinding.WAITING
        told = Reconciled(
            id="r", at_ms=stage.clock.at_ms, subject="green", environment="green", examined=100, mismatched=1
        )
        await stage.hear([told])
        assert named(await gates.read(WATCHED))["rail-mismatch"].state is GateState.BREACHED


@pytest.mark.parametrize("anew", [False, True])
async def test_a_double_charge_is_counted_from_the_first_payment_of_the_release_on(tmp_path: Path, anew: bool) -> None:
    async with line(tmp_path) as stage:

        def exposed(name: str) -> DeploymentRun:
            return run_of(name, exposed_ms={"us-east-1": NOW_MS})

        gates = GateReadings(stage, stage.checkpoint, lambda: SMALL, stage.clock, exposed)
        await stage.second()
        await stage.hear([capture(9_001, new=True, at_ms=stage.clock.at_ms, request_digest="same")])
        if not anew:
            await gates.read(WATCHED)
        for _ in range(30):
            await stage.second()
        later = context(step(25), began_at_ms=stage.clock.at_ms)
        charged = named(await gates.read(later))["double-charge"]
        assert (charged.state, charged.samples) == (GateState.PASSED, 63)
        await stage.second()
        await stage.hear([capture(9_002, new=True, at_ms=stage.clock.at_ms, request_digest="same")])
        assert named(await gates.read(later))["double-charge"].state is GateState.BREACHED


async def test_a_reader_that_gave_up_waiting_leaves_no_payment_counted_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counting, go_on, loop = asyncio.Event(), threading.Event(), asyncio.get_running_loop()
    count = _Watched.count

    def slow(watched: _Watched, page: Sequence[StoredBatch]) -> None:
        loop.call_soon_threadsafe(counting.set)
        go_on.wait()
        count(watched, page)

    monkeypatch.setattr(_Watched, "count", slow)
    async with line(tmp_path) as stage:
        gates = stage.gates()
        for _ in range(5):
            await stage.second()
        async with asyncio.TaskGroup() as tasks:
            impatient = tasks.create_task(gates.read(WATCHED))
            await counting.wait()
            impatient.cancel()
        loop.call_soon(go_on.set)
        assert named(await gates.read(WATCHED))["evidence"].samples == 10


async def test_what_was_red_before_a_differential_deployment_counts_for_neither_version(tmp_path: Path) -> None:
    declared = context(step(5), differential=True)
    start = context(step(phase="pre_deployment_validation"))
    red = GateReading(
        gate="payment-failure-rate", state=GateState.BREACHED, shown="9 %", limit="", samples=1, red_at_start=True
    )
    check = EndedStep(
        step_id=start.step.id,
        finding=StepFinding.PASSED,
        detail="",
        begun_at_ms=NOW_MS,
        ended_at_ms=NOW_MS,
        readings=(red,),
    )

    def borne(name: str) -> DeploymentRun:
        plan = replace(declared.plan, steps=(start.step, *declared.plan.steps))
        return run_of(name, plan=plan, ended=(check,))

    async with line(tmp_path) as stage:
        gates = GateReadings(stage, stage.checkpoint, lambda: SMALL, stage.clock, borne)
        for _ in range(30):
            await stage.second(new_failed=True)
        readings = named(await gates.read(declared))
        assert (readings["payment-failure-rate"].state, readings["payment-failure-rate"].shadow) == (
            GateState.BREACHED,
            True,
        )
        assert not readings["failures-against-baseline"].shadow
        assert readings["failures-against-baseline"].state is GateState.BREACHED


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

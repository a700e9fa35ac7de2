"""Real rules and a real log, and the gates that read them second by second."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from msgspec.structs import replace

from checks.engine import Engine
from checks.facts import Fact, HealthProbed, Heartbeat
from checks.rules import compile_rules
from config.delivery.deployment import Deployments, Evidence
from config.delivery.gates import CostGate, DriftGate, Gates
from config.load import load_configuration
from daemon.deployments.gate_readings import GateReadings
from daemon.storage.checkpoint import Checkpoint
from remediation.deployment.findings import GateReading, StepFinding
from remediation.deployment.gates.verdict import verdict
from remediation.deployment.ports import StepContext
from remediation.deployment.run import DeploymentRun
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

"""Deployments, scaling, flags, rollbacks, fraud lists, the kill switch and people: never two on one target at once."""

import random
from collections import Counter
from dataclasses import dataclass

import pytest

from config.guardrails import Storm
from config.policy import FraudPolicy, GuardPolicy, Policy
from remediation.aiming.subjects import LIST_ACTIONS
from remediation.decide import CONTROL_TARGET, decide
from remediation.deployment.findings import StepFinding
from remediation.deployment.plan import Plan, Request, Step, Strategy
from remediation.deployment.run import RunOutcome
from remediation.executor import Executor
from remediation.guardrails.changes import Change
from remediation.guardrails.permission import withheld
from remediation.journal.kinds import DeploymentEnded, DeploymentPlanned, StepBegun, StepEnded
from remediation.journal.memory import MemoryJournal
from remediation.journal.writer import JournalWriter
from tests.unit.remediation.guardrails.simulated import Ground, SimulatedClock, SlowAction
from tests.unit.remediation.worlds import TARGET, deployment, finding

TRIGGERS = 1000
SPAN_MS = 900_000
LEASE_MS = 10 * 3_600_000
CHANGERS = (
    (Change.ROLLOUT, TARGET),
    (Change.ROLLOUT, "environment:us-east-1/green"),
    (Change.ROLLOUT, "environment:us-east-1/blue"),
    (Change.SCALE_OUT, "scale:us-east-1/green"),
    (Change.SCALE_IN, "scale:us-east-1/blue"),
    (Change.FLAG, "flags:new-checkout"),
)
POLICY = Policy(
    guard=GuardPolicy(cooldown=15.0, actions_per_hour=60, evidence_age=7200.0, repeats=8, repeats_within=60.0),
    fraud=FraudPolicy(kill_switch=True, actions_per_hour=60, block_for=60.0, review_for=60.0),
    storm=Storm(actions=1000),
    calendars=(),
)


@dataclass
class Crowd:
    """Everybody who may change something, over one journal."""

    clock: SimulatedClock
    ground: Ground
    writer: JournalWriter
    executor: Executor
    chance: random.Random

    async def breach(self, **changes: object) -> None:
        """A rule wants an action."""
        seen = finding(at_ms=self.clock.at_ms, fact_id=f"evt-{self.chance.random()}", **changes)
        decision = decide(seen, self.writer.state, POLICY, self.clock.at_ms)
        await self.executor.carry_out(decision)

    async def roll_back(self) -> None:
        """A release goes out, and is bad."""
        fact = deployment(subject=f"dep-{self.chance.random()}", at_ms=self.clock.at_ms)
        await self.writer.append(fact)
        await self.breach()

    async def list_card(self) -> None:
        card = self.chance.choice(("fp_1", "fp_2"))
        action = self.chance.choice(("block.fingerprint", "require.review"))
        await self.breach(do=(action,), key={"method_fingerprint": card}, rule_id=f"{action}-{card}")

    async def hold(self) -> None:
        await self.breach(do=("kill.switch",), key={}, rule_id="decline-flood")

    async def undo(self) -> None:
        done = list(self.writer.state.actions)
        if done:
            await self.executor.undo(self.chance.choice(done), "ada", "no")

    async def step(self) -> None:
        """A step of a deployment, a scaling or a flag, in the way that all of them have to go."""
        change, target = self.chance.choice(CHANGERS)
        run_id = f"run-{self.chance.random()}"
        async with self.executor.deciding:
            if withheld(change, target, self.writer.state, POLICY, self.clock.at_ms) is not None:
                return
            await self.writer.append(DeploymentPlanned(plan=plan_of(run_id, target)))
            begun = StepBegun(deployment_id=run_id, step_id="only", kind="change", target=target, key=run_id)
            await self.writer.append(begun)
        async with self.executor.turns.of(target):
            await self.ground.change(target, self.chance.uniform(0, 20))
        ended = StepEnded(deployment_id=run_id, step_id="only", finding=StepFinding.PASSED, detail="")
        await self.writer.append(ended)
        await self.writer.append(DeploymentEnded(deployment_id=run_id, outcome=RunOutcome.SUCCEEDED))

    async def later(self, at_ms: int) -> None:
        """One trigger, of any sort, at this moment."""
        await self.clock.sleep((at_ms - self.clock.at_ms) / 1000)
        sort = self.chance.choice(
            (self.roll_back, self.list_card, self.hold, self.undo, self.step, self.step, self.step)
        )
        await sort()


def plan_of(run_id: str, target: str) -> Plan:
    asked = Request(
        deployment_id=run_id,
        version="2.0.0",
        strategy=Strategy.CANARY,
        regions=("us-east-1",),
        requested_by="ada",
    )
    step = Step(
        id="only", phase="traffic_rollout", kind="change", region="us-east-1", within_seconds=60.0, target=target
    )
    return Plan(request=asked, standing=(), steps=(step,))


async def crowd(seed: int) -> Crowd:
    clock, chance = SimulatedClock(), random.Random(seed)  # noqa: S311 - a simulation is repeatable
    ground, journal = Ground(clock), MemoryJournal()
    lease = await journal.acquire_lease("here", LEASE_MS, clock.now_ms())
    writer = await JournalWriter.open(journal, lease, clock)
    actions = {
        "rollback.traffic": SlowAction(ground, 5.0, TARGET),
        "kill.switch": SlowAction(ground, 3.0, CONTROL_TARGET),
        **dict.fromkeys(LIST_ACTIONS, SlowAction(ground, 4.0)),
    }
    return Crowd(clock, ground, writer, Executor(writer, actions, clock, POLICY), chance)


@pytest.mark.parametrize("seed", range(2))
async def test_of_a_thousand_conflicting_triggers_no_two_change_one_target_at_once(seed: int) -> None:
    one = await crowd(seed)
    moments = [one.clock.at_ms + one.chance.randrange(SPAN_MS) for _ in range(TRIGGERS)]
    await one.clock.run(*(one.later(at_ms) for at_ms in moments))
    assert one.ground.overlaps == []
    # It was tried: everybody changed something, many were held back, and nobody holds anything in the end.
    kinds = Counter(target.partition(":")[0] for target in one.ground.changes)
    assert set(kinds) == {"dns", "environment", "scale", "flags", "fraud", "control"}
    assert TRIGGERS / 6 < len(one.ground.changes) < TRIGGERS
    assert not any(target.running for target in one.writer.state.targets.values())


async def test_the_simulation_would_see_an_overlap() -> None:
    clock = SimulatedClock()
    ground = Ground(clock)
    await clock.run(ground.change("environment:us-east-1/green", 2.0), ground.change("scale:us-east-1/green", 1.0))
    assert ground.overlaps == [("scale:us-east-1/green", "environment:us-east-1/green")]

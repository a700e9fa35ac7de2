"""A signal that comes and goes: automation acts twice at the most, then a person decides."""

import pytest

from checks.findings import State as FindingState
from config.guardrails import ApprovalRule, Approvals
from config.policy import FraudPolicy, Policy
from remediation.decide import CONTROL_TARGET, decide
from remediation.decisions import Decision, Reason
from remediation.executor import Executor
from remediation.guardrails.guard import KILL_SWITCH
from remediation.journal.guardrail_kinds import ApprovalGiven
from remediation.journal.memory import MemoryJournal
from remediation.journal.writer import JournalWriter
from tests.unit.remediation.guardrails.simulated import Ground, SimulatedClock, SlowAction
from tests.unit.remediation.worlds import FakeClock, finding

MINUTE_MS = 60_000
LEASE_MS = 10 * 3_600_000
KILLING = Policy(fraud=FraudPolicy(kill_switch=True), calendars=())
ASKING = Policy(fraud=FraudPolicy(kill_switch=False), calendars=())


class Flapping:
    """A rule that is breached for a minute and clear for a minute, and what it makes automation do."""

    def __init__(self, writer: JournalWriter, clock: FakeClock, policy: Policy) -> None:
        instant = SimulatedClock()
        instant.sleep = clock.sleep  # type: ignore[method-assign]  # nothing else happens at the same time
        self.ground = Ground(instant)
        self.writer = writer
        self.clock = clock
        self.policy = policy
        action = SlowAction(self.ground, 0.0, CONTROL_TARGET)
        self.executor = Executor(writer, {KILL_SWITCH: action}, clock, policy)
        self.decisions: list[Decision] = []

    async def flap(self, minutes: int) -> None:
        """Looked at every ten seconds, as the daemon does at least."""
        for tenth in range(minutes * 6):
            state = FindingState.BREACHED if tenth // 6 % 2 == 0 else FindingState.CLEARED
            seen = finding(do=(KILL_SWITCH,), key={}, at_ms=self.clock.at_ms, state=state, fact_id=str(tenth))
            decision = decide(seen, self.writer.state, self.policy, self.clock.at_ms)
            self.decisions.append(decision)
            await self.executor.carry_out(decision)
            self.clock.at_ms += MINUTE_MS // 6

    def asked(self) -> list[str]:
        """Questions that still stand or were answered."""
        return [one.id for one in self.writer.state.approvals.values() if not one.void]

    async def approve(self) -> None:
        name = self.asked()[-1]
        digest = self.writer.state.approvals[name].digest
        await self.writer.append(ApprovalGiven(approval_id=name, digest=digest), "bob")


async def flapping(policy: Policy) -> Flapping:
    clock, journal = FakeClock(), MemoryJournal()
    lease = await journal.acquire_lease("here", LEASE_MS, clock.now_ms())
    return Flapping(await JournalWriter.open(journal, lease, clock), clock, policy)


async def test_a_signal_that_comes_and_goes_for_two_hours_makes_it_act_twice() -> None:
    one = await flapping(KILLING)
    await one.flap(120)
    assert len(one.ground.changes) == 2
    held = [decision for decision in one.decisions if decision.reason is Reason.RECURRING]
    assert held
    assert "a person decides" in held[-1].detail


async def test_a_person_allows_one_more_at_a_time() -> None:
    one = await flapping(KILLING)
    await one.flap(30)
    first = one.asked()
    assert len(first) == 1
    await one.approve()
    await one.flap(30)
    assert len(one.ground.changes) == 3
    assert len(one.asked()) == 1
    assert one.asked() != first


async def test_an_approval_that_ran_out_allows_nothing() -> None:
    one = await flapping(KILLING)
    await one.flap(30)
    await one.approve()
    one.clock.at_ms += 1_800_000
    await one.flap(10)
    assert len(one.ground.changes) == 2


async def test_where_nobody_is_asked_it_stays_held() -> None:
    one = await flapping(KILLING.model_copy(update={"approvals": Approvals(repeat=ApprovalRule(needed=0))}))
    await one.flap(60)
    assert len(one.ground.changes) == 2
    assert one.asked() == []


async def test_the_kill_switch_asks_people_where_it_is_left_to_them_and_acts_once_for_a_yes() -> None:
    one = await flapping(ASKING)
    await one.flap(1)
    assert one.ground.changes == []
    assert one.decisions[-1].reason is Reason.NOT_ALLOWED
    assert len(one.asked()) == 1
    await one.approve()
    await one.flap(20)
    assert one.ground.changes == [CONTROL_TARGET]
    assert len(one.asked()) == 1


@pytest.mark.parametrize("needed", [1, 2])
async def test_so_many_people_are_needed_as_the_policy_says(needed: int) -> None:
    approvals = Approvals(kill_switch=ApprovalRule(needed=needed, expires=1800.0))
    one = await flapping(ASKING.model_copy(update={"approvals": approvals}))
    await one.flap(1)
    await one.approve()
    await one.flap(2)
    assert len(one.ground.changes) == (1 if needed == 1 else 0)

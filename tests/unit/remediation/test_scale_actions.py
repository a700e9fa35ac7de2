"""Capacity is changed once, to an absolute number, whoever dies meanwhile; a part of it is told from all of it."""

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from msgspec.structs import replace

from config.policy import GuardPolicy, Policy
from remediation.actions.scale import Scale, Scaled
from remediation.aiming.capacity import SCALE_ACTIONS, SCALE_IN, SCALE_OUT, SCALE_SET
from remediation.decide import decide
from remediation.decisions import Decision, Outcome, OutcomeStatus, Reason
from remediation.deployment.permitting import being_scaled
from remediation.errors import WorldRefused, WorldUnreachable
from remediation.executor import Executor
from remediation.journal.memory import MemoryJournal
from remediation.journal.scaling_kinds import ScalingPinned
from remediation.journal.writer import JournalWriter
from remediation.ports import Action, Capacity
from remediation.scaling.model import Direction, Pin, ScalingDecision, ScalingReason, Source
from remediation.scaling.state_fold import AFTER_UNDO_MS
from remediation.scaling_findings import finding_of
from remediation.state import ActionState, State, TargetState
from tests.unit.remediation.test_recovery import CRASH_POINTS_MAX, Crash, CrashingJournal
from tests.unit.remediation.worlds import LEASE_MS, NOW_MS, FakeClock, Stopped, finding

ACTION: dict[str, Any] = {
    "decision_id": "dec-1",
    "sequence": 1,
    "action": SCALE_OUT,
    "target": "scale:us-east-1/core",
    "key": "k",
    "arguments": {},
    "cause_at_ms": NOW_MS,
    "decided_at_ms": NOW_MS,
}
PLACE, TARGET = "us-east-1/core", "scale:us-east-1/core"
POLICY = Policy()


@dataclass
class FakeFleet:
    """A component whose units come when asked for, but never more than there is room for."""

    desired: int = 2
    in_service: int = 2
    room: int = 100
    quota: int | None = None
    said: str = ""
    sets: list[tuple[int, str]] = field(default_factory=list)
    faults: list[Exception] = field(default_factory=list)
    crash: Crash = field(default_factory=lambda: Crash(-1, after=False))

    async def read(self) -> Capacity:
        return await self.crash.around(self._read)

    async def set(self, units: int, key: str) -> None:
        await self.crash.around(lambda: self._set(units, key))

    async def _read(self) -> Capacity:
        return Capacity(desired=self.desired, in_service=self.in_service, quota=self.quota, said=self.said)

    async def _set(self, units: int, key: str) -> None:
        self.sets.append((units, key))
        self.desired, self.in_service = units, min(units, self.room)
        if self.faults:
            raise self.faults.pop(0)


@dataclass
class Place:
    """A leader over a journal and a fleet. needed: units under requests of this moment. changing: a deployment."""

    fleet: FakeFleet = field(default_factory=FakeFleet)
    journal: MemoryJournal = field(default_factory=MemoryJournal)
    policy: Policy = POLICY
    needed: int | None = 1
    changing: str = ""
    clock: FakeClock = field(default_factory=FakeClock)

    async def lead(self) -> "Place":
        lease = await self.journal.acquire_lease("here", LEASE_MS * 100, self.clock.now_ms())
        self.writer = await JournalWriter.open(self.journal, lease, self.clock)
        self.executor = Executor(self.writer, self.actions, self.clock, self.policy)
        return self

    @property
    def actions(self) -> dict[str, Action]:
        async def needed() -> int | None:
            return self.needed

        one = Scaled(
            scalable=self.fleet,
            least=lambda: 1,
            most=lambda: 6,
            settles_seconds=lambda: 60.0,
            needed=needed,
            changing=lambda: self.changing,
        )
        return {name: Scale(name, lambda: {PLACE: one}) for name in SCALE_ACTIONS}

    @property
    def state(self) -> State:
        return self.writer.state

    def decided(self, units: int, asked_by: str = "") -> Decision:
        breach = finding_of(wanted(self.fleet.desired, units), self.clock.now_ms(), asked_by=asked_by)
        return decide(breach, self.state, self.policy, self.clock.now_ms())

    async def scale(self, units: int, asked_by: str = "") -> Outcome:
        outcome = await self.executor.carry_out(self.decided(units, asked_by))
        assert outcome is not None, self.state.decisions[-1]
        return outcome


def wanted(current: int | None, target: int, source: Source = Source.REACTIVE) -> ScalingDecision:
    have = 0 if current is None else current
    return ScalingDecision(
        component="core",
        target_name=TARGET,
        at_ms=NOW_MS,
        current=current,
        wanted=target,
        target=target,
        direction=Direction.OUT if target > have else Direction.IN if target < have else Direction.NONE,
        reason=ScalingReason.WANTED,
        source=source,
        hourly_before_microdollars=0,
        hourly_after_microdollars=0,
        words="2 units are 93% full",
    )


async def test_a_scale_out_is_carried_out_once_and_seen_to_serve() -> None:
    place = await Place().lead()
    await place.writer.append(wanted(2, 4, Source.PREDICTIVE))
    outcome = await place.scale(4)
    assert (outcome.action, outcome.target, outcome.status) == (SCALE_OUT, TARGET, OutcomeStatus.VERIFIED)
    assert [units for units, _ in place.fleet.sets] == [4]
    [one] = place.state.actions.values()
    assert one.arguments == {"region": "us-east-1", "component": "core", "units": "4", "source": "predictive"}
    assert one.before["units"] == "2"
    [decided] = place.state.decisions
    assert decided.detail == "core in us-east-1: 2 units are 93% full: scales out core in us-east-1 to 4 units"
    assert len(place.state.scaled_at_ms) == 1
    assert place.state.intents_at_ms == ()


async def test_three_of_six_is_not_done_and_says_what_the_other_side_said() -> None:
    place = await Place(FakeFleet(room=3, said="you have reached the limit of vCPUs")).lead()
    outcome = await place.scale(6)
    assert outcome.status is OutcomeStatus.UNVERIFIED
    assert outcome.detail == "3 of 6 in service: you have reached the limit of vCPUs"
    # It was looked for as long as new units may take, and not only as long as a shift of traffic may.
    assert place.clock.at_ms >= NOW_MS + 60_000


@pytest.mark.parametrize(
    ("units", "place", "words"),
    [
        (7, Place(), "7 units are above the max of us-east-1/core, 6 at this moment"),
        (5, Place(FakeFleet(quota=4)), "the account's quota is 4, 5 are wanted"),
        (4, Place(changing="prod-deploy-1"), "prod-deploy-1 is changing it"),
        (
            1,
            Place(FakeFleet(desired=4, in_service=4), needed=3),
            "the requests under way need 3 units, 1 would be left",
        ),
        (1, Place(FakeFleet(desired=4, in_service=4), needed=None), "it is not known what it is working on"),
        (0, Place(), "0 units are below the min of us-east-1/core, 1"),
    ],
)
async def test_what_must_not_be_is_refused_with_its_reason_and_nothing_is_sent(
    units: int, place: Place, words: str
) -> None:
    await place.lead()
    outcome = await place.scale(units)
    assert outcome.status is OutcomeStatus.REFUSED
    assert words in outcome.refusal
    assert place.fleet.sets == []


async def test_a_component_that_nobody_knows_is_refused_with_those_that_are_there() -> None:
    place = await Place().lead()
    breach = replace(finding_of(wanted(2, 4), NOW_MS), key={"region": "us-east-1", "component": "cor", "units": "4"})
    outcome = await place.executor.carry_out(decide(breach, place.state, POLICY, NOW_MS))
    assert outcome is not None
    assert outcome.refusal == "us-east-1/cor is no component of scaling.yaml, which has us-east-1/core"


async def test_a_direction_is_kept_whatever_others_did_since() -> None:
    place = await Place().lead()
    out = place.decided(4)
    place.fleet.desired = place.fleet.in_service = 5
    outcome = await place.executor.carry_out(out)
    assert outcome is not None
    assert outcome.refusal == "it was given 5 units meanwhile, and a scale-out takes none away"
    down = await Place(FakeFleet(desired=5, in_service=5)).lead()
    less = down.decided(3)
    down.fleet.desired = down.fleet.in_service = 2
    outcome = await down.executor.carry_out(less)
    assert outcome is not None
    assert outcome.refusal == "it was left 2 units meanwhile, and a scale-in adds none"


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
async def test_killed_at_any_point_it_comes_to_a_single_effect(*, after: bool) -> None:
    for at in range(CRASH_POINTS_MAX):
        crash = Crash(at, after=after)
        place = await Place(FakeFleet(crash=crash), CrashingJournal(crash)).lead()
        decision = place.decided(4)
        crash.armed = True
        with contextlib.suppress(Stopped):
            await place.executor.carry_out(decision)
        crash.armed = False
        await place.lead()
        await place.executor.recover()
        assert all(one.status is not None for one in place.state.actions.values()), at
        if place.fleet.desired != 4:
            assert place.fleet.sets == [], at
            place.clock.at_ms += 10_000
            await place.scale(4)
        assert {units for units, _ in place.fleet.sets} == {4}, at
        assert len(place.fleet.sets) == 1, at
        if not crash.happened:
            assert at >= 6
            return
    pytest.fail("the action never came to its end")


async def test_throttled_calls_are_sent_again_under_the_same_key_and_change_nothing_more() -> None:
    throttled = [WorldUnreachable("ThrottlingException"), WorldUnreachable("ThrottlingException")]
    place = await Place(FakeFleet(room=4, faults=list(throttled))).lead()
    outcome = await place.scale(4)
    assert outcome.status is OutcomeStatus.VERIFIED
    # The first one had taken effect although nobody heard of it.
    assert len(place.fleet.sets) == 1


async def test_what_the_world_refuses_is_told_and_not_sent_again() -> None:
    place = await Place(FakeFleet(room=0, faults=[WorldRefused("LimitExceeded")])).lead()
    outcome = await place.scale(4)
    assert (outcome.status, len(place.fleet.sets)) == (OutcomeStatus.FAILED, 1)
    assert "LimitExceeded" in outcome.detail


async def test_it_is_taken_back_on_request_and_then_left_alone_for_a_while() -> None:
    place = await Place().lead()
    await place.scale(4)
    [one] = place.state.actions.values()
    undone = await place.executor.undo(one.decision_id, "ana", "too dear")
    assert isinstance(undone, Outcome)
    assert undone.status is OutcomeStatus.VERIFIED
    assert place.fleet.desired == 2
    pin = place.state.pins[TARGET]
    assert (pin.units, pin.until_ms) == (2, place.clock.now_ms() + AFTER_UNDO_MS)


async def test_a_person_is_held_by_what_does_harm_and_by_no_limit_of_automation() -> None:
    spent = Policy(guard=GuardPolicy(observe_only=True, scalings_per_hour=0))
    place = await Place(policy=spent).lead()
    outcome = await place.scale(4, asked_by="ana")
    assert (outcome.action, outcome.status) == (SCALE_SET, OutcomeStatus.VERIFIED)
    place.changing = "prod-deploy-1"
    assert (await place.scale(5, asked_by="ana")).status is OutcomeStatus.REFUSED


async def test_changes_of_capacity_have_a_budget_of_their_own_and_no_cool_down_of_rollbacks() -> None:
    place = await Place(policy=Policy(guard=GuardPolicy(scalings_per_hour=2, actions_per_hour=0))).lead()
    assert (await place.scale(3)).status is OutcomeStatus.VERIFIED
    assert (await place.scale(4)).status is OutcomeStatus.VERIFIED
    assert place.decided(5).reason is Reason.BUDGET_SPENT
    place.clock.at_ms += 3_600_001
    assert (await place.scale(5)).status is OutcomeStatus.VERIFIED


async def test_only_one_change_of_a_component_at_a_time() -> None:
    place = await Place().lead()
    busy = replace(place.state, targets={TARGET: TargetState(running="dec-1")})
    breach = finding_of(wanted(2, 4), NOW_MS)
    assert decide(breach, busy, POLICY, NOW_MS).reason is Reason.ACTION_IN_PROGRESS


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ({}, Reason.NO_SUBJECT),
        ({TARGET: wanted(None, 2)}, Reason.NO_SUBJECT),
        ({TARGET: wanted(2, 3)}, Reason.IN_EFFECT),
        ({TARGET: wanted(2, 2)}, Reason.BREACHED),
    ],
)
def test_a_rule_asks_for_one_unit_more_than_is_known_to_be_there(
    known: Mapping[str, ScalingDecision], expected: Reason
) -> None:
    breach = finding(do=("scale.out",), component="core", key={})
    decision = decide(breach, State(scaling=dict(known)), POLICY, NOW_MS)
    assert decision.reason is expected
    if decision.act:
        assert (decision.target, decision.arguments["units"]) == (TARGET, "3")


async def test_what_a_person_set_holds_until_it_is_let_go() -> None:
    place = await Place().lead()
    pin = Pin(units=3, until_ms=NOW_MS + 1, by="ana", why="a sale")
    await place.writer.append(ScalingPinned(target=TARGET, pin=pin), "ana")
    assert place.state.pins == {TARGET: pin}
    await place.writer.append(ScalingPinned(target=TARGET, pin=None), "ana")
    assert place.state.pins == {}


def test_a_rollout_waits_while_capacity_of_its_region_is_being_changed() -> None:
    busy = State(targets={TARGET: TargetState(running="dec-1")}, actions={"dec-1": ActionState(**ACTION)})
    assert being_scaled("us-east-1", busy).startswith("dec-1 is still scaling us-east-1/core")
    assert being_scaled("us-west-2", busy) == ""
    assert being_scaled("us-east-1", replace(busy, targets={TARGET: TargetState()})) == ""


def test_a_scale_in_is_never_asked_for_by_a_rule_of_a_file() -> None:
    breach = finding(do=(SCALE_IN,), component="core", key={})
    assert decide(breach, State(scaling={TARGET: wanted(2, 2)}), POLICY, NOW_MS).reason is Reason.NO_SUBJECT

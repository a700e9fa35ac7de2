"""A region is left once: by two findings at a time, after a process that died, and until a person gives it back."""

import asyncio

import pytest

from checks.findings import State as FindingState
from config.policy import GuardPolicy, Policy, RegionRoom, TrafficPolicy
from remediation.actions.evacuate_region import EvacuateRegion
from remediation.decide import decide
from remediation.decisions import OutcomeStatus, Reason
from remediation.executor import Executor
from remediation.journal.memory import MemoryJournal
from remediation.journal.writer import JournalWriter
from remediation.state import State
from tests.unit.remediation.test_regions import EAST, WEST, FakeRegions, payments, probes
from tests.unit.remediation.worlds import LEASE_MS, DyingJournal, FakeClock, FakeWorld, Stopped

POLICY = Policy(
    guard=GuardPolicy(cooldown=300.0),
    traffic=TrafficPolicy(regions=dict.fromkeys((EAST, WEST), RegionRoom(payments_per_second=100.0))),
)


class Place:
    """A leader over a journal and a world of two regions."""

    def __init__(self, journal: MemoryJournal | None = None, world: FakeWorld | None = None) -> None:
        self.journal = MemoryJournal() if journal is None else journal
        self.world = FakeWorld(weights={EAST: 50, WEST: 50}) if world is None else world
        self.clock = FakeClock()

    async def lead(self) -> None:
        lease = await self.journal.acquire_lease("here", LEASE_MS, self.clock.now_ms())
        self.writer = await JournalWriter.open(self.journal, lease, self.clock)
        self.regions = FakeRegions()
        action = EvacuateRegion(self.world, self.regions, POLICY.traffic)
        self.executor = Executor(self.writer, {"evacuate.region": action}, self.clock, POLICY)

    @property
    def state(self) -> State:
        return self.writer.state

    async def told(self) -> None:
        for one in (probes(), payments()):
            await self.writer.append(one)


async def test_two_findings_that_agree_at_the_same_moment_leave_the_region_once() -> None:
    place = Place()
    await place.lead()
    await place.told()
    both = [decide(one, place.state, POLICY, place.clock.now_ms()) for one in (probes(), payments())]
    assert all(decision.act for decision in both)
    await asyncio.gather(*(place.executor.carry_out(decision) for decision in both))
    assert place.world.writes == [({EAST: 0, WEST: 50}, both[0].key)]
    assert [one.status for one in place.state.actions.values()] == [OutcomeStatus.VERIFIED]
    assert {one.reason for one in place.state.decisions if not one.act} <= {
        Reason.ACTION_IN_PROGRESS,
        Reason.IN_EFFECT,
    }
    place.clock.at_ms += 600_000
    fresh = probes(at_ms=place.clock.at_ms)
    assert decide(fresh, place.state, POLICY, place.clock.now_ms()).reason is Reason.IN_EFFECT


@pytest.mark.parametrize(
    ("kind", "written"), [("intent", False), ("intent", True), ("outcome", False), ("outcome", True)]
)
async def test_a_process_that_dies_around_an_entry_has_left_the_region_at_most_once(kind: str, written: bool) -> None:
    journal = DyingJournal(kind, Stopped(), written=written)
    place = Place(journal)
    await place.lead()
    await place.told()
    decision = decide(probes(), place.state, POLICY, place.clock.now_ms())
    with pytest.raises(Stopped):
        await place.executor.carry_out(decision)
    journal.fault = None
    again = Place(journal, place.world)
    await again.lead()
    await again.executor.recover()
    for one in (probes(), payments()):
        later = decide(one, again.state, POLICY, again.clock.now_ms())
        if later.act:
            await again.executor.carry_out(later)
    assert again.world.weights == {EAST: 0, WEST: 50}
    assert len(again.world.writes) == 1
    assert (
        sum(one.status in {OutcomeStatus.VERIFIED, OutcomeStatus.ALREADY_DONE} for one in again.state.actions.values())
        == 1
    )


async def test_a_person_gives_the_traffic_back_and_automation_does_not_take_it_again_while_nothing_changed() -> None:
    place = Place()
    await place.lead()
    await place.told()
    decision = decide(probes(), place.state, POLICY, place.clock.now_ms())
    await place.executor.carry_out(decision)
    await place.executor.undo(decision.id, "ada", "it was the network")
    assert place.world.weights == {EAST: 50, WEST: 50}
    assert decide(probes(), place.state, POLICY, place.clock.now_ms()).reason is Reason.IN_EFFECT
    for one in (probes(state=FindingState.CLEARED), payments(state=FindingState.CLEARED)):
        await place.writer.append(one)
    assert place.state.regions[EAST].evacuated_at_ms == 0


async def test_traffic_that_was_given_back_is_seen_also_when_the_other_region_could_not_take_it_again() -> None:
    place = Place()
    await place.lead()
    await place.told()
    decision = decide(probes(), place.state, POLICY, place.clock.now_ms())
    await place.executor.carry_out(decision)
    place.regions.unwell = {WEST}
    outcome = await place.executor.undo(decision.id, "ada", "it was the network")
    assert not isinstance(outcome, tuple)
    assert outcome.status is OutcomeStatus.VERIFIED
    assert place.world.weights == {EAST: 50, WEST: 50}

"""A full region gives a part of its traffic away, by approval, to one that is well and has room, and gets it back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from config.policy import GuardPolicy, Policy, RegionRoom, TrafficPolicy
from remediation.actions.spill_region import SpillRegion
from remediation.aiming.release import Miss
from remediation.aiming.spill import SPILL_REGION, SpillAim, region_to_relieve, spilled, weights_of, written
from remediation.decide import decide
from remediation.decisions import Outcome, OutcomeStatus, Reason
from remediation.errors import UnsafeWeights
from remediation.executor import Executor
from remediation.journal.guardrail_kinds import ApprovalGiven
from remediation.journal.memory import MemoryJournal
from remediation.journal.writer import JournalWriter
from remediation.scaling_findings import spill_finding
from tests.unit.remediation.test_regions import EAST, WEST, FakeRegions
from tests.unit.remediation.test_scale_actions import wanted
from tests.unit.remediation.worlds import LEASE_MS, NOW_MS, FakeClock, FakeWorld

REGIONS = TrafficPolicy(regions=dict.fromkeys((EAST, WEST), RegionRoom(payments_per_second=100.0)))
BY_ITSELF = Policy(guard=GuardPolicy(region_spill="automatic"), traffic=REGIONS)
BY_PEOPLE = Policy(traffic=REGIONS)
BEFORE, AFTER = {EAST: 100, WEST: 100}, {EAST: 75, WEST: 125}
FULL = spill_finding(SpillAim(EAST, WEST, BEFORE, AFTER), wanted(4, 8), NOW_MS)

weights = st.dictionaries(st.sampled_from([EAST, WEST, "eu-west-1"]), st.integers(0, 1000), min_size=2)


@given(weights, st.integers(0, 50), st.integers(0, 50))
def test_no_weight_is_lost_none_is_below_zero_and_the_full_region_keeps_three_quarters(
    before: dict[str, int], have: int, need: int
) -> None:
    after = spilled(before, EAST, WEST, have, need)
    assert sum(after.values()) == sum(before.values())
    assert after.keys() == before.keys()
    assert all(weight >= 0 for weight in after.values())
    assert after.get(EAST, 0) >= before.get(EAST, 0) * 3 // 4 - 1
    assert {name: weight for name, weight in after.items() if name not in {EAST, WEST}} == {
        name: weight for name, weight in before.items() if name not in {EAST, WEST}
    }
    if after != before:
        assert need > have
        assert after[EAST] > 0
    assert weights_of(written(after)) == after


@pytest.mark.parametrize("text", ["", "us-east-1", "us-east-1=-1", "us-east-1=x us-west-2=1", "=5"])
def test_what_is_no_line_of_weights_moves_nothing(text: str) -> None:
    assert weights_of(text) is None
    assert isinstance(region_to_relieve(replace(FULL, key={**FULL.key, "after": text})), Miss)


class Place:
    """A leader over two regions."""

    def __init__(self, policy: Policy, world: FakeWorld | None = None, regions: FakeRegions | None = None) -> None:
        self.policy = policy
        self.world = FakeWorld(weights=dict(BEFORE)) if world is None else world
        self.regions = FakeRegions() if regions is None else regions
        self.clock = FakeClock()

    async def lead(self) -> "Place":
        journal = MemoryJournal()
        lease = await journal.acquire_lease("here", LEASE_MS * 100, NOW_MS)
        self.writer = await JournalWriter.open(journal, lease, self.clock)
        action = SpillRegion(self.world, self.regions, REGIONS)
        self.executor = Executor(self.writer, {SPILL_REGION: action}, self.clock, self.policy)
        return self

    async def act(self) -> Outcome | Reason:
        decision, outcome = await self.executor.decide_and_carry_out(
            decide(FULL, self.writer.state, self.policy, self.clock.now_ms())
        )
        return decision.reason if outcome is None else outcome


async def test_people_are_asked_before_traffic_moves_and_it_moves_once_they_agree() -> None:
    place = await Place(BY_PEOPLE).lead()
    assert await place.act() is Reason.NOT_ALLOWED
    assert place.world.writes == []
    [asked] = place.writer.state.approvals.values()
    assert asked.change == "region_spill"
    await place.writer.append(ApprovalGiven(approval_id=asked.id, digest=asked.digest), "ana")
    outcome = await place.act()
    assert isinstance(outcome, Outcome)
    assert outcome.status is OutcomeStatus.VERIFIED
    assert [moved for moved, _ in place.world.writes] == [AFTER]


async def test_where_configuration_allows_it_traffic_moves_by_itself_and_is_given_back_on_request() -> None:
    place = await Place(BY_ITSELF).lead()
    assert isinstance(await place.act(), Outcome)
    assert place.world.weights == AFTER
    [one] = place.writer.state.actions.values()
    undone = await place.executor.undo(one.decision_id, "ana", "there is room again")
    assert isinstance(undone, Outcome)
    assert place.world.weights == BEFORE


async def test_a_region_that_is_not_well_is_given_nothing_back() -> None:
    place = await Place(BY_ITSELF).lead()
    await place.act()
    place.regions.unwell.add(EAST)
    [one] = place.writer.state.actions.values()
    undone = await place.executor.undo(one.decision_id, "ana", "there is room again")
    assert isinstance(undone, Outcome)
    assert (undone.status, place.world.weights) == (OutcomeStatus.FAILED, AFTER)
    assert f"{EAST} is not healthy" in undone.detail


@pytest.mark.parametrize(
    ("place", "words"),
    [
        (Place(BY_ITSELF, FakeWorld(weights={EAST: 50, WEST: 150})), "the weights were changed since it was decided"),
        (Place(BY_ITSELF, regions=FakeRegions(load=None)), "no payment was seen lately"),
        (Place(BY_ITSELF, regions=FakeRegions(load=170.0)), f"{WEST} would take 106.2 of 170.0 payments a second"),
        (Place(BY_ITSELF, regions=FakeRegions({WEST})), f"{WEST} is not healthy"),
    ],
)
async def test_a_region_without_room_or_health_takes_nothing_over(place: Place, words: str) -> None:
    await place.lead()
    outcome = await place.act()
    assert isinstance(outcome, Outcome)
    assert outcome.status is OutcomeStatus.REFUSED
    assert words in outcome.refusal
    assert place.world.writes == []


async def test_weights_that_would_leave_nobody_are_never_written() -> None:
    action = SpillRegion(FakeWorld(), FakeRegions(), REGIONS)
    with pytest.raises(UnsafeWeights):
        await action.reverse({EAST: "0", WEST: "0"}, "k")

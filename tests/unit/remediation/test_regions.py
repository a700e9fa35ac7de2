"""A region is left when two kinds of telemetry agree that it is lost, another one is well, and nobody did so before."""

from itertools import combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from checks.findings import Finding
from checks.findings import State as FindingState
from config.policy import Policy, RegionRoom, TrafficPolicy
from remediation.actions.by_region import ByRegion
from remediation.actions.evacuate_region import EvacuateRegion
from remediation.aiming.region_state import REGIONS_MAX, RegionState, with_evacuation, with_signal
from remediation.decide import decide
from remediation.decisions import OutcomeStatus, Reason
from remediation.errors import UnsafeWeights, WorldRefused
from remediation.ports import DestinationHealth, Look, Preflight
from remediation.state import State
from tests.unit.remediation.worlds import NOW_MS, FakeWorld, finding, release

EAST, WEST, SOUTH = "us-east-1", "us-west-2", "sa-east-1"
ARGUMENTS = {"region": EAST, "destinations": WEST}


def policy(*regions: str, room: float = 100.0, **more: Any) -> Policy:  # noqa: ANN401  # fields of a policy
    rooms = {region: RegionRoom(payments_per_second=room) for region in regions}
    return Policy(traffic=TrafficPolicy(regions=rooms, **more))


def probes(region: str = EAST, **changes: object) -> Finding:
    return replace(
        finding(rule_id="region-unreachable", family="health", key={"region": region}, do=("evacuate.region", "page")),
        **changes,
    )


def payments(region: str = EAST, **changes: object) -> Finding:
    return replace(
        finding(rule_id="region-payments-absent", family="sla", key={"region": region}, do=("evacuate.region",)),
        **changes,
    )


def after(*findings: Finding) -> State:
    regions: dict[str, RegionState] = {}
    for one in findings:
        regions = with_signal(regions, one)
    return State(regions=regions)


TWO = policy(EAST, WEST)


@pytest.mark.parametrize(("first", "second"), [(probes(), payments()), (payments(), probes())])
def test_the_second_kind_of_telemetry_that_agrees_leaves_the_region_whichever_it_is(
    first: Finding, second: Finding
) -> None:
    alone = decide(first, after(first), TWO, NOW_MS)
    assert (alone.act, alone.reason) == (False, Reason.UNCONFIRMED)
    both = decide(second, after(first, second), TWO, NOW_MS)
    assert both.act
    assert (both.action, both.target) == ("evacuate.region", "dns:payments.tillwatch.test")
    assert both.arguments == ARGUMENTS
    assert "region-payments-absent and region-unreachable agree" in both.detail


def test_where_there_is_nowhere_to_go_it_is_said_whether_there_is_one_region_or_this_is_none() -> None:
    assert "there is one region alone" in decide(probes(), after(probes()), Policy(), NOW_MS).detail
    unknown = probes("mars-1")
    assert "'mars-1' is no region of policy.yaml" in decide(unknown, after(unknown), TWO, NOW_MS).detail


def test_two_rules_of_one_family_are_one_kind_of_telemetry() -> None:
    other = probes(rule_id="region-slow")
    assert decide(probes(), after(other, probes()), TWO, NOW_MS).reason is Reason.UNCONFIRMED


def test_a_signal_that_cleared_agrees_no_longer() -> None:
    state = after(payments(), payments(state=FindingState.CLEARED), probes())
    assert decide(probes(), state, TWO, NOW_MS).reason is Reason.UNCONFIRMED


@pytest.mark.parametrize("weak", [{"state": FindingState.NO_DATA}, {"mode": "shadow"}])
def test_a_silent_sensor_and_a_shadow_rule_agree_with_nothing(weak: dict[str, object]) -> None:
    assert decide(probes(), after(payments(EAST, **weak), probes()), TWO, NOW_MS).reason is Reason.UNCONFIRMED


def test_the_last_region_of_which_nothing_is_said_is_never_left() -> None:
    for other in (payments(WEST), probes(WEST)):
        state = after(payments(), probes(), other)
        assert decide(probes(), state, TWO, NOW_MS).reason is Reason.LAST_REGION


def test_a_lost_network_of_our_own_that_makes_every_region_look_lost_moves_nothing() -> None:
    said = [say(region) for region in (EAST, WEST, SOUTH) for say in (probes, payments)]
    for one in said:
        assert decide(one, after(*said), policy(EAST, WEST, SOUTH), NOW_MS).reason is Reason.LAST_REGION


def test_of_three_regions_the_traffic_goes_to_those_that_are_well() -> None:
    state = after(payments(), probes(), payments(SOUTH))
    assert decide(probes(), state, policy(EAST, WEST, SOUTH), NOW_MS).arguments["destinations"] == WEST


def test_a_region_that_was_left_is_not_left_again_until_it_is_well_and_lost_anew() -> None:
    regions = with_evacuation(
        after(payments(), probes()).regions, "evacuate.region", ARGUMENTS, OutcomeStatus.VERIFIED, 7
    )
    assert decide(probes(), State(regions=regions), TWO, NOW_MS).reason is Reason.IN_EFFECT
    assert (
        decide(
            probes(WEST), State(regions=with_signal(with_signal(regions, probes(WEST)), payments(WEST))), TWO, NOW_MS
        ).reason
        is Reason.LAST_REGION
    )
    answering = with_signal(regions, probes(state=FindingState.CLEARED))
    assert answering[EAST].evacuated_at_ms == 7, "it answers, and no payment goes there yet"
    well = with_signal(answering, payments(state=FindingState.CLEARED))
    assert well[EAST].evacuated_at_ms == 0
    again = with_signal(with_signal(well, probes()), payments())
    assert decide(probes(), State(regions=again), TWO, NOW_MS).act


@pytest.mark.parametrize("status", sorted(set(OutcomeStatus) - {OutcomeStatus.VERIFIED, OutcomeStatus.ALREADY_DONE}))
def test_what_was_not_seen_to_be_done_is_not_taken_for_done(status: OutcomeStatus) -> None:
    assert with_evacuation({}, "evacuate.region", ARGUMENTS, status, 7) == {}


def test_other_findings_and_actions_say_nothing_of_a_region() -> None:
    assert with_signal({}, finding()) == {}
    assert with_evacuation({}, "rollback.traffic", ARGUMENTS, OutcomeStatus.VERIFIED, 7) == {}


@given(st.lists(st.tuples(st.integers(0, 60), st.booleans()), max_size=200))
def test_names_that_come_with_facts_fill_no_memory(said: list[tuple[int, bool]]) -> None:
    regions: dict[str, RegionState] = {}
    for number, breached in said:
        state = FindingState.BREACHED if breached else FindingState.CLEARED
        regions = with_signal(regions, probes(f"r{number}", state=state))
    assert len(regions) <= REGIONS_MAX


def test_a_region_that_is_lost_or_was_left_is_forgotten_after_those_that_nothing_is_said_of() -> None:
    left, lost = RegionState(evacuated_at_ms=7), after(probes("r1")).regions["r1"]
    regions = {"r0": left, "r1": lost} | {f"r{number}": RegionState() for number in range(2, REGIONS_MAX)}
    assert len(with_signal(regions, probes("r0"))) == REGIONS_MAX
    assert set(regions) - set(with_signal(regions, probes("more"))) == {"r2"}
    loud = dict.fromkeys(regions, left)
    assert set(loud) - set(with_signal(loud, probes("more"))) == {"r0"}


def test_a_release_is_rolled_back_where_the_finding_says_and_else_where_it_is_deployed() -> None:
    state = State(deployments={"dep-1": release(region=WEST)})
    named = decide(finding(), state, TWO, NOW_MS)
    assert (named.target, named.arguments["region"]) == ("dns:us-east-1.payments.tillwatch.test", EAST)
    unnamed = decide(finding(key={}), state, TWO, NOW_MS)
    assert (unnamed.target, unnamed.arguments["region"]) == ("dns:us-west-2.payments.tillwatch.test", WEST)
    assert named.key != unnamed.key


class FakeRegions:
    """unwell: regions that do not answer well. load: payments a second of all regions. serve: of their instances."""

    def __init__(self, unwell: set[str] | None = None, load: float | None = 40.0, serve: float = 1.0) -> None:
        self.unwell = set() if unwell is None else unwell
        self.load = load
        self.serve = serve

    async def health(self, region: str) -> DestinationHealth:
        """See Regions."""
        return DestinationHealth(healthy=region not in self.unwell, detail=f"{region} answered 503")

    async def fit(self, region: str) -> float:
        """See Regions."""
        del region
        return self.serve

    def payments_per_second(self) -> float | None:
        """See Regions."""
        return self.load


def evacuation(world: FakeWorld, regions: FakeRegions | None = None, chosen: Policy = TWO) -> EvacuateRegion:
    return EvacuateRegion(world, FakeRegions() if regions is None else regions, chosen.traffic)


async def test_all_traffic_of_the_region_goes_to_the_other_in_absolute_weights_and_can_be_given_back() -> None:
    world = FakeWorld(weights={EAST: 50, WEST: 50})
    action = evacuation(world)
    before = (await action.preflight(ARGUMENTS)).before
    for _ in range(2):
        await action.apply(ARGUMENTS, "key")
        assert world.weights == {EAST: 0, WEST: 50}
    assert (await action.verify(ARGUMENTS)).in_effect
    assert (await action.preflight(ARGUMENTS)).already_done
    await action.reverse(before, "key-2")
    assert world.weights == {EAST: 50, WEST: 50}


async def test_a_standby_region_without_traffic_takes_it() -> None:
    world = FakeWorld(weights={EAST: 100, WEST: 0})
    await evacuation(world).apply(ARGUMENTS, "key")
    assert world.weights == {EAST: 0, WEST: 100}


async def test_weights_of_zero_everywhere_are_not_taken_for_evacuated() -> None:
    world = FakeWorld(weights={EAST: 0, WEST: 0})
    assert not (await evacuation(world).verify(ARGUMENTS)).in_effect


@pytest.mark.parametrize("records", [{EAST: 100}, {EAST: 50, WEST: 50, "us-east-1-b": 50}, {}])
async def test_any_other_record_set_than_the_regions_is_refused(records: dict[str, int]) -> None:
    world = FakeWorld(weights=records)
    assert (await evacuation(world).preflight(ARGUMENTS)).refusal
    assert not (await evacuation(world).verify(ARGUMENTS)).in_effect
    with pytest.raises(UnsafeWeights):
        await evacuation(world).apply(ARGUMENTS, "key")
    assert world.writes == []


async def test_a_destination_that_is_dead_or_too_small_is_refused_with_its_numbers() -> None:
    world = FakeWorld(weights={EAST: 50, WEST: 50})
    dead = (await evacuation(world, FakeRegions(unwell={WEST})).preflight(ARGUMENTS)).refusal
    assert dead == "us-west-2 is not healthy in check 1 of 2: us-west-2 answered 503"
    small = (await evacuation(world, FakeRegions(load=101.0)).preflight(ARGUMENTS)).refusal
    assert small.startswith("us-west-2 would take 101.0 of 101.0 payments a second and is sized for 100")
    assert not (await evacuation(world, FakeRegions(load=100.0)).preflight(ARGUMENTS)).refusal


async def test_a_destination_whose_instances_do_not_all_serve_has_only_their_room() -> None:
    world = FakeWorld(weights={EAST: 50, WEST: 50})
    half = (await evacuation(world, FakeRegions(load=51.0, serve=0.5)).preflight(ARGUMENTS)).refusal
    assert half.endswith("(traffic.regions in policy.yaml), of which 50 % serve")
    assert not (await evacuation(world, FakeRegions(load=50.0, serve=0.5)).preflight(ARGUMENTS)).refusal


async def test_a_load_that_nobody_has_seen_is_no_room() -> None:
    refusal = (
        await evacuation(FakeWorld(weights={EAST: 50, WEST: 50}), FakeRegions(load=None)).preflight(ARGUMENTS)
    ).refusal
    assert refusal == "no payment was seen lately, so it is not known how many would come"


async def test_a_third_region_is_let_be_and_need_not_be_well() -> None:
    world = FakeWorld(weights={EAST: 40, WEST: 30, SOUTH: 30})
    action = evacuation(world, FakeRegions(unwell={SOUTH}), policy(EAST, WEST, SOUTH))
    assert not (await action.preflight(ARGUMENTS)).refusal
    await action.apply(ARGUMENTS, "key")
    assert world.weights == {EAST: 0, WEST: 30, SOUTH: 30}


@pytest.mark.parametrize("before", [{}, {EAST: "0", WEST: "0"}, {EAST: "100", WEST: "-1"}])
async def test_weights_that_send_traffic_nowhere_are_never_given_back(before: dict[str, str]) -> None:
    with pytest.raises(UnsafeWeights):
        await evacuation(FakeWorld()).reverse(before, "key")


async def test_a_region_that_is_still_lost_is_given_nothing_back_and_the_one_that_only_loses_need_not_be_well() -> None:
    world = FakeWorld(weights={EAST: 0, WEST: 100})
    with pytest.raises(WorldRefused, match="us-east-1 is not healthy in check 1 of 2"):
        await evacuation(world, FakeRegions(unwell={EAST})).reverse({EAST: "50", WEST: "50"}, "key")
    assert world.writes == []
    await evacuation(world, FakeRegions(unwell={WEST})).reverse({EAST: "50", WEST: "50"}, "key")
    assert world.weights == {EAST: 50, WEST: 50}


class Told:
    """An action that remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[object] = []

    async def preflight(self, arguments: object) -> Preflight:
        """See Action."""
        self.asked.append(arguments)
        return Preflight(before={"blue": "75"})

    async def apply(self, arguments: object, key: str) -> None:
        """See Action."""
        self.asked.append((arguments, key))

    async def verify(self, arguments: object) -> Look:
        """See Action."""
        return Look(in_effect=bool(arguments), detail="")

    async def reverse(self, before: object, key: str) -> None:
        """See Action."""
        self.asked.append((before, key))


async def test_an_action_in_one_of_several_regions_is_done_there_alone_and_taken_back_there() -> None:
    east, west = Told(), Told()
    both = ByRegion({EAST: east, WEST: west})
    before = (await both.preflight({"region": WEST})).before
    await both.apply({"region": WEST}, "key")
    assert (await both.verify({"region": WEST})).in_effect
    await both.reverse(before, "back")
    assert east.asked == []
    assert west.asked == [{"region": WEST}, ({"region": WEST}, "key"), ({"blue": "75"}, "back")]


class Refusing(Told):
    """One that reads the world and may not act."""

    async def preflight(self, arguments: object) -> Preflight:
        """See Action."""
        self.asked.append(arguments)
        return Preflight(refusal="blue answered 503", before={"blue": "75"})


async def test_what_was_found_is_told_with_a_refusal_and_with_its_region() -> None:
    found = await ByRegion({EAST: Refusing()}).preflight({"region": EAST})
    assert (found.refusal, found.before) == ("blue answered 503", {"blue": "75", "region": EAST})


@pytest.mark.parametrize("arguments", [{}, {"region": "mars-1"}])
async def test_a_region_that_nobody_knows_is_refused(arguments: dict[str, str]) -> None:
    action = ByRegion({EAST: Told()})
    assert (await action.preflight(arguments)).refusal
    with pytest.raises(WorldRefused):
        await action.apply(arguments, "key")


def test_evidence_of_any_two_families_suffices_and_one_never_does() -> None:
    families = ("health", "sla", "savings")
    for size in (1, 2, 3):
        for chosen in combinations(families, size):
            said = [probes(rule_id=f"rule-{family}", family=family) for family in chosen]
            assert decide(said[-1], after(*said), TWO, NOW_MS).act is (size >= 2)

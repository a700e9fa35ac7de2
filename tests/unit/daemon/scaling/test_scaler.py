"""The duty: what is decided is carried out once, recorded when it changes, and told when it is not enough."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from config.policy import GuardPolicy, Policy
from daemon.scaling.load import Load
from remediation.aiming.spill import SPILL_REGION, SPILL_RULE
from remediation.decisions import OutcomeStatus, Reason
from remediation.errors import WorldUnreachable
from remediation.scaling.model import Direction, ScalingReason
from remediation.scaling_findings import BLIND_RULE, SHORT_RULE
from remediation.state import IncidentState, TargetState
from tests.unit.daemon.scaling.scaling_house import SPILL, FakeGauge, House, component, policy
from tests.unit.remediation.test_scale_actions import FakeFleet
from tests.unit.remediation.worlds import FakeWorld

TARGET = "scale:us-east-1/core"


@pytest.fixture
async def house(tmp_path: Path) -> House:
    return await House(tmp_path, policy(component())).begin()


async def test_a_component_that_is_too_full_gets_more_once_and_all_of_it_is_in_the_journal(house: House) -> None:
    await house.tick(utilization=0.9)
    assert [units for units, _ in house.fleet.sets] == [3]
    assert (await house.kinds())[-5:] == ["scaling.decided", "finding", "decision", "intent", "outcome"]
    await house.tick(3, utilization=0.6)
    assert len(house.fleet.sets) == 1
    [one] = house.state.actions.values()
    assert (one.status, one.arguments["source"]) == (OutcomeStatus.VERIFIED, "reactive")


async def test_what_is_decided_anew_and_is_the_same_is_no_news(house: House) -> None:
    await house.tick(30, utilization=0.5)
    assert (await house.kinds()).count("scaling.decided") == 1
    assert house.state.scaling[TARGET].reason is ScalingReason.ENOUGH


async def test_without_data_nothing_is_taken_away_and_that_is_said(house: House) -> None:
    await house.tick(40, utilization=0.9)
    size = house.fleet.desired
    house.gauge.unread = True
    await house.tick(60)
    assert house.fleet.desired == size
    assert house.state.scaling[TARGET].reason is ScalingReason.NO_DATA
    assert "ThrottlingException" in house.desk.status()[0].fault


async def test_a_size_that_cannot_be_read_changes_nothing_in_either_direction(house: House) -> None:
    async def unreadable() -> None:
        raise WorldUnreachable("no answer")

    house.fleet.read = unreadable  # type: ignore[method-assign, assignment]
    await house.tick(5, utilization=1.0)
    assert house.fleet.sets == []
    assert house.watched.decision is not None
    assert house.watched.decision.current is None


async def test_where_it_only_observes_everything_is_said_and_nothing_is_sent(tmp_path: Path) -> None:
    house = await House(tmp_path, policy(component(), "observe")).begin()
    await house.tick(5, utilization=0.95)
    assert house.fleet.sets == []
    assert house.state.scaling[TARGET].direction is Direction.OUT


async def test_where_it_is_switched_off_nobody_looks(tmp_path: Path) -> None:
    house = await House(tmp_path, policy(component(), "off")).begin()
    await house.tick(5, utilization=0.95)
    assert await house.kinds() == []


async def test_oscillating_load_changes_capacity_at_most_twice_in_a_cool_down(house: House) -> None:
    for number in range(720):
        load = 3.5 if number % 24 < 12 else 0.8
        await house.tick(utilization=load / house.fleet.in_service)
    made = [one for one in house.state.actions.values() if one.intent_sequence]
    assert made
    cool_down_ms = {"scale.out": 60_000, "scale.in": 300_000}
    for one in made:
        within = [other for other in made if 0 <= other.intended_at_ms - one.intended_at_ms < cool_down_ms[one.action]]
        assert len(within) <= 2, [(other.action, other.intended_at_ms) for other in within]


async def test_what_nobody_needs_goes_after_its_cool_down_and_never_below_min(house: House) -> None:
    await house.tick(12, utilization=0.95)
    grown = house.fleet.desired
    assert grown > 2
    await house.tick(80, utilization=0.1)
    assert house.fleet.desired == 2
    actions = [one.action for one in house.state.actions.values()]
    assert "scale.in" in actions


async def test_a_scale_in_is_refused_by_what_came_meanwhile(house: House) -> None:
    await house.tick(12, utilization=0.95)
    grown = house.fleet.desired
    house.gauge.load = Load(utilization=0.05, in_flight=grown * 10)
    await house.tick(60)
    assert house.fleet.desired == grown
    assert house.state.scaling[TARGET].reason is ScalingReason.IN_FLIGHT


async def test_nothing_is_taken_away_while_a_deployment_changes_an_environment(house: House) -> None:
    await house.tick(12, utilization=0.95)
    grown = house.fleet.desired
    held = {**house.state.targets, "environment:us-east-1/green": TargetState(running="prod-deploy-1")}
    house.writer._state = replace(house.state, targets=held)
    await house.tick(60, utilization=0.1)
    assert house.fleet.desired == grown
    assert house.state.scaling[TARGET].reason is ScalingReason.ROLLOUT
    assert house.desk.status()[0].changing == "prod-deploy-1"


async def test_cool_downs_and_costs_outlive_a_restart(house: House) -> None:
    await house.tick(1, utilization=0.95)
    assert len(house.fleet.sets) == 1
    await house.begin()
    await house.tick(3, utilization=0.95)
    assert len(house.fleet.sets) == 1
    assert house.state.scaling[TARGET].reason is ScalingReason.COOLING_DOWN
    assert [change.after for change in house.watched.book.changes] == [4]


async def test_a_part_that_came_is_no_whole_and_what_is_missing_is_not_ordered_each_time(tmp_path: Path) -> None:
    fleet = FakeFleet(room=3, said="you have reached the limit of vCPUs")
    house = await House(tmp_path, policy(component()), fleet).begin()
    await house.tick(utilization=1.2)
    [one] = house.state.actions.values()
    assert one.status is OutcomeStatus.UNVERIFIED
    assert one.detail == "3 of 4 in service: you have reached the limit of vCPUs"
    assert len(fleet.sets) == 1


async def test_whoever_is_at_max_and_still_short_is_told_of_once_and_it_is_over_by_itself(tmp_path: Path) -> None:
    house = await House(tmp_path, policy(component(max=3)), FakeFleet(3, 3)).begin()
    await house.tick(10, utilization=1.0)
    assert [one.rule_id for one in house.told].count(SHORT_RULE) == 1
    [incident] = [one for one in house.state.incidents.values() if one.rule_id == SHORT_RULE]
    assert incident.state is IncidentState.OPEN
    assert house.state.scaling[TARGET].reason is ScalingReason.AT_MAX
    await house.tick(10, utilization=0.3)
    assert house.state.incidents[incident.id].state is IncidentState.OPEN
    await house.tick(25, utilization=0.3)
    assert house.state.incidents[incident.id].state is IncidentState.RESOLVED


async def test_other_limits_are_decided_by_from_the_next_look_on_and_what_was_seen_stays(house: House) -> None:
    await house.tick(12, utilization=0.95)
    seen = len(house.watched.readings)
    house.scaler.follow(policy(component(max=9, min=9, hourly_cap_cents=100)))
    await house.tick(8, utilization=0.4)
    assert house.fleet.desired == 9
    assert len(house.watched.readings) > seen


async def test_what_nobody_can_look_at_for_ten_minutes_is_told_once_and_is_over_by_itself(house: House) -> None:
    await house.tick(3, utilization=0.4)
    house.gauge.unread = True
    await house.tick(59)
    assert [one.rule_id for one in house.told].count(BLIND_RULE) == 0
    await house.tick(30)
    [told] = [one for one in house.told if one.rule_id == BLIND_RULE]
    assert "not told for 600 s what it has or how busy it is: " in told.breach
    assert "ThrottlingException" in told.breach
    house.gauge.unread = False
    await house.tick(1)
    [incident] = [one for one in house.state.incidents.values() if one.rule_id == BLIND_RULE]
    assert incident.state is IncidentState.RESOLVED


async def test_what_is_short_is_not_over_because_nobody_can_tell_any_more(tmp_path: Path) -> None:
    house = await House(tmp_path, policy(component(max=3)), FakeFleet(3, 3)).begin()
    await house.tick(10, utilization=1.0)
    house.gauge.unread = True
    await house.tick(60)
    [incident] = [one for one in house.state.incidents.values() if one.rule_id == SHORT_RULE]
    assert incident.state is IncidentState.OPEN
    house.gauge.unread = False
    await house.tick(25, utilization=0.3)
    assert house.state.incidents[incident.id].state is IncidentState.OPEN
    await house.tick(10, utilization=0.3)
    assert house.state.incidents[incident.id].state is IncidentState.RESOLVED


async def test_a_full_region_asks_to_give_a_quarter_of_its_traffic_to_the_one_with_room(tmp_path: Path) -> None:
    house = await House(
        tmp_path,
        policy(component(max=3, spill=SPILL)),
        FakeFleet(3, 3),
        between=FakeWorld(weights={"us-east-1": 100, "us-west-2": 100}),
    ).begin()
    await house.tick(3, utilization=1.2)
    spills = [one for one in house.told if one.rule_id == SPILL_RULE]
    assert spills[0].do == (SPILL_REGION, "page")
    assert spills[0].key["after"] == "us-east-1=75 us-west-2=125"
    [decided] = {one.reason for one in house.state.decisions if one.action == SPILL_REGION}
    assert decided is Reason.NOT_ALLOWED
    assert [one.change for one in house.state.approvals.values()] == ["region_spill"]
    await house.tick(3, utilization=0.3)
    [incident] = [one for one in house.state.incidents.values() if one.rule_id == SPILL_RULE]
    assert incident.state is IncidentState.RESOLVED


async def test_with_one_region_alone_nothing_spills(tmp_path: Path) -> None:
    house = await House(tmp_path, policy(component(max=3, spill=SPILL)), FakeFleet(3, 3)).begin()
    await house.tick(3, utilization=1.2)
    assert not [one for one in house.told if one.rule_id == SPILL_RULE]


async def test_the_stop_and_the_budget_hold_what_load_asks_for(tmp_path: Path) -> None:
    spent = Policy(guard=GuardPolicy(scalings_per_hour=0))
    house = await House(tmp_path, policy(component()), policy=spent).begin()
    await house.tick(2, utilization=0.95)
    assert house.fleet.sets == []
    assert {one.reason for one in house.state.decisions} == {Reason.BUDGET_SPENT}


async def test_what_was_learned_of_the_load_is_there_after_a_restart(tmp_path: Path) -> None:
    learning = component(
        forecast=True,
        unit={"hour_microdollars": 1, "source": "a test", "requests_per_second": 10.0, "concurrency": 10},
        signals=("requests",),
    )
    gauge = FakeGauge(Load(requests_per_second=8.0, in_flight=1))
    house = await House(tmp_path, policy(learning), gauge=gauge).begin()
    await house.tick(40)
    known = house.desk.status()[0].outlook_words
    assert known.endswith("of 14.0 days of load are known")
    house.gauge.unread = True
    again = await house.begin()
    await again.tick()
    assert again.desk.status()[0].outlook_words == known

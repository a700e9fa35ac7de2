"""What is configured is at Application Auto Scaling once, drift is shown and put right, and the stand-in does move."""

from datetime import UTC, datetime
from typing import Any

import pytest

from config.scaling import EcsService
from daemon.embedded.auto_scaling.book import Json, Place, Refused, five_fields
from daemon.embedded.auto_scaling.service import AutoScalingStandIn
from daemon.scaling.kinds.auto_scaling import LOOK_MS, AutoScaling, aws_cron
from daemon.scaling.kinds.managed import ManagedTarget
from remediation.errors import WorldRefused
from remediation.scaling.model import Component
from tests.contract.scaling.worlds import StandInClient
from tests.unit.daemon.scaling.scaling_house import component
from tests.unit.remediation.worlds import FakeClock

PLACE = Place("ecs", "service/till/core", "ecs:service:DesiredCount")
SCHEDULE = (
    {"cron": "0 7 * * mon-fri", "zone": "America/New_York", "min": 4},
    {"cron": "0 22 * * *", "zone": "America/New_York", "min": 2},
    {"cron": "0 12 1 * *", "zone": "UTC", "desired": 3},
)


class FakeWorld:
    """One service. value: of the metric that its policy tracks."""

    def __init__(self) -> None:
        self.units, self.moves = 3, 0
        self.metric: float | None = None

    async def capacity(self, place: Place) -> int:
        if place != PLACE:
            raise WorldRefused("there is no such service")
        return self.units

    async def move(self, place: Place, capacity: int) -> None:
        del place
        self.units = capacity
        self.moves += 1

    async def value(self, place: Place, policy: Json) -> float | None:
        del place, policy
        return self.metric


class Kept:
    """A component, its target at the stand-in, and what keeps it there."""

    def __init__(self, scaled: EcsService) -> None:
        self.world, self.clock = FakeWorld(), FakeClock()
        self.stand_in = AutoScalingStandIn(self.world, self.clock)
        self.client = StandInClient(self.stand_in.app())
        self.calls: list[str] = []
        self.target = ManagedTarget(self, PLACE.namespace, PLACE.resource, PLACE.dimension)
        self.kept = AutoScaling(Component("core", scaled), self.target, self, self.clock)

    async def call(self, operation: str, **arguments: Any) -> Json:  # noqa: ANN401  # shapes are botocore's
        self.calls.append(operation)
        return await self.client.call(operation, **arguments)

    async def keep(self, *, act: bool = True) -> tuple[str, ...]:
        self.calls.clear()
        self.clock.at_ms += LOOK_MS
        await self.kept.keep(act=act)
        return self.kept.drift

    @property
    def changes(self) -> list[str]:
        return [one for one in self.calls if not one.startswith("describe_")]


@pytest.fixture
def place() -> Kept:
    return Kept(component(application_auto_scaling=True, schedule=SCHEDULE))


async def test_what_is_configured_is_put_there_once(place: Kept) -> None:
    first = await place.keep()
    assert len(first) == 4
    assert place.changes == [
        "register_scalable_target",
        "put_scaling_policy",
        "put_scheduled_action",
        "put_scheduled_action",
    ]
    assert await place.keep() == ()
    assert place.changes == []
    target = place.stand_in.book.targets[PLACE]
    assert (target.least, target.most) == (2, 8)
    tracking = target.policies["tillwatch-core-target"]["TargetTrackingScalingPolicyConfiguration"]
    assert (tracking["TargetValue"], tracking["ScaleInCooldown"]) == (60.0, 300)


async def test_drift_is_shown_and_put_right_and_what_is_not_ours_is_left_alone(place: Kept) -> None:
    await place.keep()
    named = PLACE.named
    config = {"TargetValue": 90.0, "PredefinedMetricSpecification": {"PredefinedMetricType": "x"}}
    tracking = {"PolicyType": "TargetTrackingScaling", "TargetTrackingScalingPolicyConfiguration": config}
    await place.call("put_scaling_policy", **named, PolicyName="tillwatch-core-target", **tracking)
    await place.call("put_scaling_policy", **named, PolicyName="tillwatch-core-old", **tracking)
    await place.call("put_scaling_policy", **named, PolicyName="theirs", **tracking)
    await place.target.register(3, 5)
    assert await place.keep(act=False) == (
        "service/till/core is between 3 and 5, not between 3 and 8",
        "policy tillwatch-core-target is another one",
        "policy tillwatch-core-old is configured no more",
    )
    assert place.changes == []
    assert len(await place.keep()) == 3
    assert await place.keep() == ()
    assert set(place.stand_in.book.targets[PLACE].policies) == {"tillwatch-core-target", "theirs"}


async def test_what_was_decided_stays_the_least_although_the_configuration_asks_for_less(place: Kept) -> None:
    await place.keep()
    await place.target.set_least(6)
    assert place.world.units == 6
    assert await place.keep() == ()
    assert await place.target.limits() == (6, 8)


async def test_aws_may_add_no_more_by_itself_than_can_be_paid_for() -> None:
    place = Kept(component(application_auto_scaling=True, hourly_cap_cents=50))
    await place.keep()
    assert await place.target.limits() == (2, 5)


async def test_other_limits_are_put_there_at_once(place: Kept) -> None:
    await place.keep()
    place.kept.follow(component(application_auto_scaling=True, max=6))
    await place.kept.keep(act=True)
    assert await place.target.limits() == (2, 6)


async def test_aws_may_add_what_a_peak_pays_for_while_it_lasts() -> None:
    sale = {
        "name": "sale",
        "starts": "2026-01-01T00:00",
        "ends": "2027-01-01T00:00",
        "zone": "UTC",
        "min": 4,
        "max": 10,
        "hourly_cap_cents": 70,
    }
    place = Kept(component(application_auto_scaling=True, hourly_cap_cents=50, peaks=(sale,)))
    place.clock.at_ms = round(datetime(2026, 6, 1, tzinfo=UTC).timestamp() * 1000)
    await place.keep()
    assert await place.target.limits() == (2, 7)


async def test_a_target_that_cannot_be_looked_at_is_told_as_drift(place: Kept) -> None:
    place.client = StandInClient(AutoScalingStandIn(place.world, place.clock).app())
    place.target.resource = "service/till/gone"
    [told] = await place.keep()
    assert told.startswith("not looked at: ")


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("0 7 * * mon-fri", "cron(0 7 ? * MON-FRI *)"),
        ("30 2 1 * *", "cron(30 2 1 * ? *)"),
        ("*/5 * * jan *", "cron(*/5 * * JAN ? *)"),
    ],
)
def test_expressions_of_cron_are_written_as_aws_reads_them(ours: str, theirs: str) -> None:
    assert aws_cron(ours) == theirs
    assert five_fields(theirs) == ours


@pytest.mark.parametrize("text", ["rate(5 minutes)", "cron(0 7 * * * *)", "cron(0 7 ? * MON)", "cron(0 7 1 * ? 2027)"])
def test_an_expression_that_aws_would_not_take_is_refused(text: str) -> None:
    with pytest.raises(Refused):
        five_fields(text)


async def test_a_scheduled_action_moves_the_service_when_its_moment_comes_and_once(place: Kept) -> None:
    place.clock.at_ms = round(datetime(2026, 11, 27, 11, 54, tzinfo=UTC).timestamp() * 1000)
    await place.keep()
    await place.stand_in.tick()
    assert place.world.units == 3
    place.clock.at_ms += 60_000
    await place.stand_in.tick()
    await place.stand_in.tick()
    assert (place.world.units, place.world.moves) == (4, 1)
    [activity] = (await place.call("describe_scaling_activities", ServiceNamespace="ecs"))["ScalingActivities"]
    assert activity["Description"] == "Setting capacity from 3 to 4."


async def test_target_tracking_follows_its_metric_within_limits_and_cool_downs(place: Kept) -> None:
    await place.keep()
    place.world.metric = 90.0
    for _ in range(3):
        await place.stand_in.tick()
    assert place.world.units == 5
    place.clock.at_ms += 60_000
    place.world.metric = 900.0
    await place.stand_in.tick()
    assert place.world.units == 8
    place.world.metric = 58.0
    place.clock.at_ms += 600_000
    await place.stand_in.tick()
    assert place.world.units == 8
    place.world.metric = 6.0
    await place.stand_in.tick()
    assert place.world.units == 2


@pytest.mark.parametrize(
    ("operation", "asked", "code"),
    [
        ("register_scalable_target", {"MinCapacity": 5, "MaxCapacity": 4}, "ValidationException"),
        ("register_scalable_target", {"MinCapacity": 5}, "ValidationException"),
        ("put_scaling_policy", {"PolicyName": "p", "PolicyType": "StepScaling"}, "ObjectNotFoundException"),
        ("delete_scheduled_action", {"ScheduledActionName": "a"}, "ObjectNotFoundException"),
        ("tag_resource", {}, "UnknownOperationException"),
    ],
)
async def test_the_stand_in_refuses_as_aws_does(place: Kept, operation: str, asked: Json, code: str) -> None:
    with pytest.raises(Exception, match=code):
        await place.call(operation, **PLACE.named, **asked)

"""What cannot work together is refused when it is loaded, at the value to change."""

import pytest
from pydantic import ValidationError

from config.calendars.freeze import Freeze
from config.policy import GuardPolicy, Policy, TrafficPolicy
from config.scenario import Scenario


def test_a_cooldown_as_long_as_the_longest_action_is_accepted_and_a_shorter_one_is_not() -> None:
    traffic = TrafficPolicy(destination_checks=3, destination_timeout=2.0, verify_timeout=10.0)
    assert traffic.action_seconds == 16.0
    assert Policy(guard=GuardPolicy(cooldown=16.0), traffic=traffic).guard.cooldown == 16.0
    with pytest.raises(ValidationError, match="cooldown is 15s"):
        Policy(guard=GuardPolicy(cooldown=15.0), traffic=traffic)


def test_freezes_may_overlap() -> None:
    first = Freeze.model_validate({"start": "2026-01-01T00:00:00Z", "end": "2026-01-03T00:00:00Z", "reason": "a"})
    second = Freeze.model_validate({"start": "2026-01-02T00:00:00Z", "end": "2026-01-04T00:00:00Z", "reason": "b"})
    assert Policy(guard=GuardPolicy(freezes=(first, second))).guard.freezes == (first, second)


def test_freeze_times_are_compared_across_offsets() -> None:
    with pytest.raises(ValidationError, match="not later than its start"):
        Freeze.model_validate({"start": "2026-01-01T00:00:00-05:00", "end": "2026-01-01T04:00:00Z", "reason": "a"})


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        ([("5s", "stop_core"), ("6s", "stop_core")], "blue is stopped already"),
        ([("5s", "start_core")], "blue is running already"),
        ([("6s", "stop_core"), ("5s", "start_core")], "this step is at 5s, after a step at 6s"),
    ],
)
def test_steps_that_cannot_be_played_are_refused(steps: list[tuple[str, str]], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Scenario.model_validate(
            {
                "name": "any",
                "summary": "Any.",
                "blue": {"version": "1.0.0"},
                "green": {"version": "1.0.0"},
                "traffic": {"payments_per_second": 1},
                "steps": [{"at": at, "step": step, "environment": "blue"} for at, step in steps],
            }
        )


@pytest.mark.parametrize(
    ("regions", "lost", "message"),
    [
        (["us-east-1"], [], "are not several"),
        (["us-east-1", "us-east-1"], [], "are not several"),
        (["us-west-1", "us-west-2"], [], "with us-east-1 among them"),
        ([], ["us-west-2"], "us-west-2 is not there to be lost"),
        (["us-east-1", "us-west-2"], ["us-west-2", "us-west-2"], "us-west-2 is not there to be lost"),
    ],
)
def test_regions_that_cannot_be_played_are_refused(regions: list[str], lost: list[str], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Scenario.model_validate(
            {
                "name": "regions",
                "summary": "Regions.",
                "blue": {"version": "1.0.0"},
                "green": {"version": "1.0.0"},
                "traffic": {"payments_per_second": 1},
                "regions": regions,
                "steps": [{"at": "5s", "step": "lose_region", "region": region} for region in lost],
            }
        )


def test_one_region_alone_cannot_be_split() -> None:
    with pytest.raises(ValidationError, match="the only region"):
        TrafficPolicy.model_validate({"regions": {"us-east-1": {"payments_per_second": 1.0}}})

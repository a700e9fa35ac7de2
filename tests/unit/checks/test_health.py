"""Judging probes."""

from typing import Literal

import pytest

from checks.facts import HealthProbed
from checks.health import judge, overall

Status = Literal["healthy", "degraded", "unhealthy", "unknown"]


def probe(component: str, status: Status, at_ms: int = 1_000, environment: str = "") -> HealthProbed:
    return HealthProbed(
        id=f"{component}{at_ms}", at_ms=at_ms, subject=component, environment=environment, status=status, detail="seen"
    )


def test_the_latest_probe_in_event_time_counts() -> None:
    (health,) = judge([probe("database", "healthy", 2_000), probe("database", "unhealthy", 1_000)], (), 3_000)
    assert (health.status, health.age_seconds) == ("healthy", 1.0)


def test_a_component_that_was_never_probed_is_unknown() -> None:
    (health,) = judge([], ["database"], 0)
    assert (health.component, health.status, health.age_seconds) == ("database", "unknown", None)
    assert overall([health]) == "unknown"


def test_a_stale_probe_is_unknown_and_says_what_it_was() -> None:
    (health,) = judge([probe("database", "healthy", 0)], ["database"], 600_001)
    assert health.status == "unknown"
    assert "it was healthy then" in health.detail


def test_each_environment_is_judged_alone() -> None:
    found = judge(
        [probe("core", "healthy", environment="blue"), probe("core", "unhealthy", environment="green")], ["core"], 1_000
    )
    assert [(health.environment, health.status) for health in found] == [("blue", "healthy"), ("green", "unhealthy")]


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        (("healthy", "healthy"), "healthy"),
        (("healthy", "unknown"), "unknown"),
        (("unknown", "degraded"), "degraded"),
        (("degraded", "unhealthy", "unknown"), "unhealthy"),
        ((), "unknown"),
    ],
)
def test_the_whole_is_as_good_as_its_worst_part(statuses: tuple[Status, ...], expected: Status) -> None:
    probes = [probe(f"part{number}", status) for number, status in enumerate(statuses)]
    assert overall(judge(probes, (), 1_000)) == expected


def test_the_same_environment_of_two_regions_is_judged_alone_and_named_with_its_region() -> None:
    found = judge(
        [
            HealthProbed(id="1", at_ms=1, subject="core", region="us-east-1", environment="blue", status="healthy"),
            HealthProbed(id="2", at_ms=2, subject="core", region="us-west-2", environment="blue", status="unhealthy"),
            HealthProbed(id="3", at_ms=2, subject="core", region="us-east-1", environment="green", status="healthy"),
        ],
        ["core"],
        1_000,
    )
    assert [(health.environment, health.status) for health in found] == [
        ("green", "healthy"),
        ("us-east-1/blue", "healthy"),
        ("us-west-2/blue", "unhealthy"),
    ]

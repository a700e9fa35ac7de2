"""A version goes through all six phases beside payments, and no payment of it is lost, failed for it, or doubled."""

import signal
from pathlib import Path

import pytest

from tests.integration.embedded.up_process import Up, up

SCENARIO = """
name: short-rollout
summary: 2.0.0 is brought out in three stages.
blue: {version: 1.0.0}
green: {version: 2.0.0, at_start: 1.0.0}
traffic: {payments_per_second: 40}
deployment: deployment.yaml
steps:
  - {at: 8s, step: release, strategy: blue-green}
"""
DEPLOYMENT = """
phases:
  traffic_rollout:
    within: 10m
    shift: 60s
    at_least: 1s
    stages:
      - {percent: 25, monitor: 3m}
      - {percent: 50, monitor: 3m}
      - {percent: 100, monitor: 0s}
evidence: {healthy: 0.5%, faulty: 50%, power: 90%, false_alarm: 1%}
gates:
  cost: {variance: 50%, samples: 30}
  drift: {distance: 60%, samples: 50}
bake: 1s
"""
PHASES = (
    "pre_deployment_validation",
    "infrastructure_initialization",
    "data_migration",
    "blue_green_deployment",
    "traffic_rollout",
    "final_validation",
)


@pytest.mark.timeout(300)
def test_a_good_version_gets_all_traffic_through_every_phase_and_the_ledger_holds_every_payment(
    ups: list[Up], tmp_path: Path
) -> None:
    (tmp_path / "deployment.yaml").write_text(DEPLOYMENT)
    (tmp_path / "scenario.yaml").write_text(SCENARIO)
    one = up(ups, tmp_path / "data", "--scenario", str(tmp_path / "scenario.yaml"))
    one.until("has succeeded")
    one.signal(signal.SIGINT)
    code, report = one.end()
    assert code == 0, one.said
    (deployment,) = report["deployments"]
    assert (deployment["version"], deployment["outcome"]) == ("2.0.0", "succeeded"), one.said
    passed = [line for line in one.said if line.startswith("passed: us-east-1/")]
    seen = [line.split("/")[1] for line in passed]
    assert list(dict.fromkeys(seen)) == list(PHASES), passed
    assert not [line for line in one.said if line.startswith(("failed: us", "breached: us", "held: us"))]
    assert report["actions"] == []
    assert (report["payments"]["failed"], report["events"]["lost"]) == (0, 0)
    assert report["ledger"]["balanced"]

"""A version that fails what test payments do not find is taken back by itself, once, and what it left is told."""

import signal
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from remediation.journal.entry import Entry
from remediation.journal.offline import following, open_read_only
from tests.integration.embedded.up_process import FORKED_UP, Up, up

SETTLE_MS = 3_000
"""Every payment of this release is answered at once, so that nothing is left to be asked of the rail."""
SCENARIO = """
name: bad-release
summary: 2.0.0 fails payments of more than a dollar.
blue: {version: 1.0.0}
green: {version: 2.0.0, at_start: 1.0.0, fault: {fail_percent: 60, above_cents: 100}}
traffic: {payments_per_second: 15}
deployment: deployment.yaml
steps:
  - {at: 6s, step: release, strategy: blue-green}
"""
DEPLOYMENT = """
phases:
  pre_deployment_validation: {checks: [approval]}
  infrastructure_initialization: {checks: [rollback]}
  blue_green_deployment: {checks: [health]}
  traffic_rollout:
    within: 10m
    shift: 60s
    at_least: 1s
    stages:
      - {percent: 50, monitor: 3m}
      - {percent: 100, monitor: 0s}
bake: 1s
without_traffic: stopped
"""


@pytest.mark.timeout(300)
def test_a_bad_version_is_rolled_back_once_unwound_measured_and_its_payments_are_listed(
    ups: list[Up], tmp_path: Path
) -> None:
    (tmp_path / "deployment.yaml").write_text(DEPLOYMENT)
    (tmp_path / "scenario.yaml").write_text(SCENARIO)
    one = up(ups, tmp_path / "data", "--scenario", str(tmp_path / "scenario.yaml"), module=(FORKED_UP, str(SETTLE_MS)))
    one.until("has rolled back")
    one.until("payments wrong")
    one.signal(signal.SIGINT)
    code, report = one.end()
    assert code == 0, one.said
    (action,) = report["actions"]
    assert (action["kind"], action["outcome"]) == ("rollback.traffic", "verified")
    acted = [row for row in report["decisions"] if row["reason"] == "breached"]
    assert [row["action"] for row in acted] == ["rollback.traffic"], "once, and for what the payments showed"
    assert {row["rule"] for row in report["findings"]} >= {"payment-failure-rate"}
    (deployment,) = report["deployments"]
    assert (deployment["version"], deployment["outcome"]) == ("2.0.0", "rolled_back")
    assert report["ledger"]["balanced"]
    assert report["events"]["lost"] == 0
    told(tmp_path / "data" / "journal.db", deployment["id"], report["payments"]["failed"])


def told(journal: Path, deployment_id: str, failed: int) -> None:
    """The journal: why it went back, what was unwound, how long it took, and each failed payment with its fix."""
    entries = of(journal, deployment_id)
    (decision,) = entries["decision"]
    # Both look at the same payments; which of them has seen enough first depends on how they fell.
    assert decision["finding"]["rule_id"] in {"payment-failure-rate", "deployment-gate"}
    assert decision["finding"]["key"]["environment"] == "green"
    begun = [entry["step_id"] for entry in entries["step.begun"]]
    assert len(begun) == len(set(begun))
    assert "us-east-1/traffic_rollout/shift-100" not in begun
    unwound = {
        entry["step_id"]: entry["finding"] for entry in entries["step.ended"] if "/unwinding/" in entry["step_id"]
    }
    assert unwound["us-east-1/unwinding/retire"] == "passed"
    assert [entry["outcome"] for entry in entries["deployment.ended"]] == ["rolled_back"]
    (measured,) = entries["rollback.measured"]
    moments = [measured[f"{stage}_at_ms"] for stage in ("onset", "evidence", "decided", "commanded", "verified")]
    assert moments == sorted(moments)
    assert moments[0] > 0
    (listed,) = entries["compensation.listed"]
    assert len(listed["payments"]) == failed == measured["failed_payments"]
    assert {payment["status"] for payment in listed["payments"]} == {"failed"}


def of(journal: Path, deployment_id: str) -> dict[str, list[dict[str, Any]]]:
    """The fields of the entries about the deployment, and of decisions to act, by kind."""
    found: list[Entry] = []
    with closing(open_read_only(journal)) as connection:
        while page := following(connection, found[-1].sequence if found else 0):
            found += page
    by_kind: dict[str, list[dict[str, Any]]] = {}
    for entry in found:
        if entry.fields.get("deployment_id") == deployment_id or (entry.kind == "decision" and entry.fields["act"]):
            by_kind.setdefault(entry.kind, []).append(dict(entry.fields))
    return by_kind

"""A deployment migrates beside payments: customers are cut over and back, and every cent is there at each moment."""

import signal
from pathlib import Path

import pytest

from tests.integration.embedded.up_process import Up, up

SCENARIO = """
name: short-migration
summary: 2.0.0 brings the data of the old processor along.
blue: {version: 1.0.0}
green: {version: 2.0.0, at_start: 1.0.0}
traffic: {payments_per_second: 15}
old_processor: {customers: 24, acts_per_second: 10}
deployment: deployment.yaml
steps:
  - {at: 8s, step: release, strategy: blue-green}
  - {at: 9s, step: cut_over, percent: 0}
  - {at: 10s, step: cut_over, percent: 100}
"""
DEPLOYMENT = """
phases:
  data_migration:
    within: 10m
    export: old-processor-export
    quarantined: 10%
    comparison: {equal_for: 2s, at_least: 60}
    cut_over: {cohorts: [100], hold: 1s}
"""
JOBS = ("customers", "payment-methods", "provider-bank-accounts", "transaction-history", "audit-trail")


@pytest.mark.timeout(180)
def test_customers_are_cut_over_and_back_while_nobodys_payment_fails_and_both_sides_stay_equal(
    ups: list[Up], tmp_path: Path
) -> None:
    (tmp_path / "deployment.yaml").write_text(DEPLOYMENT)
    (tmp_path / "scenario.yaml").write_text(SCENARIO)
    one = up(ups, tmp_path / "data", "--scenario", str(tmp_path / "scenario.yaml"))
    one.until("passed: us-east-1/data_migration/cut-over-100")
    one.until("set: migration-cut-over for 0 %")
    one.until("cut over: 0 %")
    one.until("cut over: 100 %")
    one.signal(signal.SIGINT)
    code, report = one.end()
    assert code == 0, one.said
    migration = report["migration"]
    assert migration["jobs"] == dict.fromkeys(JOBS, "done"), one.said
    assert migration["balanced"]
    assert (migration["differing"], migration["missing"], migration["open_differences"]) == (0, 0, 0), one.said
    assert migration["compared"] >= 60
    assert migration["cut_over_percent"][-3:] == [100, 0, 100]
    acts = migration["acts"]
    assert acts["failed"] == 0
    assert min(acts[name] for name in ("reads", "payments", "added", "removed", "changed_there")) > 0
    assert migration["ledger_looks"] == migration["ledger_exact"] > 0
    assert (report["payments"]["failed"], report["events"]["lost"]) == (0, 0)
    assert report["ledger"]["balanced"]
    passed = [line for line in one.said if line.startswith("passed: us-east-1/data_migration/")]
    assert len(passed) == len(JOBS) + 2, passed
    assert not [line for line in one.said if line.startswith(("failed: us", "breached: us", "held: us"))]
    text = "\n".join(file.read_text("utf-8", "replace") for file in (tmp_path / "data" / "logs").iterdir())
    assert "4242424242424242" not in text

"""A region that is lost is left, once and for the right reason, and a release that is late goes back."""

import signal
from pathlib import Path

from tests.integration.embedded.up_process import Up, up

HOME_IS_LOST = """
name: home-is-lost
summary: Two regions share the traffic, and the one with the queue's relays is lost.
blue: {version: 1.0.0}
green: {version: 1.0.0}
traffic: {payments_per_second: 30}
regions: [us-east-1, us-west-2]
steps:
  - {at: 1s, step: lose_region, region: us-east-1}
"""
LATE = """
name: late
summary: Green answers 11 seconds late, and gets half of the traffic at once.
blue: {version: 1.0.0}
green: {version: 2.0.0, fault: {slow: 11s}}
traffic: {payments_per_second: 40}
steps:
  - {at: 500ms, step: deploy, green_percent: 50}
"""


def test_a_lost_region_is_left_once_when_probes_and_payments_agree_and_payments_go_on_elsewhere(
    ups: list[Up], tmp_path: Path
) -> None:
    scenario = tmp_path / "scenario.yaml"
    scenario.write_text(HOME_IS_LOST)
    one = up(ups, tmp_path / "data", "--scenario", str(scenario))
    one.until("verified: evacuate.region")
    # The rule clears when the region's last payments, taken over by the other one, have ended; or not at all.
    one.until("breached: savings-below-98-percent")
    one.signal(signal.SIGINT)
    code, report = one.end()
    assert code == 0, one.said
    (action,) = report["actions"]
    assert (action["kind"], action["target"], action["outcome"]) == (
        "evacuate.region",
        "dns:payments.tillwatch.test",
        "verified",
    )
    reasons = [decision["reason"] for decision in report["decisions"] if decision["action"] == "evacuate.region"]
    assert reasons[:2] == ["unconfirmed", "breached"], "one voice alone moved nothing"
    assert {"region-unreachable", "region-payments-absent"} <= {finding["rule"] for finding in report["findings"]}
    assert {finding["subject"] for finding in report["findings"] if finding["rule"].startswith("region-")} == {
        "region=us-east-1"
    }
    assert report["payments"]["succeeded"] > report["payments"]["failed"] > 0
    assert report["events"]["lost"] == 0
    assert report["ledger"]["balanced"]


def test_a_release_that_is_late_goes_back_by_its_response_time_alone(ups: list[Up], tmp_path: Path) -> None:
    scenario = tmp_path / "scenario.yaml"
    scenario.write_text(LATE)
    one = up(ups, tmp_path / "data", "--scenario", str(scenario))
    one.until("verified: rollback.traffic")
    one.signal(signal.SIGINT)
    code, report = one.end()
    assert code == 0, one.said
    assert [(action["kind"], action["outcome"]) for action in report["actions"]] == [("rollback.traffic", "verified")]
    assert [deployment["outcome"] for deployment in report["deployments"]] == ["rolled_back"]
    rolled_back = {finding["rule"] for finding in report["findings"] if finding["rule"] != "savings-below-98-percent"}
    assert rolled_back == {"payment-response-time", "payment-response-time-rollback"}
    assert report["events"]["lost"] == 0
    assert report["ledger"]["balanced"]

"""While every third call of AWS is throttled, what is decided is still done, once, and nothing is lost on the way."""

import signal
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from remediation.journal.offline import following, open_read_only
from tests.integration.embedded.up_process import Up, up

SCENARIO = """
name: throttled
summary: Green fails four payments in ten, and every third call of AWS is throttled.
blue: {version: 1.0.0}
green: {version: 2.0.0, fault: {fail_percent: 40}}
traffic: {payments_per_second: 30}
throttle_every: 3
steps:
  - {at: 500ms, step: deploy, green_percent: 50}
"""


@pytest.mark.timeout(180)
def test_a_bad_canary_is_taken_back_once_although_every_third_call_is_throttled(ups: list[Up], tmp_path: Path) -> None:
    data, scenario = tmp_path / "data", tmp_path / "scenario.yaml"
    scenario.write_text(SCENARIO)
    one = up(ups, data, "--scenario", str(scenario))
    one.until("verified: rollback.traffic")
    one.signal(signal.SIGINT)
    code, report = one.end()
    assert code == 0, one.said
    assert "throttle_every: 3" in (data / "config" / "tillwatch.yaml").read_text()
    assert [(action["kind"], action["outcome"]) for action in report["actions"]] == [("rollback.traffic", "verified")]
    assert [deployment["outcome"] for deployment in report["deployments"]] == ["rolled_back"]
    with closing(open_read_only(data / "journal.db")) as connection:
        kinds = Counter(entry.kind for entry in following(connection, 0))
    assert (kinds["intent"], kinds["outcome"]) == (1, 1)
    assert report["events"]["lost"] == 0
    assert report["ledger"]["balanced"]

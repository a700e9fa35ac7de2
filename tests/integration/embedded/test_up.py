"""The whole system comes up on this machine, does what its scenario says, and leaves nothing behind."""

import fcntl
import os
import signal
import socket
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner

from daemon.cli import app
from remediation.journal.offline import following, open_read_only
from tests.integration.embedded.up_process import STARTED, Up, up

FAULTY_CANARY = """
name: faulty-canary
summary: Green fails four payments in ten and gets half of the traffic at once.
blue: {version: 1.0.0}
green: {version: 2.0.0, fault: {fail_percent: 40}}
traffic: {payments_per_second: 60}
steps:
  - {at: 500ms, step: deploy, green_percent: 50}
"""
BLUE_CRASHES = """
name: blue-crashes
summary: Blue is killed and started again.
blue: {version: 1.0.0}
green: {version: 1.0.0}
traffic: {payments_per_second: 40}
steps:
  - {at: 1s, step: stop_core, environment: blue}
  - {at: 2s, step: start_core, environment: blue}
"""

CARDS_ARE_TESTED = """
name: cards-are-tested
summary: One stolen card is tried under ever new names.
blue: {version: 1.0.0}
green: {version: 1.0.0}
traffic: {payments_per_second: 10}
steps:
  - {at: 500ms, step: test_cards, cards: 1, attempts_per_second: 8, lasting: 60s}
"""


def _everything_ended(data: Path) -> bool:
    """Every child inherits the lock, so it is free only when all of them are gone."""
    descriptor = os.open(data / "lock", os.O_RDWR)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return True


def _journalled(data: Path, kind: str) -> int:
    with closing(open_read_only(data / "journal.db")) as connection:
        return sum(entry.kind == kind for entry in following(connection, 0))


def _scenario(tmp_path: Path, text: str) -> str:
    path = tmp_path / "scenario.yaml"
    path.write_text(text)
    return str(path)


def test_a_healthy_run_loses_nothing_does_nothing_and_leaves_no_process(ups: list[Up], tmp_path: Path) -> None:
    data = tmp_path / "data"
    one = up(ups, data, "--scenario", "healthy", "--for", "3s", module=STARTED)
    code, report = one.end()
    assert code == 0, one.said
    assert report["payments"]["attempted"] > 50
    assert report["payments"]["failed"] == 0
    assert report["events"]["published"] >= report["payments"]["succeeded"]
    assert report["events"]["lost"] == 0
    assert report["ledger"]["balanced"]
    assert report["actions"] == report["incidents"] == report["deployments"] == []
    assert report["savings"]["percent"] > 0
    assert _everything_ended(data)


def test_a_card_that_is_tested_is_blocked_once_and_nobody_else_is(ups: list[Up], tmp_path: Path) -> None:
    one = up(ups, tmp_path / "data", "--scenario", _scenario(tmp_path, CARDS_ARE_TESTED))
    one.until("verified: block.fingerprint")
    one.signal(signal.SIGINT)
    code, report = one.end()
    assert code == 0, one.said
    (action,) = report["actions"]
    assert (action["kind"], action["outcome"]) == ("block.fingerprint", "verified")
    assert action["target"].startswith("fraud:block:card:fp_")
    assert report["payments"]["declined"] >= 8
    assert report["payments"]["failed"] == 0
    assert report["ledger"]["balanced"]


@pytest.mark.timeout(300)
def test_a_faulty_canary_is_rolled_back_once_although_the_daemon_was_killed_and_the_run_after_that_deploys_anew(
    ups: list[Up], tmp_path: Path
) -> None:
    scenario, data = _scenario(tmp_path, FAULTY_CANARY), tmp_path / "data"
    killed = up(ups, data, "--scenario", scenario)
    killed.until("deployment prod-deploy-")
    os.kill(killed.child("daemon"), signal.SIGKILL)
    assert killed.end() == (3, {})
    assert any("daemon" in line and "killed by SIGKILL" in line for line in killed.said)
    assert _everything_ended(data)

    second = up(ups, data, "--scenario", scenario)
    second.until("verified: rollback.traffic")
    second.signal(signal.SIGINT)
    code, report = second.end()
    assert code == 0, second.said
    assert [action["outcome"] for action in report["actions"]] == ["verified"]
    assert [deployment["outcome"] for deployment in report["deployments"]] == ["rolled_back"]
    assert report["events"]["lost"] == 0
    assert _journalled(data, "intent") == _journalled(data, "outcome") == 1
    assert _everything_ended(data)

    third = up(ups, data, "--scenario", scenario)
    third.until(" started: 50 % to green")
    third.signal(signal.SIGTERM)
    code, again = third.end()
    assert code == 0, third.said
    assert again["deployments"][0]["id"] != report["deployments"][0]["id"]
    assert again["events"]["published"] > report["events"]["published"]
    assert again["events"]["lost"] == 0
    assert again["ledger"]["balanced"]


def test_a_killed_run_takes_its_children_with_it_and_the_next_one_waits_for_them(ups: list[Up], tmp_path: Path) -> None:
    data = tmp_path / "data"
    first = up(ups, data, module=STARTED)
    first.until("traffic: ")
    first.signal(signal.SIGKILL)
    first.end()
    second = up(ups, data, "--for", "2s", module=STARTED)
    code, report = second.end()
    assert code == 0, second.said
    assert report["events"]["lost"] == 0
    assert report["ledger"]["balanced"]
    assert _everything_ended(data)


def test_a_core_that_crashes_is_part_of_the_scenario_and_nobody_else_gets_the_directory(
    ups: list[Up], tmp_path: Path
) -> None:
    one = up(ups, tmp_path / "data", "--scenario", _scenario(tmp_path, BLUE_CRASHES))
    one.until("scenario: blue is started again")
    one.until("started: payment core blue")
    refused = up(ups, tmp_path / "data")
    assert refused.end()[0] == 3
    assert str(one.pid) in refused.said[-1]
    one.signal(signal.SIGINT)
    code, report = one.end()
    assert code == 0, one.said
    assert report["payments"]["failed"] > 0
    assert report["events"]["lost"] == 0
    assert report["ledger"]["balanced"]


def test_a_run_that_is_stopped_before_it_is_up_leaves_no_process(ups: list[Up], tmp_path: Path) -> None:
    one = up(ups, tmp_path / "data", module=STARTED)
    one.until("started: ")
    one.signal(signal.SIGINT)
    code, report = one.end()
    assert (code, report) == (1, {})
    assert _everything_ended(tmp_path / "data")


def test_a_taken_port_is_refused_by_its_name(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = CliRunner().invoke(app, ["up", "--port", str(port), "--data-dir", str(tmp_path)])
    assert result.exit_code == 3
    assert f"127.0.0.1:{port}" in result.stderr


def test_a_missing_extra_is_bad_input_and_says_how_to_install_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    result = CliRunner().invoke(app, ["up", "--data-dir", str(tmp_path)])
    assert result.exit_code == 2
    assert "pip install 'tillwatch[embedded]'" in result.stderr


def test_a_broken_scenario_is_refused_with_file_and_line(tmp_path: Path) -> None:
    path = _scenario(tmp_path, FAULTY_CANARY.replace("payments_per_second: 60", "payments_per_second: 0"))
    result = CliRunner().invoke(app, ["up", "--scenario", path, "--data-dir", str(tmp_path)])
    assert result.exit_code == 2
    assert f"{path}:6:" in result.stderr


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (["--scenario", "helthy"], "did you mean healthy?"),
        (["--for", "90"], "--for 90"),
        (["--data-dir", "/proc/none"], "/proc/none"),
        (["--config", "/nowhere"], "/nowhere"),
    ],
)
def test_what_cannot_be_used_is_named(options: list[str], word: str) -> None:
    result = CliRunner().invoke(app, ["up", *options])
    assert result.exit_code in {2, 3}
    assert word in result.stderr

"""How the daemon starts, how it stops, and what it refuses, as the process that an operator meets."""

import sqlite3
from contextlib import closing
from pathlib import Path

import httpx
import pytest
import yaml

from daemon.clock import SystemClock
from remediation.journal.sqlite import SqliteJournal
from tests.integration.channels.receiver import Receiver
from tests.integration.daemon.world import (
    BEARER,
    COUNTING_RULE,
    Account,
    Program,
    Programs,
    Sender,
    ask,
    attempt,
    configure,
    entries,
    packed,
    until,
)
from tests.serving import serving
from tests.unit.daemon.channels.fake_pagerduty import FakePagerDuty

STOP_SECONDS = 15.0
"""Half of what ECS gives before it kills."""


def lease_holder(directory: Path) -> str:
    with closing(sqlite3.connect(directory / "data" / "journal.db")) as connection:
        (holder,) = connection.execute("SELECT holder FROM lease").fetchone()
    return str(holder)


def with_pagerduty(folder: Path, port: int) -> Path:
    """The same configuration, in which everybody is reached by this receiver."""
    via = {"pagerduty": {"kind": "pagerduty", "routing_key": "key", "url": f"http://127.0.0.1:{port}"}}
    settings = yaml.safe_load((folder / "tillwatch.yaml").read_text("utf-8"))
    settings["channels"] = {"via": via, "fallback": "pagerduty", "loopback_allowed": True}
    (folder / "tillwatch.yaml").write_text(yaml.safe_dump(settings), "utf-8")
    return folder


async def test_what_is_wrong_reaches_a_person_and_sigterm_stops_in_bounded_time_and_gives_the_lease_back(
    tmp_path: Path, programs: Programs, account: Account, sender: Sender
) -> None:
    theirs = FakePagerDuty(SystemClock().now_ms)
    receiver = Receiver(lambda path, _, body: theirs.answer(path.removeprefix("/"), body))
    await sender.send(account.payment_queue, packed(attempt(1)))
    rules = COUNTING_RULE.replace("> 1000000", "> 0").replace("severity: low", "severity: critical")
    async with serving(receiver.serve) as port:
        folder = with_pagerduty(configure(tmp_path, account, rules=rules), port)
        daemon = await programs.ready_daemon(folder)
        await until(lambda: len(entries(tmp_path, "notice.sent")) == 1, "somebody is told")
        assert list(theirs.alerts.values()) == ["trigger"]
        assert not theirs.broken
        metrics = (await ask(daemon, "/metrics")).text
        assert 'till_channel_attempts_total{channel="pagerduty",outcome="delivered"} 1.0' in metrics
        await _stops(tmp_path, daemon)


async def _stops(tmp_path: Path, daemon: Program) -> None:
    assert lease_holder(tmp_path) == str(tmp_path / "data")
    async with (
        httpx.AsyncClient(base_url=daemon.url, trust_env=False, headers=BEARER) as client,
        client.stream("GET", "/console/stream") as stream,
    ):
        assert stream.status_code == 200
        assert [(await ask(daemon, path)).status_code for path in ("/livez", "/readyz", "/metrics")] == [200] * 3
        daemon.process.terminate()
        assert await daemon.ended(STOP_SECONDS) == 0
    assert [entry.kind for entry in entries(tmp_path)][-1] == "daemon.stopped"
    assert entries(tmp_path)[-1].fields["reason"] == "asked to stop"
    assert lease_holder(tmp_path) == ""
    said = [line for line in daemon.said().splitlines() if '"task_stopped"' in line]
    order = [line.split('"task": "')[1].split('"')[0] for line in said]
    assert order[:2] == ["control-events", "payment-events"], "facts stop to come before anything else ends"
    assert "http" in order[2:-1]
    assert "channels" in order[2:-1]
    assert order[-1] == "decide", "what came is decided on to the last"


async def test_a_task_that_dies_stops_the_daemon_by_its_name(
    tmp_path: Path, programs: Programs, account: Account
) -> None:
    daemon = await programs.ready_daemon(configure(tmp_path, account))
    other = await SqliteJournal.open(tmp_path / "data" / "journal.db")
    await other.acquire_lease(lease_holder(tmp_path), 60_000, SystemClock().now_ms())
    await other.close()
    assert await daemon.ended(STOP_SECONDS) == 3
    assert daemon.said().splitlines()[-1].startswith("the daemon stopped: A task that must run for ever ended.")
    assert "Another leader took over" in daemon.said().splitlines()[-1]
    assert entries(tmp_path, "daemon.stopped") == []


async def test_a_second_daemon_on_the_same_folder_is_refused_and_the_first_goes_on(
    tmp_path: Path, programs: Programs, account: Account
) -> None:
    folder = configure(tmp_path, account)
    first = await programs.ready_daemon(folder)
    second = await programs.daemon(folder)
    assert await second.ended() == 3
    assert "another daemon runs on this folder" in second.said()
    assert (await ask(first, "/readyz")).status_code == 200
    assert len(entries(tmp_path, "daemon.started")) == 1


async def test_a_taken_port_ends_with_3_and_names_it(tmp_path: Path, programs: Programs, account: Account) -> None:
    other, mine = tmp_path / "other", tmp_path / "mine"
    for directory in (other, mine):
        directory.mkdir()
    first = await programs.ready_daemon(configure(other, account))
    port = int(first.url.rpartition(":")[2])
    second = await programs.daemon(configure(mine, account, port=port))
    assert await second.ended() == 3
    assert f"127.0.0.1:{port}: the port is taken" in second.said()
    assert entries(mine) == []


@pytest.mark.parametrize(
    ("file", "old", "new", "place"),
    [
        ("tillwatch.yaml", "endpoint_url: http", "endpoint_url: nowhere", "tillwatch.yaml:2:"),
        ("tillwatch.yaml", "region: us-east-1", "region: somewhere", "tillwatch.yaml:3:"),
        ("policy.yaml", "record_name: payments.", "record_name: Payments.", "policy.yaml:2:"),
    ],
)
async def test_an_unusable_configuration_ends_with_2_and_its_place(
    tmp_path: Path, programs: Programs, account: Account, file: str, old: str, new: str, place: str
) -> None:
    folder = configure(tmp_path, account)
    text = (folder / file).read_text(encoding="utf-8")
    assert old in text
    (folder / file).write_text(text.replace(old, new), encoding="utf-8")
    daemon = await programs.daemon(folder)
    assert await daemon.ended() == 2
    assert place in daemon.said()
    assert "Traceback" not in daemon.said()
    assert not (tmp_path / "data").exists()


async def test_a_daemon_whose_aws_does_not_answer_still_starts_and_says_what_it_knows(
    tmp_path: Path, programs: Programs, account: Account
) -> None:
    daemon = await programs.ready_daemon(configure(tmp_path, account, endpoint_url="http://127.0.0.1:1"))
    await until(lambda: "receive_failed" in daemon.said(), "the queues are tried")
    assert (await ask(daemon, "/livez")).status_code == 200
    assert await daemon.stop() == 0

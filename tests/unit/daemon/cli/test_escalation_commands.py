"""``escalation``, ``silence`` and ``maintenance``: who is told, who is on duty, and what is kept quiet."""

from pathlib import Path

import httpx
import msgspec
import pytest
from typer.testing import CliRunner, Result

from config.load import DEFAULTS
from config.procedures.commands import Nature, nature_of
from daemon.channels.trial import Trial
from daemon.cli import app
from daemon.http.doors.quiet import MaintenanceDocument, MaintenanceList, SilenceDocument, SilenceList
from daemon.http.doors.trials import TrialDocument

RUNNER = CliRunner()
HOUR_MS = 3_600_000
NOVEMBER = "2026-11-23T19:00Z"
SILENCE = SilenceDocument(
    id="sil-7",
    matchers=("severity=high",),
    starts_at_ms=0,
    ends_at_ms=HOUR_MS,
    comment="known",
    by="ana",
    added_at_ms=0,
    status="in_force",
)
WORK = MaintenanceDocument(
    id="mnt-8",
    kind="planned",
    what="a switch",
    matchers=(),
    starts_at_ms=0,
    ends_at_ms=HOUR_MS,
    by="ana",
    announced_at_ms=0,
    status="coming",
)


def till(*arguments: str) -> Result:
    return RUNNER.invoke(app, list(arguments))


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str, dict[str, object]]]:
    """A daemon that knows one silence, one that is over, and one maintenance; what it was asked to change."""
    asked: list[tuple[str, str, dict[str, object]]] = []
    over = msgspec.structs.replace(SILENCE, id="sil-3", status="over")
    known = {
        "silences": SilenceList(silences=[SILENCE, over]),
        "maintenances": MaintenanceList(maintenances=[WORK]),
    }

    def answer(request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix("/api/v1/")
        if request.method == "GET":
            return httpx.Response(200, content=msgspec.json.encode(known[path]))
        asked.append((request.method, path, msgspec.json.decode(request.content)))
        changed = SILENCE if path.startswith("silences") else WORK
        return httpx.Response(201, content=msgspec.json.encode(changed))

    client = httpx.Client
    monkeypatch.setattr(httpx, "Client", lambda **_: client(transport=httpx.MockTransport(answer)))
    return asked


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A configuration whose schedule is staffed by day alone."""
    text = (DEFAULTS / "escalation.yaml").read_text(encoding="utf-8")
    by_day = text.replace("turn_days: 7}", 'turn_days: 7, begin: "09:00", end: "17:00"}')
    assert by_day != text
    (tmp_path / "escalation.yaml").write_text(by_day, encoding="utf-8")
    return tmp_path


def test_the_packaged_matrix_and_its_schedule_are_shown_and_have_no_gap() -> None:
    shown = till("escalation", "show", "--at", NOVEMBER)
    assert shown.exit_code == 0
    assert "15 min  Engineering Manager (L2): engineering-manager by sms" in shown.stdout
    assert "L3: Architecture and optimization" in shown.stdout
    assert "+1-555" not in shown.stdout


def test_a_turn_that_goes_beyond_what_was_looked_at_is_no_end_of_duty() -> None:
    on_duty = till("escalation", "who", "--at", "2026-11-01T01:30-05:00")
    assert on_duty.stdout.endswith("until 2026-11-15 06:30 UTC at least\n")


def test_a_step_within_the_first_minute_is_told_in_seconds() -> None:
    assert "\n  10 s  On-call Engineer (L1)" in till("escalation", "test", "--severity", "high").stdout


def test_hours_without_anybody_are_said_and_are_a_no(directory: Path) -> None:
    shown = till("escalation", "show", "--config", str(directory), "--at", NOVEMBER)
    assert shown.exit_code == 1
    assert "gap: nobody is on duty in on-call from 2026-11-23 22:00 UTC to 2026-11-24 14:00 UTC" in shown.stdout
    told = msgspec.json.decode(till("escalation", "show", "--config", str(directory), "--json").stdout)
    assert told["gaps"]


def test_who_is_on_duty_at_a_moment(directory: Path) -> None:
    day = till("escalation", "who", "--config", str(directory), "--at", NOVEMBER)
    assert (day.exit_code, day.stdout) == (
        0,
        "on-call: On-call Engineer (on-call-engineer, primary) until 2026-11-23 22:00 UTC\n",
    )
    night = till("escalation", "who", "on-call", "--config", str(directory), "--at", "2026-11-23T23:00-05:00")
    assert (night.exit_code, "nobody" in night.stdout) == (1, True)


@pytest.mark.parametrize(
    "arguments",
    [
        ("escalation", "who", "nights"),
        ("escalation", "who", "--at", "2026-11-23T19:00"),
        ("escalation", "who", "--at", "tomorrow"),
        ("escalation", "test", "--severity", "low"),
        ("escalation", "test", "--label", "security"),
        ("silence", "add", "severity=high", "--for", "soon", "--comment", "x"),
    ],
)
def test_what_cannot_be_meant_is_bad_input(arguments: tuple[str, ...]) -> None:
    found = till(*arguments)
    assert found.exit_code == 2
    assert "fix: " in found.stderr


def test_an_imagined_incident_reaches_whom_its_labels_lead_to_and_sends_nothing() -> None:
    plain = msgspec.json.decode(till("escalation", "test", "--at", NOVEMBER, "--json").stdout)
    secure = msgspec.json.decode(
        till("escalation", "test", "--at", NOVEMBER, "--label", "family=security", "--json").stdout
    )
    assert (plain["policy"], secure["policy"]) == ("matrix", "security")
    assert [len(one["steps"][0]["targets"]) for one in (plain, secure)] == [1, 2]
    sunday = till("escalation", "test", "--severity", "high", "--at", "2026-11-22T03:00-05:00")
    assert "maintenance weekly-maintenance keeps everybody from being told" in sunday.stdout


def test_a_silence_is_added_for_a_while_listed_and_ended(sent: list[tuple[str, str, dict[str, object]]]) -> None:
    added = till("silence", "add", "severity=high", "rule!=x", "--for", "2h", "--comment", "known", "--from", NOVEMBER)
    assert added.exit_code == 0
    (_, path, body) = sent[0]
    assert (path, body["matchers"], body["comment"]) == ("silences", ["severity=high", "rule!=x"], "known")
    assert int(str(body["ends_at_ms"])) - int(str(body["starts_at_ms"])) == 2 * HOUR_MS
    listed = till("silence", "list").stdout
    assert "sil-7  in force  severity=high" in listed
    assert "sil-3" not in listed
    assert "sil-3" in till("silence", "list", "--all").stdout
    assert till("silence", "expire", "sil-7", "--reason", "done").exit_code == 0
    assert sent[1] == ("POST", "silences/sil-7/expire", {"reason": "done"})


def test_maintenance_is_announced_listed_and_ended(sent: list[tuple[str, str, dict[str, object]]]) -> None:
    announced = till("maintenance", "announce", "a switch", "--from", NOVEMBER, "--for", "1h", "--emergency")
    assert announced.exit_code == 0
    assert (sent[0][1], sent[0][2]["kind"], sent[0][2]["matchers"]) == ("maintenances", "emergency", [])
    assert "mnt-8  coming  planned, everything" in till("maintenance", "list").stdout
    assert till("maintenance", "end", "mnt-8", "--reason", "done").exit_code == 0
    assert sent[1] == ("POST", "maintenances/mnt-8/end", {"reason": "done"})


TRIED = Trial(channel="pagerduty", kind="pagerduty", person="vp-engineering", dedup_key="test-9:1", payload="{}")


@pytest.fixture
def trials(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, object]]:
    """A daemon whose pager takes a trial and whose chat does not; what it was asked."""
    asked: list[dict[str, object]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        assert request.url.path == "/api/v1/escalation/test"
        wish: dict[str, object] = msgspec.json.decode(request.content)
        asked.append(wish)
        taken = msgspec.structs.replace(TRIED, outcome="taken", detail="HTTP 202")
        missed = msgspec.structs.replace(TRIED, channel="chat", outcome="not_taken", detail="HTTP 503")
        found = [taken, missed] if wish["send"] else [TRIED]
        return httpx.Response(200, content=msgspec.json.encode(TrialDocument(sent=bool(wish["send"]), trials=found)))

    client = httpx.Client
    monkeypatch.setattr(httpx, "Client", lambda **_: client(transport=httpx.MockTransport(answer)))
    return asked


def test_a_trial_shows_what_would_be_sent_unless_it_is_to_be_sent(trials: list[dict[str, object]]) -> None:
    shown = till("escalation", "test", "--person", "vp-engineering")
    assert (shown.exit_code, shown.stdout) == (
        0,
        (
            "pagerduty (pagerduty) for vp-engineering, test-9:1, would be sent:\n{}\n"
            "nothing was sent; add --send to send it\n"
        ),
    )
    assert trials == [{"person": "vp-engineering", "channel": "", "send": False}]


def test_a_channel_that_did_not_take_a_trial_is_a_no(trials: list[dict[str, object]]) -> None:
    sent = till("escalation", "test", "--person", "vp-engineering", "--send")
    assert sent.exit_code == 1
    assert "pagerduty (pagerduty) for vp-engineering, test-9:1: taken, HTTP 202\n" in sent.stdout
    assert "chat (pagerduty) for vp-engineering, test-9:1: not taken, HTTP 503\n" in sent.stdout
    assert len(trials) == 1
    told = msgspec.json.decode(till("escalation", "test", "--channel", "chat", "--send", "--json").stdout)
    assert told["sent"]


def test_to_send_without_saying_to_whom_is_bad_usage(trials: list[dict[str, object]]) -> None:
    refused = till("escalation", "test", "--send")
    assert (refused.exit_code, "give --person NAME or --channel NAME" in refused.stderr) == (2, True)
    assert not trials


def test_a_procedure_knows_that_a_trial_is_more_than_a_look() -> None:
    assert nature_of(["tillwatch", "escalation", "test", "--channel", "chat"]) is Nature.LOOKS
    assert nature_of(["tillwatch", "escalation", "test", "--channel", "chat", "--send"]) is Nature.MILD

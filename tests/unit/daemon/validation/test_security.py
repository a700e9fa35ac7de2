"""Security holds when doors are shut, secrets are private, the journal is whole and no log shows a card number."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from checks.redaction.canary import CANARY
from config.settings import Settings
from daemon.probes.daemon_client import RuleNow, RuleReadingNow
from daemon.validation import security
from daemon.validation.lines import Line
from remediation.journal.kinds import DaemonStarted
from remediation.journal.sqlite import SqliteJournal
from remediation.journal.writer import JournalWriter
from tests.unit.daemon.probes.test_monitoring import NOW_MS, Clock


def outcomes(lines: list[Line]) -> dict[str, str]:
    return {line.name: line.outcome for line in lines}


@pytest.mark.parametrize(
    ("findings", "healthy", "degraded", "expected"),
    [
        ((), True, False, [("passed", "good")]),
        (("a", "b"), False, True, [("warned", "a"), ("warned", "b")]),
        (("a",), False, False, [("failed", "a")]),
        ((), False, False, [("failed", "good")]),
    ],
)
def test_every_finding_of_a_component_is_a_line(
    findings: tuple[str, ...], expected: list[tuple[str, str]], *, healthy: bool, degraded: bool
) -> None:
    lines = security.finding_lines("compliance", findings, healthy=healthy, degraded=degraded, detail="good")
    assert [(line.outcome, line.measured) for line in lines] == expected


def test_a_door_that_lets_strangers_in_fails() -> None:
    found = outcomes(security.door_lines({"/metrics": 401, "/api/v1/rules": 403, "/console/stream": 200}))
    assert found == {"door /metrics": "passed", "door /api/v1/rules": "passed", "door /console/stream": "failed"}


@pytest.mark.parametrize(
    ("digests", "outcome"), [([], "failed"), (["a"], "passed"), (["a", "b"], "passed"), (["a", "a"], "failed")]
)
def test_tokens_are_there_and_are_not_shared(digests: list[str], outcome: str) -> None:
    tokens = [{"name": f"n{number}", "role": "viewer", "sha256": digest * 64} for number, digest in enumerate(digests)]
    assert security.token_lines(Settings.model_validate({"tokens": tokens}))[0].outcome == outcome


def test_a_secret_that_others_can_read_fails_and_one_that_is_not_there_says_nothing(tmp_path: Path) -> None:
    private, open_to_all = tmp_path / "daemon.key", tmp_path / "console-token"
    for path, mode in ((private, 0o600), (open_to_all, 0o644)):
        path.write_text("x", encoding="ascii")
        path.chmod(mode)
    found = outcomes(security.secret_lines([private, open_to_all, tmp_path / "none"]))
    assert found == {"secret daemon.key": "passed", "secret console-token": "failed"}


async def journal(path: Path) -> Path:
    opened = await SqliteJournal.open(path)
    lease = await opened.acquire_lease("here", 60_000, NOW_MS)
    writer = await JournalWriter.open(opened, lease, Clock())
    await writer.append(DaemonStarted(version="1", holder="here", configuration_hash="0" * 64, observe_only=False))
    await opened.close()
    return path


async def test_a_journal_that_was_changed_or_is_not_there_fails(tmp_path: Path) -> None:
    assert security.journal_lines(tmp_path / "journal.db")[0].outcome == "failed"
    path = await journal(tmp_path / "journal.db")
    assert security.journal_lines(path)[0].outcome == "passed"
    with closing(sqlite3.connect(path)) as connection:
        triggers = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")]
        for trigger in triggers:
            connection.execute(f"DROP TRIGGER {trigger}")
        connection.execute("UPDATE entries SET actor = 'somebody' WHERE sequence = 1")
        connection.commit()
    (line,) = security.journal_lines(path)
    assert (line.outcome, "edited" in line.measured) == ("failed", True)
    path.write_bytes(b"no journal")
    assert security.journal_lines(path)[0].outcome == "failed"


def test_a_log_with_a_card_number_fails_and_names_the_line(tmp_path: Path) -> None:
    assert security.log_lines(tmp_path) == []
    (tmp_path / "a.log").write_text('{"event":"fine","at":1795459572000}\n', encoding="utf-8")
    assert security.log_lines(tmp_path)[0].outcome == "passed"
    (tmp_path / "b.log").write_text(f"fine\nnumber {CANARY}\n", encoding="utf-8")
    (line,) = security.log_lines(tmp_path)
    assert (line.outcome, line.measured) == ("failed", "in b.log:2")


def test_an_open_critical_finding_fails_and_none_at_all_is_good() -> None:
    rule = "critical-security-finding"
    (quiet,) = security.alert_lines([RuleNow(rule, [])])
    assert (quiet.outcome, quiet.measured) == ("passed", "no critical finding was reported")
    reading = RuleReadingNow({"region": "us-east-1"}, "breached", 1.0, "1", 1)
    assert security.alert_lines([RuleNow(rule, [reading])])[0].outcome == "failed"
    assert security.alert_lines([])[0].outcome == "failed"

"""`tillwatch audit` as an operator or a script meets it."""

import sqlite3
from contextlib import closing
from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner, Result

from config.policy import Policy
from daemon.cli.audit import audit_app
from remediation.decide import decide
from remediation.journal.sqlite import SqliteJournal
from remediation.journal.writer import JournalWriter
from tests.unit.remediation.worlds import NOW_MS, FakeClock, deployment, finding


def audit(*arguments: str) -> Result:
    return CliRunner().invoke(audit_app, list(arguments))


@pytest.fixture
async def data_dir(tmp_path: Path) -> Path:
    journal = await SqliteJournal.open(tmp_path / "journal.db")
    lease = await journal.acquire_lease("test", 60_000, NOW_MS)
    writer = await JournalWriter.open(journal, lease, FakeClock())
    await writer.append(deployment())
    await writer.append(finding())
    await writer.append(decide(finding(), writer.state, Policy(), NOW_MS))
    await journal.close()
    return tmp_path


def edit(data_dir: Path) -> None:
    with closing(sqlite3.connect(data_dir / "journal.db", isolation_level=None)) as connection:
        connection.execute("DROP TRIGGER entries_are_never_changed")
        connection.execute("UPDATE entries SET actor = 'nobody' WHERE sequence = 2")


def test_tail_shows_the_newest_entries_with_the_reason(data_dir: Path) -> None:
    result = audit("tail", "-n", "2", "--data-dir", str(data_dir))
    assert result.exit_code == 0
    first, second = result.stdout.splitlines()
    assert "2026-09-21T14:13:20.000Z finding" in first
    assert "Decided to roll back traffic" in second
    assert "payment-failure-rate on green, us-east-1: 5.3 % of 120" in second


def test_tail_as_json_gives_one_whole_entry_per_line(data_dir: Path) -> None:
    lines = audit("tail", "--json", "--data-dir", str(data_dir)).stdout.splitlines()
    entries = [msgspec.json.decode(line) for line in lines]
    assert [entry["kind"] for entry in entries] == ["deployment", "finding", "decision"]
    assert entries[1]["body"]["rule_id"] == "payment-failure-rate"


def test_verify_says_that_nothing_was_changed_and_names_the_head(data_dir: Path) -> None:
    result = audit("verify", "--data-dir", str(data_dir))
    assert result.exit_code == 0
    head = result.stdout.split("head ")[1].strip()
    assert audit("verify", "--expect-head", head, "--data-dir", str(data_dir)).exit_code == 0


def test_verify_exits_1_and_names_the_first_bad_entry(data_dir: Path) -> None:
    edit(data_dir)
    result = audit("verify", "--data-dir", str(data_dir))
    assert result.exit_code == 1
    assert "first bad entry: 2" in result.stdout
    verdict = msgspec.json.decode(audit("verify", "--json", "--data-dir", str(data_dir)).stdout)
    assert (verdict["first_bad"], verdict["entries"]) == (2, 1)


def test_verify_exits_1_when_a_head_noted_elsewhere_is_not_in_it(data_dir: Path) -> None:
    result = audit("verify", "--expect-head", f"4:{'a' * 64}", "--data-dir", str(data_dir))
    assert result.exit_code == 1
    assert "first bad entry: 4" in result.stdout


@pytest.mark.parametrize("command", ["tail", "verify"])
def test_a_missing_journal_is_bad_input_with_the_way_out(tmp_path: Path, command: str) -> None:
    result = audit(command, "--data-dir", str(tmp_path))
    assert result.exit_code == 2
    assert "--data-dir" in result.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("head", ["3", "x:y", f"3:{'A' * 64}"])
def test_a_head_that_is_none_is_bad_input(data_dir: Path, head: str) -> None:
    assert audit("verify", "--expect-head", head, "--data-dir", str(data_dir)).exit_code == 2


@pytest.mark.parametrize("command", ["tail", "verify"])
def test_a_file_that_is_no_journal_does_not_pass(tmp_path: Path, command: str) -> None:
    (tmp_path / "journal.db").write_text("hello" * 500)
    assert audit(command, "--data-dir", str(tmp_path)).exit_code != 0

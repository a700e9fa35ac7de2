"""``tillwatch ledger`` says whether every cent is accounted for."""

import sqlite3
from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner

from daemon.cli.ledger import ledger_app
from payment_core.ledger import recipes
from payment_core.store.batch import CoreBatch
from payment_core.store.schema import create_tables, open_for_writing


@pytest.fixture
def ledger(database: Path) -> Path:
    connection = open_for_writing(database)
    create_tables(connection)
    batch = CoreBatch(connection, "blue", 1)
    batch.post(recipes.capture("pay_1", amount_cents=123_456, fee_cents=9_876))
    batch.flush()
    connection.close()
    return database


def test_a_sound_ledger_ends_with_0(ledger: Path) -> None:
    result = CliRunner().invoke(ledger_app, ["verify", "--database", str(ledger), "--json"])
    assert result.exit_code == 0
    assert msgspec.json.decode(result.stdout.splitlines()[-1]) == {
        "balanced": True,
        "entries": 4,
        "journals": 1,
        "violations": [],
    }


def test_a_planted_cent_ends_with_1_and_is_named(ledger: Path) -> None:
    connection = sqlite3.connect(ledger)
    connection.execute("UPDATE entries SET credit_cents = credit_cents + 1 WHERE account_id = 'platform_fee'")
    connection.commit()
    connection.close()
    result = CliRunner().invoke(ledger_app, ["verify", "--data-dir", str(ledger.parent)])
    assert result.exit_code == 1
    assert "NOT balanced" in result.stdout
    assert "platform_fee" in result.stdout


def test_balances_are_printed_in_dollars(ledger: Path) -> None:
    result = CliRunner().invoke(ledger_app, ["balance", "--database", str(ledger)])
    assert result.exit_code == 0
    assert "$1,234.56" in result.stdout


@pytest.mark.parametrize("command", ["verify", "balance"])
def test_a_missing_ledger_ends_with_2(tmp_path: Path, command: str) -> None:
    result = CliRunner().invoke(ledger_app, [command, "--data-dir", str(tmp_path / "nowhere")])
    assert result.exit_code == 2

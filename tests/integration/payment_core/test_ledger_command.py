"""``tillwatch ledger`` says whether every cent is accounted for."""

import asyncio
from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner

from daemon.cli.core.ledger import ledger_app
from payment_core.ledger.journals import Move
from tests.unit.payment_core.ledger.ledger_world import BOOKED, journal, open_store, post, tamper


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    path = tmp_path / "payments.db"

    async def book() -> None:
        async with open_store(path) as store:
            for posted in BOOKED:
                await post(store, posted)
            await post(store, journal("j9", Move("rail_clearing", "platform_fee", 123_456)))

    asyncio.run(book())
    return path


def test_a_sound_ledger_ends_with_0(ledger: Path) -> None:
    result = CliRunner().invoke(ledger_app, ["verify", "--database", str(ledger), "--json"])
    assert result.exit_code == 0
    assert msgspec.json.decode(result.stdout.splitlines()[-1]) == {
        "balanced": True,
        "entries": 12,
        "journals": 5,
        "violations": [],
        "moving": 0,
    }


def test_a_planted_cent_ends_with_1_and_is_named(ledger: Path) -> None:
    tamper(ledger, "UPDATE accounts SET credits_posted = credits_posted + 1 WHERE id = 'platform_fee'")
    result = CliRunner().invoke(ledger_app, ["verify", "--data-dir", str(ledger.parent)])
    assert result.exit_code == 1
    assert "NOT balanced" in result.stdout
    assert "I3 platform_fee USD" in result.stdout
    assert "by 1 cents" in result.stdout


def test_balances_are_printed_in_dollars_with_what_is_set_aside(ledger: Path) -> None:
    result = CliRunner().invoke(ledger_app, ["balance", "--database", str(ledger)])
    assert result.exit_code == 0
    assert "$1,234.56" in result.stdout
    assert "$10.00 of it set aside" in result.stdout


def test_the_balance_of_one_account_is_shown_alone(ledger: Path) -> None:
    arguments = ["balance", "--database", str(ledger), "--account", "provider_available/p1", "--json"]
    result = CliRunner().invoke(ledger_app, arguments)
    assert result.exit_code == 0
    [account] = msgspec.json.decode(result.stdout.splitlines()[-1])["accounts"]
    assert (account["account"], account["balance_cents"], account["available_cents"]) == (
        "provider_available/p1",
        5200,
        4200,
    )


def test_an_account_that_nothing_was_posted_to_is_said_to_be_empty(ledger: Path) -> None:
    result = CliRunner().invoke(ledger_app, ["balance", "--database", str(ledger), "--account", "fee_expense"])
    assert result.exit_code == 0
    assert "nothing was posted to fee_expense" in result.stdout


def test_an_account_that_the_chart_does_not_have_ends_with_2(ledger: Path) -> None:
    result = CliRunner().invoke(ledger_app, ["balance", "--database", str(ledger), "--account", "provider_available"])
    assert result.exit_code == 2
    assert "provider_available/OWNER" in result.stderr


@pytest.mark.parametrize("command", ["verify", "balance"])
def test_a_missing_ledger_ends_with_2(tmp_path: Path, command: str) -> None:
    result = CliRunner().invoke(ledger_app, [command, "--data-dir", str(tmp_path / "nowhere")])
    assert result.exit_code == 2


@pytest.mark.parametrize("command", ["verify", "balance"])
def test_a_file_that_is_no_ledger_ends_with_2(tmp_path: Path, command: str) -> None:
    (tmp_path / "payments.db").write_text("not a database, but long enough to be read as one" * 40)
    result = CliRunner().invoke(ledger_app, [command, "--data-dir", str(tmp_path)])
    assert result.exit_code == 2

"""The ledger's verification finds what is wrong and names it."""

import sqlite3
from pathlib import Path

import pytest

from payment_core.errors import DatabaseUnusable
from payment_core.ledger import recipes
from payment_core.ledger.verify import balances, verify
from payment_core.store.batch import CoreBatch
from payment_core.store.schema import create_tables, open_for_writing


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    path = tmp_path / "payments.db"
    connection = open_for_writing(path)
    create_tables(connection)
    batch = CoreBatch(connection, "blue", 1)
    batch.post(recipes.capture("pay_1", amount_cents=10_000, fee_cents=800))
    batch.post(recipes.refund_promised("pay_1", "ref_1", amount_cents=5000, fee_share_cents=400))
    batch.flush()
    connection.close()
    return path


def tamper(path: Path, statement: str) -> None:
    connection = sqlite3.connect(path)
    connection.execute(statement)
    connection.commit()
    connection.close()


def broken(path: Path) -> set[tuple[str, int]]:
    report = verify(path)
    assert not report.balanced
    return {(violation.invariant, violation.difference_cents) for violation in report.violations}


def test_a_sound_ledger_is_balanced(ledger: Path) -> None:
    report = verify(ledger)
    assert (report.balanced, report.journals, report.entries, report.violations) == (True, 2, 8, ())


def test_balances_grow_on_the_normal_side_of_each_account(ledger: Path) -> None:
    assert {balance.account: balance.balance_cents for balance in balances(ledger)} == {
        "rail_clearing": 10_000,
        "customer_escrow": 10_000 - 800 - 4600,
        "platform_fee": 400,
        "refunds_payable": 5000,
    }


def test_a_planted_cent_in_an_entry_is_found_and_its_journal_named(ledger: Path) -> None:
    tamper(ledger, "UPDATE entries SET debit_cents = debit_cents + 1 WHERE account_id = 'rail_clearing'")
    assert broken(ledger) == {("I1", 1), ("I3", -1)}
    subjects = [violation.subject for violation in verify(ledger).violations]
    assert any("capture pay_1" in subject for subject in subjects)
    assert any("rail_clearing" in subject for subject in subjects)


def test_a_planted_cent_in_a_stored_balance_is_found(ledger: Path) -> None:
    tamper(ledger, "UPDATE accounts SET credits_cents = credits_cents + 1 WHERE id = 'platform_fee'")
    assert broken(ledger) == {("I2", -1), ("I3", -1)}


def test_a_deleted_journal_and_an_emptied_one_are_found(ledger: Path) -> None:
    tamper(ledger, "DELETE FROM journals WHERE kind = 'capture'")
    assert ("I1", 0) in broken(ledger)
    tamper(ledger, "DELETE FROM entries WHERE account_id <> 'nobody'")
    assert ("I1", 0) in broken(ledger)


def test_an_account_below_zero_is_found(ledger: Path) -> None:
    connection = open_for_writing(ledger)
    batch = CoreBatch(connection, "blue", 1)
    batch.post(recipes.refund_settled("pay_1", "ref_2", amount_cents=6000))
    batch.flush()
    connection.close()
    assert broken(ledger) == {("I4", -1000)}


def test_a_missing_file_is_an_error_and_is_not_created(tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnusable):
        verify(tmp_path / "none.db")
    assert not (tmp_path / "none.db").exists()


def test_a_file_that_is_no_ledger_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "notes.db").write_text("not a database, but long enough to be read as one" * 40)
    with pytest.raises(DatabaseUnusable):
        verify(tmp_path / "notes.db")

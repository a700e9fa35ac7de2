"""The ledger's verification finds what is wrong and names it."""

import asyncio
import sqlite3
from collections import Counter
from pathlib import Path

import pytest

from payment_core.errors import DatabaseUnusable
from payment_core.ledger.file_books import balances, file_books, verify_file
from payment_core.ledger.journals import Move, Phase
from payment_core.ledger.posting import Balances
from payment_core.ledger.verify import VIOLATIONS_MAX, LedgerVerifier, _against_sum
from tests.unit.payment_core.ledger.busy_books import MovingHolds, TornBooks, counting_books
from tests.unit.payment_core.ledger.ledger_world import (
    BOOKED,
    REGISTRY,
    journal,
    memory_store,
    open_store,
    plant_journal,
    post,
    store_hold,
    tamper,
)


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    path = tmp_path / "payments.db"

    async def book() -> None:
        async with open_store(path) as store:
            for posted in BOOKED:
                await post(store, posted)

    asyncio.run(book())
    return path


def broken(path: Path) -> set[tuple[str, str, int]]:
    report = verify_file(path)
    assert not report.balanced
    return {(violation.invariant, violation.subject, violation.difference_cents) for violation in report.violations}


def test_a_sound_ledger_is_balanced(ledger: Path) -> None:
    report = verify_file(ledger)
    assert (report.balanced, report.journals, report.entries, report.violations) == (True, 4, 10, ())


def test_balances_grow_on_the_normal_side_and_leave_out_what_is_set_aside(ledger: Path) -> None:
    found = {balance.account: (balance.balance_cents, balance.available_cents) for balance in balances(ledger)}
    assert found == {
        "bank": (-800, -800),
        "payout_in_flight": (4000, 4000),
        "provider_available/p1": (5200, 4200),
        "rail_clearing": (10_000, 10_000),
    }


def test_a_planted_cent_in_a_stored_balance_is_found(ledger: Path) -> None:
    tamper(ledger, "UPDATE accounts SET credits_posted = credits_posted + 1 WHERE id = 'payout_in_flight'")
    assert broken(ledger) == {("I2", "USD", -1), ("I3", "payout_in_flight USD", 1)}


def test_a_planted_cent_on_both_sides_is_found(ledger: Path) -> None:
    tamper(
        ledger,
        "UPDATE accounts SET credits_posted = credits_posted + 1 WHERE id = 'payout_in_flight'",
        "UPDATE accounts SET debits_posted = debits_posted + 1 WHERE id = 'rail_clearing'",
    )
    assert broken(ledger) == {("I3", "payout_in_flight USD", 1), ("I3", "rail_clearing USD", 1)}


def test_a_pending_balance_without_its_hold_is_found(ledger: Path) -> None:
    tamper(
        ledger,
        "UPDATE accounts SET debits_pending = 0 WHERE id = 'provider_available/p1'",
        "UPDATE accounts SET credits_pending = 0 WHERE id = 'payout_in_flight'",
    )
    assert broken(ledger) == {("I3", "payout_in_flight USD", -1000), ("I3", "provider_available/p1 USD", -1000)}


def test_a_changed_journal_body_is_found_by_the_accounts_it_moved(ledger: Path) -> None:
    tamper(
        ledger,
        "UPDATE journals SET body = CAST(replace(CAST(body AS TEXT), '10000', '10001') AS BLOB) WHERE id = 'j1'",
    )
    assert broken(ledger) == {("I3", "provider_available/p1 USD", -1), ("I3", "rail_clearing USD", -1)}


def test_a_deleted_journal_is_found(ledger: Path) -> None:
    tamper(ledger, "DELETE FROM journals WHERE id = 'j4'")
    assert ("I3", "payout_in_flight USD", 4000) in broken(ledger)
    assert ("I3", "hold h1", 5000) in broken(ledger)


@pytest.mark.parametrize(
    ("hold_id", "changes", "finding"),
    [
        ("h2", {"amount_cents": 1001}, ("I3", "hold h2", 1001)),
        ("h2", {"state": "voided"}, ("I3", "hold h2", 1000)),
        ("h2", {"credit": "bank"}, ("I3", "hold h2", 1000)),
        ("h1", {"posted_cents": 3999}, ("I3", "hold h1", 5000)),
        ("h2", {"id": "h9"}, ("I3", "hold h9", 1000)),
    ],
)
def test_a_hold_that_differs_from_its_journals_is_found(
    ledger: Path, hold_id: str, changes: dict[str, object], finding: tuple[str, str, int]
) -> None:
    store_hold(ledger, hold_id, **changes)
    assert broken(ledger) == {finding}


def test_a_hold_that_is_gone_is_found(ledger: Path) -> None:
    tamper(ledger, "DELETE FROM records WHERE id = 'h2'")
    assert broken(ledger) == {("I3", "hold h2", 0)}


def test_an_owned_account_below_zero_is_found(ledger: Path) -> None:
    plant_journal(ledger, journal("j9", Move("provider_available/p1", "bank", 9000)))
    tamper(
        ledger,
        "UPDATE accounts SET debits_posted = debits_posted + 9000 WHERE id = 'provider_available/p1'",
        "UPDATE accounts SET credits_posted = credits_posted + 9000 WHERE id = 'bank'",
    )
    assert broken(ledger) == {("I4", "provider_available/p1 USD", 4200 - 9000)}


def test_money_that_is_set_aside_on_one_side_alone_is_found(ledger: Path) -> None:
    tamper(ledger, "UPDATE accounts SET debits_pending = debits_pending + 7 WHERE id = 'provider_available/p1'")
    assert broken(ledger) == {("I2", "USD", 7), ("I3", "provider_available/p1 USD", 7)}


def test_an_account_that_is_in_no_chart_is_found_and_has_no_balance(ledger: Path) -> None:
    tamper(ledger, "UPDATE accounts SET id = 'nowhere' WHERE id = 'bank'")
    assert broken(ledger) == {("I3", "bank USD", -800), ("I3", "nowhere USD", 800), ("I4", "nowhere USD", 0)}
    with pytest.raises(DatabaseUnusable, match="nowhere"):
        balances(ledger)


def test_a_journal_that_cannot_be_read_is_an_error_with_the_file(ledger: Path) -> None:
    tamper(ledger, "UPDATE journals SET body = X'00' WHERE id = 'j1'")
    with pytest.raises(DatabaseUnusable, match="payments"):
        verify_file(ledger)


def test_currencies_are_balanced_each_by_itself(ledger: Path) -> None:
    tamper(ledger, "UPDATE accounts SET currency = 'EUR' WHERE id = 'bank'")
    found = broken(ledger)
    assert {("I2", "USD", 800), ("I2", "EUR", -800)} <= found


async def test_a_report_names_as_much_as_a_person_reads() -> None:
    store = memory_store()
    for number in range(VIOLATIONS_MAX):
        store._accounts[f"nobody{number}", "USD"] = Balances(1, 1, 0, 0)
    for check in (LedgerVerifier(store, store).verify, LedgerVerifier(store, store).check_all):
        report = await check()
        assert (report.balanced, len(report.violations)) == (False, VIOLATIONS_MAX)


async def test_an_account_that_was_emptied_to_the_cent_is_sound() -> None:
    store = memory_store()
    await post(store, journal("in", Move("rail_clearing", "provider_available/p1", 5)))
    await post(store, journal("out", Move("provider_available/p1", "payout_in_flight", 5)))
    assert (await LedgerVerifier(store, store).check_all()).balanced


def test_the_books_of_a_file_are_as_they_were_when_they_were_opened_and_closed_afterwards(ledger: Path) -> None:
    with file_books(ledger, REGISTRY) as books:
        before = asyncio.run(books.journals(0, 10))
        plant_journal(ledger, journal("late", Move("rail_clearing", "bank", 1)))
        assert asyncio.run(books.journals(0, 10)) == before
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        asyncio.run(books.journals(0, 10))


def test_a_missing_file_is_an_error_and_is_not_created(tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnusable):
        verify_file(tmp_path / "none.db")
    assert not (tmp_path / "none.db").exists()


def test_a_file_that_is_no_ledger_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "notes.db").write_text("not a database, but long enough to be read as one" * 40)
    with pytest.raises(DatabaseUnusable):
        verify_file(tmp_path / "notes.db")


async def test_a_periodic_check_reads_only_what_is_new() -> None:
    books = counting_books()
    verifier = LedgerVerifier(books, books)
    for posted in BOOKED[:3]:
        await post(books, posted)
    assert (await verifier.verify()).journals == 3
    await post(books, BOOKED[3])
    report = await verifier.verify()
    assert (report.balanced, report.journals, books.read_journals) == (True, 4, 4)
    assert (await verifier.check_all()).balanced
    assert books.read_journals == 8


async def test_payments_during_the_check_are_no_violation() -> None:
    books = counting_books()
    for posted in BOOKED:
        await post(books, posted)
    books.meanwhile = [journal(f"m{number}", Move("rail_clearing", "bank", 5)) for number in range(3)]
    verifier = LedgerVerifier(books, books)
    report = await verifier.verify()
    assert report.balanced
    assert report.moving == 0
    books.meanwhile = [journal(f"n{number}", Move("rail_clearing", "bank", 5)) for number in range(30)]
    report = await verifier.verify()
    assert report.balanced
    assert report.moving == 2


async def test_a_sum_that_was_read_while_payments_moved_is_no_violation_unless_it_stays_so() -> None:
    books = counting_books(TornBooks)
    for posted in BOOKED:
        await post(books, posted)
    books.meanwhile = [journal(f"m{cents}", Move("rail_clearing", "bank", cents)) for cents in range(1, 9)]
    assert await LedgerVerifier(books, books)._lasting_sums() == {}
    books.meanwhile = [journal(f"n{number}", Move("rail_clearing", "bank", 5)) for number in range(9)]
    assert await LedgerVerifier(books, books)._lasting_sums() == {"USD": (-5, 0)}


async def test_a_hold_that_is_made_or_resolved_during_the_check_is_no_violation() -> None:
    store = memory_store()
    for posted in BOOKED:
        await post(store, posted)
    made = journal("j5", Move("provider_available/p1", "payout_in_flight", 7, Phase.PENDING, "h3"))
    resolved = journal("j6", Move("provider_available/p1", "payout_in_flight", 1000, Phase.VOID, "h2"))
    for holds in (MovingHolds(store, before=(made,)), MovingHolds(store, after=(resolved,))):
        assert (await LedgerVerifier(store, holds).check_all()).violations == ()


async def test_holds_are_read_once_and_wrong_ones_twice() -> None:
    store = memory_store()
    for posted in BOOKED:
        await post(store, posted)
    sound, wrong = MovingHolds(store), MovingHolds(memory_store())
    assert (await LedgerVerifier(store, sound).check_all()).balanced
    assert not (await LedgerVerifier(store, wrong).check_all()).balanced
    assert (sound.pages, wrong.pages) == (1, 2)


async def test_a_quiet_account_is_looked_at_once_and_a_wrong_one_twice() -> None:
    books = counting_books()
    for posted in BOOKED:
        await post(books, posted)
    assert (await LedgerVerifier(books, books).verify()).balanced
    assert Counter(books.read_accounts)["payout_in_flight", "USD"] == 1
    books._accounts["payout_in_flight", "USD"].credits_posted += 1
    assert not (await LedgerVerifier(books, books).verify()).balanced
    counted = Counter(books.read_accounts)
    assert (counted["payout_in_flight", "USD"], counted["bank", "USD"]) == (1 + 5, 1 + 1)


@pytest.mark.parametrize(("summed", "difference"), [(9, 1), (10, None), (15, None), (17, -2)])
def test_an_account_that_moves_is_off_by_as_much_as_its_sum_lies_outside_of_it(
    summed: int, difference: int | None
) -> None:
    found = list(_against_sum("bank USD", Balances(10, 3), Balances(15, 3), Balances(summed, 3)))
    assert [violation.difference_cents for violation in found] == ([] if difference is None else [difference])


async def test_a_planted_cent_is_found_under_traffic_too() -> None:
    books = counting_books()
    for posted in BOOKED:
        await post(books, posted)
    books._accounts["payout_in_flight", "USD"].credits_posted += 1
    books.meanwhile = [journal(f"m{number}", Move("rail_clearing", "bank", 5)) for number in range(30)]
    report = await LedgerVerifier(books, books).verify()
    assert {violation.invariant for violation in report.violations} == {"I2", "I3"}

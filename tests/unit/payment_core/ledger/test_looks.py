"""Periodic looks at the ledger stay small however large it is, and nothing that is wrong gets past them for long."""

import asyncio

import pytest

from payment_core.ledger.journals import Move
from payment_core.ledger.verify import LedgerVerifier
from tests.unit.payment_core.ledger.busy_books import MovingHolds, counting_books
from tests.unit.payment_core.ledger.ledger_world import BOOKED, journal, memory_store, post


async def test_a_look_at_many_accounts_proves_those_that_moved_and_some_others_in_turn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("payment_core.ledger.verify.WINDOW", 3)
    books = counting_books()
    providers = [f"provider_available/p{number}" for number in range(9)]
    for number, provider in enumerate(providers):
        await post(books, journal(f"j{number}", Move("rail_clearing", provider, 5)))
    verifier = LedgerVerifier(books, books)
    assert (await verifier.verify()).balanced
    assert set(books.read_accounts) == {(name, "USD") for name in ("rail_clearing", *providers)}
    await post(books, journal("more", Move("rail_clearing", providers[8], 5)))
    proved = []
    for _ in range(4):
        books.read_accounts = []
        assert (await verifier.verify()).balanced
        proved.append({account.rpartition("/")[2] for account, _ in books.read_accounts})
    assert proved == [
        {"rail_clearing", "p8", "p0", "p1", "p2"},
        {"p3", "p4", "p5"},
        {"p6", "p7", "p8"},
        {"rail_clearing"},
    ]


async def test_a_cent_at_rest_is_found_when_its_turn_comes_and_told_again_each_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("payment_core.ledger.verify.WINDOW", 2)
    store = memory_store()
    for number in range(3):
        await post(store, journal(f"j{number}", Move("rail_clearing", f"provider_available/p{number}", 5)))
    verifier = LedgerVerifier(store, store)
    assert (await verifier.verify()).balanced
    for number, cents in ((0, 1), (2, -1)):
        store._accounts[f"provider_available/p{number}", "USD"].credits_posted += cents
    told = [{wrong.subject for wrong in (await verifier.verify()).violations} for _ in range(4)]
    assert told == [{"provider_available/p0 USD"}, *3 * [{"provider_available/p0 USD", "provider_available/p2 USD"}]]


async def test_an_account_that_is_gone_is_found_by_a_look_and_from_zero() -> None:
    store = memory_store()
    for posted in BOOKED:
        await post(store, posted)
    verifier = LedgerVerifier(store, store)
    assert (await verifier.verify()).balanced
    del store._accounts["bank", "USD"]
    for check in (verifier.verify, verifier.check_all, LedgerVerifier(store, store).verify):
        found = {(wrong.invariant, wrong.subject, wrong.difference_cents) for wrong in (await check()).violations}
        assert found == {("I2", "USD", 800), ("I3", "bank USD", -800)}


async def test_a_check_from_zero_and_a_look_at_the_same_time_count_no_journal_twice() -> None:
    store = memory_store()
    for number in range(30):
        await post(store, journal(f"j{number}", Move("rail_clearing", "bank", 5)))
    verifier = LedgerVerifier(store, store)
    reports = await asyncio.gather(verifier.check_all(), verifier.verify(), verifier.verify(), verifier.check_all())
    assert [(report.violations, report.journals) for report in reports] == [((), 30)] * 4


async def test_a_hold_that_was_found_wrong_from_zero_is_told_by_later_looks() -> None:
    store = memory_store()
    for posted in BOOKED:
        await post(store, posted)
    verifier = LedgerVerifier(store, MovingHolds(memory_store()))
    found = (await verifier.check_all()).violations
    assert {wrong.subject for wrong in found} == {"hold h1", "hold h2"}
    assert (await verifier.verify()).violations == found

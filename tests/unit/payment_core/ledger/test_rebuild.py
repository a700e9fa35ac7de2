"""Adding all journals up again gives what was posted, and names what no ledger would post."""

import pytest
from msgspec.structs import replace

from payment_core.ledger.journals import Journal, Move, Phase
from payment_core.ledger.posting import Balances, Hold
from payment_core.ledger.rebuild import Fold, rebuild
from payment_core.store.walking import every_account
from tests.unit.payment_core.ledger.ledger_world import BOOKED, journal, memory_store, post


@pytest.mark.parametrize(
    ("posted", "detail"),
    [
        (journal("x"), "no moves"),
        (journal("x", Move("bank", "bank", 1)), "same account"),
        (journal("x", Move("bank", "fee_expense", 0)), "not positive"),
        (journal("x", Move("bank", "fee_expense", -5)), "not positive"),
        (journal("x", Move("bank", "nowhere", 5)), "no account nowhere"),
        (journal("x", Move("bank", "fee_expense", 5, Phase.PENDING)), "names no hold"),
    ],
)
def test_a_journal_that_loses_money_is_named(posted: Journal, detail: str) -> None:
    fold = Fold()
    fold.add(posted)
    [violation] = fold.violations
    cents = posted.moves[0].amount_cents if posted.moves else 0
    assert (violation.invariant, violation.difference_cents) == ("I1", cents)
    assert detail in violation.detail


PENDING = journal("p", Move("bank", "fee_expense", 10, Phase.PENDING, "h"))


@pytest.mark.parametrize(
    ("second", "detail"),
    [
        (journal("x", Move("bank", "fee_expense", 10, Phase.PENDING, "h")), "made twice"),
        (journal("x", Move("bank", "fee_expense", 11, Phase.POST, "h")), "more was taken"),
        (journal("x", Move("bank", "rail_clearing", 10, Phase.VOID, "h")), "other accounts"),
        (journal("x", Move("bank", "fee_expense", 10, Phase.VOID, "h"), currency="EUR"), "another currency"),
    ],
)
@pytest.mark.parametrize("backwards", [False, True])
def test_a_hold_that_was_not_resolved_as_it_was_made_is_named(second: Journal, detail: str, *, backwards: bool) -> None:
    fold = Fold()
    for posted in (second, PENDING) if backwards else (PENDING, second):
        fold.add(posted)
    assert len(fold.violations) == 1
    assert detail in fold.violations[0].detail


@pytest.mark.parametrize(
    ("phase", "state", "taken"), [(Phase.POST, "posted", 10), (Phase.VOID, "voided", 0), (Phase.EXPIRE, "expired", 0)]
)
def test_a_resolved_hold_is_stored_with_its_end_and_what_was_taken(phase: Phase, state: str, taken: int) -> None:
    fold = Fold()
    fold.add(PENDING)
    kept = Hold(id="h", debit="bank", credit="fee_expense", currency="USD", amount_cents=10)
    assert fold.holds["h"].stored_as(kept)
    assert not fold.holds["h"].stored_as(replace(kept, posted_cents=1))
    fold.add(journal("x", Move("bank", "fee_expense", 10, phase, "h")))
    assert not fold.holds["h"].stored_as(kept)
    resolved = replace(kept, state=state, posted_cents=taken)
    assert fold.holds["h"].stored_as(resolved)
    assert not fold.holds["h"].stored_as(replace(resolved, posted_cents=taken + 1))
    assert fold.balances["bank", "USD"] == Balances(debits_posted=taken)


def test_a_hold_that_was_resolved_twice_or_never_made_is_named() -> None:
    fold = Fold()
    fold.add(journal("x", Move("bank", "fee_expense", 10, Phase.VOID, "h")))
    assert [violation.detail for violation in fold.unfinished()] == ["it was resolved and never made"]
    fold.add(journal("y", Move("bank", "fee_expense", 10, Phase.POST, "h")))
    assert "resolved twice" in fold.violations[0].detail


async def test_the_order_in_which_journals_are_added_makes_no_difference() -> None:
    forward, backward = Fold(), Fold()
    for posted in BOOKED:
        forward.add(posted)
    for posted in reversed(BOOKED):
        backward.add(posted)
    assert forward.balances == backward.balances
    assert forward.holds == backward.holds
    assert not forward.violations + backward.violations


async def test_rebuilding_from_zero_gives_the_stored_balances() -> None:
    store = memory_store()
    for posted in BOOKED:
        await post(store, posted)
    fold = await rebuild(store)
    assert fold.balances == {row.key: row.balances async for row in every_account(store)}
    assert fold.balances["provider_available/p1", "USD"] == Balances(4800, 10_000, 1000, 0)

"""Every recipe balances, whatever the amounts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payment_core.errors import JournalUnbalanced
from payment_core.ledger import recipes
from payment_core.ledger.recipes import Entry, Journal, require_balance


@given(amount=st.integers(1, 10**8), part=st.integers(0, 100))
def test_every_recipe_balances_and_posts_no_empty_entry(amount: int, part: int) -> None:
    fee = amount * part // 100
    for journal in (
        recipes.capture("pay", amount_cents=amount, fee_cents=fee),
        recipes.refund_promised("pay", "ref", amount_cents=amount, fee_share_cents=fee),
        recipes.refund_settled("pay", "ref", amount_cents=amount),
        recipes.refund_failed("pay", "ref", amount_cents=amount, fee_share_cents=fee),
    ):
        assert sum(entry.debit_cents - entry.credit_cents for entry in journal.entries) == 0
        assert all((entry.debit_cents == 0) != (entry.credit_cents == 0) for entry in journal.entries)


def test_a_failed_refund_undoes_its_promise() -> None:
    promised = recipes.refund_promised("pay", "ref", amount_cents=500, fee_share_cents=40)
    failed = recipes.refund_failed("pay", "ref", amount_cents=500, fee_share_cents=40)
    moved: dict[str, int] = {}
    for entry in (*promised.entries, *failed.entries):
        moved[entry.account_id] = moved.get(entry.account_id, 0) + entry.debit_cents - entry.credit_cents
    assert set(moved.values()) == {0}


@pytest.mark.parametrize(
    "entries",
    [(Entry("a", 100, 0), Entry("b", 0, 99)), (Entry("a", -1, 0), Entry("b", 0, -1))],
    ids=["one cent off", "negative amounts"],
)
def test_an_unbalanced_or_negative_journal_is_a_fault(entries: tuple[Entry, ...]) -> None:
    with pytest.raises(JournalUnbalanced):
        require_balance(Journal("capture", "pay", "pay", entries))

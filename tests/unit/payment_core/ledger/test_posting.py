"""A journal is posted as a whole or not at all, and what was posted is what plain addition gives."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payment_core.ledger.accounts import account_of
from payment_core.ledger.journals import Journal, LedgerRefusal, Move, Phase
from payment_core.ledger.posting import Balances, Hold, Posting
from payment_core.ledger.rebuild import Fold
from tests.unit.payment_core.ledger.ledger_world import journal

NOW_MS = 1_000_000
ENDS_MS = NOW_MS + 500
AVAILABLE, FLIGHT, CLEARING, EXPENSE = "provider_available/p1", "payout_in_flight", "rail_clearing", "fee_expense"
FUND = journal("fund", Move(CLEARING, AVAILABLE, 100))
HELD = Move(AVAILABLE, FLIGHT, 60, Phase.PENDING, "h1", ENDS_MS)


class Posted:
    """What was posted so far, in two dictionaries."""

    def __init__(self, *journals: Journal, sharded: bool = False) -> None:
        self.balances: dict[tuple[str, str], Balances] = {}
        self.holds: dict[str, Hold] = {}
        self._sharded = sharded
        for one in journals:
            assert self.post(one) is None

    def post(self, one: Journal, now_ms: int = NOW_MS) -> LedgerRefusal | None:
        """Post it, and keep what it did unless it was refused."""
        posting = Posting(one, now_ms, self._load, self.holds.get, sharded=self._sharded)
        refusal = posting.run()
        if refusal is None:
            self.balances |= posting.balances
            self.holds |= posting.holds
        return refusal

    def totals(self, account: str, currency: str = "USD") -> tuple[int, int, int, int]:
        """Posted and pending debits and credits."""
        found = self._load(account, currency)
        return found.debits_posted, found.credits_posted, found.debits_pending, found.credits_pending

    def _load(self, account: str, currency: str) -> Balances:
        return self.balances.get((account, currency), Balances())


def resolving(phase: Phase, cents: int = 60, hold_id: str = "h1", debit: str = AVAILABLE) -> Journal:
    return journal(f"{phase}", Move(debit, FLIGHT, cents, phase, hold_id))


@pytest.mark.parametrize(
    ("refused", "refusal"),
    [
        (journal("x"), LedgerRefusal.JOURNAL_EMPTY),
        (journal("x", Move(FLIGHT, FLIGHT, 0)), LedgerRefusal.AMOUNT_NOT_POSITIVE),
        (journal("x", Move(AVAILABLE, FLIGHT, -1)), LedgerRefusal.AMOUNT_NOT_POSITIVE),
        (journal("x", Move(AVAILABLE, AVAILABLE, 1)), LedgerRefusal.ACCOUNTS_MUST_DIFFER),
        (journal("x", Move(AVAILABLE, FLIGHT, 1, Phase.PENDING)), LedgerRefusal.HOLD_ID_MISSING),
        (journal("x", Move(AVAILABLE, FLIGHT, 1, Phase.PENDING, "h1")), LedgerRefusal.HOLD_EXISTS),
        (resolving(Phase.VOID, hold_id="h2"), LedgerRefusal.HOLD_NOT_FOUND),
        (resolving(Phase.VOID, debit="escrow_held/e1"), LedgerRefusal.HOLD_HAS_OTHER_ACCOUNTS),
        (resolving(Phase.POST, 61), LedgerRefusal.EXCEEDS_HOLD),
        (resolving(Phase.EXPIRE), LedgerRefusal.HOLD_NOT_YET_EXPIRED),
        (journal("x", Move(AVAILABLE, FLIGHT, 41)), LedgerRefusal.EXCEEDS_BALANCE),
        (journal("x", Move(AVAILABLE, FLIGHT, 41, Phase.PENDING, "h2")), LedgerRefusal.EXCEEDS_BALANCE),
        (journal("x", Move(CLEARING, AVAILABLE, 5), Move(AVAILABLE, FLIGHT, 46)), LedgerRefusal.EXCEEDS_BALANCE),
        (journal("x", Move(AVAILABLE, FLIGHT, 1), currency="EUR"), LedgerRefusal.EXCEEDS_BALANCE),
    ],
)
def test_what_is_refused_is_named_and_changes_nothing_that_was_posted(refused: Journal, refusal: LedgerRefusal) -> None:
    books = Posted(FUND, journal("hold", HELD))
    assert books.post(refused) is refusal
    assert books.totals(AVAILABLE) == (0, 100, 60, 0)
    assert books.totals(FLIGHT) == (0, 0, 0, 60)
    assert books.holds["h1"].state == "pending"


@pytest.mark.parametrize(
    ("resolution", "at_ms", "available", "flight", "state", "taken"),
    [
        (resolving(Phase.POST), ENDS_MS - 1, (60, 100, 0, 0), (0, 60, 0, 0), "posted", 60),
        (resolving(Phase.POST, 25), NOW_MS, (25, 100, 0, 0), (0, 25, 0, 0), "posted", 25),
        (resolving(Phase.VOID), NOW_MS, (0, 100, 0, 0), (0, 0, 0, 0), "voided", 0),
        (resolving(Phase.VOID), ENDS_MS, (0, 100, 0, 0), (0, 0, 0, 0), "voided", 0),
        (resolving(Phase.EXPIRE), ENDS_MS, (0, 100, 0, 0), (0, 0, 0, 0), "expired", 0),
    ],
)
def test_a_hold_is_resolved_once_and_all_that_was_set_aside_is_free_or_taken(
    resolution: Journal,
    at_ms: int,
    available: tuple[int, ...],
    flight: tuple[int, ...],
    state: str,
    taken: int,
) -> None:
    books = Posted(FUND, journal("hold", HELD))
    assert books.post(resolution, at_ms) is None
    assert (books.totals(AVAILABLE), books.totals(FLIGHT)) == (available, flight)
    assert (books.holds["h1"].state, books.holds["h1"].posted_cents) == (state, taken)
    for again in (Phase.POST, Phase.VOID, Phase.EXPIRE):
        assert books.post(resolving(again, 1), at_ms) is LedgerRefusal(f"hold_already_{state}")


def test_a_hold_keeps_what_it_was_made_with_and_is_due_only_while_it_waits() -> None:
    books = Posted(FUND, journal("hold", HELD))
    hold = books.holds["h1"]
    assert (hold.debit, hold.credit, hold.currency, hold.amount_cents) == (AVAILABLE, FLIGHT, "USD", 60)
    assert (hold.expires_at_ms, hold.reference, hold.due_at_ms) == (ENDS_MS, "pay_1", ENDS_MS)
    assert books.post(resolving(Phase.VOID)) is None
    assert books.holds["h1"].due_at_ms == 0


@pytest.mark.parametrize(
    ("phase", "ends_ms", "at_ms", "refusal"),
    [
        (Phase.POST, ENDS_MS, ENDS_MS, LedgerRefusal.HOLD_ALREADY_EXPIRED),
        (Phase.EXPIRE, ENDS_MS, ENDS_MS - 1, LedgerRefusal.HOLD_NOT_YET_EXPIRED),
        (Phase.POST, 0, ENDS_MS, None),
        (Phase.EXPIRE, 0, ENDS_MS, LedgerRefusal.HOLD_NOT_YET_EXPIRED),
        (Phase.EXPIRE, 1, ENDS_MS, None),
    ],
)
def test_money_can_be_taken_until_the_hold_ends_and_is_freed_from_then_on(
    phase: Phase, ends_ms: int, at_ms: int, refusal: LedgerRefusal | None
) -> None:
    books = Posted(FUND, journal("hold", Move(AVAILABLE, FLIGHT, 60, Phase.PENDING, "h1", ends_ms)))
    assert books.post(resolving(phase), at_ms) is refusal


def test_a_hold_is_resolved_in_its_own_currency_and_by_a_later_move_of_the_same_chain() -> None:
    books = Posted(FUND, journal("hold", HELD), journal("euros", Move(CLEARING, AVAILABLE, 90), currency="EUR"))
    foreign = journal("foreign", Move(AVAILABLE, FLIGHT, 60, Phase.VOID, "h1"), currency="EUR")
    assert books.post(foreign) is LedgerRefusal.HOLD_HAS_OTHER_ACCOUNTS
    both = journal(
        "both", Move(AVAILABLE, FLIGHT, 40, Phase.PENDING, "h2"), Move(AVAILABLE, FLIGHT, 40, Phase.POST, "h2")
    )
    assert books.post(both) is None
    assert books.totals(AVAILABLE) == (40, 100, 60, 0)


def test_what_is_coming_is_not_yet_there_on_either_side() -> None:
    books = Posted(journal("coming", Move(EXPENSE, AVAILABLE, 500, Phase.PENDING, "h1")))
    assert books.post(journal("spent", Move(AVAILABLE, FLIGHT, 1))) is LedgerRefusal.EXCEEDS_BALANCE
    assert books.post(journal("back", Move(FLIGHT, EXPENSE, 1))) is LedgerRefusal.EXCEEDS_BALANCE
    seen = books.balances[EXPENSE, "USD"]
    assert (seen.balance_cents("debit"), seen.available_cents("debit")) == (0, 0)
    seen = Balances(debits_posted=30, credits_posted=100, debits_pending=5, credits_pending=7)
    assert (seen.balance_cents("credit"), seen.available_cents("credit")) == (70, 65)
    assert (seen.balance_cents("debit"), seen.available_cents("debit")) == (-70, -77)


@pytest.mark.parametrize(
    ("sharded", "debit", "refusal"),
    [
        (False, FLIGHT, LedgerRefusal.EXCEEDS_BALANCE),
        (True, FLIGHT, None),
        (False, "bank", None),
        (True, "bank", None),
        (True, AVAILABLE, LedgerRefusal.EXCEEDS_BALANCE),
    ],
)
def test_a_limit_is_kept_but_for_a_shard_which_cannot_see_it(
    sharded: bool, debit: str, refusal: LedgerRefusal | None
) -> None:
    assert Posted(sharded=sharded).post(journal("x", Move(debit, CLEARING, 1))) is refusal


accounts = st.sampled_from([AVAILABLE, "escrow_held/e1", FLIGHT, CLEARING, EXPENSE, "bank"])
moves = st.builds(
    Move,
    accounts,
    accounts,
    st.integers(-1, 40),
    st.sampled_from([Phase.POSTED, Phase.POSTED, *Phase]),
    st.sampled_from(["", "h1", "h2"]),
    st.sampled_from([0, 20, 40]),
)
chains = st.lists(moves, max_size=4).map(tuple)


@given(st.lists(st.tuples(chains, st.sampled_from(["USD", "USD", "EUR"]), st.integers(0, 60)), max_size=12))
def test_what_was_posted_adds_up_to_the_same_by_plain_addition_and_never_below_a_limit(
    drawn: list[tuple[tuple[Move, ...], str, int]],
) -> None:
    books, fold = Posted(journal("seed", Move(CLEARING, AVAILABLE, 100))), Fold()
    fold.add(journal("seed", Move(CLEARING, AVAILABLE, 100)))
    for number, (chain, currency, at_ms) in enumerate(drawn):
        one = journal(f"j{number}", *chain, currency=currency)
        if books.post(one, at_ms) is None:
            fold.add(one)
    assert fold.violations == []
    assert not list(fold.unfinished())
    assert {key: found for key, found in books.balances.items() if found != Balances()} == {
        key: found for key, found in fold.balances.items() if found != Balances()
    }
    assert all(fold.holds[hold_id].stored_as(hold) for hold_id, hold in books.holds.items())
    for (account_id, _), found in books.balances.items():
        account = account_of(account_id)
        assert account.may_go_negative or found.available_cents(account.normal_side) >= 0

"""Proves the ledger: what the journals add up to is what the accounts and holds say (invariants I1 to I4)."""

from collections.abc import Iterator

import msgspec

from payment_core.errors import UnknownAccount
from payment_core.ledger.accounts import account_of
from payment_core.ledger.posting import Balances, Hold
from payment_core.ledger.rebuild import Fold, FoldedHold, Key, Violation, balances_of, read_on
from payment_core.store.port import Books
from payment_core.store.records import Listing
from payment_core.store.walking import Queries, every

VIOLATIONS_MAX = 100
"""Findings in one report; more than a person reads."""

ROUNDS_MAX = 5
"""Looks at a ledger that payments move meanwhile; one takes milliseconds."""

HOLDS_PAGE = 1000


class LedgerReport(msgspec.Struct, frozen=True):
    """What verifying found: balanced means no violation.

    entries: two for each move. violations: at most 100. moving: accounts that changed during every look, of which only
    bounds were proved.
    """

    balanced: bool
    entries: int
    journals: int
    violations: tuple[Violation, ...]
    moving: int = 0


class LedgerVerifier:
    """Keeps what it added up, so that the next check reads only what is new; ``check_all`` starts from zero.

    No snapshot is needed. Accounts are read before and after the journals: an account that did not change in between
    must equal the sum, one that did must enclose it, as posted totals only grow. What two looks in a row find is no
    transaction under way.
    """

    def __init__(self, books: Books, holds: Queries) -> None:
        self._books = books
        self._holds = holds
        self._fold = Fold()

    async def verify(self) -> LedgerReport:
        """Check balances against all journals, reading only the new ones."""
        return await self._look()

    async def check_all(self) -> LedgerReport:
        """Add up every journal again, and hold the stored holds against them."""
        self._fold = Fold()
        report = await self._look()
        wrong = await self._wrong_holds()
        found = (*report.violations, *wrong)[:VIOLATIONS_MAX]
        return msgspec.structs.replace(report, balanced=not found, violations=found)

    async def _look(self) -> LedgerReport:
        before = balances_of(await self._books.accounts())
        last: set[Violation] = set()
        found: set[Violation] = set()
        moving = 0
        for _ in range(ROUNDS_MAX):
            await read_on(self._books, self._fold)
            after = balances_of(await self._books.accounts())
            last, found = found, set(_differences(self._fold, before, after))
            moving = sum(before.get(key) != balances for key, balances in after.items())
            before = after
            if found == last != set() or not (found or moving):
                break
        again = {_what(wrong) for wrong in last}
        lasting = sorted((wrong for wrong in found if _what(wrong) in again), key=lambda wrong: _what(wrong)[:2])
        violations = (*self._fold.violations, *self._fold.unfinished(), *lasting)[:VIOLATIONS_MAX]
        return LedgerReport(not violations, self._fold.moves * 2, self._fold.journals, violations, moving)

    async def _wrong_holds(self) -> list[Violation]:
        """Stored holds that say other than the journals; those that changed meanwhile are looked at again."""
        wrong: set[Violation] = set()
        for _ in range(ROUNDS_MAX):
            stored = await self._stored_holds()
            await read_on(self._books, self._fold)
            last, wrong = wrong, set(_hold_differences(self._fold.holds, stored))
            if not wrong or wrong == last:
                break
        return sorted(wrong, key=lambda violation: violation.subject)

    async def _stored_holds(self) -> dict[str, Hold]:
        return {hold.id: hold async for hold in every(self._holds, Listing(Hold, limit=HOLDS_PAGE))}


def _what(wrong: Violation) -> tuple[str, str, str, int]:
    """What makes two findings the same: a sum of zero that is off must be off by as much, an account may have moved."""
    return wrong.invariant, wrong.subject, wrong.detail, wrong.difference_cents if wrong.invariant == "I2" else 0


def _differences(fold: Fold, before: dict[Key, Balances], after: dict[Key, Balances]) -> Iterator[Violation]:
    """What is wrong with the accounts as they were just before and just after the journals were read."""
    for key in sorted({*after, *fold.balances}):
        name = f"{key[0]} {key[1]}"
        low, high = before.get(key, Balances()), after.get(key, Balances())
        summed = fold.balances.get(key, Balances())
        yield from _against_sum(name, low, high, summed)
        yield from _below_zero(key, high)
    for currency in sorted({currency for _, currency in after}):
        yield from _uneven(currency, [balances for (_, other), balances in after.items() if other == currency])


def _against_sum(name: str, low: Balances, high: Balances, summed: Balances) -> Iterator[Violation]:
    """I3: debits and credits of the account are what its journals add up to."""
    for side, lowest, highest, total in (
        ("debits", low.debits_posted, high.debits_posted, summed.debits_posted),
        ("credits", low.credits_posted, high.credits_posted, summed.credits_posted),
    ):
        if not lowest <= total <= highest:
            difference = highest - total if total > highest else lowest - total
            yield Violation("I3", name, difference, f"the stored {side} differ from the sum of its journals")
    if low != high:
        return
    for side, stored, total in (
        ("debits", high.debits_pending, summed.debits_pending),
        ("credits", high.credits_pending, summed.credits_pending),
    ):
        if stored != total:
            yield Violation("I3", name, stored - total, f"the stored pending {side} differ from its open holds")


def _below_zero(key: Key, balances: Balances) -> Iterator[Violation]:
    """I4: what can be taken from the account is not below zero, unless it may be."""
    try:
        account = account_of(key[0])
    except UnknownAccount:
        yield Violation("I4", f"{key[0]} {key[1]}", 0, "the chart has no such account")
        return
    available = balances.available_cents(account.normal_side)
    if available < 0 and not account.may_go_negative:
        yield Violation("I4", f"{key[0]} {key[1]}", available, "the account is below zero and may not be")


def _uneven(currency: str, all_balances: list[Balances]) -> Iterator[Violation]:
    """I2: all accounts of a currency together are zero."""
    posted = sum(balances.debits_posted - balances.credits_posted for balances in all_balances)
    if posted != 0:
        yield Violation("I2", currency, posted, "the accounts of the currency do not sum to zero")
    pending = sum(balances.debits_pending - balances.credits_pending for balances in all_balances)
    if pending != 0:
        yield Violation("I2", currency, pending, "what is pending in the currency does not sum to zero")


def _hold_differences(folded: dict[str, FoldedHold], stored: dict[str, Hold]) -> Iterator[Violation]:
    for hold_id in sorted({*folded, *stored}):
        kept, summed = stored.get(hold_id), folded.get(hold_id)
        if kept is None:
            yield Violation("I3", f"hold {hold_id}", 0, "journals made it and it is not stored")
        elif summed is None:
            yield Violation("I3", f"hold {hold_id}", kept.amount_cents, "it is stored and no journal made it")
        elif not summed.stored_as(kept):
            yield Violation(
                "I3", f"hold {hold_id}", kept.amount_cents, "what is stored of it differs from its journals"
            )

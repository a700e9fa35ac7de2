"""Proves the ledger: what the journals add up to is what the accounts and holds say (invariants I1 to I4)."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice

import msgspec

from payment_core.errors import UnknownAccount
from payment_core.ledger.accounts import account_of
from payment_core.ledger.posting import Balances, Hold
from payment_core.ledger.rebuild import Fold, FoldedHold, Violation, balances_of, read_on
from payment_core.store.port import FIRST_ACCOUNT, AccountKey, Books
from payment_core.store.records import Listing
from payment_core.store.walking import Queries, every

VIOLATIONS_MAX = 100
"""Findings in one report; more than a person reads."""

ROUNDS_MAX = 5
"""Looks at accounts that payments move meanwhile; one takes milliseconds."""

HOLDS_PAGE = 1000

ACCOUNTS_PAGE = 500
"""Accounts that are held against their journals at once: some 2 ms, in which no payment has its turn."""

WINDOW = 2_000
"""Accounts at rest that each look proves again, in turn: with so few it proves all, a million within hours."""

FEW_ACCOUNTS = 50_000
"""So many are added up within some 50 ms; with more of them, only each SUMS_EVERY-th look adds all accounts up."""

SUMS_EVERY = 20


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


class Suspect(msgspec.Struct, frozen=True):
    """An account that has to be looked at again: it moved, or something is wrong with it."""

    moving: bool
    wrong: tuple[Violation, ...]


class LedgerVerifier:
    """Keeps what it added up, so that a look reads what is new and proves what moved, however large the ledger is.

    The first look proves every account, and so does ``check_all``, which adds up from zero. Each later one proves the
    accounts that journals moved since and WINDOW others in turn. No snapshot is needed: accounts are read before and
    after the journals. One that did not change in between must equal the sum, one that did must enclose it, as posted
    totals only grow. What two looks in a row find is no transaction under way.
    """

    def __init__(self, books: Books, holds: Queries) -> None:
        self._books = books
        self._holds = holds
        self._fold = Fold()
        self._turn = asyncio.Lock()
        self._proved = False
        self._after = FIRST_ACCOUNT
        self._looks = 0
        self._accounts = 0
        self._uneven: tuple[Violation, ...] = ()
        self._wrong: tuple[Violation, ...] = ()

    async def verify(self) -> LedgerReport:
        """Check what is new; one check at a time, others wait for it."""
        async with self._turn:
            fold = self._fold
            await read_on(self._books, fold)
            if self._proved:
                moved, fold.moved = fold.moved, set()
                found, moving = await self._prove(fold, moved | await self._window(fold))
            else:
                found, moving = await self._prove_all(fold)
            self._proved = True
            return await self._report(fold, found, moving)

    async def check_all(self) -> LedgerReport:
        """Add up every journal again, and hold the stored holds against them; what it finds, later looks tell too."""
        fold = Fold()
        await read_on(self._books, fold)
        found, moving = await self._prove_all(fold)
        wrong = await self._wrong_holds(fold)
        async with self._turn:
            self._fold, self._proved, self._wrong, self._looks = fold, True, tuple(wrong), 0
            return await self._report(fold, found, moving)

    async def _report(self, fold: Fold, found: list[Violation], moving: int) -> LedgerReport:
        await self._add_sums()
        wrong = (*fold.violations, *fold.unfinished(), *self._uneven, *found, *self._wrong)[:VIOLATIONS_MAX]
        return LedgerReport(not wrong, fold.moves * 2, fold.journals, wrong, moving)

    async def _window(self, fold: Fold) -> set[AccountKey]:
        """The accounts whose turn it is; with few accounts all, also those that are no longer stored."""
        keys = {row.key for row in await self._books.accounts(self._after, WINDOW)}
        everything = self._after == FIRST_ACCOUNT and len(keys) < WINDOW
        self._after = max(keys) if len(keys) == WINDOW else FIRST_ACCOUNT
        return keys | fold.balances.keys() if everything else keys

    async def _prove_all(self, fold: Fold) -> tuple[list[Violation], int]:
        """Every account that is stored, and those that journals made and nobody stored; how many were moving."""
        fold.moved.clear()
        missing = set(fold.balances)
        found: list[Violation] = []
        moving, after = 0, FIRST_ACCOUNT
        while page := await self._books.accounts(after, ACCOUNTS_PAGE):
            suspects = await self._prove_page(fold, balances_of(page))
            if suspects:
                wrong, moved = await self._prove(fold, suspects.keys())
                found, moving = [*found, *wrong][:VIOLATIONS_MAX], moving + moved
            missing.difference_update(row.key for row in page)
            after = page[-1].key
        wrong, moved = await self._prove(fold, missing)
        return sorted([*found, *wrong], key=lambda violation: _what(violation)[:2])[:VIOLATIONS_MAX], moving + moved

    async def _prove(self, fold: Fold, keys: Iterable[AccountKey]) -> tuple[list[Violation], int]:
        """What is wrong with these accounts in two rounds in a row, and how many moved in every round."""
        suspects = sorted(keys)
        found: set[Violation] = set()
        again: set[tuple[str, str, str]] = set()
        moving = 0
        for _ in range(ROUNDS_MAX):
            last, left = found, dict[AccountKey, Suspect]()
            for page in _pages(suspects):
                before = balances_of(await self._books.accounts_of(page))
                left |= await self._prove_page(fold, {key: before.get(key, _NOTHING) for key in page})
            found = {wrong for suspect in left.values() for wrong in suspect.wrong}
            moving = sum(suspect.moving for suspect in left.values())
            again = {_what(wrong) for wrong in last}
            suspects = sorted(left)
            if found == last != set() or not left:
                break
        # What was under way to the end is looked at again the next time.
        fold.moved.update(suspects)
        lasting = sorted((wrong for wrong in found if _what(wrong) in again), key=lambda wrong: _what(wrong)[:2])
        return lasting[:VIOLATIONS_MAX], moving

    async def _prove_page(self, fold: Fold, before: Mapping[AccountKey, Balances]) -> dict[AccountKey, Suspect]:
        """Accounts that moved since they were read before, or are not what their journals add up to."""
        await read_on(self._books, fold)
        after = balances_of(await self._books.accounts_of(list(before)))
        suspects = {}
        for key, low in before.items():
            high = after.get(key, _NOTHING)
            wrong = tuple(_wrong_account(key, low, high, fold.balances.get(key, _NOTHING)))
            if wrong or low != high:
                suspects[key] = Suspect(low != high, wrong)
        return suspects

    async def _add_sums(self) -> None:
        """I2, over all accounts at one moment; where there is none, what two sums in a row say."""
        if self._looks % SUMS_EVERY == 0 or self._accounts <= FEW_ACCOUNTS:
            self._uneven = tuple(
                wrong for currency, off in (await self._lasting_sums()).items() for wrong in _uneven(currency, *off)
            )
        self._looks += 1

    async def _lasting_sums(self) -> dict[str, tuple[int, int]]:
        last: dict[str, tuple[int, int]] = {}
        lasting: dict[str, tuple[int, int]] = {}
        for _ in range(ROUNDS_MAX):
            totals = await self._books.totals()
            self._accounts = sum(line.accounts for line in totals.lines)
            off = totals.uneven()
            lasting = {currency: each for currency, each in off.items() if last.get(currency) == each}
            if totals.at_one_moment or lasting == off:
                return off
            last = off
        return lasting

    async def _wrong_holds(self, fold: Fold) -> list[Violation]:
        """Stored holds that say other than the journals; those that changed meanwhile are looked at again."""
        wrong: set[Violation] = set()
        for _ in range(ROUNDS_MAX):
            stored = await self._stored_holds()
            await read_on(self._books, fold)
            last, wrong = wrong, set(_hold_differences(fold.holds, stored))
            if not wrong or wrong == last:
                break
        return sorted(wrong, key=lambda violation: violation.subject)[:VIOLATIONS_MAX]

    async def _stored_holds(self) -> dict[str, Hold]:
        return {hold.id: hold async for hold in every(self._holds, Listing(Hold, limit=HOLDS_PAGE))}


_NOTHING = Balances()


def _pages(keys: list[AccountKey]) -> Iterator[list[AccountKey]]:
    left = iter(keys)
    while page := list(islice(left, ACCOUNTS_PAGE)):
        yield page


def _what(wrong: Violation) -> tuple[str, str, str]:
    """What makes two findings the same; by how much it is off may have moved."""
    return wrong.invariant, wrong.subject, wrong.detail


def _wrong_account(key: AccountKey, low: Balances, high: Balances, summed: Balances) -> Iterator[Violation]:
    """What is wrong with an account as it was just before and just after the journals were read."""
    yield from _against_sum(f"{key[0]} {key[1]}", low, high, summed)
    yield from _below_zero(key, high)


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


def _below_zero(key: AccountKey, balances: Balances) -> Iterator[Violation]:
    """I4: what can be taken from the account is not below zero, unless it may be."""
    try:
        account = account_of(key[0])
    except UnknownAccount:
        yield Violation("I4", f"{key[0]} {key[1]}", 0, "the chart has no such account")
        return
    available = balances.available_cents(account.normal_side)
    if available < 0 and not account.may_go_negative:
        yield Violation("I4", f"{key[0]} {key[1]}", available, "the account is below zero and may not be")


def _uneven(currency: str, posted: int, pending: int) -> Iterator[Violation]:
    """I2: all accounts of a currency together are zero."""
    if posted != 0:
        yield Violation("I2", currency, posted, "the accounts of the currency do not sum to zero")
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

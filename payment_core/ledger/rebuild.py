"""Sums all journals up from zero, by plain addition that shares no code with the posting of them."""

from collections.abc import Iterator
from sys import intern
from typing import Literal

import msgspec

from payment_core.errors import UnknownAccount
from payment_core.ledger.accounts import account_of
from payment_core.ledger.journals import Journal, Move, Phase
from payment_core.ledger.posting import Balances, Hold
from payment_core.store.port import AccountKey, AccountRow, Books

PAGE = 250
"""Journals that are read and added at once: some 2 ms, in which no payment has its turn."""

Invariant = Literal["I1", "I2", "I3", "I4", "I11", "I12"]


class Violation(msgspec.Struct, frozen=True):
    """subject: the journal, currency, account or hold that is wrong. difference_cents: by how much."""

    invariant: Invariant
    subject: str
    difference_cents: int
    detail: str


class FoldedHold(msgspec.Struct, gc=False):
    """What the journals say of one hold. Either move can be met first, since shards are read one after the other."""

    currency: str
    pending: Move | None = None
    resolved: Move | None = None

    def stored_as(self, hold: Hold) -> bool:
        """Whether the stored hold says the same."""
        if self.pending is None or (hold.amount_cents, hold.currency) != (self.pending.amount_cents, self.currency):
            return False
        if (hold.debit, hold.credit) != (self.pending.debit, self.pending.credit):
            return False
        state, taken = "pending", 0
        if self.resolved is not None:
            state = {Phase.POST: "posted", Phase.VOID: "voided", Phase.EXPIRE: "expired"}[self.resolved.phase]
            taken = self.resolved.amount_cents if self.resolved.phase is Phase.POST else 0
        return (hold.state, hold.posted_cents) == (state, taken)


class Fold:
    """Everything that the journals up to ``last`` add up to.

    journals, moves: how many. last: the sequence to read on from. violations: of single journals and holds.
    moved: accounts that were added to since somebody emptied it.
    """

    def __init__(self) -> None:
        self.balances: dict[AccountKey, Balances] = {}
        self.moved: set[AccountKey] = set()
        self.holds: dict[str, FoldedHold] = {}
        self.journals = 0
        self.moves = 0
        self.last = 0
        self.violations: list[Violation] = []

    def add(self, journal: Journal) -> None:
        """Add one journal; each once, in any order."""
        self.journals += 1
        self.moves += len(journal.moves)
        self.violations.extend(_malformed(journal))
        for move in journal.moves:
            match move.phase:
                case Phase.POSTED:
                    self._post(move, journal.currency)
                case Phase.PENDING:
                    self._set_aside(move, journal)
                case Phase.POST | Phase.VOID | Phase.EXPIRE:
                    self._resolve(move, journal)

    def unfinished(self) -> Iterator[Violation]:
        """Resolutions of holds that no journal made; only once all journals were added."""
        for hold_id, hold in self.holds.items():
            if hold.pending is None and hold.resolved is not None:
                yield Violation("I3", f"hold {hold_id}", hold.resolved.amount_cents, "it was resolved and never made")

    def _post(self, move: Move, currency: str) -> None:
        self._of(move.debit, currency).debits_posted += move.amount_cents
        self._of(move.credit, currency).credits_posted += move.amount_cents

    def _pend(self, move: Move, currency: str, cents: int) -> None:
        self._of(move.debit, currency).debits_pending += cents
        self._of(move.credit, currency).credits_pending += cents

    def _set_aside(self, move: Move, journal: Journal) -> None:
        hold = self.holds.setdefault(move.hold_id, FoldedHold(journal.currency))
        if hold.pending is not None:
            self._wrong(move, journal, "it was made twice")
            return
        hold.pending = move
        if hold.resolved is None:
            self._pend(move, journal.currency, move.amount_cents)
        else:
            self._fits(move, hold, hold.resolved, journal)

    def _resolve(self, move: Move, journal: Journal) -> None:
        hold = self.holds.setdefault(move.hold_id, FoldedHold(journal.currency))
        if hold.resolved is not None:
            self._wrong(move, journal, "it was resolved twice")
            return
        hold.resolved = move
        if move.phase is Phase.POST:
            self._post(move, journal.currency)
        if hold.pending is not None:
            self._pend(hold.pending, journal.currency, -hold.pending.amount_cents)
            self._fits(hold.pending, hold, move, journal)

    def _fits(self, pending: Move, hold: FoldedHold, resolved: Move, journal: Journal) -> None:
        """A resolution takes at most what was set aside, between the same accounts, in the same currency."""
        same = (pending.debit, pending.credit, hold.currency) == (resolved.debit, resolved.credit, journal.currency)
        if not same:
            self._wrong(resolved, journal, "it was resolved between other accounts or in another currency")
        if resolved.amount_cents > pending.amount_cents:
            self._wrong(resolved, journal, "more was taken than had been set aside")

    def _wrong(self, move: Move, journal: Journal, what: str) -> None:
        self.violations.append(
            Violation("I3", f"hold {move.hold_id}", move.amount_cents, f"{what}, by journal {journal.id}")
        )

    def _of(self, account_id: str, currency: str) -> Balances:
        # Each journal brings a text of its own; of a currency a million accounts share one.
        key = (account_id, intern(currency))
        self.moved.add(key)
        found = self.balances.get(key)
        if found is None:
            found = self.balances[key] = Balances()
        return found


def _malformed(journal: Journal) -> Iterator[Violation]:
    """What makes debits and credits of a journal differ, or leaves money in no account (I1)."""
    subject = f"{journal.id} ({journal.recipe} {journal.reference})"
    if not journal.moves:
        yield Violation("I1", subject, 0, "the journal has no moves")
    for move in journal.moves:
        if move.amount_cents <= 0:
            yield Violation("I1", subject, move.amount_cents, "a move's amount is not positive")
        if move.debit == move.credit:
            yield Violation("I1", subject, move.amount_cents, "a move's debit and credit are the same account")
        if move.phase is not Phase.POSTED and move.hold_id == "":
            yield Violation("I1", subject, move.amount_cents, "a two-phase move names no hold")
        for account_id in (move.debit, move.credit):
            try:
                account_of(account_id)
            except UnknownAccount:
                yield Violation("I1", subject, move.amount_cents, f"the chart has no account {account_id}")


async def read_on(books: Books, fold: Fold) -> None:
    """Add every journal that was posted since."""
    while page := await books.journals(fold.last, PAGE):
        for posted in page:
            fold.add(posted.journal)
            fold.last = posted.sequence


async def rebuild(books: Books) -> Fold:
    """Add up all journals from the first."""
    fold = Fold()
    await read_on(books, fold)
    return fold


def balances_of(rows: list[AccountRow]) -> dict[AccountKey, Balances]:
    """Stored balances by account and currency."""
    return {row.key: row.balances for row in rows}

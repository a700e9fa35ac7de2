"""Sums accounts up by line of the chart and currency: however many there are, it is some dozen numbers."""

import msgspec

from payment_core.ledger.accounts import OWNER_MARK
from payment_core.ledger.posting import Balances


class LineTotal(msgspec.Struct, frozen=True, gc=False):
    """All accounts of one line in one currency. line: what stands before the owner, also when no chart has it.

    accounts: how many. balances: their totals in cents.
    """

    line: str
    currency: str
    accounts: int
    balances: Balances


class Totals(msgspec.Struct, frozen=True, gc=False):
    """Every line by name and currency. at_one_moment: whether no payment moved while they were read."""

    lines: tuple[LineTotal, ...]
    at_one_moment: bool

    def uneven(self) -> dict[str, tuple[int, int]]:
        """By currency, by how many cents debits are more than credits, posted and pending; only where they are."""
        off: dict[str, tuple[int, int]] = {}
        for line in self.lines:
            posted, pending = off.get(line.currency, (0, 0))
            each = line.balances
            off[line.currency] = (
                posted + each.debits_posted - each.credits_posted,
                pending + each.debits_pending - each.credits_pending,
            )
        return {currency: differences for currency, differences in sorted(off.items()) if differences != (0, 0)}


class TotalsFold:
    """Takes accounts one after the other, in any order."""

    def __init__(self) -> None:
        self._sums: dict[tuple[str, str], Balances] = {}
        self._counts: dict[tuple[str, str], int] = {}

    def add(self, account_id: str, currency: str, balances: Balances, *, accounts: int = 1) -> None:
        """Add an account; a part of one that was counted before has accounts of 0."""
        key = (line_of(account_id), currency)
        total = self._sums.setdefault(key, Balances())
        total.debits_posted += balances.debits_posted
        total.credits_posted += balances.credits_posted
        total.debits_pending += balances.debits_pending
        total.credits_pending += balances.credits_pending
        self._counts[key] = self._counts.get(key, 0) + accounts

    def totals(self, *, at_one_moment: bool) -> Totals:
        """What was added up."""
        lines = tuple(LineTotal(*key, self._counts[key], self._sums[key]) for key in sorted(self._sums))
        return Totals(lines, at_one_moment)


def line_of(account_id: str) -> str:
    """The chart's line that an account's id names; nothing says that there is one."""
    return account_id.partition(OWNER_MARK)[0]

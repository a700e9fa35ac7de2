"""What is true of an export, added up while it is invented: what whoever reads it must find again."""

import msgspec

from payment_core.migration.export.kinds import Kind

PLATFORM = ""
"""The key of the platform's own balance, beside the connected accounts' ids."""


class KindTruth(msgspec.Struct, kw_only=True):
    """What is true of one kind. records: as the manifest counts; usable: of these, how many are records.

    distinct: with an id of their own. malformed: the others, by reason. marks: what is true of how many distinct ones,
    such as ``expired``. amounts: the sum over distinct ones by currency, minor units; net of balance transactions.
    """

    records: int = 0
    usable: int = 0
    distinct: int = 0
    malformed: dict[str, int] = {}
    marks: dict[str, int] = {}
    amounts: dict[str, int] = {}


class Truth(msgspec.Struct, kw_only=True):
    """What is true of an export. balances: what is held, by account (empty for the platform's) and currency.

    openings: how much of them comes from before a cut. fees: what the processor charged, by currency and what for
    (``card``, ``ach``, ``dispute``); all minor units.
    """

    kinds: dict[str, KindTruth]
    balances: dict[str, dict[str, int]] = {}
    openings: dict[str, dict[str, int]] = {}
    fees: dict[str, dict[str, int]] = {}

    @classmethod
    def nothing(cls) -> "Truth":
        """Of an export that holds nothing."""
        return cls(kinds={kind: KindTruth() for kind in Kind})

    def of(self, kind: Kind) -> KindTruth:
        """Of one kind."""
        return self.kinds[kind]

    def sound(self, kind: Kind, amount: int = 0, currency: str = "", *marks: str) -> None:
        """A record with an id of its own."""
        truth = self.kinds[kind]
        truth.records += 1
        truth.usable += 1
        truth.distinct += 1
        if currency != "":
            truth.amounts[currency] = truth.amounts.get(currency, 0) + amount
        for mark in marks:
            truth.marks[mark] = truth.marks.get(mark, 0) + 1

    def repeated(self, kind: Kind) -> None:
        """A record that was there already."""
        self.kinds[kind].records += 1
        self.kinds[kind].usable += 1

    def spoiled(self, kind: Kind, reason: str) -> None:
        """Something that is no record."""
        truth = self.kinds[kind]
        truth.records += 1
        truth.malformed[reason] = truth.malformed.get(reason, 0) + 1

    def opened(self, account: str, currency: str, amount: int) -> None:
        """What an account held at the cut."""
        self.sound(Kind.OPENING_BALANCES, amount, currency)
        self.openings.setdefault(account, {})[currency] = amount

    def moved(self, account: str, currency: str, net: int) -> None:
        """Money in a balance."""
        of = self.balances.setdefault(account, {})
        of[currency] = of.get(currency, 0) + net

    def charged(self, currency: str, what: str, amount: int) -> None:
        """A fee of the processor."""
        of = self.fees.setdefault(currency, {})
        of[what] = of.get(what, 0) + amount

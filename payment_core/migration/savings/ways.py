"""What payments cost here on one rail, with so many in a payout and so many entries in a file."""

import msgspec

from config.prices import PriceSheet
from payment_core.costs.breakdown import Name
from payment_core.migration.savings.gathering import BANK, Cohort


class Ratio(msgspec.Struct, frozen=True):
    """So many of one for each so many of another, both as they were counted; ``of`` is above 0."""

    number: int
    of: int

    def among(self, count: int) -> int:
        """How many that makes for a count, rounded up so that a cost is never understated."""
        return -(-count * self.number // self.of)


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """One way to take the payments of a cohort and to pay them out.

    payouts: for each so many payments. entries: in a file, one file a day. returns: entries that come back, for each
    so many that go out; of bank debits alone. name: what it is called.
    """

    name: str
    rail: str
    payouts: Ratio
    entries: int
    returns: Ratio


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """What each payment costs beside its rail: measured of AWS, and a part of a fixed bill; millionths of a cent."""

    kms: int = 0
    dynamodb: int = 0
    queue: int = 0
    compute: int = 0
    fixed: int = 0


NOTHING_MEASURED = Usage()


def parts_of(way: Way, cohort: Cohort, sheet: PriceSheet, usage: Usage) -> dict[Name, int]:
    """What a cohort costs this way, part by part, in millionths of a cent: the formula of ``costs.breakdown``.

    in + out/k + file/n + file/(n x k) + returns + AWS. Each part is rounded up.
    """
    payouts = way.payouts.among(cohort.payments)
    entries = payouts + (cohort.payments if way.rail == BANK else 0)
    parts: dict[Name, int] = {
        "rail": sheet.pay_in(way.rail).microcents(cohort.amount, cohort.payments),
        "payout": sheet.payout.microcents(cohort.amount, payouts),
        "ach_file": -(-entries * sheet.ach_file.microcents(0) // way.entries),
    }
    if way.rail == BANK:
        returned = way.returns
        parts["ach_return"] = -(-cohort.payments * returned.number * sheet.ach_return.microcents(0) // returned.of)
    measured: dict[Name, int] = {
        "kms": usage.kms,
        "dynamodb": usage.dynamodb,
        "queue": usage.queue,
        "compute": usage.compute,
        "fixed": usage.fixed,
    }
    parts.update({name: each * cohort.payments for name, each in measured.items() if each > 0})
    return parts

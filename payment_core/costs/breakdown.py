"""What one payment cost in the end, part by part, with where each price is from and what it saves."""

from typing import Literal

import msgspec

MICROCENTS_PER_CENT = 1_000_000

Name = Literal["rail", "payout", "ach_file", "ach_return", "kms", "dynamodb", "queue", "compute", "fixed"]

FORMULA = "c = in + out/k + file/(n x k) + returns + kms + dynamodb + queue + compute + F/V; saving = 1 - c/S(A)"
"""in: the rail's price. k: payments in a payout. n: entries in a file. F: fixed bill of V payments. S: the baseline."""


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """One part of a cost, in millionths of a cent. share: how it was shared out. sheet: the day its price is from."""

    name: Name
    microcents: int
    price: str
    source: str
    share: str
    sheet: str


class Breakdown(msgspec.Struct, frozen=True, kw_only=True):
    """A payment's cost. amount_cents: what was captured. baseline_microcents: what the replaced processor charged.

    complete: whether its money was paid out, so that nothing can be added but a return.
    """

    payment_id: str
    rail: str
    amount_cents: int
    parts: tuple[Part, ...]
    baseline_name: str
    baseline_source: str
    baseline_microcents: int
    complete: bool

    @property
    def total_microcents(self) -> int:
        """The sum of the parts."""
        return sum(part.microcents for part in self.parts)

    @property
    def saving_basis_points(self) -> int:
        """What is saved of every 10,000 of the baseline; below 0 when it costs more."""
        return saving_basis_points(self.total_microcents, self.baseline_microcents)


def saving_basis_points(cost_microcents: int, baseline_microcents: int) -> int:
    """Rounded down, so that a saving is never overstated; 0 without a baseline."""
    if baseline_microcents == 0:
        return 0
    return (baseline_microcents - cost_microcents) * 10_000 // baseline_microcents


def per_hundred_dollars(cost_microcents: int, amount_cents: int) -> int:
    """The cost of 100 dollars in millionths of a cent, rounded up; 0 when nothing was taken."""
    return 0 if amount_cents == 0 else -(-cost_microcents * 10_000 // amount_cents)


def shared(microcents: int, *among: int) -> int:
    """One of so many equal parts, rounded up, so that a cost is never understated."""
    parts = 1
    for number in among:
        parts *= max(1, number)
    return -(-microcents // parts)

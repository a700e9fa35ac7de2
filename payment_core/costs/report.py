"""Adds the costs of payments up by rail and ticket band, against the named baseline."""

import msgspec

from payment_core.costs.bands import band_of
from payment_core.costs.breakdown import Breakdown, Name, per_hundred_dollars, saving_basis_points


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One rail and ticket band. parts: millionths of a cent by component. complete: payments that were paid out."""

    rail: str
    band: str
    payments: int
    complete: int
    amount_cents: int
    parts: dict[Name, int]
    cost_microcents: int
    baseline_name: str
    baseline_microcents: int
    saving_basis_points: int
    microcents_per_100_dollars: int


class CostReport:
    """Add every payment that took money, then ask for the lines."""

    def __init__(self) -> None:
        self._sums: dict[tuple[int, str, str], _Sum] = {}
        self.payments = 0

    def add(self, breakdown: Breakdown) -> None:
        """Count a payment; one that took nothing is left out, since it saved nothing."""
        if breakdown.amount_cents == 0:
            return
        place, band = band_of(breakdown.amount_cents)
        total = self._sums.setdefault((place, breakdown.rail, breakdown.baseline_name), _Sum(band))
        total.add(breakdown)
        self.payments += 1

    def lines(self, fixed_microcents: int = 0) -> tuple[Line, ...]:
        """By rail, then by band. fixed_microcents: a bill that every payment carries an equal part of."""
        each = 0 if self.payments == 0 else -(-fixed_microcents // self.payments)
        found = sorted(self._sums.items(), key=lambda item: (item[0][1], item[0][0], item[0][2]))
        return tuple(total.line(rail, baseline, each) for (_, rail, baseline), total in found)


class _Sum:
    def __init__(self, band: str) -> None:
        self._band = band
        self._payments = self._complete = self._amount_cents = self._baseline = 0
        self._parts: dict[Name, int] = {}

    def add(self, breakdown: Breakdown) -> None:
        self._payments += 1
        self._complete += breakdown.complete
        self._amount_cents += breakdown.amount_cents
        self._baseline += breakdown.baseline_microcents
        for part in breakdown.parts:
            self._parts[part.name] = self._parts.get(part.name, 0) + part.microcents

    def line(self, rail: str, baseline_name: str, fixed_each: int) -> Line:
        parts: dict[Name, int] = dict(self._parts)
        if fixed_each > 0:
            parts["fixed"] = fixed_each * self._payments
        cost = sum(parts.values())
        return Line(
            rail=rail,
            band=self._band,
            payments=self._payments,
            complete=self._complete,
            amount_cents=self._amount_cents,
            parts=parts,
            cost_microcents=cost,
            baseline_name=baseline_name,
            baseline_microcents=self._baseline,
            saving_basis_points=saving_basis_points(cost, self._baseline),
            microcents_per_100_dollars=per_hundred_dollars(cost, self._amount_cents),
        )

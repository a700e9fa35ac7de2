"""What a simulation says: what the processor charged, and each cohort's cost here by each way."""

from typing import Literal

import msgspec

from payment_core.costs.breakdown import Name


class Charged(msgspec.Struct, frozen=True, kw_only=True):
    """What the processor charged in one currency, minor units. fees: by what for; total: their sum.

    compared: without those that there is no price for here; they are counted on neither side. payouts, disputes: how
    many. per_100_microcents: millionths of a minor unit that it took of 10,000 of them (a hundred dollars or euros).
    """

    currency: str
    payments: int
    amount: int
    fees: dict[str, int]
    total: int
    compared: int
    payouts: int
    disputes: int
    per_100_microcents: int


class WayCost(msgspec.Struct, frozen=True, kw_only=True):
    """One way: its cost in millionths of a cent, by part; what it saves of every 10,000 that the processor took."""

    name: str
    rail: str
    parts: dict[Name, int]
    cost_microcents: int
    per_100_microcents: int
    saving_basis_points: int
    reaches: bool


class CohortResult(msgspec.Struct, frozen=True, kw_only=True):
    """One cohort in US dollars. charged_cents: fees of its payments, and its part by amount of the other compared ones.

    ways: in the order in which they were tried; empty where there is no rail. reaches: whether one does.
    reason: which does, or why none does, in words with the arithmetic.
    """

    rail: str
    band: str
    payments: int
    amount_cents: int
    charged_cents: int
    charged_per_100_microcents: int
    ways: tuple[WayCost, ...]
    reaches: bool
    reason: str


class NotCompared(msgspec.Struct, frozen=True, kw_only=True):
    """What is on neither side, minor units of the currency. what: ``currency``, ``rail`` or ``disputes``.

    currency: prices are of another one. rail: it was paid in a way that there is none for here. disputes: an acquirer
    charges for them, too, and no price sheet says how much. count: payments or disputes. amount: of these payments.
    """

    what: Literal["currency", "rail", "disputes"]
    currency: str
    count: int
    amount: int
    fees: int


class Simulation(msgspec.Struct, frozen=True, kw_only=True):
    """assumptions: every number that is no price and was not in the export, with where it is from; one a line.

    target_basis_points: what is to be saved of every 10,000. sheet: the day that the prices are of.
    """

    account: str
    made_at: str
    days: int
    target_basis_points: int
    sheet: str
    charged: tuple[Charged, ...]
    cohorts: tuple[CohortResult, ...]
    total: tuple[WayCost, ...]
    total_charged_cents: int
    not_compared: tuple[NotCompared, ...]
    assumptions: tuple[str, ...]
    unread: int

"""Holds what the processor charged against what the same payments cost here: pure, in whole millionths of a cent."""

from collections.abc import Iterator, Mapping

import msgspec

from config.prices import PriceSheet
from payment_core.costs.breakdown import MICROCENTS_PER_CENT, Name, per_hundred_dollars, saving_basis_points
from payment_core.migration.savings.fees import NOT_COMPARED
from payment_core.migration.savings.gathering import BANK, CARD, OTHER, Cohort, CohortKey, Gathering
from payment_core.migration.savings.model import Charged, CohortResult, NotCompared, Simulation, WayCost
from payment_core.migration.savings.question import Question
from payment_core.migration.savings.reasons import assumptions_of, reason_of
from payment_core.migration.savings.ways import Ratio, Way, parts_of
from payment_core.money import split_cents

PRICED = "usd"
"""Prices are in cents of US dollars, and bank debits are of US accounts; other currencies are told and not compared."""


def simulate(
    gathered: Gathering, sheet: PriceSheet, question: Question, *, account: str, made_at: str, unread: int = 0
) -> Simulation:
    """The comparison. account, made_at: of the export. unread: its records that are none, and are not in it."""
    charged = {currency: _charged(gathered, currency) for currency in sorted(gathered.fees)}
    ways = ways_for(gathered, question)
    cohorts = sorted((key, cohort) for key, cohort in gathered.cohorts.items() if key.currency == PRICED)
    parts = _parts_of_rest(gathered, [cohort for _, cohort in cohorts])
    results = tuple(
        _result(key, cohort, cohort.fees + rest, ways, sheet, question)
        for (key, cohort), rest in zip(cohorts, parts, strict=True)
    )
    return Simulation(
        account=account,
        made_at=made_at,
        days=gathered.days,
        target_basis_points=question.target_basis_points,
        sheet=sheet.effective_from.isoformat(),
        charged=tuple(charged.values()),
        cohorts=results,
        total=_total(results, [way.name for way in ways], question),
        total_charged_cents=sum(result.charged_cents for result in results if result.ways),
        not_compared=tuple(_not_compared(charged, results)),
        assumptions=assumptions_of(gathered, question, ways, sheet, PRICED),
        unread=unread,
    )


def _not_compared(charged: Mapping[str, Charged], results: tuple[CohortResult, ...]) -> Iterator[NotCompared]:
    """Every fee that was charged is of a cohort with a rail, or in one of these."""
    for currency, of in charged.items():
        if currency != PRICED:
            yield NotCompared(what="currency", currency=currency, count=of.payments, amount=of.amount, fees=of.total)
        elif of.total != of.compared:
            fees = of.total - of.compared
            yield NotCompared(what="disputes", currency=currency, count=of.disputes, amount=0, fees=fees)
    without = [result for result in results if not result.ways]
    if without:
        yield NotCompared(
            what="rail",
            currency=PRICED,
            count=sum(result.payments for result in without),
            amount=sum(result.amount_cents for result in without),
            fees=sum(result.charged_cents for result in without),
        )


def ways_for(gathered: Gathering, question: Question) -> tuple[Way, ...]:
    """As it was, and cheaper: the rail of each cohort is filled in where it is tried."""
    payments, payouts = gathered.payments(PRICED), gathered.payouts.get(PRICED, 0)
    seen = Ratio(payouts, payments) if 0 < payouts < payments else Ratio(1, 1)
    asked = Ratio(1, question.netting)
    returns = observed_returns(gathered, question)
    # Of two ways to net, what the export shows is tried alone when it is the better one.
    is_better = asked.number * seen.of < seen.number * asked.of
    found: list[Way] = []
    for rail, words in (("", "same rail"), (BANK, "bank debit")):
        entries = _entries(gathered, question, on_bank=payments if rail == BANK else gathered.payments(PRICED, BANK))
        found.append(Way(name=f"{words}, payouts as now", rail=rail, payouts=seen, entries=entries, returns=returns))
        if is_better:
            netted = f"{words}, payouts of {question.netting}"
            found.append(Way(name=netted, rail=rail, payouts=asked, entries=entries, returns=returns))
    return tuple(found)


def observed_returns(gathered: Gathering, question: Question) -> Ratio:
    """Bank debits that come back, for each that goes out; none where nothing is known."""
    if question.returns_basis_points is not None:
        return Ratio(question.returns_basis_points, 10_000)
    debits = gathered.payments(PRICED, BANK)
    return Ratio(gathered.bank_returns.get(PRICED, 0), debits) if debits > 0 else Ratio(0, 1)


def _entries(gathered: Gathering, question: Question, *, on_bank: int) -> int:
    """Entries in a file, where one is sent each day."""
    if question.entries_per_file is not None:
        return question.entries_per_file
    return max(1, (on_bank + gathered.payouts.get(PRICED, 0)) // max(1, gathered.days))


def _charged(gathered: Gathering, currency: str) -> Charged:
    fees = gathered.fees[currency]
    cohorts = [cohort for key, cohort in gathered.cohorts.items() if key.currency == currency]
    amount, total = sum(cohort.amount for cohort in cohorts), sum(fees.values())
    return Charged(
        currency=currency,
        payments=gathered.payments(currency),
        amount=amount,
        fees={kind.value: fees[kind] for kind in sorted(fees)},
        total=total,
        compared=sum(fee for kind, fee in fees.items() if kind not in NOT_COMPARED),
        payouts=gathered.payouts.get(currency, 0),
        disputes=gathered.disputes.get(currency, 0),
        per_100_microcents=per_hundred_dollars(total * MICROCENTS_PER_CENT, amount),
    )


def _parts_of_rest(gathered: Gathering, cohorts: list[Cohort]) -> tuple[int, ...]:
    """Each cohort's part, by amount, of compared fees that are of no payment: payouts, returns, accounts."""
    fees = gathered.fees.get(PRICED, {})
    compared = sum(fee for kind, fee in fees.items() if kind not in NOT_COMPARED)
    rest = compared - sum(cohort.fees for cohort in cohorts)
    if not cohorts:
        return ()
    parts = split_cents(abs(rest), [cohort.amount for cohort in cohorts])
    return parts if rest >= 0 else tuple(-part for part in parts)


def _result(
    key: CohortKey, cohort: Cohort, charged_cents: int, ways: tuple[Way, ...], sheet: PriceSheet, question: Question
) -> CohortResult:
    charged = charged_cents * MICROCENTS_PER_CENT
    tried: dict[str, WayCost] = {}
    for way in ways:
        rail = way.rail if way.rail else key.rail
        if key.rail == OTHER:
            continue
        parts = parts_of(msgspec.structs.replace(way, rail=rail), cohort, sheet, question.usage)
        tried[way.name] = _cost(way.name, rail, parts, cohort.amount, charged, question)
    costs = tuple(tried.values())
    return CohortResult(
        rail=key.rail,
        band=key.band,
        payments=cohort.payments,
        amount_cents=cohort.amount,
        charged_cents=charged_cents,
        charged_per_100_microcents=per_hundred_dollars(charged, cohort.amount),
        ways=costs,
        reaches=any(cost.reaches for cost in costs),
        reason=reason_of(cohort, charged_cents, costs, sheet, question.target_basis_points),
    )


def _cost(
    name: str, rail: str, parts: Mapping[Name, int], amount_cents: int, charged: int, question: Question
) -> WayCost:
    cost = sum(parts.values())
    saving = saving_basis_points(cost, charged)
    return WayCost(
        name=name,
        rail=rail,
        parts=dict(parts),
        cost_microcents=cost,
        per_100_microcents=per_hundred_dollars(cost, amount_cents),
        saving_basis_points=saving,
        # Where the processor took nothing, nothing can be saved.
        reaches=charged > 0 and saving >= question.target_basis_points,
    )


def _total(results: tuple[CohortResult, ...], names: list[str], question: Question) -> tuple[WayCost, ...]:
    """All cohorts that a rail takes, each way."""
    priced = [result for result in results if result.rail in {CARD, BANK}]
    amount = sum(result.amount_cents for result in priced)
    charged = sum(result.charged_cents for result in priced) * MICROCENTS_PER_CENT
    found: list[WayCost] = []
    for place, name in enumerate(names):
        parts: dict[Name, int] = {}
        for result in priced:
            for part, microcents in result.ways[place].parts.items():
                parts[part] = parts.get(part, 0) + microcents
        found.append(_cost(name, "", parts, amount, charged, question))
    return tuple(found) if priced else ()

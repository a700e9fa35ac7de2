"""The page of costs: what is saved against the old price, each figure with the sum that gives it, and the AWS bill."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from config.prices import Price, Prices, PriceSheet
from daemon.costs.review import CostReview
from daemon.http.console.figures.shown import Figure, Tone
from daemon.http.console.pages.declared import ConsolePage
from daemon.http.console.pages.scene import Scene
from daemon.http.words.wording import NO_DATA, count
from daemon.reports.report import cents, dollars, percent
from daemon.reports.savings import Saving
from daemon.reports.tally import Payouts
from daemon.reports.view import CostsDocument
from payment_core.costs.breakdown import MICROCENTS_PER_CENT, per_hundred_dollars, saving_basis_points

HUNDRED_DOLLARS_CENTS = 10_000
DOLLAR_MICROCENTS = 100 * MICROCENTS_PER_CENT
TARGET_BASIS_POINTS = 9_800
"""The owner's aim: 98 % saved."""
COHORT_ROWS = 24
SERVICE_ROWS = 15
ALL_PERCENT = 100
"""The threshold of a budget that is spent."""
SUBMITTED = "submitted"
"""A payout that was given to the bank: from here on it costs."""


@dataclass(frozen=True, slots=True)
class SumLine:
    """One line of a sum. sign: what is done with it; total: whether it is what the lines above come to."""

    what: str
    how: str
    amount: str
    per_hundred: str
    total: bool = False


@dataclass(frozen=True, slots=True)
class CohortSum:
    """A rail and cohort with its sum, line by line."""

    rail: str
    cohort: str
    captures: str
    per_hundred: str
    saving: str
    tone: Tone
    lines: tuple[SumLine, ...]


@dataclass(frozen=True, slots=True)
class BillPage:
    """The AWS bill in rows. known: whether any day of it was read."""

    known: bool
    figures: tuple[Figure, ...]
    services: tuple[tuple[str, str, str, str], ...]
    variances: tuple[tuple[str, str, str, str, str], ...]
    advice: tuple[tuple[str, str, str, str], ...]


@dataclass(frozen=True, slots=True)
class CostsPage:
    """cohorts: by money taken, most first. netting: how many payments share a payout, in words."""

    figures: tuple[Figure, ...]
    cohorts: tuple[CohortSum, ...]
    hidden: int
    netting: str
    measured: str
    prices: tuple[tuple[str, str, str], ...]
    bill: BillPage


def compose(scene: Scene, _of: str) -> CostsPage:
    """From the month's sums and the price sheet of today."""
    costs = scene.costs
    sheet = None if scene.options.prices is None else scene.options.prices.at(scene.now_ms)
    savings = () if costs is None else costs.savings
    sent = _sent(() if costs is None else costs.payouts)
    captures = sum(one.captures for one in savings)
    ordered = sorted(savings, key=lambda one: (-one.amount_cents, one.rail, one.cohort, one.baseline))
    return CostsPage(
        figures=tuple(_figures(costs, sheet, sent)),
        cohorts=tuple(_cohort(one, sheet, sent, captures) for one in ordered[:COHORT_ROWS]),
        hidden=max(0, len(ordered) - COHORT_ROWS),
        netting=_netting(sent, captures),
        measured="" if costs is None else costs.measured,
        prices=price_rows(scene.options.prices, scene.now_ms),
        bill=bill_page(None if costs is None else costs.bill),
    )


def _sent(payouts: Sequence[Payouts]) -> Payouts | None:
    return next((one for one in payouts if one.status == SUBMITTED and one.payouts), None)


def _netting(sent: Payouts | None, captures: int) -> str:
    if sent is None or captures == 0:
        return ""
    return f"{count(captures)} captures and {count(sent.payouts)} payouts: {captures / sent.payouts:.1f} share one"


def _figures(costs: CostsDocument | None, sheet: PriceSheet | None, sent: Payouts | None) -> Iterator[Figure]:
    known = [] if costs is None else [one for one in costs.savings if one.baseline_microcents > 0]
    amount, cost = sum(one.amount_cents for one in known), sum(one.cost_microcents for one in known)
    baseline, captures = sum(one.baseline_microcents for one in known), sum(one.captures for one in known)
    netted = cost + _payout_share(sheet, sent, captures, captures)
    saved = saving_basis_points(netted, baseline)
    if not known:
        yield Figure("Saved this month", NO_DATA, "no capture with a price to hold it against")
    else:
        tone: Tone = "good" if saved >= TARGET_BASIS_POINTS else "odd"
        yield Figure("Saved this month", percent(saved), f"aim {percent(TARGET_BASIS_POINTS)}", tone)
    each = cents(per_hundred_dollars(netted, amount)) if known else NO_DATA
    yield Figure("A payment of $100 costs", each, "with its share of payouts" if sent else "at capture")
    if sheet is not None:
        old = sheet.baseline.microcents(HUNDRED_DOLLARS_CENTS)
        yield Figure("It used to cost", dollars(old), f"{_price(sheet.baseline)}, {sheet.baseline.name}")
    taken = dollars(amount * MICROCENTS_PER_CENT) if known else NO_DATA
    yield Figure("Taken this month", taken, f"{count(captures)} captures" if known else "")
    yield Figure("Not spent", dollars(baseline - netted) if known else NO_DATA, "old price less cost" if known else "")


def _cohort(one: Saving, sheet: PriceSheet | None, sent: Payouts | None, captures: int) -> CohortSum:
    share = _payout_share(sheet, sent, one.captures, captures)
    total = one.cost_microcents + share
    known = one.baseline_microcents > 0
    saved = saving_basis_points(total, one.baseline_microcents)
    return CohortSum(
        rail=one.rail,
        cohort=one.cohort if one.cohort else "unknown",
        captures=count(one.captures),
        per_hundred=cents(per_hundred_dollars(total, one.amount_cents)),
        saving=percent(saved) if known else NO_DATA,
        tone="" if not known else "good" if saved >= TARGET_BASIS_POINTS else "odd",
        lines=tuple(_lines(one, sheet, sent, share, total)),
    )


def _lines(one: Saving, sheet: PriceSheet | None, sent: Payouts | None, share: int, total: int) -> Iterator[SumLine]:
    def line(what: str, how: str, microcents: int, *, is_total: bool = False) -> SumLine:
        each = cents(per_hundred_dollars(microcents, one.amount_cents)) if microcents >= 0 else ""
        return SumLine(what, how, _amount(microcents), each, is_total)

    amount = dollars(one.amount_cents * MICROCENTS_PER_CENT)
    yield SumLine("Taken", f"{count(one.captures)} captures", amount, "")
    if one.baseline_microcents > 0:
        how = one.baseline
        if sheet is not None and sheet.baseline.microcents(one.amount_cents, one.captures) == one.baseline_microcents:
            how = f"{_sum(sheet.baseline, one)}: {one.baseline}"
        yield line("Old price", how, one.baseline_microcents)
    rail = None if sheet is None else _rail_microcents(sheet, one)
    if sheet is not None and rail is not None and rail <= one.cost_microcents:
        yield line("Rail", f"{_sum(sheet.pay_in(one.rail), one)}: {sheet.pay_in(one.rail).name}", rail)
        yield line("AWS", "measured: KMS, DynamoDB, queue and compute of the captures", one.cost_microcents - rail)
    else:
        yield line("Rail and AWS", "by the prices of their days", one.cost_microcents)
    if sent is None or sheet is None:
        yield SumLine("Payouts", "none was given to the bank this month, so none is shared out yet", NO_DATA, "")
    else:
        how = f"{count(sent.payouts)} payouts at {_price(sheet.payout)}, by share of captures"
        yield line("Payouts, netted", how, share)
    yield line("Cost", "the lines above", total, is_total=True)
    if one.baseline_microcents > 0:
        saved, left = saving_basis_points(total, one.baseline_microcents), one.baseline_microcents - total
        yield SumLine("Saved", f"1 - cost / old price, {_amount(left)} not spent", percent(saved), "", total=True)


def _amount(microcents: int) -> str:
    """Dollars; below one of them cents with their fractions, because AWS costs thousandths of a cent."""
    return cents(microcents) if abs(microcents) < DOLLAR_MICROCENTS else dollars(microcents)


def _rail_microcents(sheet: PriceSheet, one: Saving) -> int | None:
    """What today's sheet makes of the month's captures; None for a rail that it does not price."""
    try:
        return sheet.pay_in(one.rail).microcents(one.amount_cents, one.captures)
    except KeyError:
        return None


def _payout_share(sheet: PriceSheet | None, sent: Payouts | None, captures: int, of: int) -> int:
    """The month's payouts shared out by captures, rounded up, so that a cost is never understated."""
    if sheet is None or sent is None or of == 0:
        return 0
    return -(-sheet.payout.microcents(sent.amount_cents, sent.payouts) * captures // of)


def _price(price: Price) -> str:
    item = f"{price.item_cents_x100 // 100}.{price.item_cents_x100 % 100:02d} c"
    return item if not price.basis_points else f"{item} + {percent(price.basis_points)}"


def _sum(price: Price, one: Saving) -> str:
    """How the price of so many captures comes about."""
    items = f"{count(one.captures)} x {price.item_cents_x100 // 100}.{price.item_cents_x100 % 100:02d} c"
    amount = dollars(one.amount_cents * MICROCENTS_PER_CENT)
    return items if not price.basis_points else f"{items} + {percent(price.basis_points)} of {amount}"


def bill_page(bill: CostReview | None) -> BillPage:
    """What AWS charges; without a day of it nothing is said."""
    if bill is None or not bill.is_known:
        return BillPage(known=False, figures=(), services=(), variances=(), advice=())
    return BillPage(
        known=True,
        figures=tuple(_bill_figures(bill)),
        services=tuple(
            (one.service, dollars(one.month_microcents), one.newest_day, one.origin)
            for one in bill.services[:SERVICE_ROWS]
        ),
        variances=tuple(
            (
                one.service,
                dollars(one.amount_microcents),
                dollars(one.expected_microcents),
                percent(one.variance_basis_points),
                one.basis,
            )
            for one in bill.variances
        ),
        advice=tuple(
            (one.title, dollars(one.saving_cents * MICROCENTS_PER_CENT), one.source, one.condition)
            for one in bill.recommendations
        ),
    )


def _bill_figures(bill: CostReview) -> Iterator[Figure]:
    month = bill.month
    yield Figure("AWS this month", dollars(month.spent_microcents), f"{month.known_days} of {month.days_in_month} days")
    forecast = NO_DATA if month.forecast_microcents is None else dollars(month.forecast_microcents)
    yield Figure(
        "Forecast of the month", forecast, month.why_not if month.forecast_microcents is None else month.method
    )
    if bill.budget is not None:
        budget, used = bill.budget, percent(bill.budget.used_basis_points)
        tone: Tone = "bad" if ALL_PERCENT in budget.reached else "odd" if budget.reached else "good"
        yield Figure("Budget used", used, f"of {dollars(budget.budget_cents * MICROCENTS_PER_CENT)}", tone)


def price_rows(prices: Prices | None, now_ms: int) -> tuple[tuple[str, str, str], ...]:
    """Today's sheet: what, its price, its source."""
    if prices is None:
        return ()
    sheet = prices.at(now_ms)
    named = (
        ("old price", sheet.baseline),
        ("card", sheet.card),
        ("ach", sheet.ach),
        ("payout", sheet.payout),
        ("ach file", sheet.ach_file),
        ("ach return", sheet.ach_return),
    )
    return tuple((what, _price(price), price.source) for what, price in named)


def glance(scene: Scene) -> Figure:
    """What is saved this month, for the overview."""
    sheet = None if scene.options.prices is None else scene.options.prices.at(scene.now_ms)
    saved = next(_figures(scene.costs, sheet, _sent(() if scene.costs is None else scene.costs.payouts)))
    return Figure(saved.label, saved.shown, saved.note, saved.tone, href="/console/costs")


COSTS = ConsolePage(
    name="costs",
    title="Costs",
    path="/console/costs",
    section="costs",
    panels=("figures", "savings", "prices", "bill"),
    compose=compose,
)

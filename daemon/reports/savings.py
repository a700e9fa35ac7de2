"""The daily savings report: what payments cost by rail and cohort against a named baseline, beside the AWS bill."""

from collections.abc import Sequence

import msgspec

from daemon.costs.review import CostReview
from daemon.reports.report import Period, Report, cents, dollars, percent, table
from daemon.reports.tally import Captures
from payment_core.costs.breakdown import per_hundred_dollars, saving_basis_points

TITLE = "Daily savings"
PAY_IN = "pay-in cost with the payment's share of AWS, measured at capture; payouts and files come later"


class Saving(msgspec.Struct, frozen=True, kw_only=True):
    """One rail and cohort against one baseline. saving_basis_points: None without a baseline: nothing is assumed."""

    rail: str
    cohort: str
    baseline: str
    captures: int
    amount_cents: int
    cost_microcents: int
    baseline_microcents: int
    saving_basis_points: int | None
    microcents_per_100_dollars: int


class SavingsContent(msgspec.Struct, frozen=True, kw_only=True):
    """savings: by rail and cohort. measured: what their cost holds. bill: the AWS bill."""

    measured: str
    savings: tuple[Saving, ...]
    bill: CostReview


def savings_of(captures: Sequence[Captures]) -> tuple[Saving, ...]:
    """The saving of each cohort; a cohort whose captures had no baseline has none."""
    return tuple(
        Saving(
            rail=one.rail,
            cohort=one.cohort,
            baseline=one.baseline,
            captures=one.captures,
            amount_cents=one.amount_cents,
            cost_microcents=one.cost_microcents,
            baseline_microcents=one.baseline_microcents,
            saving_basis_points=saving_basis_points(one.cost_microcents, one.baseline_microcents)
            if one.baseline_microcents > 0
            else None,
            microcents_per_100_dollars=per_hundred_dollars(one.cost_microcents, one.amount_cents),
        )
        for one in captures
    )


def savings_report(captures: Sequence[Captures], bill: CostReview, period: Period) -> Report:
    """The report of one day."""
    savings = savings_of(captures)
    return Report(
        title=TITLE,
        period=period,
        content=SavingsContent(measured=PAY_IN, savings=savings, bill=bill),
        markdown=f"## Payments\n\n{_payments(savings)}\n\n## AWS\n\n{bill_markdown(bill)}",
        summary=_summary(savings),
    )


def _summary(savings: Sequence[Saving]) -> str:
    """All cohorts together, with the names of their baselines."""
    known = [one for one in savings if one.baseline_microcents > 0]
    if not known:
        return "No payment with a baseline was captured, so no saving is known."
    cost, baseline = sum(one.cost_microcents for one in known), sum(one.baseline_microcents for one in known)
    names = ", ".join(sorted({one.baseline if one.baseline else "an unnamed baseline" for one in known}))
    count = sum(one.captures for one in known)
    return f"{count} captures saved {percent(saving_basis_points(cost, baseline))} against {names} ({PAY_IN})."


def _payments(savings: Sequence[Saving]) -> str:
    if not savings:
        return "No payment was captured."
    header = ("rail", "cohort", "captures", "amount", "cost per $100", "saving", "against")
    return table(
        header,
        [
            (
                one.rail,
                one.cohort if one.cohort else "unknown",
                one.captures,
                dollars(one.amount_cents * 1_000_000),
                cents(one.microcents_per_100_dollars),
                "unknown" if one.saving_basis_points is None else percent(one.saving_basis_points),
                one.baseline if one.baseline else "no named baseline",
            )
            for one in savings
        ],
    )


def bill_markdown(bill: CostReview) -> str:
    """The bill, its forecast, its budget, and what could be paid less for."""
    if not bill.is_known:
        return "No bill was read, so nothing is known of what AWS costs."
    month = bill.month
    lines = [f"{month.month} so far: {dollars(month.spent_microcents)} in {month.known_days} days."]
    if month.forecast_microcents is None:
        lines.append(f"No forecast: {month.why_not}.")
    else:
        lines.append(f"Forecast of the month: {dollars(month.forecast_microcents)} ({month.method}).")
    if month.aws_microcents is not None:
        lines.append(f"AWS's own forecast: {dollars(month.aws_microcents)}.")
    if bill.budget is not None:
        budget = bill.budget
        reached = ", ".join(f"{one} %" for one in budget.reached) if budget.reached else "none"
        lines.append(
            f"Budget {dollars(budget.budget_cents * 1_000_000)}: {percent(budget.used_basis_points)} used; thresholds "
            f"reached: {reached}."
        )
    if bill.bad_rows:
        lines.append(f"{bill.bad_rows} rows of the exports could not be used and are in no sum.")
    services = table(
        ("service", "month so far", "newest day", "from"),
        [(one.service, dollars(one.month_microcents), one.newest_day, one.origin) for one in bill.services],
    )
    return "\n".join([*(f"- {line}" for line in lines), "", services, "", _variances(bill), "", _advice(bill)])


def _variances(bill: CostReview) -> str:
    if not bill.variances:
        return "No service has an expectation yet."
    return table(
        ("service", "day", "cost", "expected", "variance", "expected by"),
        [
            (
                one.service,
                one.day,
                dollars(one.amount_microcents),
                dollars(one.expected_microcents),
                percent(one.variance_basis_points),
                one.basis,
            )
            for one in bill.variances
        ],
    )


def _advice(bill: CostReview) -> str:
    if not bill.recommendations:
        return "Nothing to advise: the bill shows no saving, or not enough of it is known."
    return table(
        ("advice", "saves a month", "of", "figures", "if"),
        [
            (
                one.title,
                dollars(one.saving_cents * 1_000_000),
                dollars(one.spent_cents * 1_000_000),
                one.source,
                one.condition,
            )
            for one in bill.recommendations
        ],
    )

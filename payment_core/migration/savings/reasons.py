"""Why a cohort saves what was aimed at, or does not: in words, with the arithmetic of one payment."""

from config.prices import PriceSheet
from payment_core.costs.breakdown import MICROCENTS_PER_CENT, Name
from payment_core.migration.savings.amounts import cents, dollars, percent
from payment_core.migration.savings.gathering import BANK, Cohort, Gathering
from payment_core.migration.savings.model import WayCost
from payment_core.migration.savings.question import Question
from payment_core.migration.savings.ways import Ratio, Way

_WORDS: dict[Name, str] = {
    "rail": "taking it",
    "payout": "its part of a payout",
    "ach_file": "of a file",
    "ach_return": "of returned entries",
    "kms": "of KMS",
    "dynamodb": "of DynamoDB",
    "queue": "of queues",
    "compute": "of processors",
    "fixed": "of the fixed bill",
}


def reason_of(
    cohort: Cohort, charged_cents: int, costs: tuple[WayCost, ...], sheet: PriceSheet, target_basis_points: int
) -> str:
    """The sentences about one cohort; every number is of one payment of it."""
    if not costs:
        return "There is no rail here for this way of paying."
    count = cohort.payments
    charged = charged_cents * MICROCENTS_PER_CENT
    took = f"The processor took {cents(charged // count)} of {dollars(cohort.amount // count)}"
    if charged <= 0:
        return f"{took}: nothing can be saved."
    best = min(costs, key=lambda cost: cost.cost_microcents)
    left = charged * (10_000 - target_basis_points) // 10_000
    aim = f"{percent(target_basis_points)} saved leaves {cents(left // count)}"
    sums = " + ".join(
        f"{cents(each // count)} {_WORDS[name]}" for name, each in best.parts.items() if each >= count * 10_000
    )
    spent = f"by {best.name} it costs {cents(best.cost_microcents // count)} ({sums})"
    saved = f"{percent(best.saving_basis_points)} saved"
    if best.reaches:
        return f"{took}; {aim}; {spent}: {saved}."
    return f"{took}; {aim}; {spent}: {saved}. {_needed(best, cohort, left, sheet)}"


def _needed(best: WayCost, cohort: Cohort, left: int, sheet: PriceSheet) -> str:
    """What would have to be otherwise."""
    price = sheet.pay_in(best.rail)
    taking = best.parts["rail"]
    others = best.cost_microcents - taking
    found: list[str] = []
    if others >= left:
        found.append(f"What is not the rail alone is {cents(others // cohort.payments)}, so no price of it is enough")
    else:
        allowed = (left - others) // cohort.payments
        found.append(
            f"The rail ({price.name}) would have to take {cents(allowed)}, not {cents(taking // cohort.payments)}"
        )
    # Of what grows with the amount no ticket is large enough: only what is the same for each payment is thinned out.
    growing = cohort.amount * (price.basis_points + sheet.payout.basis_points) * 100
    if growing >= left:
        share = price.basis_points + sheet.payout.basis_points
        found.append(f"{percent(share)} of the amount is more than that, whatever the ticket")
    else:
        steady = best.cost_microcents - growing
        ticket = -(-steady * cohort.amount // (cohort.payments * (left - growing)))
        found.append(f"or the ticket be {dollars(ticket)}, at the same share for the processor")
    return "; ".join(found) + "."


def assumptions_of(
    gathered: Gathering, question: Question, ways: tuple[Way, ...], sheet: PriceSheet, currency: str
) -> tuple[str, ...]:
    """Every number that is no fee of the export, with where it is from."""
    lines = [
        f"{words}: {cents(price.item_cents_x100 * 10_000)} and {percent(price.basis_points)} "
        f"({price.name}; {price.source})"
        for words, price in (
            ("card", sheet.card),
            ("bank debit", sheet.ach),
            ("payout", sheet.payout),
            ("file", sheet.ach_file),
            ("returned entry", sheet.ach_return),
        )
    ]
    seen = ways[0].payouts
    payouts = gathered.payouts.get(currency, 0)
    told = f"{payouts:,} payouts for {gathered.payments(currency):,} payments in the export"
    lines.append(f"Payments in a payout as now: {_each(seen)} ({told if payouts else 'the export has no payouts'})")
    for way in ways:
        if way.payouts == seen:
            rail = "bank debit" if way.rail == BANK else "the same rails"
            source = "as asked" if question.entries_per_file is not None else f"one file a day, {gathered.days} days"
            lines.append(f"Entries in a file with {rail}: {way.entries:,} ({source})")
    lines.append(_returns_line(gathered, question, ways[0].returns, currency))
    lines.append(_usage_line(question))
    return tuple(lines)


def _each(ratio: Ratio) -> str:
    """How many payments to a payout, with two decimals."""
    hundredths = ratio.of * 100 // ratio.number
    return f"{hundredths // 100}.{hundredths % 100:02d}"


def _returns_line(gathered: Gathering, question: Question, returns: Ratio, currency: str) -> str:
    debits = gathered.payments(currency, BANK)
    share = percent(returns.number * 10_000 // returns.of)
    if question.returns_basis_points is not None:
        return f"Bank debits that come back: {share} (as asked)"
    if debits == 0:
        return "Bank debits that come back: none, for the export has no bank debits; say how many with --returns"
    return f"Bank debits that come back: {share} ({returns.number:,} of {debits:,} in the export)"


def _usage_line(question: Question) -> str:
    usage = question.usage
    total = usage.kms + usage.dynamodb + usage.queue + usage.compute
    if total + usage.fixed == 0:
        return "What AWS costs is not in it: name a core that measured it with --data-dir, or a bill with --fixed-cents"
    return f"AWS, for each payment: {cents(total, 4)} measured, {cents(usage.fixed, 4)} of the fixed bill"

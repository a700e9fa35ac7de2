"""A simulation as Markdown, for a report and for whoever asked."""

from collections.abc import Iterator

from payment_core.migration.export.decoding.amounts import major_text
from payment_core.migration.savings.amounts import cents, dollars, percent
from payment_core.migration.savings.model import Charged, CohortResult, NotCompared, Simulation

_FEE_WORDS = {
    "account": "accounts",
    "bank_return": "returned bank debits",
    "conversion": "currency conversion",
    "dispute": "disputes",
    "international": "cards from abroad",
    "other": "others",
    "payout": "payouts",
    "processing": "payments",
    "radar": "fraud screening",
    "tax": "taxes",
}
_RAILS = {"card": "card", "ach": "bank debit", "other": "another way"}


def as_markdown(simulation: Simulation) -> str:
    """Charged by currency and fee, each cohort by each way, why, and what was assumed."""
    parts = (_charged_lines, _cohort_lines, _not_compared_lines, _ending)
    return "\n".join([line for part in parts for line in part(simulation)]) + "\n"


def summary(simulation: Simulation) -> str:
    """One sentence: what all of it saves by the best way, and which cohorts reach the aim."""
    if not simulation.total:
        return "No payment of the export can be compared: none is in US dollars on a rail that there is here."
    best = min(simulation.total, key=lambda cost: cost.cost_microcents)
    reaching = [f"{_RAILS[one.rail]} {one.band}" for one in simulation.cohorts if one.reaches]
    told = ", ".join(reaching) if reaching else "no cohort"
    return (
        f"By {best.name} the payments that cost {dollars(simulation.total_charged_cents)} at the processor cost "
        f"{cents(best.cost_microcents)}: {percent(best.saving_basis_points)} saved. "
        f"{percent(simulation.target_basis_points)} is reached by {told}."
    )


def not_compared(simulation: Simulation) -> tuple[str, ...]:
    """What is on neither side, a sentence each, with what it comes to."""
    return tuple(_left_out(one) for one in simulation.not_compared)


def _left_out(one: NotCompared) -> str:
    fees = major_text(one.fees, one.currency)
    if one.what == "disputes":
        return f"{_many(one.count, 'dispute')}, with fees of {fees}: an acquirer charges for that, too."
    of = f"{_many(one.count, 'payment')} of {major_text(one.amount, one.currency)}, with fees of {fees}"
    if one.what == "currency":
        return f"{of}: prices are in US cents, and bank debits of US accounts."
    return f"{of}: there is no rail here for that way of paying."


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"


def _not_compared_lines(simulation: Simulation) -> Iterator[str]:
    if simulation.not_compared:
        yield ""
        yield "## What is on neither side"
        yield ""
        for sentence in not_compared(simulation):
            yield f"- {sentence}"


def _charged_lines(simulation: Simulation) -> Iterator[str]:
    yield "## What the processor charged"
    yield ""
    yield f"Account {simulation.account}, {simulation.days} days, export of {simulation.made_at}."
    if simulation.unread > 0:
        yield f"{simulation.unread:,} records of the export cannot be read and are not in it."
    yield ""
    if not simulation.charged:
        yield "The export has no balance transactions, so nothing is known of its fees."
        return
    yield "| currency | payments | taken | fees | of 100 | for what |"
    yield "|---|---|---|---|---|---|"
    for charged in simulation.charged:
        yield _charged_row(charged)


def _charged_row(charged: Charged) -> str:
    fees = ", ".join(f"{_FEE_WORDS[kind]} {major_text(fee, charged.currency)}" for kind, fee in charged.fees.items())
    per_100 = cents(charged.per_100_microcents).removesuffix(" c")
    return (
        f"| {charged.currency} | {charged.payments:,} | {major_text(charged.amount, charged.currency)} "
        f"| {major_text(charged.total, charged.currency)} | {per_100} hundredths | {fees} |"
    )


def _cohort_lines(simulation: Simulation) -> Iterator[str]:
    yield ""
    yield "## What the same payments cost here"
    yield ""
    if not simulation.cohorts:
        yield "No payment of the export is in US dollars, and prices are in US cents alone."
        return
    names = [way.name for way in simulation.total]
    yield "| rail | ticket | payments | taken | charged | of $100 | " + " | ".join(names) + " |"
    yield "|" + "---|" * (6 + len(names))
    for cohort in simulation.cohorts:
        yield _cohort_row(cohort, names)
    saved = " | ".join(_way_cell(way.per_100_microcents, way.saving_basis_points) for way in simulation.total)
    yield f"| all | | | | {dollars(simulation.total_charged_cents)} | | {saved} |"
    yield ""
    yield summary(simulation)
    yield ""
    yield f"## Which reach {percent(simulation.target_basis_points)}, and why the others do not"
    yield ""
    for cohort in simulation.cohorts:
        mark = "reached" if cohort.reaches else "not reached"
        yield f"- **{_RAILS[cohort.rail]} {cohort.band}**, {mark}. {cohort.reason}"


def _cohort_row(cohort: CohortResult, names: list[str]) -> str:
    by_name = {way.name: way for way in cohort.ways}
    cells = [
        _way_cell(by_name[name].per_100_microcents, by_name[name].saving_basis_points) if name in by_name else ""
        for name in names
    ]
    return (
        f"| {_RAILS[cohort.rail]} | {cohort.band} | {cohort.payments:,} | {dollars(cohort.amount_cents)} "
        f"| {dollars(cohort.charged_cents)} | {cents(cohort.charged_per_100_microcents)} | {' | '.join(cells)} |"
    )


def _way_cell(per_100_microcents: int, saving: int) -> str:
    return f"{cents(per_100_microcents)}, {percent(saving)}"


def _ending(simulation: Simulation) -> Iterator[str]:
    yield ""
    yield "## What was assumed"
    yield ""
    yield f"Prices of {simulation.sheet}. Shares are rounded up and savings down."
    yield ""
    for line in simulation.assumptions:
        yield f"- {line}"

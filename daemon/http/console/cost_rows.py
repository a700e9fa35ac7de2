"""The rows of the console's costs: what payments really cost, beside the name of the price they are held against."""

from collections.abc import Sequence

from daemon.http.console.page import CostRow
from daemon.http.words.wording import NO_DATA, count
from daemon.reports.report import cents, percent
from daemon.reports.savings import Saving

COST_ROWS = 12
"""Rails and cohorts that fit a person's attention; the API has the rest."""


def cost_rows(savings: Sequence[Saving]) -> tuple[CostRow, ...]:
    """By money taken, most first: a cohort of few payments says least."""
    ordered = sorted(savings, key=lambda one: (-one.amount_cents, one.rail, one.cohort, one.baseline))
    return tuple(
        CostRow(
            rail=one.rail,
            cohort=one.cohort if one.cohort else "unknown",
            captures=count(one.captures),
            per_hundred=cents(one.microcents_per_100_dollars),
            saving=NO_DATA if one.saving_basis_points is None else percent(one.saving_basis_points),
            baseline=one.baseline if one.baseline else "no price to hold it against",
        )
        for one in ordered[:COST_ROWS]
    )

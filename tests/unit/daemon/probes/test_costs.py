"""What is said about costs is as good as the prices and the last cost that was seen are new."""

from datetime import UTC, datetime, timedelta

import pytest

from config.load import load_configuration
from config.prices import Prices
from daemon.probes.costs import look_at_costs
from daemon.probes.looking import Observed
from daemon.senses.sightings import Sightings
from tests.unit.daemon.probes.test_monitoring import NOW_MS, Clock

PACKAGED = load_configuration(None, {}).prices
TODAY = datetime.fromtimestamp(NOW_MS / 1000, tz=UTC).date()
DAY_MS = 86_400_000


def prices(begun_days: int, checked_days: int | None = None) -> Prices:
    """One sheet that began and was checked so many days ago."""
    checked = None if checked_days is None else TODAY - timedelta(days=checked_days)
    sheet = PACKAGED.sheets[0].model_copy(
        update={"effective_from": TODAY - timedelta(days=begun_days), "checked_on": checked}
    )
    return Prices(sheets=(sheet,))


async def look(sheets: Prices, costs: dict[str, float], *, billed: bool = False) -> Observed:
    """costs: how many days ago each source was seen last."""
    seen = Sightings(costs={source: NOW_MS - round(days * DAY_MS) for source, days in costs.items()})
    return await look_at_costs(sheets, seen.see, Clock(), billed=billed)()


@pytest.mark.parametrize(
    ("begun", "checked", "status"),
    [
        (400, None, "healthy"),
        (401, None, "degraded"),
        (2_000, 400, "healthy"),
        (2_000, 401, "degraded"),
        (10, 2_000, "healthy"),
    ],
)
async def test_prices_that_nobody_checked_for_a_year_are_degraded(begun: int, checked: int | None, status: str) -> None:
    assert (await look(prices(begun, checked), {"measured": 0})).status == status


@pytest.mark.parametrize(
    ("costs", "billed", "status"),
    [
        ({}, False, "unknown"),
        ({"measured": 2.9}, False, "healthy"),
        ({"measured": 3}, False, "degraded"),
        ({"measured": 4}, False, "unhealthy"),
        ({"budget": 9, "cost_explorer": 1}, True, "healthy"),
        ({"measured": 0}, True, "unknown"),
        ({"measured": 0, "cost_explorer": 5}, True, "unhealthy"),
    ],
)
async def test_costs_that_are_old_or_were_never_seen_are_not_healthy(
    costs: dict[str, float], billed: bool, status: str
) -> None:
    assert (await look(prices(1), costs, billed=billed)).status == status

"""Whether what is said about costs rests on anything: the age of the prices, and of the last cost that was seen."""

from datetime import UTC, datetime

from config.prices import Prices, PriceSheet
from daemon.probes.looking import Look, Observed, worst
from daemon.probes.monitoring import See
from remediation.ports import Clock

PRICES_DEGRADED_DAYS = 400
"""Contracts and AWS prices are looked at once a year; a month for whoever does it."""
COSTS_DEGRADED_DAYS, COSTS_UNHEALTHY_DAYS = 3.0, 4.0
"""A day of a bill is told up to two days and a poll after it ended; the rule cost-variance has no data after four."""
_DAY_MS = 86_400_000
MEASURED = "measured"


def look_at_costs(prices: Prices, see: See, clock: Clock, *, billed: bool) -> Look:
    """The price sheet in force and the newest cost. billed: whether bills are read, so that measuring is not enough."""

    async def look() -> Observed:
        now_ms = clock.now_ms()
        seen = await see()
        return worst([_sheet(prices.at(now_ms), now_ms), _costs(seen.costs, now_ms, billed=billed)], "")

    return look


def _sheet(sheet: PriceSheet, now_ms: int) -> Observed:
    checked = sheet.effective_from if sheet.checked_on is None else max(sheet.checked_on, sheet.effective_from)
    days = (datetime.fromtimestamp(now_ms / 1000, tz=UTC).date() - checked).days
    since = "began" if sheet.checked_on is None else "were checked"
    detail = f"the prices of {sheet.effective_from} {since} {max(0, days)} days ago"
    if days > PRICES_DEGRADED_DAYS:
        hint = f"{detail}; hold them against the contract and set checked_on"
        return Observed("degraded", hint, (hint,))
    return Observed("healthy", detail)


def _costs(costs: dict[str, int], now_ms: int, *, billed: bool) -> Observed:
    wanted = {source: at_ms for source, at_ms in costs.items() if not billed or source != MEASURED}
    if not wanted:
        what = "bill" if billed else "cost of a payment"
        return Observed("unknown", f"no {what} was ever seen")
    source, at_ms = max(wanted.items(), key=lambda each: each[1])
    days = max(0, now_ms - at_ms) / _DAY_MS
    detail = f"the last cost ({source}) is {days:.1f} days old"
    if days >= COSTS_UNHEALTHY_DAYS:
        return Observed("unhealthy", detail, (detail,))
    if days >= COSTS_DEGRADED_DAYS:
        return Observed("degraded", detail, (detail,))
    return Observed("healthy", detail)

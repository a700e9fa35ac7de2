"""One line of the bill: a day, a service, a kind of usage, and what it cost."""

from datetime import date
from typing import Literal

import msgspec

from daemon.errors import Untranslatable

Origin = Literal["export", "cost_explorer"]
"""Where a line is from. Both tell of the same money: where an export has a day, Cost Explorer is not added to it."""

CURRENCY = "USD"
MILLION = 1_000_000


class BillLine(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What one kind of usage of one service cost on one UTC day, credits and corrections included.

    day: ISO 8601. usage: AWS's usage type, empty where the bill has none. amount_microcents: below 0 for a credit.
    quantity_millionths: of the unit that AWS counts in. peak_hour_millionths: of the hour with most of it; 0 where the
    bill has days alone.
    """

    day: str
    service: str
    usage: str
    amount_microcents: int
    quantity_millionths: int = 0
    peak_hour_millionths: int = 0


def checked_currency(written: str, where: str) -> None:
    """Raise Untranslatable for money that is not in dollars: adding it up would be wrong by the rate."""
    if written != CURRENCY:
        raise Untranslatable(f"{where} is {written[:10]!r}; only bills in {CURRENCY} are added up.")


def checked_day(written: str, where: str) -> date:
    """The UTC day of ``2026-11-24`` or of an instant that begins with it."""
    try:
        return date.fromisoformat(written[:10])
    except ValueError:
        raise Untranslatable(f"{where} is no day: {written[:40]!r}.") from None

"""How payments went on after a loss: when as many went well as before, and whether one that was told is missing."""

import sqlite3
from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from payment_core.payments.model import Payment
from payment_core.payments.states import PaymentStatus
from payment_core.store.records import kind_of
from payment_core.store.sqlite.tables import open_for_reading
from payment_core.store.stage import Registry

STEADY_SECONDS = 5
"""So long payments have to go as before until they are said to."""
AS_BEFORE_PERCENT = 90
"""Of what went well in a second before the loss: customers do not come evenly."""
SETTLING_SECONDS = 2
"""The first seconds of a run are not counted to what was before."""
_GONE = frozenset({PaymentStatus.DECLINED, PaymentStatus.FAILED, PaymentStatus.HELD, PaymentStatus.PROCESSING})
"""A client of these was told no success."""


def good_by_second(payments: Path) -> Counter[int]:
    """Payments that went well, by the second in which they were begun (Unix). Probes do not count.

    Raises DatabaseUnusable when the file is no payment store, and sqlite3.Error when it cannot be read.
    """
    registry = Registry((Payment,))
    found: Counter[int] = Counter()
    with closing(open_for_reading(payments)) as connection:
        for payment in _payments(connection, registry):
            if payment.status not in _GONE and payment.purpose != "health":
                found[payment.created_at_ms // 1000] += 1
    return found


def recovered_after_ms(good: Mapping[int, int], lost_second: int, until_second: int) -> int | None:
    """How long after the loss payments began to go as before, and went on so; None when they did not in this time.

    lost_second: in which something was lost. until_second: the last whole second of the traffic, excluded.
    """
    first = min(good, default=lost_second) + SETTLING_SECONDS
    before = [good.get(second, 0) for second in range(first, lost_second)]
    if not before or sum(before) == 0:
        return None
    for second in range(lost_second, until_second - STEADY_SECONDS + 1):
        after = sum(good.get(one, 0) for one in range(second, second + STEADY_SECONDS))
        # Whole numbers: after / STEADY_SECONDS >= 90 % of sum(before) / len(before).
        if after * len(before) * 100 >= sum(before) * STEADY_SECONDS * AS_BEFORE_PERCENT:
            return (second - lost_second) * 1000
    return None


def _payments(connection: sqlite3.Connection, registry: Registry) -> list[Payment]:
    rows = connection.execute("SELECT body FROM records WHERE kind = ?", (kind_of(Payment),))
    decoded = (registry.decode(kind_of(Payment), body) for (body,) in rows)
    return [one for one in decoded if isinstance(one, Payment)]

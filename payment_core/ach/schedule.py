"""What a bank and the operator allow each day: cut-offs, settlement hours and limits."""

from datetime import time

import msgspec


class SameDayWindow(msgspec.Struct, frozen=True):
    """deadline: of the operator, Eastern time; settlement: when what met it settles that day."""

    deadline: time
    settlement: time


FEDACH_WINDOWS = (
    SameDayWindow(time(10, 30), time(13)),
    SameDayWindow(time(14, 45), time(17)),
    SameDayWindow(time(16, 45), time(18)),
)


class AchSchedule(msgspec.Struct, frozen=True):
    """Times are Eastern, amounts in cents.

    buffer_minutes: how long before the operator's deadline our own bank closes (30 to 60).
    standard_cutoff: what comes later counts for the next banking day.
    same_day_amount_cents_max: for each entry; Nacha's limit is $1,000,000 and may rise.
    credit_banking_days, debit_banking_days: from processing to the effective date of a standard entry.
    """

    windows: tuple[SameDayWindow, ...] = FEDACH_WINDOWS
    buffer_minutes: int = 60
    standard_cutoff: time = time(17)
    standard_settlement: time = time(8, 30)
    same_day_amount_cents_max: int = 100_000_000
    same_day_excluded_classes: frozenset[str] = frozenset({"IAT", "ENR"})
    credit_banking_days: int = 1
    debit_banking_days: int = 1

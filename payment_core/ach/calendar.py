"""Banking days, cut-offs and settlement instants of the Federal Reserve, in Eastern time with its daylight saving."""

from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

import msgspec

from checks.banking_days import is_banking_day
from payment_core.ach.codes.returns import Timeframe
from payment_core.ach.codes.transaction_codes import Direction
from payment_core.ach.schedule import AchSchedule

ZONE = ZoneInfo("America/New_York")
DAYS_BY_TIMEFRAME = {Timeframe.TWO_BANKING_DAYS: 2, Timeframe.FIVE_BANKING_DAYS: 5}
UNAUTHORIZED_CALENDAR_DAYS = 60
REVERSAL_BANKING_DAYS_MAX = 5
MILLISECONDS = 1000


def banking_day_on_or_after(day: date) -> date:
    """The day itself, or the next one on which the Federal Reserve settles."""
    while not is_banking_day(day):
        day += timedelta(days=1)
    return day


def add_banking_days(day: date, count: int) -> date:
    """So many banking days after the day, or before it when count is negative; with 0 the day itself, if it is one."""
    if count == 0:
        return banking_day_on_or_after(day)
    step = timedelta(days=1 if count > 0 else -1)
    left = abs(count)
    while left:
        day += step
        left -= is_banking_day(day)
    return day


def instant_ms(day: date, moment: time) -> int:
    """Unix epoch milliseconds of a wall clock time in New York."""
    return int(datetime.combine(day, moment, ZONE).timestamp()) * MILLISECONDS


def local_time(at_ms: int) -> datetime:
    """The wall clock in New York at a Unix instant."""
    return datetime.fromtimestamp(at_ms // MILLISECONDS, UTC).astimezone(ZONE)


class Reason(StrEnum):
    """Why an entry settles when it does, in order of precedence."""

    SAME_DAY = "same_day"
    STANDARD = "standard"
    CLASS_NOT_ELIGIBLE = "class_not_eligible"
    OVER_LIMIT = "over_limit"
    NOT_A_BANKING_DAY = "not_a_banking_day"
    TOO_LATE = "too_late"


class Settlement(msgspec.Struct, frozen=True):
    """submit_by_ms: our bank's cut-off, for same-day entries. All instants are UTC epoch milliseconds."""

    reason: Reason
    effective_date: date
    settles_at_ms: int
    submit_by_ms: int | None = None

    @property
    def same_day(self) -> bool:
        """Whether it settles on the day it was given in."""
        return self.reason is Reason.SAME_DAY


def plan_settlement(
    at_ms: int, direction: Direction, amount_cents: int, sec_code: str, schedule: AchSchedule, *, same_day: bool
) -> Settlement:
    """When an entry that is given to the bank at this instant settles.

    A same-day entry that is too late, too large or of a class that is not eligible rolls to the next banking day.
    """
    now = local_time(at_ms)
    if not same_day:
        return _standard(now, direction, schedule)
    refusal = _refusal(now.date(), amount_cents, sec_code, schedule)
    if refusal is None:
        for window in schedule.windows:
            cutoff_ms = instant_ms(now.date(), window.deadline) - schedule.buffer_minutes * 60 * MILLISECONDS
            if at_ms <= cutoff_ms:
                settles_at_ms = instant_ms(now.date(), window.settlement)
                return Settlement(Reason.SAME_DAY, now.date(), settles_at_ms, cutoff_ms)
        refusal = Reason.TOO_LATE
    effective = add_banking_days(now.date(), 1)
    return Settlement(refusal, effective, instant_ms(effective, schedule.standard_settlement))


def _refusal(day: date, amount_cents: int, sec_code: str, schedule: AchSchedule) -> Reason | None:
    if sec_code in schedule.same_day_excluded_classes:
        return Reason.CLASS_NOT_ELIGIBLE
    if amount_cents > schedule.same_day_amount_cents_max:
        return Reason.OVER_LIMIT
    return None if is_banking_day(day) else Reason.NOT_A_BANKING_DAY


def _standard(now: datetime, direction: Direction, schedule: AchSchedule) -> Settlement:
    processed = banking_day_on_or_after(now.date())
    if processed == now.date() and now.time() > schedule.standard_cutoff:
        processed = add_banking_days(processed, 1)
    days = schedule.credit_banking_days if direction is Direction.CREDIT else schedule.debit_banking_days
    effective = add_banking_days(processed, days)
    return Settlement(Reason.STANDARD, effective, instant_ms(effective, schedule.standard_settlement))


def return_deadline(settled_on: date, timeframe: Timeframe) -> date:
    """The last day on which a return (or dishonored return) of an entry that settled then reaches us in time.

    Two banking days: by opening of the second banking day after settlement. Sixty calendar days: by opening of the
    banking day after the sixtieth day, since a return may be sent on that day.
    """
    if timeframe is Timeframe.SIXTY_CALENDAR_DAYS:
        sixtieth = settled_on + timedelta(days=UNAUTHORIZED_CALENDAR_DAYS)
        return add_banking_days(sixtieth, 1)
    return add_banking_days(settled_on, DAYS_BY_TIMEFRAME[timeframe])


def same_day_marker(moment: time) -> str:
    """SDHHMM for the descriptive date: the intent to settle at this time, Eastern."""
    return f"SD{moment:%H%M}"

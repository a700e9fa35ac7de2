"""Decides when an entry settles, in which file it goes, and which batch of it; pure."""

from collections.abc import Iterable
from datetime import date, time

import msgspec

from checks.banking_days import is_banking_day
from config.ach import Ach
from payment_core.ach.building.specs import BatchSpec
from payment_core.ach.calendar import (
    Reason,
    Settlement,
    add_banking_days,
    banking_day_on_or_after,
    instant_ms,
    local_time,
    plan_settlement,
    same_day_marker,
)
from payment_core.ach.codes.descriptions import MICRO_ENTRY
from payment_core.ach.codes.transaction_codes import Direction
from payment_core.ach.files.model import AchEntry, AchFile, EntryDirection, SecCode
from payment_core.ach.schedule import AchSchedule
from payment_core.ach.validation.headers import CREDITS, DEBITS, MIXED

MINUTE_MS = 60_000


class FilePlan(msgspec.Struct, frozen=True, order=True):
    """Entries with equal plans may share a file. effective_on: ISO date. submit_by_ms: our bank's cut-off."""

    submit_by_ms: int
    effective_on: str
    settles_at_ms: int
    same_day: bool


def plan_entry(
    now_ms: int, direction: EntryDirection, amount_cents: int, sec: SecCode, schedule: AchSchedule, *, same_day: bool
) -> FilePlan:
    """The file that settles an entry earliest, of those that still can be given to the bank.

    A same-day entry that is too late for today goes into today's standard file or into tomorrow's first window,
    whichever settles first; one that is too large is a standard entry.
    """
    way = Direction(direction)
    standard = _standard(now_ms, plan_settlement(now_ms, way, amount_cents, sec, schedule, same_day=False), schedule)
    if not same_day:
        return standard
    settlement = plan_settlement(now_ms, way, amount_cents, sec, schedule, same_day=True)
    if settlement.reason in {Reason.TOO_LATE, Reason.NOT_A_BANKING_DAY} and schedule.windows:
        today = local_time(now_ms).date()
        opening = instant_ms(add_banking_days(today, 1), time(0))
        settlement = plan_settlement(opening, way, amount_cents, sec, schedule, same_day=True)
    if not settlement.same_day or settlement.submit_by_ms is None:
        return standard
    planned = FilePlan(
        settlement.submit_by_ms, settlement.effective_date.isoformat(), settlement.settles_at_ms, same_day=True
    )
    return planned if planned.settles_at_ms < standard.settles_at_ms else standard


def _standard(now_ms: int, settlement: Settlement, schedule: AchSchedule) -> FilePlan:
    now = local_time(now_ms)
    day = now.date()
    if is_banking_day(day) and now.time() > schedule.standard_cutoff:
        day = add_banking_days(day, 1)
    submit_by_ms = instant_ms(banking_day_on_or_after(day), schedule.standard_cutoff)
    return FilePlan(submit_by_ms, settlement.effective_date.isoformat(), settlement.settles_at_ms, same_day=False)


def plan_of(entry: AchEntry, now_ms: int, schedule: AchSchedule) -> FilePlan:
    """The plan of a stored entry."""
    return plan_entry(now_ms, entry.direction, entry.amount_cents, entry.sec, schedule, same_day=entry.same_day)


def due_groups(
    entries: Iterable[AchEntry], now_ms: int, schedule: AchSchedule, build_ahead_minutes: int
) -> list[tuple[FilePlan, list[AchEntry]]]:
    """The files whose time to be built has come, the one with the earliest cut-off first, each in order of batches."""
    groups: dict[FilePlan, list[AchEntry]] = {}
    for entry in entries:
        plan = plan_of(entry, now_ms, schedule)
        if now_ms >= plan.submit_by_ms - build_ahead_minutes * MINUTE_MS:
            groups.setdefault(plan, []).append(entry)
    # The subject comes before the id, so that the micro-entries of one account stay together.
    return [
        (plan, sorted(groups[plan], key=lambda entry: (*_batch_order(entry), entry.subject_id, entry.id)))
        for plan in sorted(groups)
    ]


def settlement_at_submission(file: AchFile, now_ms: int, schedule: AchSchedule) -> int:
    """When a file settles that is handed over now; later than planned when the bank's cut-off has passed."""
    if now_ms <= file.submit_by_ms:
        return file.settles_at_ms
    late = plan_settlement(now_ms, Direction.CREDIT, 0, "CCD", schedule, same_day=False)
    return max(file.settles_at_ms, late.settles_at_ms)


def batch_spec(entry: AchEntry, file: AchFile, ach: Ach) -> BatchSpec:
    """The batch of an entry: another entry class, description or direction is another batch.

    Micro-entries stand in one mixed batch, because their debits must not be more than their credits.
    """
    mixed = entry.description == MICRO_ENTRY
    marker = same_day_marker(local_time(file.settles_at_ms).time()) if file.same_day else ""
    return BatchSpec(
        company_name=ach.company.name,
        company_id=ach.company.id,
        sec_code=entry.sec,
        description=entry.description,
        effective_date=date.fromisoformat(file.effective_on),
        service_class=MIXED if mixed else CREDITS if entry.direction == "credit" else DEBITS,
        descriptive_date=marker,
    )


def _batch_order(entry: AchEntry) -> tuple[str, str, str]:
    direction = "" if entry.description == MICRO_ENTRY else entry.direction
    return entry.sec, entry.description, direction

"""The job that pays each provider what it has, once per banking day or week, in one payout."""

from datetime import date, time, timedelta

import structlog

from checks.banking_days import is_banking_day
from config.ach import Ach
from payment_core.ach.calendar import banking_day_on_or_after, local_time
from payment_core.errors import CoreError
from payment_core.flags.context import provider_context
from payment_core.flags.declared import DIRECT_ACH_TRANSFERS, Gates
from payment_core.identifiers import new_id
from payment_core.origin import Origin
from payment_core.payouts.model import Payout, PayoutSlot, ScheduleProgress
from payment_core.payouts.ports import Assessed
from payment_core.payouts.refusals import PayoutRefusal
from payment_core.payouts.requesting import Requesting, Wanted
from payment_core.payouts.scoring import Scoring
from payment_core.providers.model import Provider
from payment_core.store.port import LedgerStore, Transaction, Work
from payment_core.store.records import Listing

_log = structlog.get_logger(__name__)

ACTOR = "sweep:payout-schedule"
PROVIDERS_PER_RUN = 100
DAYS_PER_WEEK = 7
NOBODY = ""
"""Whom targeting rules of single providers do not name."""


class ScheduleJob:
    """The slot ``provider:date`` is written with the payout, so neither a crash nor a second process pays twice.

    flags: while bank transfers are off nobody is paid, and the day goes on where it was once they are on again; a
    provider for whom alone they are off is paid on its next payday.
    """

    def __init__(
        self, store: LedgerStore, ach: Ach, requesting: Requesting, scoring: Scoring, flags: Gates, origin: Origin
    ) -> None:
        self._store = store
        self._terms = ach.payouts
        self._requesting = requesting
        self._scoring = scoring
        self._flags = flags
        self._origin = origin

    async def run_once(self, now_ms: int) -> int:
        """How many payouts were made; nothing before the hour, and nothing when the banks are closed."""
        moment = local_time(now_ms)
        today = moment.date()
        if not is_banking_day(today) or moment.time() < time.fromisoformat(self._terms.schedule_at):
            return 0
        if not self._open_to(NOBODY):
            return 0
        progress = await self._store.read(ScheduleProgress, today.isoformat())
        if progress is not None and progress.done:
            return 0
        after = "" if progress is None else progress.after
        page = await self._store.query(Listing(Provider, after=after, limit=PROVIDERS_PER_RUN))
        made = 0
        for provider in page:
            made += await self._pay(provider, today, now_ms)
        await self._store.transact(
            _noting(
                today.isoformat(),
                page[-1].id if page else after,
                done=len(page) < PROVIDERS_PER_RUN,
            ),
            ACTOR,
        )
        return made

    async def _pay(self, provider: Provider, today: date, now_ms: int) -> bool:
        """Whether a payout was made. A provider that fails is tried again tomorrow, and the others are paid today."""
        if not is_payday(provider, today, self._terms.weekly_on) or provider.status == "closed":
            return False
        if not self._open_to(provider.id):
            return False
        slot = f"{provider.id}:{today.isoformat()}"
        wanted = Wanted(
            payout_id=new_id("po", now_ms),
            provider_id=provider.id,
            source="schedule",
            slot=slot,
            actor=ACTOR,
            fits=True,
        )
        try:
            if await self._store.read(PayoutSlot, slot) is not None:
                return False
            disputed_cents = await self._scoring.disputed_cents(provider.id)
            assessed = await self._scoring.score(wanted, now_ms)
            if assessed is None:
                return False
            payout = await self._store.transact(self._paying(wanted, assessed, disputed_cents), ACTOR)
        except CoreError as fault:
            _log.error("provider was not paid", action="payout_schedule_failed", slot=slot, fault=type(fault).__name__)
            return False
        return isinstance(payout, Payout)

    def _open_to(self, provider_id: str) -> bool:
        return self._flags.enabled(DIRECT_ACH_TRANSFERS, provider_context(self._origin, provider_id))

    def _paying(self, wanted: Wanted, assessed: Assessed, disputed_cents: int) -> Work[Payout | PayoutRefusal | None]:
        def work(transaction: Transaction) -> Payout | PayoutRefusal | None:
            if transaction.get(PayoutSlot, wanted.slot) is not None:
                return None
            payout = self._requesting.request(transaction, wanted, assessed, disputed_cents)
            if isinstance(payout, Payout):
                transaction.put(PayoutSlot(id=wanted.slot, payout_id=payout.id))
            return payout

        return work


def is_payday(provider: Provider, today: date, weekly_on: int) -> bool:
    """Whether the provider's schedule pays on this banking day.

    weekly_on: 1 Monday to 5 Friday; when the banks are closed then, the next banking day, even in the next week.
    """
    match provider.payout_schedule:
        case "daily":
            return True
        case "manual":
            return False
        case "weekly":
            monday = today - timedelta(days=today.weekday())
            weeks = (monday, monday - timedelta(days=DAYS_PER_WEEK))
            return any(banking_day_on_or_after(week + timedelta(days=weekly_on - 1)) == today for week in weeks)


def _noting(day: str, after: str, *, done: bool) -> Work[None]:
    def work(transaction: Transaction) -> None:
        known = transaction.get(ScheduleProgress, day)
        if known is None or known.after <= after:
            transaction.put(ScheduleProgress(id=day, after=after, done=done))

    return work

"""The job that publishes how many debits came back, by Nacha's three families, once an hour."""

from datetime import date, timedelta

from checks.facts import AchReturnRate
from payment_core.ach.calendar import local_time
from payment_core.ach.files.incoming.model import RateFamily, ReturnRate
from payment_core.ach.files.model import DebitDay
from payment_core.operations.documents import next_of
from payment_core.origin import Origin
from payment_core.store.port import LedgerStore, Transaction, Work

ACTOR = "sweep:ach-rates"
DAYS = 60
"""Nacha counts the debits originated in the last 60 days, by the day on which they were originated."""


class RatesJob:
    """Publishes each hour once, also with several processes."""

    def __init__(self, store: LedgerStore, origin: Origin) -> None:
        self._store = store
        self._origin = origin

    async def run_once(self, now_ms: int) -> int:
        """How many rates were published."""
        moment = local_time(now_ms)
        slot = f"{moment:%Y-%m-%dT%H%z}"
        known = await self._store.read(ReturnRate, "overall")
        if known is not None and known.slot == slot:
            return 0
        days = await self._days(moment.date())
        originated = sum(day.originated for day in days)
        if originated == 0:
            # No debits have no rate; a rate of zero would look like a good one.
            return 0
        returned: dict[RateFamily, int] = {
            "unauthorized": sum(day.unauthorized for day in days),
            "administrative": sum(day.administrative for day in days),
            "overall": sum(day.returned for day in days),
        }
        published = 0
        for family, count in returned.items():
            published += await self._store.transact(self._publishing(family, slot, count, originated), ACTOR)
        return published

    async def _days(self, today: date) -> list[DebitDay]:
        ids = [(today - timedelta(days=age)).isoformat() for age in range(DAYS)]
        found = [await self._store.read(DebitDay, day_id) for day_id in ids]
        return [day for day in found if day is not None]

    def _publishing(self, family: RateFamily, slot: str, returned: int, originated: int) -> Work[bool]:
        def work(transaction: Transaction) -> bool:
            known = transaction.get(ReturnRate, family)
            if known is not None and known.slot == slot:
                return False
            fields = {"slot": slot, "returned": returned, "originated": originated}
            rate = (
                ReturnRate(
                    id=family,
                    created_at_ms=transaction.now_ms,
                    updated_at_ms=transaction.now_ms,
                    slot=slot,
                    returned=returned,
                    originated=originated,
                )
                if known is None
                else next_of(known, transaction.now_ms, **fields)
            )
            fact = AchReturnRate(
                id=f"ach-return-rate.{family}.{slot}",
                at_ms=transaction.now_ms,
                subject=family,
                region=self._origin.region,
                environment=self._origin.environment,
                version=self._origin.release,
                family=family,
                ratio=returned / originated,
                returned=returned,
                originated=originated,
            )
            transaction.change(rate, fact)
            return True

        return work

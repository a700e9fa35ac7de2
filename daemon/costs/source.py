"""The bill as a source of facts: asks Cost Explorer a few times a day, and looks for new exports every hour."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Protocol

import structlog

from checks.facts import CostLine, Fact
from config.costs import CostSettings
from daemon.costs.book import KEPT_DAYS, Change, CostBook, Forecast
from daemon.costs.exports import ExportPlace, Found, deliveries, read_delivery
from daemon.costs.focus import Export
from daemon.costs.line import MILLION, BillLine, Origin
from daemon.errors import DaemonError, NotUsable, Untranslatable
from daemon.sources.sink import FactSink
from remediation.ports import Clock

log = structlog.get_logger()

SOURCE = "bill"
"""What these facts are counted under."""
LOOK_SECONDS = 3_600.0
"""A look at exports is one listing, whose price does not show; AWS writes them at most daily."""
ASKED_DAYS = 35
"""Cost Explorer corrects a month until its bill is final, some days into the next one."""
SETTLED_DAYS = 2
"""A day is complete in a bill no earlier than a day after it ended, so today and yesterday are not told."""
TOLD_DAYS = 35
"""Older days go into the book alone: no rule looks back so far, and a first export may bring a year."""
FACTS_PER_CALL = 1_000
DAY_MS = 86_400_000
ASKED_COSTS, ASKED_FORECAST = "GetCostAndUsage", "GetCostForecast"


@dataclass(frozen=True, slots=True)
class CostAnswer:
    """Lines, and the calls that they took, $0.01 each."""

    lines: tuple[BillLine, ...]
    calls: int


@dataclass(frozen=True, slots=True)
class ForecastAnswer:
    """None: AWS has too little history."""

    amount_microcents: int | None
    calls: int


class Costs(Protocol):
    """Cost Explorer. Raises AwsFailed, and Untranslatable for what cannot be added up."""

    async def daily(self, first_day: str, until_day: str) -> CostAnswer:
        """The days from the first on, the last excluded."""

    async def forecast(self, first_day: str, until_day: str) -> ForecastAnswer:
        """What is expected of these days."""


class CostQuarantine(Protocol):
    """Where bad rows go."""

    async def put(self, source: str, body: bytes | str, what: str, now_ms: int) -> object:
        """Put a row aside with what is wrong with it."""


class BillSource:
    """Reads the bill for ever. costs, place: None for what is not configured."""

    def __init__(
        self,
        book: CostBook,
        settings: CostSettings,
        sink: FactSink,
        quarantine: CostQuarantine,
        clock: Clock,
        *,
        costs: Costs | None,
        place: ExportPlace | None,
        region: str,
        account_id: str,
    ) -> None:
        self._book = book
        self._settings = settings
        self._sink = sink
        self._quarantine = quarantine
        self._clock = clock
        self._costs = costs
        self._place = place
        self._region = region
        self._account_id = account_id
        self._heard_at_ms = 0

    @property
    def name(self) -> str:
        """What the facts of this source are counted under."""
        return SOURCE

    @property
    def heard_at_ms(self) -> int:
        """When everything was last read without a fault; 0 before the first time."""
        return self._heard_at_ms

    @property
    def silent_after_ms(self) -> int:
        """Two looks, or two polls where only Cost Explorer is asked, and an hour for their faults."""
        every = self._settings.every if self._place is None else LOOK_SECONDS
        return round((2 * every + LOOK_SECONDS) * 1000)

    async def run(self) -> None:
        """Look until cancelled; no fault of AWS, of a file or of the sink ends it."""
        while True:
            await self.look()
            await self._clock.sleep(LOOK_SECONDS)

    async def look(self) -> bool:
        """Read what is due once; whether all of it could be read."""
        whole = await self._try("exports", self._read_exports)
        whole = await self._try("cost explorer", self._ask) and whole
        if whole:
            self._heard_at_ms = self._clock.now_ms()
            await self._try("pruning", lambda: self._book.prune(self._day(-KEPT_DAYS)))
        return whole

    async def _try(self, what: str, read: "Read") -> bool:
        try:
            await read()
        except Exception as fault:  # the sink may fail in any way; the next look reads again
            expected = isinstance(fault, DaemonError)
            log.warning(
                "the bill was not read",
                action="bill_failed",
                part=what,
                error=str(fault),
                exc_info=None if expected else fault,
            )
            return False
        return True

    async def _ask(self) -> None:
        """Ask once an interval, by the book: a restart does not pay again for what was asked an hour ago."""
        if self._costs is None:
            return
        now_ms = self._clock.now_ms()
        if now_ms - (await self._book.asked(ASKED_COSTS)).at_ms < self._settings.every * 1000:
            await self._tell("cost_explorer")
            return
        first, until = self._day(-ASKED_DAYS), self._day(0)
        answer = await self._costs.daily(first, until)
        await self._book.take_days(answer.lines, first, until)
        await self._book.note_asked(ASKED_COSTS, now_ms, answer.calls)
        await self._tell("cost_explorer")
        await self._ask_forecast(self._costs, now_ms)

    async def _ask_forecast(self, costs: Costs, now_ms: int) -> None:
        today = date.fromisoformat(self._day(0))
        answer = await costs.forecast(today.isoformat(), next_month(today).isoformat())
        await self._book.note_asked(ASKED_FORECAST, now_ms, answer.calls)
        if answer.amount_microcents is not None:
            await self._book.keep_forecast(self._day(0)[:7], Forecast(answer.amount_microcents, now_ms))

    async def _read_exports(self) -> None:
        if self._place is None:
            return
        unread: NotUsable | None = None
        for found in deliveries(await self._place.files()):
            try:
                if not await self._book.is_known(found.delivery):
                    await self._take_delivery(self._place, found)
            except NotUsable as fault:
                # A reader that is missing here says nothing about the file: the next look tries it again.
                unread = fault
        await self._tell("export")
        if unread is not None:
            raise unread

    async def _take_delivery(self, place: ExportPlace, found: Found) -> None:
        """Take one delivery over whole; one that is no export is put aside once, and the others are read."""
        name = found.delivery.name
        try:
            export = await read_delivery(place, found, self._account_id)
        except Untranslatable as fault:
            await self._quarantine.put(SOURCE, name, fault.detail, self._clock.now_ms())
            await self._book.refuse(found.delivery)
            return
        await self._put_aside(name, export)
        await self._book.take_export(found.delivery, export.periods, export.bad_count)
        log.info(
            "cost export taken over",
            action="export_taken",
            delivery=name,
            periods=len(export.periods),
            bad_rows=export.bad_count,
            other_accounts=export.others,
        )

    async def _put_aside(self, name: str, export: Export) -> None:
        for row in export.bad:
            await self._quarantine.put(SOURCE, row.text, f"{row.file}:{row.line}: {row.what}", self._clock.now_ms())
        more = export.bad_count - len(export.bad)
        if more > 0:
            await self._quarantine.put(SOURCE, name, f"{name}: {more} more rows cannot be used.", self._clock.now_ms())

    async def _tell(self, origin: Origin) -> None:
        """Hand over what is new or was corrected, then remember it: in between a crash tells it twice under one id."""
        changes = await self._book.changes(origin, self._day(-TOLD_DAYS), self._day(1 - SETTLED_DAYS))
        for first in range(0, len(changes), FACTS_PER_CALL):
            part = changes[first : first + FACTS_PER_CALL]
            await self._sink.accept(self._facts(origin, part), SOURCE)
            await self._book.told(origin, part)

    def _facts(self, origin: Origin, changes: Sequence[Change]) -> list[Fact]:
        return [
            CostLine(
                id=f"bill-{origin}-{self._account_id}-{one.day}-{one.service}-{one.revision}-{one.amount_microcents}",
                at_ms=day_ms(one.day) + DAY_MS,
                subject=one.service,
                region=self._region,
                source=origin,
                amount_microcents=one.amount_microcents,
                expected_microcents=expected_microcents(self._settings.expected_daily_cents, one.service),
                account_id=self._account_id,
            )
            for one in changes
        ]

    def _day(self, offset: int) -> str:
        return (utc_day(self._clock.now_ms()) + timedelta(days=offset)).isoformat()


class Read(Protocol):
    """Reads something of the bill."""

    async def __call__(self) -> None:
        """Read it."""


def expected_microcents(expected_daily_cents: Mapping[str, int], service: str) -> int:
    """What was planned for a day of the service; 0 where nothing was."""
    return expected_daily_cents.get(service, 0) * MILLION


def utc_day(at_ms: int) -> date:
    """The UTC day, in which AWS bills."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).date()


def day_ms(day: str) -> int:
    """When the UTC day begins."""
    return round(datetime.fromisoformat(f"{day}T00:00:00+00:00").timestamp() * 1000)


def next_month(day: date) -> date:
    """The first day of the month after."""
    return date(day.year + 1, 1, 1) if day.month == 12 else date(day.year, day.month + 1, 1)  # noqa: PLR2004  # December

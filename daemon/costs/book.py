"""The bill on disk: lines by origin and period, what was told of them as facts, and when AWS was asked last."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from daemon.costs.line import BillLine, Origin
from daemon.errors import CostsNotKept
from daemon.storage.durable_file import DurableFile

FILE = "costs.db"
KEPT_DAYS = 400
"""A year and a month, so that a month can be held against the same one a year ago; some 40 lines a day."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS lines (
    origin TEXT NOT NULL, period TEXT NOT NULL, day TEXT NOT NULL, service TEXT NOT NULL, usage TEXT NOT NULL,
    amount INTEGER NOT NULL, quantity INTEGER NOT NULL, peak INTEGER NOT NULL,
    PRIMARY KEY (origin, period, day, service, usage)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS lines_by_day ON lines (day);
CREATE TABLE IF NOT EXISTS told (
    origin TEXT NOT NULL, day TEXT NOT NULL, service TEXT NOT NULL, amount INTEGER NOT NULL, revision INTEGER NOT NULL,
    PRIMARY KEY (origin, day, service)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS periods (
    period TEXT PRIMARY KEY, delivery TEXT NOT NULL, changed_ms INTEGER NOT NULL, bad_rows INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS deliveries (name TEXT PRIMARY KEY, fingerprint TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS asked (what TEXT PRIMARY KEY, at_ms INTEGER NOT NULL, calls INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS forecasts (month TEXT PRIMARY KEY, amount INTEGER NOT NULL, at_ms INTEGER NOT NULL)
    WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class ServiceDay:
    """What one service cost on one day. origin: the one that is believed for this day."""

    day: str
    service: str
    amount_microcents: int
    origin: Origin


@dataclass(frozen=True, slots=True)
class Change:
    """A day of a service whose amount is another than was told. revision: from 1, one more for each correction."""

    day: str
    service: str
    amount_microcents: int
    revision: int


@dataclass(frozen=True, slots=True)
class Asked:
    """When something was last asked for, and how many calls that took since the book was begun."""

    at_ms: int = 0
    calls: int = 0


@dataclass(frozen=True, slots=True)
class Forecast:
    """What AWS forecast of a month. at_ms: when it said so."""

    amount_microcents: int
    at_ms: int


@dataclass(frozen=True, slots=True)
class Delivery:
    """One delivery of an export. name: of its folder or file. fingerprint: another one means other content."""

    name: str
    fingerprint: str
    changed_ms: int


class CostBook:
    """SQLite behind one thread. Every method raises CostsNotKept when the disk does not do its part."""

    def __init__(self, path: Path) -> None:
        self._file = DurableFile(path, CostsNotKept)

    @classmethod
    async def open(cls, path: Path) -> Self:
        """Open or begin the book."""
        book = cls(path)
        await book._file.open(_SCHEMA)
        return book

    async def close(self) -> None:
        """Close the file."""
        await self._file.close()

    async def is_known(self, delivery: Delivery) -> bool:
        """Whether exactly this was taken over before."""
        return await self._file.run(lambda: self._is_known(delivery))

    async def take_export(self, delivery: Delivery, periods: dict[str, list[BillLine]], bad_rows: int) -> None:
        """Replace each billing period that the delivery holds, whole, so that it may come any number of times.

        A period that a later delivery has filled is left as it is.
        """
        await self._file.run(lambda: self._take_export(delivery, periods, bad_rows))

    async def take_days(self, lines: Sequence[BillLine], first_day: str, until_day: str) -> None:
        """Replace the days of Cost Explorer from the first on, the last excluded."""
        await self._file.run(lambda: self._take_days(lines, first_day, until_day))

    async def refuse(self, delivery: Delivery) -> None:
        """Remember a delivery that cannot be used, so that it is put aside once and not at every look."""
        await self._file.run(lambda: self._note_delivery(delivery))

    async def changes(self, origin: Origin, first_day: str, until_day: str) -> list[Change]:
        """What differs from what was told, of these days, the last excluded, in order of days."""
        return await self._file.run(lambda: self._changes(origin, first_day, until_day))

    async def told(self, origin: Origin, changes: Sequence[Change]) -> None:
        """These were told, durably."""
        rows = [(origin, one.day, one.service, one.amount_microcents, one.revision) for one in changes]
        await self._file.run(lambda: self._write("INSERT OR REPLACE INTO told VALUES (?, ?, ?, ?, ?)", rows))

    async def asked(self, what: str) -> Asked:
        """When this was last asked for."""
        return await self._file.run(lambda: self._asked(what))

    async def note_asked(self, what: str, at_ms: int, calls: int) -> None:
        """It was asked for, in so many calls."""
        await self._file.run(lambda: self._note_asked(what, at_ms, calls))

    async def keep_forecast(self, month: str, forecast: Forecast) -> None:
        """What AWS expects of a month, ``2026-11``."""
        row = (month, forecast.amount_microcents, forecast.at_ms)
        await self._file.run(lambda: self._write("INSERT OR REPLACE INTO forecasts VALUES (?, ?, ?)", [row]))

    async def forecast(self, month: str) -> Forecast | None:
        """The newest forecast of a month, if there is one."""
        return await self._file.run(lambda: self._forecast(month))

    async def days(self, first_day: str, until_day: str) -> list[ServiceDay]:
        """By day and service, the last day excluded; a day that an export has is the export's alone."""
        return await self._file.run(lambda: self._days(first_day, until_day))

    async def usage(self, first_day: str, until_day: str) -> list[BillLine]:
        """The lines by usage of the same days, from the same origins."""
        return await self._file.run(lambda: self._usage(first_day, until_day))

    async def bad_rows(self, first_day: str) -> int:
        """Rows that could not be used, of the billing periods from this day on."""
        return await self._file.run(lambda: self._bad_rows(first_day))

    async def prune(self, before_day: str) -> None:
        """Forget the days before this one."""
        await self._file.run(lambda: self._prune(before_day))

    # What follows runs in the file's thread.

    def _is_known(self, delivery: Delivery) -> bool:
        found = self._file.database.execute("SELECT fingerprint FROM deliveries WHERE name = ?", (delivery.name,))
        return bool(found.fetchone() == (delivery.fingerprint,))

    def _take_export(self, delivery: Delivery, periods: dict[str, list[BillLine]], bad_rows: int) -> None:
        with self._file.transaction():
            for period, lines in periods.items():
                held = self._file.database.execute(
                    "SELECT delivery, changed_ms FROM periods WHERE period = ?", (period,)
                ).fetchone()
                if held is not None and held[0] != delivery.name and held[1] > delivery.changed_ms:
                    continue
                self._file.database.execute("DELETE FROM lines WHERE origin = 'export' AND period = ?", (period,))
                self._insert("export", period, lines)
                self._file.database.execute(
                    "INSERT OR REPLACE INTO periods VALUES (?, ?, ?, ?)",
                    (period, delivery.name, delivery.changed_ms, bad_rows),
                )
            self._note_delivery(delivery)

    def _note_delivery(self, delivery: Delivery) -> None:
        row = (delivery.name, delivery.fingerprint)
        self._file.database.execute("INSERT OR REPLACE INTO deliveries VALUES (?, ?)", row)

    def _take_days(self, lines: Sequence[BillLine], first_day: str, until_day: str) -> None:
        with self._file.transaction():
            self._file.database.execute(
                "DELETE FROM lines WHERE origin = 'cost_explorer' AND day >= ? AND day < ?", (first_day, until_day)
            )
            self._insert("cost_explorer", "", lines)

    def _insert(self, origin: Origin, period: str, lines: Sequence[BillLine]) -> None:
        self._file.database.executemany(
            "INSERT INTO lines VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    origin,
                    period,
                    line.day,
                    line.service,
                    line.usage,
                    line.amount_microcents,
                    line.quantity_millionths,
                    line.peak_hour_millionths,
                )
                for line in lines
            ],
        )

    def _write(self, statement: str, rows: Sequence[tuple[object, ...]]) -> None:
        with self._file.transaction():
            self._file.database.executemany(statement, rows)

    def _changes(self, origin: Origin, first_day: str, until_day: str) -> list[Change]:
        """A service that vanished from a day that was told is a correction to nothing."""
        rows = self._file.database.execute(_CHANGES, {"origin": origin, "first": first_day, "until": until_day})
        return [Change(day, service, amount, revision + 1) for day, service, amount, revision in rows]

    def _prune(self, before_day: str) -> None:
        with self._file.transaction():
            self._file.database.execute("DELETE FROM lines WHERE day < ?", (before_day,))
            self._file.database.execute("DELETE FROM told WHERE day < ?", (before_day,))

    def _asked(self, what: str) -> Asked:
        row = self._file.database.execute("SELECT at_ms, calls FROM asked WHERE what = ?", (what,)).fetchone()
        return Asked() if row is None else Asked(*row)

    def _note_asked(self, what: str, at_ms: int, calls: int) -> None:
        with self._file.transaction():
            self._file.database.execute(
                "INSERT OR REPLACE INTO asked VALUES (?, ?, ?)", (what, at_ms, self._asked(what).calls + calls)
            )

    def _forecast(self, month: str) -> Forecast | None:
        row = self._file.database.execute("SELECT amount, at_ms FROM forecasts WHERE month = ?", (month,)).fetchone()
        return None if row is None else Forecast(*row)

    def _days(self, first_day: str, until_day: str) -> list[ServiceDay]:
        rows = self._file.database.execute(
            f"SELECT day, service, sum(amount), origin {_BELIEVED} GROUP BY day, service, origin ORDER BY day, service",
            (first_day, until_day),
        )
        return [ServiceDay(*row) for row in rows]

    def _usage(self, first_day: str, until_day: str) -> list[BillLine]:
        rows = self._file.database.execute(
            f"SELECT day, service, usage, sum(amount), sum(quantity), max(peak) {_BELIEVED}"
            " GROUP BY day, service, usage ORDER BY day, service, usage",
            (first_day, until_day),
        )
        return [
            BillLine(
                day=day,
                service=service,
                usage=usage,
                amount_microcents=amount,
                quantity_millionths=quantity,
                peak_hour_millionths=peak,
            )
            for day, service, usage, amount, quantity, peak in rows
        ]

    def _bad_rows(self, first_day: str) -> int:
        found = self._file.database.execute(
            "SELECT coalesce(sum(bad_rows), 0) FROM periods WHERE period >= ?", (first_day,)
        )
        return int(found.fetchone()[0])


_CHANGES = """
SELECT day, service, sum(billed), max(revision) FROM (
    SELECT day, service, amount AS billed, 0 AS revision, 0 AS told FROM lines
        WHERE origin = :origin AND day >= :first AND day < :until
    UNION ALL
    SELECT day, service, 0, revision, amount FROM told WHERE origin = :origin AND day >= :first AND day < :until
) GROUP BY day, service HAVING sum(billed) <> sum(told) ORDER BY day, service
"""
"""A day that was never told has revision 0 and was told as nothing."""
_BELIEVED = (
    "FROM lines WHERE day >= ? AND day < ?"
    " AND (origin = 'export' OR day NOT IN (SELECT day FROM lines WHERE origin = 'export'))"
)
"""The export is the bill itself; Cost Explorer tells of the days that it does not have yet."""

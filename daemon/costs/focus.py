"""FOCUS 1.0 cost exports added up by day, service and usage, row by row; a bad row goes aside alone."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from pathlib import Path

from daemon.costs.line import MILLION, BillLine, checked_currency, checked_day
from daemon.costs.rows import rows_of
from daemon.errors import Untranslatable
from daemon.translate.money import microcents

REQUIRED = (
    "BilledCost",
    "BillingCurrency",
    "BillingPeriodStart",
    "ChargePeriodStart",
    "ChargePeriodEnd",
    "ServiceName",
)
"""Columns without which nothing can be added up (FOCUS 1.0, section 2: all of them are mandatory there)."""
ROWS_MAX = 5_000_000
"""A larger file is no bill of a payment system, and would hold the thread for minutes."""
BAD_ROWS_KEPT = 20
"""Put aside one by one; what follows is counted."""
HOUR_SECONDS = 3_600
SUMS_MAX = 500_000
"""Sums of a delivery that are held in memory, some 100 MB of them; hourly rows of 600 kinds of usage make as many."""
_QUANTITY_MAX = Decimal(10) ** 12


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that says nothing usable. line: in the file, of Parquet the row, from 1. text: the row itself."""

    file: str
    line: int
    what: str
    text: str


@dataclass(slots=True)
class Export:
    """What files say: lines by billing period (its first day). others: rows of accounts that are not ours."""

    periods: dict[str, list[BillLine]]
    bad: list[BadRow] = field(default_factory=list)
    bad_count: int = 0
    others: int = 0


@dataclass(slots=True)
class _Sum:
    amount: int = 0
    quantity: int = 0
    hours: dict[str, int] = field(default_factory=dict)


class FocusReader:
    """Adds up files of one delivery. account_id: rows of other accounts are left out; empty takes all."""

    def __init__(self, account_id: str) -> None:
        self._account_id = account_id
        self._sums: dict[str, dict[tuple[str, str, str], _Sum]] = {}
        self._export = Export({})
        self._held = 0

    def add(self, name: str, path: Path) -> None:
        """Add one file, which lies at path.

        Raises Untranslatable, with the file's name, when it is no FOCUS export: nothing of the delivery is then used.
        Raises CostsNotKept when the disk does not give it, and NotUsable for Parquet without its reader.
        """
        try:
            self._add(name, path)
        except Untranslatable as fault:
            raise Untranslatable(f"{name}: {fault.detail}") from fault

    def export(self) -> Export:
        """Everything that was added."""
        self._export.periods = {
            period: [_line(key, total) for key, total in sorted(sums.items())] for period, sums in self._sums.items()
        }
        return self._export

    def _add(self, name: str, path: Path) -> None:
        rows = rows_of(path)
        line, header = next(rows, (1, list[str]()))
        missing = [column for column in REQUIRED if column not in header]
        if missing:
            where = f"line {line}: " if line > 0 else ""
            raise Untranslatable(f"{where}there is no column {missing[0]}; this is no FOCUS 1.0 export.")
        places = {column: place for place, column in enumerate(header)}
        for count, (line, cells) in enumerate(rows):
            if count >= ROWS_MAX:
                raise Untranslatable(f"line {line}: the file has more than {ROWS_MAX} rows.")
            if self._held > SUMS_MAX:
                raise Untranslatable(f"line {line}: the rows have more than {SUMS_MAX} sums; export by day.")
            self._take(name, line, cells, places)

    def _take(self, name: str, line: int, cells: list[str], places: dict[str, int]) -> None:
        if not cells:
            return
        try:
            self._sum(_row(cells, places))
        except Untranslatable as fault:
            self._export.bad_count += 1
            if len(self._export.bad) < BAD_ROWS_KEPT:
                self._export.bad.append(BadRow(name, line, fault.detail, ",".join(cells)))

    def _sum(self, row: dict[str, str]) -> None:
        sub_account = row.get("SubAccountId", "")
        account = row.get("BillingAccountId", "") if sub_account == "" else sub_account
        if self._account_id and account and account != self._account_id:
            self._export.others += 1
            return
        checked_currency(row["BillingCurrency"], "BillingCurrency")
        period = checked_day(row["BillingPeriodStart"], "BillingPeriodStart")
        begins = _instant(row["ChargePeriodStart"], "ChargePeriodStart")
        ends = _instant(row["ChargePeriodEnd"], "ChargePeriodEnd")
        amount = microcents(_number(row["BilledCost"], "BilledCost"), "BilledCost")
        quantity = _quantity(row.get("ConsumedQuantity", ""))
        if not row["ServiceName"]:
            raise Untranslatable("ServiceName is empty.")
        key = (begins.date().isoformat(), row["ServiceName"][:256], row.get("x_UsageType", "")[:256])
        sums = self._sums.setdefault(period.isoformat(), {})
        self._held += key not in sums
        total = sums.setdefault(key, _Sum())
        total.amount += amount
        total.quantity += quantity
        if (ends - begins).total_seconds() == HOUR_SECONDS:
            hour = begins.isoformat()
            self._held += hour not in total.hours
            total.hours[hour] = total.hours.get(hour, 0) + quantity


def _row(cells: list[str], places: dict[str, int]) -> dict[str, str]:
    if len(cells) != len(places):
        raise Untranslatable(f"the row has {len(cells)} columns, the header {len(places)}.")
    return {name: cells[place].strip() for name, place in places.items()}


def _line(key: tuple[str, str, str], total: _Sum) -> BillLine:
    return BillLine(
        day=key[0],
        service=key[1],
        usage=key[2],
        amount_microcents=total.amount,
        quantity_millionths=total.quantity,
        peak_hour_millionths=max(total.hours.values(), default=0),
    )


def _instant(written: str, where: str) -> datetime:
    """The instant in UTC; one without an offset is UTC already, as FOCUS has it."""
    try:
        moment = datetime.fromisoformat(written)
    except ValueError:
        raise Untranslatable(f"{where} is no point in time: {written[:40]!r}.") from None
    if not date(2006, 1, 1) <= moment.date() <= date(2999, 12, 31):
        raise Untranslatable(f"{where} is no time of a bill: {written[:40]!r}.")
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _number(written: str, where: str) -> Decimal:
    try:
        return Decimal(written)
    except InvalidOperation:
        raise Untranslatable(f"{where} is no number: {written[:40]!r}.") from None


def _quantity(written: str) -> int:
    """Millionths of the unit; 0 where the bill counts nothing, as for taxes."""
    if written == "":
        return 0
    number = _number(written, "ConsumedQuantity")
    if not number.is_finite() or abs(number) > _QUANTITY_MAX:
        raise Untranslatable(f"ConsumedQuantity is no quantity: {written[:40]!r}.")
    return int((number * MILLION).quantize(Decimal(1), rounding=ROUND_HALF_EVEN))

"""Bills that the tests of costs share: rows of a FOCUS export, and Cost Explorer's answers."""

import csv
import io
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from daemon.costs.focus import Export, FocusReader
from daemon.costs.line import BillLine
from daemon.costs.source import CostAnswer, ForecastAnswer

HEADER = (
    "BillingAccountId",
    "SubAccountId",
    "BillingPeriodStart",
    "BillingCurrency",
    "ChargePeriodStart",
    "ChargePeriodEnd",
    "ServiceName",
    "BilledCost",
    "ConsumedQuantity",
    "x_UsageType",
)
ACCOUNT = "123456789012"


def row(
    cost: str = "1.25",
    *,
    day: str = "2026-11-03",
    service: str = "Amazon DynamoDB",
    usage: str = "WriteRequestUnits",
    quantity: str = "1000",
    currency: str = "USD",
    account: str = ACCOUNT,
    period: str = "2026-11-01",
    hour: int | None = None,
) -> list[str]:
    """One row. hour: of the day, for a row of an hourly export."""
    begins = f"{day}T{0 if hour is None else hour:02d}:00:00Z"
    ends = f"{day}T23:59:59Z" if hour is None else f"{day}T{hour + 1:02d}:00:00Z"
    return [ACCOUNT, account, f"{period}T00:00:00Z", currency, begins, ends, service, cost, quantity, usage]


def export(rows: Sequence[Sequence[str]], header: Sequence[str] = HEADER) -> bytes:
    """The file."""
    text = io.StringIO()
    csv.writer(text).writerows([header, *rows])
    return text.getvalue().encode()


def read_export(files: Sequence[bytes], account_id: str) -> Export:
    """What files of one delivery say, one after the other under the name ``file``."""
    reader = FocusReader(account_id)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        for content in files:
            path.write_bytes(content)
            reader.add("file", path)
    return reader.export()


def line(day: str, amount: int, service: str = "Amazon SQS", usage: str = "Requests", **more: int) -> BillLine:
    """A line of the bill. amount: in millionths of a cent."""
    return BillLine(day=day, service=service, usage=usage, amount_microcents=amount, **more)


@dataclass(slots=True)
class FakeCosts:
    """Cost Explorer with these lines; counts what it was asked."""

    lines: list[BillLine] = field(default_factory=list)
    expected: int | None = None
    windows: list[tuple[str, str]] = field(default_factory=list)
    fault: Exception | None = None

    async def daily(self, first_day: str, until_day: str) -> CostAnswer:
        self.windows.append((first_day, until_day))
        if self.fault is not None:
            raise self.fault
        return CostAnswer(tuple(one for one in self.lines if first_day <= one.day < until_day), 1)

    async def forecast(self, first_day: str, until_day: str) -> ForecastAnswer:
        self.windows.append((first_day, until_day))
        return ForecastAnswer(self.expected, 1)


@dataclass(slots=True)
class FakePlace:
    """A place with these files by name: their content, and when they were changed."""

    contents: dict[str, tuple[bytes, int]] = field(default_factory=dict)
    reads: list[str] = field(default_factory=list)

    async def files(self) -> list["FakeFile"]:
        return [
            FakeFile(name, f"{hash(content)}-{changed_ms}", len(content), changed_ms)
            for name, (content, changed_ms) in self.contents.items()
        ]

    @asynccontextmanager
    async def on_disk(self, name: str) -> AsyncIterator[Path]:
        self.reads.append(name)
        with TemporaryDirectory() as folder:
            path = Path(folder) / "file"
            path.write_bytes(self.contents[name][0])
            yield path


@dataclass(frozen=True, slots=True)
class FakeFile:
    """A file of a place."""

    name: str
    version: str
    size_bytes: int
    changed_ms: int


@dataclass(slots=True)
class FakeQuarantine:
    """Keeps what was put aside."""

    put_aside: list[tuple[str, str]] = field(default_factory=list)

    async def put(self, source: str, body: bytes | str, what: str, now_ms: int) -> None:
        assert (source, now_ms > 0) == ("bill", True)
        self.put_aside.append((what, body if isinstance(body, str) else body.decode()))

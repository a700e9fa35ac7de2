"""One contract for every form of a cost export: the same rows are the same lines, bad rows and therefore facts."""

import asyncio
import gzip
import io
import shutil
import tracemalloc
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]  # it publishes no types
import pyarrow.parquet as pq  # type: ignore[import-untyped]  # it publishes no types
import pytest

from daemon.costs import rows as rows_module
from daemon.costs.exports import ExportBucket, ExportFolder, ExportPlace, deliveries, read_delivery
from daemon.costs.focus import Export
from daemon.costs.rows import MOMENTS, NUMBERS
from daemon.errors import CostsNotKept, NotUsable, Untranslatable
from tests.unit.daemon.costs.bills import ACCOUNT, HEADER, export, read_export, row

ROWS = [
    row("0.0000012345", hour=1, quantity="5"),
    row("-0.1", hour=2, quantity="7.5"),
    row("12.25", service="Amazon SQS", usage="", day="2026-10-30", quantity=""),
    row("5", account="999999999999"),
    row("1", currency="EUR"),
    row("2", service=""),
    row("3.5", account="", day="2026-11-04"),
]
Form = Callable[[Sequence[Sequence[str]]], bytes]


def columns(rows: Sequence[Sequence[str]]) -> dict[str, list[str]]:
    return {name: [one[place] for one in rows] for place, name in enumerate(HEADER)}


def written(table: Any, **how: object) -> bytes:  # noqa: ANN401  # pyarrow publishes no types
    file = io.BytesIO()
    pq.write_table(table, file, **how)
    return file.getvalue()


def parquet_of_texts(rows: Sequence[Sequence[str]]) -> bytes:
    return written(pa.table(columns(rows)), compression="gzip", row_group_size=2)


def typed(moment: object, number: object) -> Form:
    """Parquet whose times and numbers have types of their own, in another order and with columns that nobody reads."""

    def form(rows: Sequence[Sequence[str]]) -> bytes:
        data: dict[str, Any] = {
            "Tags": pa.array([[("team", "payments")]] * len(rows), pa.map_(pa.string(), pa.string()))
        }
        for name, values in reversed(columns(rows).items()):
            if name in MOMENTS:
                naive = [datetime.fromisoformat(value).astimezone(UTC).replace(tzinfo=None) for value in values]
                data[name] = pa.array(naive, pa.timestamp("us")).cast(moment)
            elif name in NUMBERS:
                said = [None if value == "" else Decimal(value) for value in values]
                data[name] = pa.array(said, pa.decimal128(24, 10)).cast(number)
            else:
                data[name] = pa.array([None if value == "" else value for value in values]).dictionary_encode()
        return written(pa.table(data))

    return form


FORMS: dict[str, Form] = {
    "csv": export,
    "csv in gzip": lambda rows: gzip.compress(export(rows), 1),
    "parquet of texts": parquet_of_texts,
    "parquet of decimals": typed(pa.timestamp("ms"), pa.decimal128(24, 10)),
    "parquet of doubles": typed(pa.timestamp("us", tz="UTC"), pa.float64()),
    "parquet of nanoseconds": typed(pa.timestamp("ns", tz="UTC"), pa.float64()),
}


def said(read: Export) -> object:
    return read.periods, [(one.what, one.file) for one in read.bad], read.bad_count, read.others


@pytest.mark.parametrize("form", FORMS)
def test_the_same_rows_say_the_same_in_every_form(form: str) -> None:
    read = read_export([FORMS[form](ROWS)], ACCOUNT)
    assert said(read) == said(read_export([export(ROWS)], ACCOUNT))
    assert {(one.day, one.amount_microcents) for one in read.periods["2026-11-01"]} == {
        ("2026-10-30", 1_225_000_000),
        ("2026-11-03", -9_999_877),
        ("2026-11-04", 350_000_000),
    }
    assert (read.bad_count, read.others) == (2, 1)


class Objects:
    """A bucket that is a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = ExportFolder(folder)
        self.folder = folder

    async def files(self) -> Sequence[Any]:
        return await self._folder.files()

    async def download(self, name: str, into: Path) -> None:
        await asyncio.to_thread(shutil.copy, self.folder / name, into)


def downloaded(folder: Path) -> list[Path]:
    """What a bucket left on the disk."""
    return list(folder.glob("scratch/*"))


def bucket(folder: Path) -> ExportPlace:
    scratch = folder.parent / "scratch"
    scratch.mkdir()
    return ExportBucket(Objects(folder), scratch)


@pytest.mark.parametrize("make", [ExportFolder, bucket], ids=["folder", "bucket"])
async def test_a_delivery_may_mix_forms_and_names_the_file_of_each_bad_row(
    make: Callable[[Path], ExportPlace], tmp_path: Path
) -> None:
    folder = tmp_path / "exports" / "BILLING_PERIOD=2026-11"
    folder.mkdir(parents=True)
    (folder / "x-00001.csv").write_bytes(export([row("1"), row("oops")]))
    (folder / "x-00002.snappy.parquet").write_bytes(parquet_of_texts([row("2"), row("3"), row("no")]))
    place = make(tmp_path / "exports")
    (found,) = deliveries(await place.files())
    read = await read_delivery(place, found, ACCOUNT)
    assert read.periods["2026-11-01"][0].amount_microcents == 600_000_000
    assert [(one.file, one.line, one.what) for one in read.bad] == [
        ("BILLING_PERIOD=2026-11/x-00001.csv", 3, "BilledCost is no number: 'oops'."),
        ("BILLING_PERIOD=2026-11/x-00002.snappy.parquet", 3, "BilledCost is no number: 'no'."),
    ]
    assert downloaded(tmp_path) == []


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda table: table.drop_columns(["ServiceName"]), "file: there is no column ServiceName; this is no FOCUS"),
        (
            lambda table: table.set_column(
                table.schema.get_field_index("BilledCost"), "BilledCost", pa.array([[1.0]] * table.num_rows)
            ),
            "file: column BilledCost is of type list<(item|element): double>, which holds not a number",
        ),
        (
            lambda table: table.set_column(
                table.schema.get_field_index("ChargePeriodEnd"), "ChargePeriodEnd", pa.array([1] * table.num_rows)
            ),
            "file: column ChargePeriodEnd is of type int64, which holds not a point in time",
        ),
    ],
    ids=["missing", "of lists", "of numbers"],
)
def test_a_column_that_cannot_be_used_is_named_with_its_file(change: Callable[[Any], Any], what: str) -> None:
    with pytest.raises(Untranslatable, match=what):
        read_export([written(change(pa.table(columns(ROWS))))], ACCOUNT)


def test_a_damaged_file_of_parquet_is_refused_or_read_and_never_breaks_the_reader() -> None:
    content = parquet_of_texts(ROWS)
    for cut in range(4, len(content), 97):
        with pytest.raises(Untranslatable, match="file: the file cannot be read to its end"):
            read_export([content[:cut]], ACCOUNT)
    with pytest.raises(Untranslatable, match="cannot be read to its end"):
        read_export([content[:4] + bytes(len(content) - 12) + content[-8:]], ACCOUNT)


def test_a_file_that_the_disk_does_not_give_is_no_bad_export(tmp_path: Path) -> None:
    with pytest.raises(CostsNotKept, match="gone"):
        next(rows_module.rows_of(tmp_path / "gone.csv"))


def test_parquet_without_its_reader_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> None:
        raise NotUsable("Reading Parquet needs the extra: pip install 'tillwatch[parquet]'.")

    monkeypatch.setattr(rows_module, "need_parquet", missing)
    with pytest.raises(NotUsable, match="tillwatch\\[parquet\\]"):
        read_export([parquet_of_texts(ROWS)], ACCOUNT)


@pytest.mark.parametrize("form", ["csv", "parquet of decimals"])
def test_memory_does_not_grow_with_the_file(form: str) -> None:
    small, large = ([FORMS[form]([*ROWS[:4]] * many)] for many in (400, 2_000))
    peaks = []
    for files in (small, large):
        tracemalloc.start()
        read_export(files, ACCOUNT)
        # Arrow's own memory is not Python's; its peak is the whole process's, so it can only grow from one to the next.
        peaks.append(tracemalloc.get_traced_memory()[1] + pa.default_memory_pool().max_memory())
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + 1_000_000

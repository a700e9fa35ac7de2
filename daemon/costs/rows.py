"""The rows of a cost export on disk, CSV or Parquet, as text and one after the other, whatever the file's size."""

import csv
import gzip
import zlib
from collections.abc import Iterator, Sequence
from datetime import date
from io import TextIOWrapper
from pathlib import Path
from typing import Any

from daemon.errors import CostsNotKept, Untranslatable
from daemon.sources.parquet import need_parquet

MOMENTS = ("BillingPeriodStart", "ChargePeriodStart", "ChargePeriodEnd")
NUMBERS = ("BilledCost", "ConsumedQuantity")
TEXTS = ("BillingCurrency", "ServiceName", "SubAccountId", "BillingAccountId", "x_UsageType")
COLUMNS = (*MOMENTS, *NUMBERS, *TEXTS)
"""What is read of a FOCUS 1.0 export, which has some 40 columns more."""
BATCH_ROWS = 1_000
"""Of Parquet that are in memory at a time."""
BUFFER_BYTES = 1 << 20
"""Of a column's pages that are read ahead; without it a whole row group would be in memory."""
_GZIP = b"\x1f\x8b"
_PARQUET = b"PAR1"
_WRITTEN = ("string", "large_string", "string_view", "dictionary<values=string", "dictionary<values=large_string")
_KINDS: tuple[tuple[Sequence[str], str, tuple[str, ...]], ...] = (
    (MOMENTS, "a point in time", ("timestamp", "date32", "date64")),
    (NUMBERS, "a number", ("decimal", "double", "float", "halffloat", "int", "uint")),
    (TEXTS, "a text", ("int", "uint")),
)
"""Columns, what they hold, and Arrow's types for it beside texts. An account may be kept as a number."""

Numbered = tuple[int, list[str]]
"""A row and its place: the line of a CSV file, from 1, or the row of a Parquet file, from 1; its header has 0."""


def rows_of(path: Path) -> Iterator[Numbered]:
    """The header, then each row.

    Raises Untranslatable for a damaged file, CostsNotKept for one that is not there or not ours to read, and NotUsable
    for Parquet without its reader.
    """
    try:
        with path.open("rb") as file:
            begins = file.read(4)
    except OSError as fault:
        raise CostsNotKept(str(fault)) from fault
    try:
        yield from _parquet_rows(path) if begins == _PARQUET else _csv_rows(path, packed=begins.startswith(_GZIP))
    except (OSError, EOFError, ValueError, NotImplementedError, zlib.error, csv.Error) as fault:
        raise Untranslatable(f"the file cannot be read to its end: {fault}") from fault


def _csv_rows(path: Path, *, packed: bool) -> Iterator[Numbered]:
    """Unpacked as it is read, so that a packed bomb costs rows and not memory."""
    with (
        gzip.open(path, "rb") if packed else path.open("rb") as raw,
        TextIOWrapper(raw, encoding="utf-8-sig", errors="replace", newline="") as text,
    ):
        reader = csv.reader(text)
        for cells in reader:
            yield reader.line_num, cells


def _parquet_rows(path: Path) -> Iterator[Numbered]:
    with need_parquet().ParquetFile(
        path, buffer_size=BUFFER_BYTES, pre_buffer=False, coerce_int96_timestamp_unit="us"
    ) as file:
        schema = file.schema_arrow
        columns = [name for name in COLUMNS if name in schema.names]
        for name in columns:
            _check_type(name, str(schema.field(name).type))
        yield 0, columns
        row = 0
        for batch in file.iter_batches(batch_size=BATCH_ROWS, columns=columns):
            # A file may keep its columns in any order.
            read = [[_text(value) for value in _values(batch.column(name))] for name in columns]
            for cells in zip(*read, strict=True):
                row += 1
                yield row, list(cells)


def _check_type(name: str, found: str) -> None:
    for names, what, types in _KINDS:
        if name in names and not found.startswith((*_WRITTEN, *types)):
            raise Untranslatable(f"column {name} is of type {found[:60]}, which holds not {what}.")


def _values(column: Any) -> list[object]:  # noqa: ANN401  # pyarrow publishes no types
    """Python's values; of times the UTC ones without a zone, to the microsecond: no bill counts in nanoseconds."""
    if str(column.type).startswith("timestamp"):
        column = column.cast("timestamp[us]", safe=False)
    values: list[object] = column.to_pylist()
    return values


def _text(value: object) -> str:
    """As the same row is written in CSV; of a binary fraction the shortest digits that name it, as CSV has them."""
    if value is None:
        return ""
    return value.isoformat() if isinstance(value, date) else str(value)

"""Facts from Parquet files: a column of JSON, or one column for each field; needs the extra ``parquet``."""

import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from checks.facts import AnyFact, Fact
from daemon.archive.lines import LineUnreadable, fact_of
from daemon.archive.reading import Unread
from daemon.errors import NotUsable

SUFFIX = ".parquet"
COLUMN = "fact"
"""Holds each fact as the line that the archive would have; without it the columns are the fields."""
ROWS = 1_000
"""Read at once."""


def parquet_files(place: Path) -> list[Path]:
    """The Parquet files of a place, by name; none when it holds none."""
    if place.is_dir():
        return sorted(path for path in place.iterdir() if path.suffix == SUFFIX)
    return [place] if place.is_file() and place.suffix == SUFFIX else []


def need_parquet() -> Any:  # noqa: ANN401  # pyarrow publishes no types
    """The reader. Raises NotUsable when the extra is not installed."""
    try:
        return importlib.import_module("pyarrow.parquet")
    except ImportError as fault:
        raise NotUsable("Reading Parquet needs the extra: pip install 'tillwatch[parquet]'.") from fault


def read_parquet(path: Path, unread: Unread) -> Iterator[Fact]:
    """The facts of one file in its order; a row that is none is counted, as is a file that is damaged."""
    row = 0
    try:
        with need_parquet().ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=ROWS):
                for fields in batch.to_pylist():
                    row += 1
                    try:
                        yield _fact(fields)
                    except (LineUnreadable, msgspec.ValidationError) as fault:
                        unread.count(path, row, str(fault))
    except (OSError, ValueError) as fault:
        unread.count(path, row + 1, f"the rest of the file cannot be read: {fault}")


def _fact(fields: dict[str, object]) -> Fact:
    text = fields.get(COLUMN)
    if isinstance(text, str | bytes):
        return fact_of(text.encode() if isinstance(text, str) else text)
    # A column that no fact of this kind has is empty in its rows.
    known = {name: value for name, value in fields.items() if value is not None}
    fact: Fact = msgspec.convert(known, AnyFact)
    return fact

"""Recorded load from a CSV file, one row after the other, however large the file is."""

import csv
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, NamedTuple

AT, LOAD = "at", "requests_per_second"
LINE_BYTES_MAX = 64 * 1024
"""A longer line is no row of two numbers."""
MILLISECONDS_FROM = 10**11
"""As seconds this is the year 5138; whoever writes so much means milliseconds."""
_INSTANT_MAX_MS = 4_102_444_800_000
"""The year 2100: a later one is a slip of the pen."""
_EXAMPLE = "write ISO 8601 with a UTC offset, such as 2026-11-27T12:00:00Z, or seconds since 1970"


class LoadUnreadable(Exception):
    """A line of the file cannot be used. line: from 1, 0 for the file itself. fix: what to do about it."""

    def __init__(self, path: Path, line: int, what: str, fix: str) -> None:
        place = f"{path}:{line}" if line else str(path)
        super().__init__(f"{place}: {what}\n  fix: {fix}")
        self.line = line


class LoadRow(NamedTuple):
    """One row. line: from 1. at_ms: Unix milliseconds."""

    line: int
    at_ms: int
    requests_per_second: float


def read_load(path: Path, advanced: Callable[[int], None] = lambda _: None) -> Iterator[LoadRow]:
    """The rows as they stand in the file.

    The first line names the columns, ``at`` and ``requests_per_second`` among them; empty lines are passed over.
    advanced: told how many bytes were read since it was last called. Raises LoadUnreadable.
    """
    try:
        with path.open("rb") as stream:
            yield from _rows(path, stream, advanced)
    except OSError as fault:
        reason = fault.strerror if fault.strerror is not None else str(fault)
        raise LoadUnreadable(path, 0, f"it cannot be read: {reason}", "name a CSV file that is there") from fault


def _rows(path: Path, stream: BinaryIO, advanced: Callable[[int], None]) -> Iterator[LoadRow]:
    columns: tuple[int, int] | None = None
    fields = 0
    for number, text in _lines(path, stream, advanced):
        try:
            row = next(csv.reader([text], strict=True))
        except csv.Error as fault:
            raise LoadUnreadable(
                path, number, f"this is no line of CSV: {fault}", "write at,requests_per_second"
            ) from fault
        if columns is None:
            columns, fields = _columns(path, number, row), len(row)
            continue
        if len(row) != fields:
            what = f"the line has {len(row)} values, the first one {fields}"
            raise LoadUnreadable(path, number, what, "write one for each column")
        at_ms, load = _instant_ms(path, number, row[columns[0]]), _load(path, number, row[columns[1]])
        yield LoadRow(number, at_ms, load)
    if columns is None:
        raise LoadUnreadable(path, 0, "the file is empty", f"begin with a line {AT},{LOAD}")


def _lines(path: Path, stream: BinaryIO, advanced: Callable[[int], None]) -> Iterator[tuple[int, str]]:
    """Each line with its number, without those that are empty."""
    number = 0
    while line := stream.readline(LINE_BYTES_MAX):
        number += 1
        advanced(len(line))
        if len(line) == LINE_BYTES_MAX:
            raise LoadUnreadable(path, number, f"the line is longer than {LINE_BYTES_MAX} bytes", "is this a CSV file?")
        try:
            text = line.decode("utf-8-sig" if number == 1 else "utf-8").strip()
        except UnicodeDecodeError as fault:
            what = f"the byte 0x{line[fault.start]:02x} is not UTF-8"
            raise LoadUnreadable(path, number, what, "save the file as UTF-8") from fault
        if text:
            yield number, text


def _columns(path: Path, number: int, row: list[str]) -> tuple[int, int]:
    names = [name.strip().lower() for name in row]
    for name in (AT, LOAD):
        if names.count(name) != 1:
            found = "is not there" if name not in names else "stands here twice"
            what = f"the column {name} {found}; there are {', '.join(names)}"
            raise LoadUnreadable(path, number, what, f"begin with a line {AT},{LOAD}")
    return names.index(AT), names.index(LOAD)


def _instant_ms(path: Path, number: int, text: str) -> int:
    text = text.strip()
    try:
        if text.replace(".", "", 1).isdecimal():
            seconds = float(text)
            at_ms = round(seconds) if seconds >= MILLISECONDS_FROM else round(seconds * 1000)
        else:
            moment = datetime.fromisoformat(text)
            if moment.tzinfo is None:
                raise LoadUnreadable(path, number, f"{text!r:.60} has no UTC offset", _EXAMPLE)
            at_ms = round(moment.timestamp() * 1000)
    except (ValueError, OverflowError) as fault:
        raise LoadUnreadable(path, number, f"{text!r:.60} is no point in time", _EXAMPLE) from fault
    if not 0 < at_ms < _INSTANT_MAX_MS:
        raise LoadUnreadable(path, number, f"{text!r:.60} is not between 1970 and 2100", _EXAMPLE)
    return at_ms


def _load(path: Path, number: int, text: str) -> float:
    try:
        load = float(text)
    except ValueError as fault:
        raise LoadUnreadable(path, number, f"{text.strip()!r:.60} is no number", "write requests a second") from fault
    if not 0 <= load < float("inf"):
        raise LoadUnreadable(path, number, f"{text.strip()} is no load", "write 0 or more; leave out what is not known")
    return load

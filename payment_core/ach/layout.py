"""Fixed-width records: fields described by position, formatting that never truncates, parsing that never raises."""

from collections.abc import Sequence
from enum import Enum, auto
from operator import attrgetter, itemgetter
from typing import Any, Generic, NoReturn, Protocol, TypeVar

import msgspec

from payment_core.ach.errors import FieldInvalid, LayoutInvalid
from payment_core.ach.problems import ErrorCode

RECORD_WIDTH = 94

Record = TypeVar("Record", bound=msgspec.Struct)


class Kind(Enum):
    """How a field is written: justification, padding and what it may hold."""

    CONSTANT = auto()
    RESERVED = auto()
    TEXT = auto()
    CODE = auto()
    DIGITS = auto()
    NUMBER = auto()
    RIGHT = auto()


class Field(msgspec.Struct, frozen=True):
    """start: position from 1, as the rules count. rule: what the rules say about it. value: of a constant."""

    name: str
    start: int
    width: int
    kind: Kind
    rule: str
    value: str = ""

    @property
    def end(self) -> int:
        """The last position."""
        return self.start + self.width - 1


class Report(Protocol):
    """Takes one problem with a field: code, field, message."""

    def __call__(self, code: ErrorCode, field: str, message: str, /) -> None:
        """Keep the problem."""
        ...


def constant(start: int, value: str, rule: str) -> Field:
    """The same characters in every record."""
    return Field("", start, len(value), Kind.CONSTANT, rule, value)


def reserved(start: int, width: int) -> Field:
    """Blank."""
    return Field("", start, width, Kind.RESERVED, "Reserved: blank.", " " * width)


def text(name: str, start: int, width: int, rule: str) -> Field:
    """Alphanumeric: left justified, blank filled."""
    return Field(name, start, width, Kind.TEXT, rule)


def code(name: str, start: int, width: int, rule: str) -> Field:
    """Alphanumeric in capitals: left justified, blank filled."""
    return Field(name, start, width, Kind.CODE, rule)


def digits(name: str, start: int, width: int, rule: str) -> Field:
    """An identifier of exactly so many digits: a str, so that its leading zeros stay."""
    return Field(name, start, width, Kind.DIGITS, rule)


def number(name: str, start: int, width: int, rule: str) -> Field:
    """A quantity: an int, right justified, zero filled."""
    return Field(name, start, width, Kind.NUMBER, rule)


def right(name: str, start: int, width: int, rule: str) -> Field:
    """Alphanumeric that is right justified: a routing number behind a blank."""
    return Field(name, start, width, Kind.RIGHT, rule)


_NUMERIC = (Kind.DIGITS, Kind.NUMBER)
_FIXED = (Kind.CONSTANT, Kind.RESERVED)
_READERS: dict[Kind, Any] = {
    Kind.TEXT: str.rstrip,
    Kind.CODE: str.rstrip,
    Kind.DIGITS: str,
    Kind.NUMBER: int,
    Kind.RIGHT: str.strip,
}


def _spec(field: Field) -> str:
    """A format specification with a minimum width, so that a line of 94 characters has no field that is too long."""
    match field.kind:
        case Kind.NUMBER:
            return f"{{:0{field.width}d}}"
        case Kind.RIGHT | Kind.DIGITS:
            return f"{{:>{field.width}}}"
        case Kind.TEXT | Kind.CODE:
            return f"{{:<{field.width}}}"
        case _:
            return field.value


def _numeric_runs(fields: Sequence[Field]) -> list[slice]:
    """Positions of numeric fields, neighbours together: one look at each run finds what is no digit."""
    runs: list[slice] = []
    for field in fields:
        if field.kind not in _NUMERIC:
            continue
        if runs and runs[-1].stop == field.start - 1:
            runs[-1] = slice(runs[-1].start, field.end)
        else:
            runs.append(slice(field.start - 1, field.end))
    return runs


class Layout(Generic[Record]):
    """The 94 positions of one record type; slices and format specifications are prepared once."""

    def __init__(self, record: type[Record], *fields: Field) -> None:
        self.record = record
        self.fields = fields
        self._check()
        self.variable = tuple(field for field in fields if field.kind not in _FIXED)
        self._names = tuple(field.name for field in self.variable)
        self._attributes = attrgetter(*self._names)
        self._cut = itemgetter(*(slice(field.start - 1, field.end) for field in self.variable))
        self._readers = tuple(_READERS[field.kind] for field in self.variable)
        self._template = "".join(map(_spec, fields))
        runs = _numeric_runs(fields)
        self._cut_numeric = itemgetter(*runs) if runs else None
        self._codes = [index for index, field in enumerate(self.variable) if field.kind is Kind.CODE]
        self._fixed = [(slice(field.start - 1, field.end), field.value) for field in fields if field.kind in _FIXED]

    def format(self, record: Record) -> str:
        """The record's 94 characters. Raises FieldInvalid when a value does not fit; nothing is cut off."""
        try:
            line = self._template.format(*self._attributes(record))
        except (TypeError, ValueError):
            self._refuse(record)
        if len(line) != RECORD_WIDTH or not self._has_digits(line) or not (line.isascii() and line.isprintable()):
            self._refuse(record)
        return line

    def parse(self, line: str, report: Report, *more: object) -> Record:
        """The record of 94 printable ASCII characters; what is wrong is reported, a bad number counts as zero.

        more: attributes that are not in the line, such as an entry's addenda.
        """
        raw = self._cut(line)
        if self._has_digits(line):
            values = [read(piece) for read, piece in zip(self._readers, raw, strict=True)]
        else:
            values = self._zeroed(raw, report)
        for index in self._codes:
            if values[index] != values[index].upper():
                report(ErrorCode.FIELD_CASE, self._names[index], "must be in capital letters")
                values[index] = values[index].upper()
        for positions, value in self._fixed:
            if line[positions] != value:
                self._explain_fixed(line, report)
                break
        return self.record(*values, *more)

    def _has_digits(self, line: str) -> bool:
        """Whether all numeric fields are digits; some records have none."""
        return self._cut_numeric is None or "".join(self._cut_numeric(line)).isdigit()

    def _zeroed(self, raw: tuple[str, ...], report: Report) -> list[Any]:
        values: list[Any] = []
        for field, piece, read in zip(self.variable, raw, self._readers, strict=True):
            if field.kind not in _NUMERIC or piece.isdigit():
                values.append(read(piece))
                continue
            report(ErrorCode.FIELD_NOT_NUMERIC, field.name, f"positions {field.start}-{field.end} must be digits")
            values.append(0 if field.kind is Kind.NUMBER else "0" * field.width)
        return values

    def _explain_fixed(self, line: str, report: Report) -> None:
        for field in self.fields:
            if field.kind in _FIXED and line[field.start - 1 : field.end] != field.value:
                where = f"positions {field.start}-{field.end}"
                if field.kind is Kind.RESERVED:
                    report(ErrorCode.FIELD_RESERVED, where, "reserved, so it must be blank")
                else:
                    report(ErrorCode.FIELD_CONSTANT, where, f"must be {field.value!r}: {field.rule}")

    def _refuse(self, record: Record) -> NoReturn:
        """Name the first field that does not fit, never its value."""
        for field, value in zip(self.variable, self._attributes(record), strict=True):
            reason = _misfit(field, value)
            if reason:
                where = f"{type(record).__name__}.{field.name} (positions {field.start}-{field.end})"
                raise FieldInvalid(f"{where} {reason}")
        raise FieldInvalid(type(record).__name__)

    def _check(self) -> None:
        name, position = self.record.__name__, 1
        for field in self.fields:
            if field.start != position:
                raise LayoutInvalid(f"{name}: position {position} is not where a field starts")
            position = field.end + 1
        names = tuple(field.name for field in self.fields if field.kind not in _FIXED)
        if position != RECORD_WIDTH + 1 or self.record.__struct_fields__[: len(names)] != names:
            raise LayoutInvalid(name)


def _misfit(field: Field, value: object) -> str:
    if field.kind is Kind.NUMBER:
        if not isinstance(value, int) or value < 0:
            return "must be a whole number that is not negative"
        return f"needs more than {field.width} digits" if len(str(value)) > field.width else ""
    if not isinstance(value, str):
        return "must be text"
    if not (value.isascii() and (value.isprintable() or not value)):
        return "must be printable ASCII"
    if field.kind is Kind.DIGITS:
        return "" if len(value) == field.width and value.isdigit() else f"must be {field.width} digits"
    return f"is longer than {field.width} characters" if len(value) > field.width else ""

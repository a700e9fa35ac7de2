"""Limits as operators write them, ``> 2%`` or ``< 1% for 2m``, parsed into exact numbers."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, cast

Operator = Literal[">", ">=", "<", "<=", "==", "!="]
Unit = Literal["", "%", "ms", "s", "m", "h"]
Setting = Fraction | str | bool
Reading = float | str | bool

_LIMIT = re.compile(
    r"\s*(?P<operator>>=|<=|==|!=|>|<)"
    r"\s*(?:(?P<number>[-+]?\d{1,15}(?:\.\d{1,9})?)\s*(?P<unit>%|ms|s|m|h)?"
    r"|'(?P<single>[^']*)'|\"(?P<double>[^\"]*)\"|(?P<truth>true|false))"
    r"(?:\s+for\s+(?P<hold>\d{1,9}(?:\.\d{1,3})?)\s*(?P<hold_unit>ms|s|m|h))?\s*"
)
_OPERATOR = re.compile(r"\s*(>=|<=|==|!=|>|<)")
_MILLISECONDS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000}
RISING = frozenset({">", ">="})
FALLING = frozenset({"<", "<="})


class LimitError(Exception):
    """The limit cannot be read. offset and length: the characters of the text that are meant."""

    def __init__(self, what: str, fix: str, offset: int = 0, length: int = 1) -> None:
        super().__init__(f"{what}; {fix}")
        self.what = what
        self.fix = fix
        self.offset = offset
        self.length = length


@dataclass(frozen=True, slots=True)
class Limit:
    """What a reading is held against.

    setting: an exact number in the unit as written (2 for ``2%``), a text or a truth value.
    hold_ms: how long it must hold, 0 for at once.
    """

    operator: Operator
    setting: Setting
    unit: Unit = ""
    hold_ms: int = 0

    @property
    def number(self) -> Fraction:
        """The setting as a number: a percentage as a share of 1, a time in milliseconds; 0 for text and truth."""
        if isinstance(self.setting, str | bool):
            return Fraction(0)
        if self.unit == "%":
            return self.setting / 100
        return self.setting * _MILLISECONDS.get(self.unit, 1)


def parse_limit(text: str) -> Limit:
    """Read a limit such as ``> 2%``, ``>= 5``, ``> 10s``, ``== 'ALARM'`` or ``< 1% for 2m``; raises LimitError."""
    match = _LIMIT.fullmatch(text)
    if match is None:
        raise _unreadable(text)
    groups = match.groupdict()
    setting: Setting
    if groups["number"] is not None:
        setting = Fraction(groups["number"])
    elif groups["truth"] is not None:
        setting = groups["truth"] == "true"
    else:
        setting = groups["single"] if groups["single"] is not None else groups["double"]
    operator = cast("Operator", groups["operator"])
    if not isinstance(setting, Fraction) and operator not in {"==", "!="}:
        start = match.start("operator")
        raise LimitError(
            f"{operator} needs a number", "compare a text or truth value with == or !=", start, len(operator)
        )
    hold = Fraction(groups["hold"] or 0) * _MILLISECONDS[groups["hold_unit"] or "ms"]
    return Limit(operator, setting, cast("Unit", groups["unit"] or ""), int(hold))


def share_test(operator: Operator, limit: Fraction) -> Callable[[int, int], bool]:
    """A test of a share, matches of total, against an exact limit; whole numbers only, so no rounding decides."""
    numerator, denominator = limit.numerator, limit.denominator
    tests: dict[Operator, Callable[[int, int], bool]] = {
        ">": lambda matches, total: matches * denominator > numerator * total,
        ">=": lambda matches, total: matches * denominator >= numerator * total,
        "<": lambda matches, total: matches * denominator < numerator * total,
        "<=": lambda matches, total: matches * denominator <= numerator * total,
        "==": lambda matches, total: matches * denominator == numerator * total,
        "!=": lambda matches, total: matches * denominator != numerator * total,
    }
    return tests[operator]


def holds(operator: Operator, value: Reading, setting: Reading) -> bool:
    """Whether a single reading meets a limit; text and truth are only equal or not."""
    if operator == "==":
        return value == setting
    if operator == "!=":
        return value != setting
    if isinstance(value, str) or isinstance(setting, str):
        return False
    if operator in RISING:
        return value > setting or (operator == ">=" and value == setting)
    return value < setting or (operator == "<=" and value == setting)


def contradicts(breach: Limit, clear: Limit) -> bool:
    """Whether a reading could be clear and breached at once, or could never clear."""
    if isinstance(breach.setting, Fraction) != isinstance(clear.setting, Fraction):
        return True
    if breach.operator in RISING:
        return clear.operator not in FALLING or clear.number > breach.number
    if breach.operator in FALLING:
        return clear.operator not in RISING or clear.number < breach.number
    return clear.operator == breach.operator and clear.setting == breach.setting


def _unreadable(text: str) -> LimitError:
    fix = "write an operator, a limit and a unit: > 2%, >= 5, > 10s, == 'ALARM', < 1% for 2m"
    operator = _OPERATOR.match(text)
    if operator is None:
        return LimitError("a limit starts with one of > >= < <= == !=", fix, 0, max(1, len(text)))
    start = operator.end()
    while start < len(text) and text[start].isspace():
        start += 1
    if start >= len(text):
        return LimitError("the limit after the operator is missing", fix, operator.start(1), len(operator[1]))
    return LimitError(f"{text[start:]!r} is no limit", fix, start, len(text) - start)

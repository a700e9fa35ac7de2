"""One line of a validation: what was held against what, and how it went."""

from collections.abc import Iterable
from typing import Literal

import msgspec

Outcome = Literal["passed", "warned", "failed"]

TOO_FEW = "no fact of it was seen"


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """name: what was validated. measured, limit: as a person reads them. source: the owner's line, or where it is from.

    warned: it holds, but somebody should look. No data is failed: what nobody measured was not validated.
    """

    name: str
    outcome: Outcome
    measured: str
    limit: str = ""
    source: str = ""


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """A whole validation; valid when no line failed."""

    area: str
    valid: bool
    lines: tuple[Line, ...]


def verdict(area: str, lines: Iterable[Line]) -> Verdict:
    """Valid when there are lines and none failed: a validation of nothing is none."""
    kept = tuple(lines)
    return Verdict(area=area, valid=bool(kept) and all(line.outcome != "failed" for line in kept), lines=kept)


def line(name: str, *, good: bool, measured: str, limit: str = "", source: str = "") -> Line:
    """A line that either holds or does not."""
    return Line(name=name, outcome="passed" if good else "failed", measured=measured, limit=limit, source=source)

"""Facts from their compact notation: the same ones each time, shares spread as evenly as can be."""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm
from typing import Any

import msgspec

from checks.facts import FACT_TYPE_BY_KIND, Fact
from config.loading.document import Path
from config.loading.suggest import closest, listed
from config.rules.rule_tests import Series, Share, Value

BEGIN_MS = 1_767_225_600_000
"""2026-01-01T00:00:00Z: when every test begins."""

_OURS = ("id", "at_ms")


@dataclass(frozen=True, slots=True)
class Misfit:
    """What is wrong with a series, and how to mend it. path: in the series. on_key: the key is to blame."""

    path: Path
    what: str
    fix: str
    on_key: bool = False


def misfits(series: Series) -> list[Misfit]:
    """What keeps the series from being facts: an unknown kind or field, or a value that a field cannot have."""
    fact_type = FACT_TYPE_BY_KIND.get(series.facts)
    if fact_type is None:
        meant = closest(series.facts, FACT_TYPE_BY_KIND)
        fix = f"write {meant}" if meant else f"use one of {listed(tuple(FACT_TYPE_BY_KIND))}"
        return [Misfit(("facts",), f"there is no kind of fact {series.facts!r}", fix)]
    known = fact_type.__struct_fields__
    found = [
        Misfit((*place, name), *_unknown(name, series.facts, known), on_key=True)
        for place, fields in _written(series)
        for name in fields
        if name not in known or name in _OURS
    ]
    return found or _unfit(series, fact_type)


def facts_of(series: Series, place: str) -> Iterator[Fact]:
    """Its facts in order of time. place: names the series among others, so that ids are unique."""
    fact_type = FACT_TYPE_BY_KIND[series.facts]
    begin_ms = BEGIN_MS + round(series.at * 1000)
    every = Fraction(0) if series.every is None else Fraction(str(series.every)) * 1000
    size = series.size
    draws = _spread(series.shares, size) if series.seed is None else _drawn(series.shares, size, series.seed)
    for number, share in enumerate(draws):
        fields = _fields(series, share, number, size)
        fields.setdefault("subject", f"{series.facts}-{place}-{number}")
        yield fact_type(id=f"{place}-{number}", at_ms=begin_ms + int(every * number), **fields)


def _fields(series: Series, share: Share | None, number: int, size: int) -> dict[str, Any]:
    """The fields of one fact; what a share says goes before what all have."""
    fields: dict[str, Any] = {name: _numbered(value, number) for name, value in series.with_fields.items()}
    for name, values in series.in_turn.items():
        fields[name] = _numbered(values[number % len(values)], number)
    for name, ramp in series.ramp.items():
        value = ramp.first + (ramp.last - ramp.first) * number / max(1, size - 1)
        whole = ramp.first.is_integer() and ramp.last.is_integer()
        fields[name] = round(value) if whole else value
    if share is not None:
        fields |= {name: _numbered(value, number) for name, value in share.with_fields.items()}
    return fields


def _numbered(value: Value, number: int) -> Value:
    return value.replace("{n}", str(number)) if isinstance(value, str) else value


def _spread(shares: Sequence[Share], size: int) -> Iterator[Share | None]:
    """The share that is furthest behind is next, so that every 100 facts hold whole percents exactly."""
    if not shares:
        yield from [None] * size
        return
    exact = [share.exact for share in shares]
    unit = lcm(*(one.denominator for one in exact))
    weights = [int(one * unit) for one in exact]
    behind = [0] * len(shares)
    for _ in range(size):
        behind = [lag + weight for lag, weight in zip(behind, weights, strict=True)]
        chosen = max(range(len(shares)), key=behind.__getitem__)
        behind[chosen] -= unit
        yield shares[chosen]


def _drawn(shares: Sequence[Share], size: int, seed: int) -> Iterator[Share | None]:
    chance = random.Random(seed)  # noqa: S311 - reproducible test data.
    weights = [float(share.exact) for share in shares]
    for _ in range(size):
        yield chance.choices(shares, weights)[0] if shares else None


def _written(series: Series) -> Iterator[tuple[Path, Mapping[str, object]]]:
    """Every place that names fields."""
    yield ("with",), series.with_fields
    yield ("in_turn",), series.in_turn
    yield ("ramp",), series.ramp
    for position, share in enumerate(series.shares):
        yield ("shares", position, "with"), share.with_fields


def _unknown(name: str, kind: str, known: Sequence[str]) -> tuple[str, str]:
    if name in _OURS:
        return f"{name} is given by the series", "remove it; at and every say when facts come"
    meant = closest(name, known)
    return f"{kind} has no field {name!r}", f"write {meant}" if meant else f"its fields are {listed(tuple(known))}"


def _unfit(series: Series, fact_type: type[Fact]) -> list[Misfit]:
    """Values of another type than the field's, and fields that no fact of the kind goes without."""
    found: list[Misfit] = []
    for place, name, value in _values(series):
        what = _refused(fact_type, {name: value}, only=name)
        if what:
            found.append(
                Misfit((*place, name), f"{name} cannot be {value!r}: {what}", "write a value that the fact can have")
            )
    if found:
        return found
    for share in series.shares or (None,):
        fields = _fields(series, share, 0, series.size)
        what = _refused(fact_type, fields, only="")
        if what:
            return [Misfit(("facts",), f"{series.facts} is not complete: {what}", "add the field to with")]
    return []


def _values(series: Series) -> Iterator[tuple[Path, str, Value]]:
    for name, value in series.with_fields.items():
        yield ("with",), name, value
    for name, values in series.in_turn.items():
        yield from ((("in_turn",), name, value) for value in values)
    for name in series.ramp:
        yield ("ramp",), name, 0
    for position, share in enumerate(series.shares):
        yield from ((("shares", position, "with"), name, value) for name, value in share.with_fields.items())


def _refused(fact_type: type[Fact], fields: Mapping[str, object], *, only: str) -> str:
    """Why no such fact exists, in msgspec's words; with only, nothing is said of other fields."""
    if only:
        field = next(one for one in msgspec.structs.fields(fact_type) if one.name == only)
        try:
            msgspec.convert(fields[only], type=field.type)
        except msgspec.ValidationError as fault:
            return str(fault)
        return ""
    whole = {"kind": fact_type.__struct_config__.tag, "id": "x", "at_ms": 0, "subject": "x", **fields}
    try:
        msgspec.convert(whole, type=fact_type)
    except msgspec.ValidationError as fault:
        return str(fault)
    return ""

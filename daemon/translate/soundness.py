"""Whether a decoded fact can be stored and counted: bounded ids, times and amounts that are possible."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from operator import attrgetter

import msgspec

from checks.expression import Selector, compile_condition
from checks.expression.typing_rules import NUMBER_MAX
from checks.facts import FACT_TYPES, Fact

MAX_ID = 512
"""Characters of an id: an alarm's ARN and a time fit, and an id is kept in memory to know a duplicate."""
MAX_INTEGER = 2**63 - 1
"""What SQLite and MessagePack hold."""
LATEST_MS = 4_102_444_800_000
"""2100-01-01: a later event time is a unit mistaken, and it would hold a window open for ever."""
LIMITS_AT_ONCE = 8
"""In one condition, whose length is limited."""

_SIGNED = frozenset(
    {"amount_microcents", "expected_microcents", "latitude_microdegrees", "longitude_microdegrees", "value"}
)
"""Credits lower a bill, half of the world lies south or west, and a metric may measure anything."""


def _numbers(fact_type: type[Fact]) -> tuple[str, ...]:
    """The numeric fields of a kind; the first two are those that every fact has."""
    own = (field.name for field in msgspec.structs.fields(fact_type) if field.type in {int, float})
    return ("at_ms", "sequence", *(name for name in own if name not in {"at_ms", "sequence"}))


_NAMES = {fact_type: _numbers(fact_type) for fact_type in FACT_TYPES}
_READ: dict[type[Fact], Callable[[Fact], tuple[float, ...]]] = {
    fact_type: attrgetter(*names) for fact_type, names in _NAMES.items()
}


def all_sound(facts: Sequence[Fact]) -> bool:
    """Whether no fact can be unsound; if not, ask one by one, which takes longer than to read the facts did."""
    by_type: dict[type[Fact], list[Fact]] = {}
    for fact in facts:
        alike = by_type.get(type(fact))
        if alike is None:
            alike = by_type[type(fact)] = []
        alike.append(fact)
    lengths = [len(fact.id) for fact in facts]
    if not all(lengths) or max(lengths, default=0) > MAX_ID:
        return False
    return all(
        len(select(of_type)) == len(of_type)
        for fact_type, of_type in by_type.items()
        for select in _possible(fact_type)
    )


@lru_cache(len(FACT_TYPES))
def _possible(fact_type: type[Fact]) -> tuple[Selector, ...]:
    """Each selects the facts some of whose numbers are as `unsound` wants them, and no larger than a rule can say."""
    limits = [f"at_ms > 0 and at_ms < {LATEST_MS}"]
    limits += [
        f"{name} >= {-NUMBER_MAX if name in _SIGNED else 0} and {name} <= {NUMBER_MAX}"
        for name in _NAMES[fact_type][1:]
    ]
    some = range(0, len(limits), LIMITS_AT_ONCE)
    return tuple(
        compile_condition(" and ".join(limits[start : start + LIMITS_AT_ONCE]), fact_type).select for start in some
    )


def unsound(fact: Fact) -> str:
    """What is impossible about a fact, or the empty string."""
    if not 0 < len(fact.id) <= MAX_ID:
        return f"id has {len(fact.id)} characters, not 1 to {MAX_ID}"
    if not 0 < fact.at_ms < LATEST_MS:
        return "at_ms is not Unix epoch milliseconds of this century"
    if not 0 <= fact.sequence <= MAX_INTEGER:
        return "sequence is not a position in an outbox"
    values = _READ[type(fact)](fact)
    if min(values) >= 0 and max(values) <= MAX_INTEGER:
        return ""
    for name, value in zip(_NAMES[type(fact)], values, strict=True):
        if abs(value) > MAX_INTEGER or (value < 0 and name not in _SIGNED):
            return f"{name} is negative or too large"
    return ""

"""Whether a decoded fact can be stored and counted: bounded ids, times and amounts that are possible."""

from collections.abc import Callable
from operator import attrgetter

import msgspec

from checks.facts import FACT_TYPES, Fact

MAX_ID = 512
"""Characters of an id: an alarm's ARN and a time fit, and an id is kept in memory to know a duplicate."""
MAX_INTEGER = 2**63 - 1
"""What SQLite and MessagePack hold."""
LATEST_MS = 4_102_444_800_000
"""2100-01-01: a later event time is a unit mistaken, and it would hold a window open for ever."""

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

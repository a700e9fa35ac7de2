"""Whether a decoded fact can be stored and counted: bounded ids, times and amounts that are possible."""

from checks.facts import CostLine, Fact, Heartbeat, PaymentAttempted, PaymentCaptured, Payout, Refund

MAX_ID = 512
"""Characters of an id: an alarm's ARN and a time fit, and an id is kept in memory to know a duplicate."""
MAX_INTEGER = 2**63 - 1
"""What SQLite and MessagePack hold."""
LATEST_MS = 4_102_444_800_000
"""2100-01-01: a later event time is a unit mistaken, and it would hold a window open for ever."""

_BOUNDED: dict[type[Fact], tuple[str, ...]] = {
    PaymentAttempted: ("amount_cents", "latency_ms"),
    PaymentCaptured: ("amount_cents", "fee_cents"),
    Refund: ("amount_cents",),
    Payout: ("amount_cents",),
    Heartbeat: ("interval_seconds",),
}


def unsound(fact: Fact) -> str:
    """What is impossible about a fact, or the empty string."""
    if not 0 < len(fact.id) <= MAX_ID:
        return f"id has {len(fact.id)} characters, not 1 to {MAX_ID}"
    if not 0 < fact.at_ms < LATEST_MS:
        return "at_ms is not Unix epoch milliseconds of this century"
    if not 0 <= fact.sequence <= MAX_INTEGER:
        return "sequence is not a position in an outbox"
    for name in _BOUNDED.get(type(fact), ()):
        if not 0 <= getattr(fact, name) <= MAX_INTEGER:
            return f"{name} is negative or too large"
    if isinstance(fact, CostLine) and max(abs(fact.amount_microcents), abs(fact.expected_microcents)) > MAX_INTEGER:
        return "amount_microcents is too large"
    return ""

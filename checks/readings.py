"""What a rule says about one key at this moment, for the API, the console and explanations."""

import msgspec

from checks.findings import State


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """The current answer of one rule for one key.

    key: the values of the rule's ``per`` fields, in the rule's order; empty for a rule without ``per``.
    state: ``no_data`` below min_samples or when stale, and as long as a breached key that fell silent has not shown
    that it is clear again; ``pending`` while it is beyond its limit and not yet for as long as the rule's ``for``.
    value: in the measure's unit: facts for ``count``, a share of 1 for ``ratio``, the field's own unit for
    ``quantile`` (log buckets, at most 0.6 % off), facts a second for ``rate``, the sum for ``sum``, values for
    ``distinct``, standard deviations for ``anomaly``, the evidence as a share of what it takes for ``sequential``,
    multiples of the budget for ``burn_rate``, the number for ``value`` (1 or 0 for text and truth: whether it
    breaches), seconds since the last fact for ``absent``; None when there is no data.
    shown: the value as a person reads it, for example ``2.4 %`` or ``ALARM``. breach, clear: as written.
    since_ms: when the state began; 0 when the key never left its first state. at_ms: event time the reading is for.
    budget_left: of an objective, the share of its budget that is left, below 0 when overspent; None for other measures.
    fires_at_ms: when a pending breach fires if it holds; 0 when none is pending.
    """

    rule_id: str
    family: str
    key: dict[str, str]
    state: State
    value: float | None
    shown: str
    breach: str
    clear: str
    samples: int
    min_samples: int
    window_seconds: float
    severity: str
    mode: str
    do: tuple[str, ...]
    since_ms: int
    at_ms: int
    fires_at_ms: int = 0
    budget_left: float | None = None

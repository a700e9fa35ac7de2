"""What a rule has to say about one key, with the numbers that say so."""

from enum import StrEnum

import msgspec


class State(StrEnum):
    """A rule's answer for one key; no data is an answer of its own and never means healthy.

    ``pending`` is beyond the limit and not for long enough: readings show it, no finding ever has it.
    """

    BREACHED = "breached"
    PENDING = "pending"
    CLEARED = "cleared"
    NO_DATA = "no_data"


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """A rule, a key and the reading that breached, cleared or is missing.

    key: the values of the rule's ``per`` fields, in the rule's order; empty for a rule without ``per``.
    value: what was measured, in the measure's unit (a share of 1 for ``ratio``); None when there is no data.
    breach: the limit as the operator wrote it. samples: facts behind the value. window_seconds: 0 for ``value``.
    at_ms: event time of the fact that tipped the rule, or the tick's time. fact_id: that fact, empty on a tick.
    do: the actions the rule asks for, in order. no_data: what the rule says that silence means. asked_by: the person
    who asks for it in place of a rule; empty for none. flag: the one that flags.kill and flags.revert change.
    component: the one that scale.out gives more of. heard_at_ms: when that fact was taken over, 0 on a tick.
    traceparent: of whoever sent that fact, empty when it had none.
    """

    rule_id: str
    family: str
    state: State
    key: dict[str, str]
    value: float | None
    breach: str
    samples: int
    window_seconds: float
    at_ms: int
    fact_id: str
    severity: str
    mode: str
    do: tuple[str, ...]
    runbook: str
    no_data: str = "hold"
    asked_by: str = ""
    flag: str = ""
    component: str = ""
    heard_at_ms: int = 0
    traceparent: str = ""

    @property
    def is_alarming(self) -> bool:
        """Whether somebody has to know: a breach, or a silence that the rule pages for."""
        return self.state is State.BREACHED or (self.state is State.NO_DATA and self.no_data == "page")

    @property
    def subject(self) -> str:
        """The key as one stable line, for example ``environment=green,region=us-east-1``."""
        return ",".join(f"{name}={value}" for name, value in sorted(self.key.items()))

    @property
    def fingerprint(self) -> str:
        """What stays the same while one thing is wrong: the rule and its key."""
        return f"{self.rule_id}[{self.subject}]"

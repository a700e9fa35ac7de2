"""The port of the engine: something that watches one kind of fact for one or several rules."""

from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any, Protocol

from checks.facts import Fact
from checks.findings import Finding
from checks.readings import Reading
from checks.windows import Key

FUTURE_MS_MAX = 5_000
"""Clocks of well-kept hosts differ by less; a fact from further ahead is counted at now, or it would expire others."""


class Watcher(Protocol):
    """Watches one kind of fact. Every method appends what changed to findings."""

    @property
    def late(self) -> int:
        """Facts that came after their window had passed."""

    @property
    def refused(self) -> int:
        """Facts of new keys beyond max_keys."""

    def observe(self, facts: Sequence[Fact], now_ms: int, findings: list[Finding]) -> None:
        """Take facts of the watcher's kind, in order of event time."""

    def tick(self, now_ms: int, findings: list[Finding]) -> None:
        """Let time pass."""

    def readings(self, keys_per_rule: int) -> list[Reading]:
        """The current value of every rule and key: open episodes, then at most keys_per_rule others."""

    def breached(self) -> list[Finding]:
        """What is beyond its limit now."""


def key_reader(per: Sequence[str]) -> Callable[[Any], Key]:
    """Read the key of a fact: one field as it is, several as a tuple, none as empty text."""
    if not per:
        return lambda _: ""
    return attrgetter(*per)

"""The port of the engine: something that watches one kind of fact for one or several rules."""

from typing import Protocol

from checks.findings import Finding
from checks.measures.selection import Selection
from checks.readings import Reading

FUTURE_MS_MAX = 5_000
"""Clocks of well-kept hosts differ by less; a fact from further ahead is counted at now, or it would expire others."""


class Observer(Protocol):
    """Takes one kind of fact."""

    def observe(self, batch: Selection, now_ms: int, findings: list[Finding]) -> None:
        """Take facts of its kind and append what changed to findings."""


class Watcher(Protocol):
    """Watches one kind of fact. Every method appends what changed to findings."""

    @property
    def late(self) -> int:
        """Facts that came after their window had passed."""

    @property
    def refused(self) -> int:
        """Facts of new keys beyond max_keys."""

    def tick(self, now_ms: int, findings: list[Finding]) -> None:
        """Let time pass."""

    def resume(self, now_ms: int) -> None:
        """After a time in which this program was down: what nobody could hear was no silence, so it begins now."""

    @property
    def about(self) -> str:
        """What its state is about, as text that is equal when it means the same; see `checks.state.about`."""

    @property
    def counted(self) -> frozenset[str]:
        """What it counts beside all facts, as canonical texts: state that holds as much or more can be taken back."""

    def snapshot(self) -> bytes:
        """Its state as MessagePack; only reads, so it may run in a thread while nothing is observed or ticked."""

    def restore(self, saved: bytes) -> None:
        """Fill a new watcher; raises msgspec.MsgspecError when the state does not fit, and nothing is filled then.

        Limits, severities and actions may be other ones now: counts go on, see
        `checks.measures.judging.episodes_state`.
        """

    def readings(self, keys_per_rule: int) -> list[Reading]:
        """The current value of every rule and key: open episodes, then at most keys_per_rule others."""

    def breached(self) -> list[Finding]:
        """What is beyond its limit now."""

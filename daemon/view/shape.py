"""What the daemon knows right now, as the API, the console and the metrics read it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from checks.engine import Reading
from daemon.view.declines import FraudSeen
from remediation.journal.entry import Entry
from remediation.state import State


@dataclass(frozen=True, slots=True)
class TrafficSplit:
    """Weights by environment out of 100, as last read from DNS; read_at_ms is 0 when they never were."""

    weights: dict[str, int]
    read_at_ms: int


@dataclass(frozen=True, slots=True)
class SecondOfPayments:
    """Payment attempts of one second and environment; second is Unix epoch seconds of the event time."""

    second: int
    environment: str
    succeeded: int
    declined: int
    failed: int


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """How fresh a source is. last_fact_at_ms is 0 when nothing ever came. consumed counts distinct facts."""

    name: str
    last_fact_at_ms: int
    stale: bool
    consumed: int
    duplicates: int
    quarantined: int


class SystemView(Protocol):
    """The read side of the daemon; every method but journal is cheap and does not wait."""

    def now_ms(self) -> int:
        """The daemon's clock."""

    def state(self) -> State:
        """Incidents, deployments and actions, folded from the journal."""

    def readings(self) -> Sequence[Reading]:
        """The current value of every rule and key."""

    def traffic(self) -> TrafficSplit:
        """Who gets the traffic."""

    def series(self) -> Sequence[SecondOfPayments]:
        """The last 300 seconds, oldest first; a second without payments is missing."""

    def declines(self) -> FraudSeen:
        """Fraud scores and reasons of the last hour."""

    def versions(self) -> Mapping[str, str]:
        """By environment the version that its newest payment or probe carried; missing when none said so."""

    def payment_totals(self) -> Mapping[tuple[str, ...], int]:
        """Payment attempts since the start by environment and outcome; environments beyond a few are ``other``."""

    def sources(self) -> Sequence[SourceStatus]:
        """Freshness of everything that feeds the daemon."""

    def observe_only(self) -> bool:
        """Whether automatic actions are switched off."""

    def ready(self) -> tuple[bool, str]:
        """Whether the daemon can do its work, and if not, why not."""

    async def journal(self, after: int, limit: int) -> Sequence[Entry]:
        """Entries with a sequence above after, oldest first."""

    async def changed(self, seen: int) -> int:
        """Wait until the view's version is above seen, and return it."""

"""Asks the payment core whether every cent is accounted for, and remembers the answer and its age."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from daemon.errors import CoreUnreachable
from daemon.probes.core_client import LedgerReading
from daemon.probes.looking import Observed
from remediation.ports import Clock


@dataclass(frozen=True, slots=True)
class LedgerStatus:
    """The last check of the payment ledger. violations: one sentence each, empty when balanced."""

    balanced: bool
    entries: int
    checked_at_ms: int
    violations: tuple[str, ...] = ()


class LedgerDoor(Protocol):
    """A core that verifies its ledger. Raises CoreUnreachable."""

    async def ledger(self) -> LedgerReading:
        """Verify every invariant now."""


class LedgerWatch:
    """Cores share one ledger, so the first that answers speaks for all."""

    def __init__(self, cores: Sequence[LedgerDoor], clock: Clock) -> None:
        self._cores = cores
        self._clock = clock
        self.status: LedgerStatus | None = None

    async def look(self) -> Observed:
        """The ``database`` component: healthy when the ledger balances; unknown is never shown as balanced."""
        fault = CoreUnreachable("No core is configured.")
        for core in self._cores:
            try:
                reading = await core.ledger()
            except CoreUnreachable as unreachable:
                fault = unreachable
                continue
            self.status = LedgerStatus(
                balanced=reading.balanced,
                entries=reading.entries,
                checked_at_ms=self._clock.now_ms(),
                violations=tuple(violation.detail for violation in reading.violations),
            )
            return _observed(reading)
        return Observed("unknown", f"no core verified the ledger: {fault}")


def _observed(reading: LedgerReading) -> Observed:
    if reading.balanced:
        return Observed("healthy", f"{reading.entries} ledger entries balance")
    first = reading.violations[0].detail if reading.violations else "no detail"
    return Observed("unhealthy", f"{len(reading.violations)} ledger invariants are broken, first: {first}")

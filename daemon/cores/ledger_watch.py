"""Asks the payment core whether every cent is accounted for, and remembers the answer and its age."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from daemon.errors import CoreUnreachable
from daemon.probes.core_client import LedgerReading, LedgerViolation
from daemon.probes.looking import Observed
from remediation.ports import Clock


@dataclass(frozen=True, slots=True)
class LedgerStatus:
    """The last check of the payment ledger. violations: one sentence each, empty when balanced.

    journals: that were added up. moving: accounts of which only bounds were proved, because payments moved them.
    wrong: the violations with the invariant, the account, and the cents by which it is off.
    """

    balanced: bool
    entries: int
    checked_at_ms: int
    violations: tuple[str, ...] = ()
    journals: int = 0
    moving: int = 0
    wrong: tuple[LedgerViolation, ...] = ()

    @property
    def unreconciled_cents(self) -> int:
        """By how much accounts are off, whichever way."""
        return sum(abs(one.difference_cents) for one in self.wrong)


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
                journals=reading.journals,
                moving=reading.moving,
                wrong=tuple(reading.violations),
            )
            return _observed(reading)
        return Observed("unknown", f"no core verified the ledger: {fault}")


def _observed(reading: LedgerReading) -> Observed:
    if reading.balanced:
        return Observed("healthy", f"{reading.entries} ledger entries balance")
    first = reading.violations[0].detail if reading.violations else "no detail"
    return Observed("unhealthy", f"{len(reading.violations)} ledger invariants are broken, first: {first}")

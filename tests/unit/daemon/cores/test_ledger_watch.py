"""Whether the ledger balances, and that not knowing is never shown as balanced."""

import pytest

from daemon.cores.ledger_watch import LedgerWatch
from daemon.errors import CoreUnreachable
from daemon.probes.core_client import LedgerReading, LedgerViolation
from tests.unit.remediation.worlds import NOW_MS, FakeClock

BALANCED = LedgerReading(balanced=True, entries=42)
BROKEN = LedgerReading(
    balanced=False, entries=43, violations=[LedgerViolation(invariant="I1", subject="pay_1", detail="a cent is off")]
)


class Door:
    """A core that says this, or does not answer."""

    def __init__(self, reading: LedgerReading | None) -> None:
        self.reading = reading

    async def ledger(self) -> LedgerReading:
        """See LedgerDoor."""
        if self.reading is None:
            raise CoreUnreachable("no answer")
        return self.reading


async def test_a_balanced_ledger_is_healthy_and_has_its_age() -> None:
    watch = LedgerWatch([Door(BALANCED)], FakeClock())
    assert (await watch.look()).status == "healthy"
    assert watch.status is not None
    assert (watch.status.balanced, watch.status.entries, watch.status.checked_at_ms) == (True, 42, NOW_MS)


async def test_a_broken_ledger_is_unhealthy_with_its_first_violation() -> None:
    watch = LedgerWatch([Door(BROKEN)], FakeClock())
    observed = await watch.look()
    assert (observed.status, observed.detail) == ("unhealthy", "1 ledger invariants are broken, first: a cent is off")
    assert watch.status is not None
    assert (watch.status.balanced, watch.status.violations) == (False, ("a cent is off",))


async def test_a_ledger_that_says_unbalanced_without_a_reason_is_not_balanced() -> None:
    observed = await LedgerWatch([Door(LedgerReading(balanced=False, entries=0))], FakeClock()).look()
    assert observed.status == "unhealthy"


async def test_the_first_core_that_answers_speaks_for_all() -> None:
    watch = LedgerWatch([Door(None), Door(BALANCED), Door(BROKEN)], FakeClock())
    assert (await watch.look()).status == "healthy"


@pytest.mark.parametrize("doors", [[], [Door(None), Door(None)]])
async def test_when_nobody_answers_nothing_is_said_about_the_ledger(doors: list[Door]) -> None:
    watch = LedgerWatch(doors, FakeClock())
    assert (await watch.look()).status == "unknown"
    assert watch.status is None


async def test_silence_leaves_the_old_answer_with_its_old_age() -> None:
    door, clock = Door(BALANCED), FakeClock()
    watch = LedgerWatch([door], clock)
    await watch.look()
    door.reading = None
    clock.at_ms += 60_000
    assert (await watch.look()).status == "unknown"
    assert watch.status is not None
    assert watch.status.checked_at_ms == NOW_MS

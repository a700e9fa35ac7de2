"""The five-minute health check tells each change once."""

from collections.abc import Sequence

import pytest

from checks.facts import HealthProbed, HealthStatus
from daemon.senses.health_check import HealthCheck
from remediation.errors import JournalFull
from remediation.journal.entry import GENESIS_HASH, Entry, seal
from remediation.journal.kinds import Body, HealthChanged, draft

NOW_MS = 1_790_000_000_000


class Scripted:
    """Gives these statuses, one look after the other, each with its detail."""

    def __init__(self, subject: str, environment: str, *statuses: HealthStatus, details: Sequence[str] = ()) -> None:
        self._subject = subject
        self._environment = environment
        self._statuses = list(statuses)
        self._details = list(details)

    async def probe_all(self, now_ms: int) -> list[HealthProbed]:
        """See Prober."""
        status = self._statuses.pop(0)
        return [
            HealthProbed(
                id=f"{self._subject}-{self._environment}-{len(self._statuses)}",
                at_ms=now_ms,
                subject=self._subject,
                environment=self._environment,
                status=status,
                detail=self._details.pop(0) if self._details else "",
            )
        ]


class Told:
    """Keeps what was told; is full as often as it was said."""

    def __init__(self, refusals: int = 0) -> None:
        self.refusals = refusals
        self.changes: list[tuple[str, str, str]] = []

    async def append(self, body: Body) -> Entry:
        """See Writer."""
        if self.refusals > 0:
            self.refusals -= 1
            raise JournalFull
        assert isinstance(body, HealthChanged)
        self.changes.append((body.component, body.previous_status, body.status))
        entry = draft(body, actor="daemon", at_ms=NOW_MS)
        return seal(entry, sequence=1, epoch=1, previous_hash=GENESIS_HASH)


async def test_a_change_is_told_once_and_what_stays_is_not() -> None:
    blue = Scripted("core", "blue", "healthy", "healthy", "unhealthy", "unhealthy", "healthy")
    queue = Scripted("monitoring", "", "healthy", "degraded", "degraded", "degraded", "degraded")
    told = Told()
    check = HealthCheck((blue, queue), told)
    for _ in range(5):
        assert len(await check.run(NOW_MS)) == 2
    assert told.changes == [
        ("core/blue", "unknown", "healthy"),
        ("monitoring", "unknown", "healthy"),
        ("monitoring", "healthy", "degraded"),
        ("core/blue", "healthy", "unhealthy"),
        ("core/blue", "unhealthy", "healthy"),
    ]


async def test_each_verification_of_the_audit_trail_is_told_with_its_moment_and_how_far_it_is_is_not() -> None:
    details = ["as it was written at 3 (in 1 s: 12 rows)", "as it was written at 3 (in 1 s: 14 rows)"]
    looks = [
        *details,
        "as it was written at 4 (in 1 s: 15 rows)",
        "too old",
        "as it was written at 4 (in 1 s: 15 rows)",
    ]
    statuses: list[HealthStatus] = ["healthy", "healthy", "healthy", "unknown", "healthy"]
    trail, told = Scripted("audit-trail", "", *statuses, details=looks), Told()
    check = HealthCheck((trail,), told)
    for _ in looks:
        await check.run(NOW_MS)
    assert told.changes == [
        ("audit-trail", "unknown", "healthy"),
        ("audit-trail", "healthy", "healthy"),
        ("audit-trail", "healthy", "unknown"),
        ("audit-trail", "unknown", "healthy"),
    ]


async def test_environments_of_one_component_are_told_apart() -> None:
    told = Told()
    await HealthCheck((Scripted("core", "blue", "healthy"), Scripted("core", "green", "unhealthy")), told).run(NOW_MS)
    assert [component for component, _, _ in told.changes] == ["core/blue", "core/green"]


async def test_what_was_unknown_and_stays_unknown_is_no_change() -> None:
    told = Told()
    await HealthCheck((Scripted("core", "", "unknown"),), told).run(NOW_MS)
    assert told.changes == []


async def test_a_change_that_the_journal_refused_is_told_the_next_time() -> None:
    told = Told(refusals=1)
    check = HealthCheck((Scripted("core", "", "healthy", "healthy"),), told)
    with pytest.raises(JournalFull):
        await check.run(NOW_MS)
    await check.run(NOW_MS)
    assert told.changes == [("core", "unknown", "healthy")]

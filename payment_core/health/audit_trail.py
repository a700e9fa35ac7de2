"""What the core's own verification of its audit trail last found, and of which moment that is."""

from datetime import UTC, datetime

from payment_core.audit.progress import PROGRESS_ID, AuditProgress
from payment_core.clock import Clock
from payment_core.health.checking import Checked
from payment_core.operations.call import Call
from payment_core.store.port import LedgerStore

GRACE_MS = 3_600_000
"""What a verification takes when its share of the time is small; a later one is missing."""


class AuditTrailCheck:
    """I10 to I12. every_ms: how often the whole trail is verified; one that is older than two of them says nothing."""

    def __init__(self, store: LedgerStore, clock: Clock, every_ms: int) -> None:
        self._store = store
        self._clock = clock
        self._every_ms = every_ms

    async def __call__(self, _call: Call) -> Checked:
        """Read what came of it; any process may be the one that verifies."""
        found = await self._store.read(AuditProgress, PROGRESS_ID)
        if found is None:
            return Checked(status="unknown", detail="the audit trail was never verified")
        last = found.last
        if last is None:
            detail = f"its first verification began {_at(found.began_at_ms)} ({found.rows} audit rows so far)"
            return Checked(status="degraded", detail=detail)
        if last.findings:
            findings = tuple(f"{finding.place}: {finding.what}" for finding in last.findings)
            return Checked(status="unhealthy", detail=f"{_at(last.ended_at_ms)}: {findings[0]}", findings=findings)
        if self._clock.now_ms() - last.ended_at_ms > 2 * self._every_ms + GRACE_MS:
            return Checked(status="unknown", detail=f"the audit trail was last verified {_at(last.ended_at_ms)}")
        seconds = (last.ended_at_ms - last.began_at_ms) // 1000
        newer = "" if found.began_at_ms > 0 else f"; followed to row {found.rows} {_at(found.followed_at_ms)}"
        looked_at = (
            f"{last.rows} audit rows with their events and journals, {last.documents} documents, {last.roots} roots"
        )
        return Checked(
            status="healthy",
            detail=f"as it was written {_at(last.ended_at_ms)} (in {seconds} s: {looked_at}{newer})",
        )


def _at(at_ms: int) -> str:
    return f"at {datetime.fromtimestamp(at_ms // 1000, tz=UTC):%Y-%m-%dT%H:%M:%SZ}"

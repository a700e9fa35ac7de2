"""The daily proof: every journal is added up again from the first one, as a job."""

import structlog

from payment_core.ledger.verify import LedgerVerifier

log = structlog.get_logger()

EVERY_MS = 24 * 3_600_000
FIRST_AFTER_MS = 600_000
"""Not at the start, when there is other work."""


class LedgerSweep:
    """Checks everything once a day; what it finds stays in the verifier, whose next look tells it to the daemon."""

    def __init__(self, verifier: LedgerVerifier, now_ms: int) -> None:
        self._verifier = verifier
        self._due_ms = now_ms + FIRST_AFTER_MS

    async def run_once(self, now_ms: int) -> int:
        """Check when a day is over; returns the number of violations."""
        if now_ms < self._due_ms:
            return 0
        self._due_ms = now_ms + EVERY_MS
        report = await self._verifier.check_all()
        if not report.balanced:
            log.error("the ledger does not balance", action="ledger_unbalanced", violations=len(report.violations))
        return len(report.violations)

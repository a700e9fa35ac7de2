"""Keeps the lease that lets this daemon write the journal and act."""

import structlog

from remediation.errors import JournalFailed, JournalFull
from remediation.journal.port import Leases
from remediation.journal.writer import JournalWriter
from remediation.ports import Clock

log = structlog.get_logger()

LEASE_MS = 15_000
"""A paused leader is fenced off after this; three renewals fit into it."""
RENEW_SECONDS = 5.0


class Leadership:
    """Renews the lease; StaleEpoch ends the daemon, because another one leads."""

    def __init__(self, leases: Leases, writer: JournalWriter, clock: Clock) -> None:
        self._leases = leases
        self._writer = writer
        self._clock = clock
        self.fault = ""
        """Why the lease could not be renewed the last time; empty when it was."""

    async def renew(self) -> None:
        """Extend the lease; while the disk refuses, the old end stands and nothing is done beyond it."""
        try:
            lease = await self._leases.renew_lease(self._writer.lease, LEASE_MS, self._clock.now_ms())
        except (JournalFull, JournalFailed) as fault:
            self.fault = str(fault)
            log.error("lease not renewed", action="lease_not_renewed", fault=self.fault)
            return
        self.fault = ""
        self._writer.renewed(lease)

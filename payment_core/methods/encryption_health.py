"""Tells the world when numbers can no longer be encrypted, and when they can again."""

import structlog

from checks.facts import HealthProbed, HealthStatus
from payment_core.errors import CoreError
from payment_core.methods.model import EncryptionHealth
from payment_core.operations.documents import next_of
from payment_core.origin import Origin
from payment_core.store.port import LedgerStore, Transaction
from payment_core.vault.errors import (
    KeyAccessDenied,
    KeyDisabled,
    KeyMissing,
    KeyPendingDeletion,
    KeyUnavailable,
)
from payment_core.vault.keys.port import KeyState
from payment_core.vault.keys.watch import must_be_erased

log = structlog.get_logger()

SUBJECT = "encryption"
ACTOR = "core:vault"
REPEAT_MS = 10_000
"""While it stays broken the fact is repeated this often at most: requests must not flood the outbox."""

KEY_FAULTS = (KeyDisabled, KeyPendingDeletion, KeyMissing, KeyAccessDenied, KeyUnavailable)
"""What keeps the vault from encrypting; nothing was stored then."""


class EncryptionHealthReport:
    """Writes ``health.probed`` facts about the subject ``encryption`` to the outbox."""

    def __init__(self, store: LedgerStore, origin: Origin) -> None:
        self._store = store
        self._origin = origin
        # Unknown at first: a process before this one may have said that it is broken.
        self._told: HealthStatus | None = None

    async def broken(self, fault: CoreError) -> None:
        """A number could not be encrypted; what is wrong with the store as well is logged, not raised."""
        await self._tell("unhealthy", type(fault).__name__)

    async def works(self) -> None:
        """A number was encrypted; costs nothing unless the last word of this process was another."""
        if self._told != "healthy":
            await self._tell("healthy", "")

    async def seen(self, state: KeyState) -> None:
        """The key was looked at. An outage says nothing yet: keys in memory go on, and who is refused tells."""
        if state is KeyState.ENABLED:
            await self.works()
        elif must_be_erased(state):
            await self._tell("unhealthy", f"the encryption key is {state.value}")

    async def _tell(self, status: HealthStatus, detail: str) -> None:
        def work(transaction: Transaction) -> None:
            known = transaction.get(EncryptionHealth, SUBJECT)
            now_ms = transaction.now_ms
            before = "healthy" if known is None else known.status
            since_ms = 0 if known is None else known.updated_at_ms
            if before == status and (status == "healthy" or now_ms < since_ms + REPEAT_MS):
                return
            if known is None:
                after = EncryptionHealth(
                    id=SUBJECT, created_at_ms=now_ms, updated_at_ms=now_ms, status=status, detail=detail
                )
            else:
                after = next_of(known, now_ms, status=status, detail=detail)
            transaction.change(after, self._fact(after))

        try:
            await self._store.transact(work, ACTOR)
            self._told = status
        except CoreError as error:
            log.error("encryption health not stored", action="encryption_health_lost", status=status, error=str(error))

    def _fact(self, health: EncryptionHealth) -> HealthProbed:
        return HealthProbed(
            id=f"{health.id}.{health.version}.{self._origin.environment}.{health.updated_at_ms}",
            at_ms=health.updated_at_ms,
            subject=SUBJECT,
            region=self._origin.region,
            environment=self._origin.environment,
            version=self._origin.release,
            status=health.status,
            detail=health.detail,
        )

"""The audit trail of the vault: one document for each attempt, stored before anything is revealed."""

from payment_core.identifiers import new_id
from payment_core.methods.model import VaultAccess
from payment_core.operations.documents import record_change
from payment_core.origin import Origin
from payment_core.store.port import LedgerStore, Transaction
from payment_core.vault.access import Purpose, VaultAct

PURPOSE_OF_ROLE = {
    "card_rail": Purpose.AUTHORIZATION,
    "ach_files": Purpose.PAYOUT_FILE,
    "dispute_desk": Purpose.DISPUTE,
    "vault_exporter": Purpose.EXPORT,
}
"""What each role of the vault is for."""


class StoredVaultAccesses:
    """The vault's ``AuditTrail``; each row is hash-chained and published like every other document."""

    def __init__(self, store: LedgerStore, origin: Origin) -> None:
        self._store = store
        self._origin = origin

    async def record(self, act: VaultAct) -> None:
        """Store the row durably before this returns."""
        await self._store.transact(lambda transaction: write_access(transaction, self._origin, act), act.actor)


def write_access(transaction: Transaction, origin: Origin, act: VaultAct) -> None:
    """Put an act on record in the transaction that carries it out."""
    access = VaultAccess(
        id=new_id("acc", transaction.now_ms),
        created_at_ms=transaction.now_ms,
        updated_at_ms=transaction.now_ms,
        action=act.action,
        token=act.target,
        actor=act.actor,
        role=act.role,
        purpose=act.purpose,
        reason=act.reason,
        outcome=act.outcome,
    )
    record_change(transaction, origin, access, status=act.outcome)


def shred_act(token: str, actor: str, reason: str, at_ms: int) -> VaultAct:
    """That somebody destroys a number."""
    return VaultAct(
        at_ms=at_ms,
        action="shred_token",
        target=token,
        actor=actor,
        role="",
        purpose="",
        reason=reason,
        outcome="granted",
    )

"""What is kept of a payment method, of the vault's rows, and of every look into the vault."""

from checks.facts import HealthStatus
from payment_core.store.records import Document, Record
from payment_core.vault.records import DataKeyRow, MoveProgress, RecordKey, SealedRecord


class PaymentMethod(Document, frozen=True, gc=False, kw_only=True, tag="payment_method"):
    """A customer's card; its id is the vault's token, so that a payment finds it with one read.

    bin, last4: what may be shown of the number. country: billing address, ISO 3166-1 alpha-2 or empty.
    deleted_at_ms: when its number was destroyed, 0 while it can be used.
    """

    customer_id: str
    brand: str
    bin: str
    last4: str
    expiry_month: int
    expiry_year: int
    fingerprint: str
    country: str = ""
    deleted_at_ms: int = 0

    @property
    def owner(self) -> str:
        """Methods are listed by customer."""
        return self.customer_id


class VaultRow(Record, frozen=True, gc=False, kw_only=True, tag="vault_record"):
    """A sealed number; its id is the token.

    unlinked_since_ms: it belongs to no method or account since then, and is destroyed a while later; 0 when it does.
    """

    record: SealedRecord
    unlinked_since_ms: int = 0

    @property
    def due_at_ms(self) -> int:
        """Since when it may be unwanted."""
        return self.unlinked_since_ms


class VaultKey(Record, frozen=True, gc=False, kw_only=True, tag="vault_key"):
    """The key of one sealed number; its id is the token."""

    key: RecordKey

    @property
    def owner(self) -> str:
        """The data key that it is sealed under."""
        return self.key.data_key_id


class VaultDataKey(Record, frozen=True, gc=False, kw_only=True, tag="vault_data_key"):
    """A data key as the key service encrypted it. is_leaving: nothing new may be sealed under it."""

    row: DataKeyRow
    is_leaving: bool = False

    @property
    def owner(self) -> str:
        """Its tenant."""
        return self.row.tenant


class VaultMove(Record, frozen=True, gc=False, kw_only=True, tag="vault_move"):
    """How far a re-encryption is; its id is the job's."""

    progress: MoveProgress


class VaultAccess(Document, frozen=True, gc=False, kw_only=True, tag="vault_access"):
    """One attempt to see or destroy a number, written before it happens (PCI DSS 10.2.1).

    outcome: ``granted`` or why not. reason: what the actor gave, with card numbers masked.
    """

    action: str
    token: str
    actor: str
    role: str
    purpose: str
    reason: str
    outcome: str

    @property
    def owner(self) -> str:
        """Accesses are listed by token."""
        return self.token


class EncryptionHealth(Document, frozen=True, gc=False, kw_only=True, tag="encryption_health"):
    """Whether numbers can be encrypted, as the last attempts showed; there is one, with the id ``encryption``."""

    status: HealthStatus
    detail: str = ""


class SealedHashKeys(Record, frozen=True, gc=False, kw_only=True, tag="hash_keys"):
    """The keys of hashes, sealed under a data key of the vault."""

    sealed: bytes


RECORDS: tuple[type[Record], ...] = (
    PaymentMethod,
    VaultRow,
    VaultKey,
    VaultDataKey,
    VaultMove,
    VaultAccess,
    EncryptionHealth,
    SealedHashKeys,
)

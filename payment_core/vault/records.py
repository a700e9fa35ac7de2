"""What is stored: the sealed record, the record's own key, and the data key's row; none of them opens alone."""

from typing import Literal

import msgspec

from payment_core.vault.keys.port import WrappedKey

SCHEMA = 1
"""Version of the sealed content and of its additional data."""

Kind = Literal["card", "bank_account"]
KeyPurpose = Literal["records", "fingerprint"]


class CardDetails(msgspec.Struct, frozen=True, tag="card"):
    """What may be shown of a card (PCI DSS 3.4.1: BIN and last four). expiry_year: four digits."""

    brand: str
    bin6: str
    last4: str
    expiry_month: int
    expiry_year: int


class BankAccountDetails(msgspec.Struct, frozen=True, tag="bank_account"):
    """What may be shown of a bank account. last4: fewer characters when the number is short."""

    routing_number: str
    last4: str
    account_type: Literal["checking", "savings"]


Details = CardDetails | BankAccountDetails


class SealedRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A card or bank account that only its record key opens.

    sealed: nonce (12 bytes), AES-256-GCM ciphertext and tag; AAD is tenant, token, kind and schema, each preceded
    by its length. fingerprint: equal for equal numbers of one tenant, whichever data key was current.
    """

    token: str
    tenant: str
    kind: Kind
    schema: int
    sealed: bytes
    details: Details
    fingerprint: str
    created_at_ms: int


class RecordKey(msgspec.Struct, frozen=True, kw_only=True):
    """The key of one record, sealed under a data key: nonce, ciphertext and tag. Without this row it is shredded."""

    token: str
    tenant: str
    data_key_id: str
    sealed: bytes


class DataKeyRow(msgspec.Struct, frozen=True, kw_only=True):
    """A data key as the key service encrypted it; many record keys are sealed under one.

    sealing_ends_at_ms: no process seals under it from this time on; 0 when it never seals (fingerprints).
    """

    id: str
    tenant: str
    purpose: KeyPurpose
    wrapped: WrappedKey
    created_at_ms: int
    sealing_ends_at_ms: int


class StoredToken(msgspec.Struct, frozen=True):
    """A record with the rows that open it, read in one transaction. A missing row means that it was shredded."""

    record: SealedRecord
    key: RecordKey | None
    data_key: DataKeyRow | None


class KeyMove(msgspec.Struct, frozen=True):
    """A record key sealed under another data key: ``old`` must still be stored, unchanged."""

    old: RecordKey
    new: RecordKey


class MoveProgress(msgspec.Struct, frozen=True, kw_only=True):
    """How far a re-encryption is: everything up to and with ``after`` was looked at.

    source: what is left behind, a data key's id or a tenant. after: a token or a data key's id, empty before the
    first. moved: now under another key. damaged: could not be opened in this pass and left as they are.
    """

    job: str
    source: str
    after: str = ""
    moved: int = 0
    damaged: int = 0
    batches: int = 0
    finished: bool = False

"""API keys as they are kept, and the records that they are found by."""

from typing import Literal

from payment_core.store.records import Document, Record

KeyStatus = Literal["active", "revoked"]


class ApiKey(Document, frozen=True, gc=False, kw_only=True, tag="api_key"):
    """One key. name: unique for ever, since the audit trail names callers by it. shown: the secret's beginning.

    secret_sha256: of the secret. expires_at_ms: 0 when it never does.
    """

    name: str
    shown: str
    secret_sha256: str
    scopes: tuple[str, ...]
    requests_per_second: int
    burst: int
    expires_at_ms: int = 0
    status: KeyStatus = "active"
    revoked_at_ms: int = 0


class KeySecret(Record, frozen=True, gc=False, kw_only=True, tag="api_key_secret"):
    """Finds a key by its secret: the id is the secret's SHA-256."""

    key_id: str


class KeyName(Record, frozen=True, gc=False, kw_only=True, tag="api_key_name"):
    """Reserves a name: the id is the name."""

    key_id: str


RECORDS: tuple[type[Record], ...] = (ApiKey, KeySecret, KeyName)

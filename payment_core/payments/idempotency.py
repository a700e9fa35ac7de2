"""One key, one effect: the row that remembers a key's request, its lease and its answer."""

import hashlib
import sqlite3

import msgspec

from payment_core.payments.answers import Answer
from payment_core.payments.operations import Operation

KEY_LENGTH_MAX = 255
"""As the peers allow."""


class Claim(msgspec.Struct, frozen=True):
    """A request that wants to have its effect. request_hash: SHA-256 of its canonical JSON."""

    operation: Operation
    key: str
    request_hash: bytes
    lease_until_ms: int


class Known(msgspec.Struct, frozen=True):
    """What is remembered of a key; answer is None while the operation runs."""

    request_hash: bytes
    resource_id: str
    lease_until_ms: int
    answer: Answer | None


def request_hash(target: str, body: msgspec.Struct) -> bytes:
    """SHA-256 of the target's id and the body in canonical JSON: fields in one order, defaults left out."""
    return hashlib.sha256(target.encode() + b"\n" + msgspec.json.encode(body, order="deterministic")).digest()


def recall(connection: sqlite3.Connection, operation: Operation, key: str) -> Known | None:
    """What is known of the key in the operation's scope, or None."""
    row = connection.execute(
        "SELECT request_hash, resource_id, lease_until_ms, status, body FROM idempotency"
        " WHERE operation = ? AND key = ?",
        (operation, key),
    ).fetchone()
    if row is None:
        return None
    return Known(row[0], row[1], row[2], Answer(row[3], row[4], replayed=True) if row[3] else None)


def remember(connection: sqlite3.Connection, claim: Claim, resource_id: str, now_ms: int) -> None:
    """Write that the key's operation has begun, in the transaction that writes its intent."""
    connection.execute(
        "INSERT INTO idempotency VALUES (?, ?, ?, ?, ?, ?, 0, x'')",
        (claim.operation, claim.key, claim.request_hash, resource_id, claim.lease_until_ms, now_ms),
    )


def extend(connection: sqlite3.Connection, operation: Operation, key: str, lease_until_ms: int) -> None:
    """Give the operation in flight to whoever calls, until the lease ends."""
    connection.execute(
        "UPDATE idempotency SET lease_until_ms = ? WHERE operation = ? AND key = ? AND status = 0",
        (lease_until_ms, operation, key),
    )


def finish(connection: sqlite3.Connection, operation: Operation, key: str, answer: Answer) -> None:
    """Store the answer unless one is stored: the first answer stands for as long as the key does."""
    connection.execute(
        "UPDATE idempotency SET status = ?, body = ?, lease_until_ms = 0"
        " WHERE operation = ? AND key = ? AND status = 0",
        (answer.status, answer.body, operation, key),
    )

"""One key, one effect: the record that remembers a key's request, its lease and its answer."""

import hashlib
from enum import StrEnum
from typing import assert_never

import msgspec

from payment_core.answers import Answer, Explanation
from payment_core.operations.call import Call
from payment_core.store.port import LedgerStore, Transaction, Work
from payment_core.store.records import Record

KEY_LENGTH_MAX = 255
"""As the peers allow."""

KEPT_DAYS = 90
"""How long a finished operation's key is remembered: as long as a webhook that told of it can be sent again."""

KEPT_MS = KEPT_DAYS * 24 * 3_600_000


class OnceRefusal(StrEnum):
    """Why a key did not get its effect; before every refusal of the operation itself."""

    IDEMPOTENCY_MISMATCH = "idempotency_mismatch"
    IDEMPOTENCY_IN_PROGRESS = "idempotency_in_progress"


def explain_once(refusal: OnceRefusal) -> Explanation:
    """The refusal as callers see it."""
    match refusal:
        case OnceRefusal.IDEMPOTENCY_MISMATCH:
            return Explanation("Idempotency mismatch", 422, "The key was used with another request.")
        case OnceRefusal.IDEMPOTENCY_IN_PROGRESS:
            return Explanation("Still running", 409, "The request with this key is still running; try again.")
        case _:
            assert_never(refusal)


class KeyRecord(Record, frozen=True, gc=False, kw_only=True, tag="idempotency"):
    """What is remembered of a key; its id is the operation and the key.

    resource_id: the object that the operation made or holds. lease_until_ms: while it runs, until then it belongs to
    who began it. status: of the answer, 0 while the operation runs. forget_at_ms: when the key may be used anew.
    """

    request_hash: bytes
    resource_id: str
    lease_until_ms: int = 0
    created_at_ms: int
    status: int = 0
    body: bytes = b""
    forget_at_ms: int = 0

    @property
    def due_at_ms(self) -> int:
        """When it is forgotten; never while the operation runs."""
        return 0 if self.status == 0 else self.forget_at_ms

    @property
    def answer(self) -> Answer | None:
        """The stored answer, or None while the operation runs."""
        return None if self.status == 0 else Answer(self.status, self.body, replayed=True)


def key_id(operation: str, key: str) -> str:
    """The record's id: the operation is the scope of its keys."""
    return f"{operation}:{key}"


def key_digest(operation: str, key: str) -> str:
    """What a key, which may hold a name, is known by outside the core: 64 bits of its SHA-256, in hexadecimal."""
    return hashlib.sha256(key_id(operation, key).encode()).hexdigest()[:16]


def request_hash(target: str, body: msgspec.Struct | None) -> bytes:
    """SHA-256 of the target's id and the body in canonical JSON: fields in one order, defaults left out."""
    encoded = b"" if body is None else msgspec.json.encode(body, order="deterministic")
    return hashlib.sha256(target.encode() + b"\n" + encoded).digest()


def recall(transaction: Transaction, operation: str, call: Call) -> KeyRecord | Answer | OnceRefusal | None:
    """What is known of the call's key: its answer, or its record while it runs; None for a new one."""
    return _known(transaction.get(KeyRecord, key_id(operation, call.key)), call)


async def answered_before(store: LedgerStore, operation: str, call: Call) -> Answer | OnceRefusal | None:
    """What the key came to before; for operations that do something else before their transaction."""
    known = _known(await store.read(KeyRecord, key_id(operation, call.key)), call)
    return OnceRefusal.IDEMPOTENCY_IN_PROGRESS if isinstance(known, KeyRecord) else known


def claim(transaction: Transaction, operation: str, call: Call, resource_id: str, lease_until_ms: int) -> KeyRecord:
    """Write that the key's operation has begun, in the transaction that writes its intent."""
    record = KeyRecord(
        id=key_id(operation, call.key),
        request_hash=call.request_hash,
        resource_id=resource_id,
        lease_until_ms=lease_until_ms,
        created_at_ms=transaction.now_ms,
    )
    transaction.put(record)
    return record


def finish(transaction: Transaction, name: str, answer: Answer, claimed: KeyRecord | None = None) -> None:
    """Store the answer unless one is stored: the first answer stands for as long as the key does.

    name: ``key_id``. claimed: the record, where it is sure that nobody has answered it; it is not read then.
    """
    known = transaction.get(KeyRecord, name) if claimed is None else claimed
    if known is not None and known.status == 0:
        transaction.put(_answered(known, answer, transaction.now_ms))


def remember(transaction: Transaction, operation: str, call: Call, answer: Answer, resource_id: str = "") -> None:
    """Store the answer of an operation that begins and ends in this transaction."""
    record = KeyRecord(
        id=key_id(operation, call.key),
        request_hash=call.request_hash,
        resource_id=resource_id,
        created_at_ms=transaction.now_ms,
    )
    transaction.put(_answered(record, answer, transaction.now_ms))


async def perform_once(
    store: LedgerStore, operation: str, call: Call, work: Work[Answer | StrEnum]
) -> Answer | StrEnum:
    """Run an operation that needs no rail, in one transaction with its key; a refusal is not remembered."""

    def once(transaction: Transaction) -> Answer | StrEnum:
        known = recall(transaction, operation, call)
        if known is not None:
            return OnceRefusal.IDEMPOTENCY_IN_PROGRESS if isinstance(known, KeyRecord) else known
        answer = work(transaction)
        if isinstance(answer, Answer):
            remember(transaction, operation, call, answer)
        return answer

    return await store.transact(once, call.actor)


def _known(record: KeyRecord | None, call: Call) -> KeyRecord | Answer | OnceRefusal | None:
    if record is None:
        return None
    if record.request_hash != call.request_hash:
        return OnceRefusal.IDEMPOTENCY_MISMATCH
    return record if record.answer is None else record.answer


def _answered(record: KeyRecord, answer: Answer, now_ms: int) -> KeyRecord:
    return msgspec.structs.replace(
        record, status=answer.status, body=answer.body, lease_until_ms=0, forget_at_ms=now_ms + KEPT_MS
    )

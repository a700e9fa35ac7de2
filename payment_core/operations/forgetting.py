"""Forgets idempotency keys some time after their operation has finished, as a job."""

from collections.abc import Callable, Sequence
from functools import partial

import msgspec

from payment_core.operations.once import KeyRecord
from payment_core.store.port import LedgerStore, Transaction
from payment_core.store.records import Due

BATCH = 50
"""Keys of one transaction: with the object that each of them is about, 100 items, as many as DynamoDB takes."""

RUN_MAX = 1_000
"""Keys of one run: a schedule that runs the jobs once a minute keeps up with 16 requests a second."""

PUT_OFF_MS = 24 * 3_600_000
"""A key whose object is still under way after all that time is looked at once a day."""

ACTOR = "sweep:idempotency-keys"

IsUnfinished = Callable[[Transaction, str], bool]
"""Whether the object with this id still waits for somebody; then its key keeps a second one from being made."""


class KeyForgetting:
    """Job: each batch is one transaction, so a run that ends anywhere is gone on with by the next."""

    def __init__(self, store: LedgerStore, is_unfinished: IsUnfinished) -> None:
        self._store = store
        self._is_unfinished = is_unfinished

    async def run_once(self, now_ms: int) -> int:
        """Forget what is due, the oldest first; returns how many keys were forgotten or put off."""
        done = 0
        for _ in range(RUN_MAX // BATCH):
            due = [record.id for record in await self._store.query(Due(KeyRecord, now_ms, BATCH))]
            if due:
                done += await self._store.transact(partial(self._forget, due), ACTOR)
            if len(due) < BATCH:
                break
        return done

    def _forget(self, names: Sequence[str], transaction: Transaction) -> int:
        """Forget those that are still due."""
        done = 0
        for name in names:
            record = transaction.get(KeyRecord, name)
            if record is None or not 0 < record.due_at_ms <= transaction.now_ms:
                continue
            if record.resource_id != "" and self._is_unfinished(transaction, record.resource_id):
                transaction.put(msgspec.structs.replace(record, forget_at_ms=transaction.now_ms + PUT_OFF_MS))
            else:
                transaction.delete(KeyRecord, name)
            done += 1
        return done

"""The payment store on one DynamoDB table: optimistic transactions, each proved by conditions when it commits."""

import secrets
from typing import TypeVar

import msgspec

from payment_core.clock import Clock
from payment_core.errors import DatabaseUnusable, StoreBusy
from payment_core.store.dynamodb.errors import (
    AnswerLost,
    Contended,
    LayoutMismatch,
    OutcomeUnknown,
    Throttled,
    TransactionTooLarge,
    WorkNotRepeatable,
)
from payment_core.store.dynamodb.items import Commit
from payment_core.store.dynamodb.layout import (
    ALONE,
    Item,
    Layout,
    TableKey,
    audit_key,
    head_key,
    key_item,
    record_key,
    shard_of,
)
from payment_core.store.dynamodb.patient import PatientTable
from payment_core.store.dynamodb.reading import DynamoReading
from payment_core.store.dynamodb.retry import Patience, Tries
from payment_core.store.dynamodb.stage import DynamoStage, Snapshot
from payment_core.store.dynamodb.table import ITEMS_MAX, Operation, Table
from payment_core.store.dynamodb.turns import Turns
from payment_core.store.port import Work
from payment_core.store.stage import Key, Registry
from payment_core.store.writing import Head, write_out

T = TypeVar("T")

RUNS_MAX = 100
"""Runs of one work, each of which found other keys to fetch; more keys than a transaction may have."""

LAYOUT_KEY: TableKey = ("layout", ALONE)


class DynamoStore(DynamoReading):
    """LedgerStore, Books and Outbox. Any number of processes may hold a store on the same table.

    A work is run on what was fetched, and what else it looks for is taken to be absent; then all of that is fetched
    at once and it is run again, until nothing is missing. The commit is one
    TransactWriteItems with a condition for everything that was read, so transactions are serializable.
    unproved: kind and id of records that are read without such a condition: too many transactions read them.
    """

    def __init__(
        self,
        *,
        table: Table,
        registry: Registry,
        producer: str,
        clock: Clock,
        layout: Layout | None = None,
        patience: Patience | None = None,
        unproved: frozenset[Key] = frozenset(),
    ) -> None:
        self._patience = Patience(clock=clock) if patience is None else patience
        super().__init__(PatientTable(table, self._patience), registry, Layout() if layout is None else layout)
        self._once = table
        self._producer = producer
        self._clock = clock
        self._unproved = frozenset(record_key(*key) for key in unproved)
        self._heads: dict[int, Head] = {}
        self._turns = Turns()

    async def open(self) -> None:
        """Note the layout in a new table, or hold it against the table's own; raises LayoutMismatch."""
        item = {**key_item(LAYOUT_KEY), "body": {"B": msgspec.json.encode(self._layout)}}
        operation = Operation("Put", LAYOUT_KEY, {"Item": item, "ConditionExpression": "attribute_not_exists(pk)"})
        try:
            await self._table.write([operation], secrets.token_hex(16))
        except Contended:
            self._compare((await self._table.get([LAYOUT_KEY]))[LAYOUT_KEY])

    async def open_existing(self) -> None:
        """Hold the layout against that of a table in use, and write nothing.

        Raises LayoutMismatch, and DatabaseUnusable for a table that no store was ever opened on.
        """
        found = (await self._table.get([LAYOUT_KEY])).get(LAYOUT_KEY)
        if found is None:
            raise DatabaseUnusable("The table holds nothing of a payment core.")
        self._compare(found)

    def _compare(self, found: Item) -> None:
        noted, ours = found["body"]["B"], msgspec.json.encode(self._layout)
        if noted != ours:
            raise LayoutMismatch(f"table {noted.decode()}, program {ours.decode()}")

    async def transact(self, work: Work[T], actor: str) -> T:
        """Run the work in a serializable transaction; its answer comes once the changes are durable."""
        tries = self._patience.begin()
        snapshot = Snapshot(self._layout, self._registry)
        while True:
            try:
                # What somebody else changed meanwhile is waited for before it is read again.
                async with self._turns.of(snapshot.doubted):
                    stage, answer = await self._work_out(work, snapshot)
                    if stage.writes:
                        await self._commit(stage, snapshot, actor, tries)
                    else:
                        await self._validate(snapshot)
            except (Contended, Throttled, AnswerLost) as fault:
                if not await tries.pause():
                    raise StoreBusy(f"{tries.count} tries; the last one: {fault}") from fault
            else:
                return answer

    async def _work_out(self, work: Work[T], snapshot: Snapshot) -> tuple[DynamoStage, T]:
        """Run the work until it has all it needs. What it raises was decided on what really was there together."""
        for _ in range(RUNS_MAX):
            snapshot.begin_run()
            stage = DynamoStage(snapshot, self._clock.now_ms())
            try:
                answer = work(stage)
            except Exception:
                if not snapshot.wanted:
                    await self._validate(snapshot)
                    raise
            else:
                if not snapshot.wanted:
                    return stage, answer
            keys = list(dict.fromkeys(snapshot.wanted))
            found = await self._once.get(keys)
            snapshot.items.update({key: found.get(key) for key in keys})
        raise WorkNotRepeatable(f"{RUNS_MAX} runs, and it still asked for another key.")

    async def _validate(self, snapshot: Snapshot) -> None:
        """Make sure that everything fetched was true at one time; raises Contended when it was not.

        A transaction that writes has its conditions for that; this is for those that only answer.
        """
        proved = {key: item for key, item in snapshot.items.items() if key not in self._unproved}
        if len(proved) <= 1:
            return
        if len(proved) > ITEMS_MAX:
            raise TransactionTooLarge(f"{len(proved)} items were read; {ITEMS_MAX} at most.")
        found = await self._once.get(list(proved), together=True)
        changed = [key for key, item in proved.items() if found.get(key) != item]
        if changed:
            snapshot.items.update({key: found.get(key) for key in proved})
            raise Contended

    async def _commit(self, stage: DynamoStage, snapshot: Snapshot, actor: str, tries: Tries) -> None:
        if not stage.changes and not stage.journals:
            await self._write(stage, snapshot, actor, tries, 0, Head())
            return
        name = stage.changes[0].after.id if stage.changes else stage.journals[0].id
        shard = shard_of(name, self._layout.audit_shards)
        # Two transactions of this process on one chain would only get in each other's way.
        async with self._turns.of([audit_key(shard, 0)]):
            head = self._heads.pop(shard, None)
            if head is None:
                found = await self._once.get([head_key(shard)])
                head = _head_of(found.get(head_key(shard)))
            self._heads[shard] = await self._write(stage, snapshot, actor, tries, shard, head)

    async def _write(
        self, stage: DynamoStage, snapshot: Snapshot, actor: str, tries: Tries, shard: int, head: Head
    ) -> Head:
        """Commit on this head; returns the next one."""
        token = secrets.token_hex(16)
        written = write_out(stage, self._registry, actor, shard=shard, head=head, next_event=0)
        commit = Commit(stage, snapshot, producer=self._producer, token=token, unproved=self._unproved)
        operations = commit.operations(written, head)
        if len(operations) > ITEMS_MAX:
            raise TransactionTooLarge(f"{len(operations)} items; {ITEMS_MAX} at most.")
        try:
            await self._write_once(operations, token, tries)
        except Contended as fault:
            _doubt(snapshot, operations, fault.reasons)
            raise
        return written.head

    async def _write_once(self, operations: list[Operation], token: str, tries: Tries) -> None:
        """Write; after an answer that was lost the same token asks again, and our own mark in the table decides."""
        lost: AnswerLost | None = None
        while True:
            try:
                await self._once.write(operations, token)
            except AnswerLost as fault:
                lost = fault
            except Throttled:
                # Without a lost answer nothing is open, and the caller reads again.
                if lost is None:
                    raise
            except Contended:
                if lost is None or not await self._took_effect(operations, token, tries, lost):
                    raise
                return
            else:
                return
            if not await tries.pause():
                if not await self._took_effect(operations, token, tries, lost):
                    raise OutcomeUnknown(str(lost)) from lost
                return

    async def _took_effect(self, operations: list[Operation], token: str, tries: Tries, lost: AnswerLost) -> bool:
        """Whether the attempt whose answer was lost is in the table; raises OutcomeUnknown when nobody can say."""
        while True:
            try:
                return await self._is_ours(operations, token)
            except (Throttled, AnswerLost):
                if not await tries.pause():
                    raise OutcomeUnknown(str(lost)) from lost

    async def _is_ours(self, operations: list[Operation], token: str) -> bool:
        """Whether an item of this attempt is there. Audit rows never change, so with one of them this is certain."""
        marked = [
            operation.key
            for operation in operations
            if operation.action == "Put" and "token" in operation.arguments["Item"]
        ]
        marked.sort(key=lambda key: not key[0].startswith("audit#"))
        if not marked:
            return False
        item = (await self._once.get(marked[:1])).get(marked[0])
        return item is not None and item["token"]["S"] == token


def _doubt(snapshot: Snapshot, operations: list[Operation], reasons: tuple[str, ...]) -> None:
    """Forget what the reasons say is wrong; everything when they say nothing."""
    if len(reasons) != len(operations):
        snapshot.items.clear()
        snapshot.doubted.update(operation.key for operation in operations)
        return
    for operation, reason in zip(operations, reasons, strict=True):
        if reason != "None":
            snapshot.refute(operation.key)


def _head_of(item: Item | None) -> Head:
    return Head() if item is None else Head(int(item["sequence"]["N"]), item["sha256"]["S"])

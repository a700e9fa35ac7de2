"""A table that fails as AWS does and emulators do not: conflicts, throttles, and answers that are lost."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from payment_core.aws.dynamodb import DynamoTable
from payment_core.store.dynamodb.errors import AnswerLost, Contended, Throttled
from payment_core.store.dynamodb.layout import Item, TableKey
from payment_core.store.dynamodb.table import Operation, Page

Fault = Literal["conflict", "throttle", "lost before", "lost after"]
"""lost before: the request never arrived. lost after: it took effect, and only its answer is missing."""


class FaultyTable:
    """Hands calls on, but for those that fault_of names. Counts writes; a token that was taken is taken once."""

    def __init__(self, table: DynamoTable, fault_of: Callable[[int], Fault | None]) -> None:
        self.writes = 0
        self.reads_fail: Callable[[], bool] = lambda: False
        self.forgets_tokens = False
        self._table = table
        self._fault_of = fault_of

    async def get(self, keys: Sequence[TableKey], *, together: bool = False) -> dict[TableKey, Item]:
        if self.reads_fail():
            raise AnswerLost("get")
        return await self._table.get(keys, together=together)

    async def query(self, arguments: Mapping[str, Any], *, scan: bool = False) -> Page:
        if self.reads_fail():
            raise Throttled("query")
        return await self._table.query(arguments, scan=scan)

    async def write(self, operations: Sequence[Operation], token: str) -> None:
        self.writes += 1
        fault = self._fault_of(self.writes)
        if fault == "conflict":
            raise Contended(("None",) * (len(operations) - 1) + ("TransactionConflict",))
        if fault == "throttle":
            raise Throttled("ThrottlingException")
        if fault == "lost before":
            raise AnswerLost("transact_write_items")
        # Ten minutes later AWS has forgotten a token too; then the same write is a new one.
        await self._table.write(operations, f"{token[:30]}{self.writes % 100:02d}" if self.forgets_tokens else token)
        if fault == "lost after":
            raise AnswerLost("transact_write_items")

    async def update(self, key: TableKey, arguments: Mapping[str, Any]) -> bool:
        if self.reads_fail():
            raise Throttled("update")
        return await self._table.update(key, arguments)

"""A table whose reads are tried again, so that a throttle or a lost answer is no failed request."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar

from payment_core.errors import StoreBusy
from payment_core.store.dynamodb.errors import AnswerLost, Contended, Throttled
from payment_core.store.dynamodb.layout import Item, TableKey
from payment_core.store.dynamodb.retry import Patience
from payment_core.store.dynamodb.table import Operation, Page, Table

T = TypeVar("T")


class PatientTable:
    """Repeats what is safe to repeat; raises StoreBusy when the time is over. Writes go through once."""

    def __init__(self, table: Table, patience: Patience) -> None:
        self._table = table
        self._patience = patience

    async def get(self, keys: Sequence[TableKey], *, together: bool = False) -> dict[TableKey, Item]:
        """The items that exist."""
        return await self._repeat(lambda: self._table.get(keys, together=together))

    async def query(self, arguments: Mapping[str, Any], *, scan: bool = False) -> Page:
        """One page."""
        return await self._repeat(lambda: self._table.query(arguments, scan=scan))

    async def write(self, operations: Sequence[Operation], token: str) -> None:
        """All operations or none, tried once."""
        await self._table.write(operations, token)

    async def update(self, key: TableKey, arguments: Mapping[str, Any]) -> bool:
        """One UpdateItem that may be repeated: it sets or removes, and adds nothing."""
        return await self._repeat(lambda: self._table.update(key, arguments))

    async def _repeat(self, call: Callable[[], Awaitable[T]]) -> T:
        tries = self._patience.begin()
        while True:
            try:
                return await call()
            except (Contended, Throttled, AnswerLost) as fault:
                if not await tries.pause():
                    raise StoreBusy(f"{tries.count} tries; the last one: {fault}") from fault

"""Reads many partitions of the table as one sequence, each page by page."""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from payment_core.store.dynamodb.layout import Item
from payment_core.store.dynamodb.table import Table


class Partition:
    """One partition, read in the order of its sort key."""

    def __init__(self, table: Table, arguments: Mapping[str, Any], page: int) -> None:
        self._table = table
        self._arguments = {**arguments, "Limit": page}
        self._items: deque[Item] = deque()
        self._ended = False

    async def first(self) -> Item | None:
        """The next item, which stays; None after the last."""
        while not self._items and not self._ended:
            page = await self._table.query(self._arguments)
            self._items.extend(page.items)
            self._arguments["ExclusiveStartKey"] = page.next_start
            self._ended = page.next_start is None
        return self._items[0] if self._items else None

    def drop_first(self) -> None:
        """Go on to the one after it."""
        self._items.popleft()


class Merged:
    """The items of all partitions in one order."""

    def __init__(
        self, partitions: Sequence[Partition], order: Callable[[Item], str], *, descending: bool = False
    ) -> None:
        self._partitions = partitions
        self._order = order
        self._descending = descending
        self._begun = False

    async def take(self, count: int) -> list[tuple[int, Item]]:
        """The next items, each with the position of its partition; fewer only at the end."""
        if not self._begun:
            # The first pages are fetched at the same time; later ones as they are needed.
            await asyncio.gather(*(partition.first() for partition in self._partitions))
            self._begun = True
        taken: list[tuple[int, Item]] = []
        while len(taken) < count and (found := await self._next()) is not None:
            taken.append(found)
        return taken

    async def _next(self) -> tuple[int, Item] | None:
        best: tuple[str, int, Item] | None = None
        for position, partition in enumerate(self._partitions):
            item = await partition.first()
            if item is None:
                continue
            rank = self._order(item)
            if best is None or (rank > best[0] if self._descending else rank < best[0]):
                best = (rank, position, item)
        if best is None:
            return None
        self._partitions[best[1]].drop_first()
        return best[1], best[2]


def in_partition(index: str, partition: tuple[str, str], sort: str, comparison: str, bound: str) -> dict[str, Any]:
    """The arguments of a query for one partition. index: empty for the table itself, which is then read consistently.

    partition: attribute and value. sort: the sort attribute, held by ``comparison`` against the bound if it has one.
    """
    names = {"#partition": partition[0]}
    values = {":partition": {"S": partition[1]}}
    condition = "#partition = :partition"
    if bound:
        names["#sort"] = sort
        values[":bound"] = {"S": bound}
        condition += f" AND #sort {comparison} :bound"
    arguments: dict[str, Any] = {
        "KeyConditionExpression": condition,
        "ExpressionAttributeNames": names,
        "ExpressionAttributeValues": values,
    }
    return {**arguments, "IndexName": index} if index else {**arguments, "ConsistentRead": True}

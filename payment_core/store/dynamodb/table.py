"""What the store needs of DynamoDB, in four calls."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Protocol

import msgspec

from payment_core.store.dynamodb.layout import Item, TableKey

ITEMS_MAX = 100
"""Items in one transaction (DynamoDB API, TransactWriteItems and TransactGetItems)."""


class Operation(msgspec.Struct, frozen=True):
    """One part of a transaction. key: the item it is about. arguments: those of the API, without the table's name."""

    action: Literal["Put", "Update", "Delete", "ConditionCheck"]
    key: TableKey
    arguments: Mapping[str, Any]


class Page(msgspec.Struct, frozen=True):
    """One answer of a query. next_start: the key to go on from; None after the last page.

    count: items that were found, also when only their number was asked for.
    """

    items: list[Item]
    next_start: Item | None
    count: int = 0


class Capacity:
    """What calls used since the process started, as DynamoDB counts it, indexes included.

    read_half_units: in halves, because a read that may be a moment behind is half a unit.
    """

    def __init__(self) -> None:
        self.write_units = 0
        self.read_half_units = 0


class Table(Protocol):
    """The table, every read strongly consistent where the API can be.

    All raise Contended, Throttled, AnswerLost, or DatabaseUnusable for what will not get better by itself.
    """

    async def get(self, keys: Sequence[TableKey], *, together: bool = False) -> dict[TableKey, Item]:
        """The items that exist. together: as one serializable read of at most 100 (TransactGetItems)."""
        ...

    async def query(self, arguments: Mapping[str, Any], *, scan: bool = False) -> Page:
        """One page of a Query, or of a Scan."""
        ...

    async def write(self, operations: Sequence[Operation], token: str) -> None:
        """All operations or none (TransactWriteItems). token: the same one and the same operations take effect once."""
        ...

    async def update(self, key: TableKey, arguments: Mapping[str, Any]) -> bool:
        """One UpdateItem; False when its condition did not hold."""
        ...

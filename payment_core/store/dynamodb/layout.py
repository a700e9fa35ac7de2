"""Where everything lies in the one DynamoDB table: keys, indexes, and the number of shards."""

import zlib
from collections.abc import Mapping
from typing import Any

import msgspec

from payment_core.ledger.accounts import CHART, OWNER_MARK
from payment_core.ledger.posting import Balances

Item = Mapping[str, Any]
"""An item in DynamoDB's own form: attribute name to ``{"S": ...}``, ``{"N": ...}`` or ``{"B": ...}``."""

TableKey = tuple[str, str]
"""Partition key ``pk`` and sort key ``sk``."""

ALONE = "-"
"""The sort key of an item that is alone in its partition."""

TOTALS = ("debits_posted", "credits_posted", "debits_pending", "credits_pending")
"""The attributes of an account's item, beside ``available``."""

KIND_INDEX, OWNER_INDEX, DUE_INDEX, UNSENT_INDEX = "by_kind", "by_owner", "by_due", "by_unsent"
INDEXES: Mapping[str, TableKey] = {
    KIND_INDEX: ("kind_partition", "id"),
    OWNER_INDEX: ("owner_partition", "id"),
    DUE_INDEX: ("due_partition", "due"),
    UNSENT_INDEX: ("unsent_partition", "place"),
}
"""Each index's partition and sort attribute. All are sparse and hold keys alone: what is found is read again."""


class Layout(msgspec.Struct, frozen=True, kw_only=True):
    """How many parts each busy thing is divided into; part of the data, so it never changes for a table.

    audit_shards: chains of the audit trail. A chain takes one transaction at a time, about 100 a second.
    hot_shards: items of each hot account. index_shards: partitions of each kind in an index (1,000 writes a second
    each). account_partitions: partitions over which the accounts' items are spread.
    """

    audit_shards: int = 16
    hot_shards: int = 16
    index_shards: int = 4
    account_partitions: int = 16


def shard_of(text: str, shards: int) -> int:
    """The shard that a name belongs to, the same on every machine."""
    return zlib.crc32(text.encode()) % shards


def record_key(kind: str, record_id: str) -> TableKey:
    """Of a record."""
    return f"doc#{kind}#{record_id}", ALONE


def guard_key(journal_id: str) -> TableKey:
    """Of the item that keeps a journal's id unique and says where the journal lies."""
    return f"journal#{journal_id}", ALONE


def head_key(shard: int) -> TableKey:
    """Of the end of an audit chain."""
    return f"head#{shard}", ALONE


def audit_key(shard: int, sequence: int) -> TableKey:
    """Of an audit row."""
    return f"audit#{shard}", f"{sequence:012d}"


def event_key(shard: int, sequence: int) -> TableKey:
    """Of an outbox row; it has the sequence of its audit row."""
    return f"outbox#{shard}", f"{sequence:012d}"


def ledger_key(shard: int, sequence: int, position: int) -> TableKey:
    """Of a journal: the sequence of the audit row that holds its hash, and its position in that transaction."""
    return f"ledger#{shard}", f"{sequence:012d}.{position:03d}"


def account_key(layout: Layout, account_id: str, currency: str, shard: int) -> TableKey:
    """Of one shard of an account; an account that is not hot has only shard 0."""
    name = f"{account_id}#{currency}#{shard:03d}"
    return f"account#{shard_of(name, layout.account_partitions)}", name


def account_bound(account_id: str, currency: str) -> str:
    """What the sort keys of all later accounts are above, and none of this one's shards; empty before the first."""
    return f"{account_id}#{currency}#:" if account_id else ""


def account_keys(layout: Layout, account_id: str, currency: str) -> list[TableKey]:
    """Of all shards of an account."""
    shards = layout.hot_shards if is_hot(account_id) else 1
    return [account_key(layout, account_id, currency, shard) for shard in range(shards)]


def is_hot(account_id: str) -> bool:
    """Whether the account lies in shards; one that the chart does not have does not."""
    account = CHART.get(account_id.partition(OWNER_MARK)[0])
    return account is not None and account.hot


def key_of(item: Item) -> TableKey:
    """The key of an item."""
    return item["pk"]["S"], item["sk"]["S"]


def key_item(key: TableKey) -> dict[str, Any]:
    """A key as DynamoDB takes it."""
    return {"pk": {"S": key[0]}, "sk": {"S": key[1]}}


def balances_of(item: Item | None) -> Balances:
    """The totals of an account's item, zeros for one that is not there."""
    if item is None:
        return Balances()
    return Balances(*(int(item[name]["N"]) if name in item else 0 for name in TOTALS))


def add_balances(total: Balances, part: Balances) -> None:
    """Add a shard to the total."""
    total.debits_posted += part.debits_posted
    total.credits_posted += part.credits_posted
    total.debits_pending += part.debits_pending
    total.credits_pending += part.credits_pending

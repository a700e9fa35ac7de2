"""What a worked-out transaction writes to DynamoDB, each part with the condition under which it is still right."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from payment_core.ledger.accounts import account_of
from payment_core.ledger.posting import Balances
from payment_core.store.dynamodb.layout import (
    TOTALS,
    Item,
    Layout,
    TableKey,
    account_key,
    account_keys,
    audit_key,
    event_key,
    guard_key,
    head_key,
    is_hot,
    key_item,
    ledger_key,
    record_key,
    shard_of,
)
from payment_core.store.dynamodb.stage import DynamoStage, Snapshot
from payment_core.store.dynamodb.table import Operation
from payment_core.store.records import Document, Record
from payment_core.store.stage import Key
from payment_core.store.trail import sha256_of
from payment_core.store.writing import JOURNAL_KIND, Head, Written

_ABSENT = {"ConditionExpression": "attribute_not_exists(pk)"}
_encode = msgspec.json.Encoder().encode
_encode_sorted = msgspec.json.Encoder(order="sorted").encode


class Commit:
    """The operations of one transaction. producer: whose events they are. token: marks whose attempt wrote an item.

    unproved: keys of records that may have changed since they were read.
    """

    def __init__(
        self, stage: DynamoStage, snapshot: Snapshot, *, producer: str, token: str, unproved: frozenset[TableKey]
    ) -> None:
        self._stage = stage
        self._snapshot = snapshot
        self._layout: Layout = snapshot.layout
        self._producer = producer
        self._token = token
        self._unproved = unproved

    def operations(self, written: Written, before: Head) -> list[Operation]:
        """Everything, in a fixed order: the same run gives the same bytes for the same token."""
        found = [*self._records(written.bodies), *self._checks(), *self._accounts()]
        if written.audit:
            found += [self._head(written, before), *self._audit(written), *self._journals(written)]
        return found

    def _records(self, bodies: Mapping[Key, bytes]) -> Iterator[Operation]:
        for (kind, record_id), record in self._stage.records.items():
            key = record_key(kind, record_id)
            read = (kind, record_id) in self._stage.reads
            condition = self._unchanged(key) if read else {}
            if record is None:
                yield Operation("Delete", key, {"Key": key_item(key), **condition})
            else:
                item = record_item(self._layout, kind, record, bodies[kind, record_id], self._token)
                yield Operation("Put", key, {"Item": item, **condition})

    def _checks(self) -> Iterator[Operation]:
        """What was only read has to be as it was read."""
        for kind, record_id in self._stage.reads:
            key = record_key(kind, record_id)
            if (kind, record_id) not in self._stage.records and key not in self._unproved:
                yield Operation("ConditionCheck", key, {"Key": key_item(key), **self._unchanged(key)})

    def _unchanged(self, key: TableKey) -> dict[str, Any]:
        item = self._snapshot.items.get(key)
        if item is None:
            return _ABSENT
        return {
            "ConditionExpression": "#sha256 = :read",
            "ExpressionAttributeNames": {"#sha256": "sha256"},
            "ExpressionAttributeValues": {":read": item["sha256"]},
        }

    def _accounts(self) -> Iterator[Operation]:
        """Additions to the totals, and the balances that decided something."""
        shard = shard_of(self._stage.journals[0].id, self._layout.hot_shards) if self._stage.journals else 0
        added: set[TableKey] = set()
        for account_id, currency in self._stage.accounts:
            hot = is_hot(account_id)
            key = account_key(self._layout, account_id, currency, shard if hot else 0)
            added.add(key)
            delta = self._stage.delta((account_id, currency))
            observed = (account_id, currency) in self._stage.observed
            limited = not hot and not account_of(account_id).may_go_negative
            yield _addition(key, account_id, currency, delta, self._snapshot, observed=observed, limited=limited)
        for account_id, currency in sorted(self._stage.observed):
            for key in account_keys(self._layout, account_id, currency):
                if key not in added:
                    names, values, condition = _same_totals(self._snapshot.items.get(key))
                    yield Operation(
                        "ConditionCheck", key, {"Key": key_item(key), **_expression(condition, names, values)}
                    )

    def _head(self, written: Written, before: Head) -> Operation:
        key = head_key(written.audit[0].shard)
        item = {
            **key_item(key),
            "sequence": {"N": str(written.head.sequence)},
            "sha256": {"S": written.head.sha256},
        }
        if before.sequence == 0:
            return Operation("Put", key, {"Item": item, **_ABSENT})
        names, values = (
            {"#sequence": "sequence", "#sha256": "sha256"},
            {
                ":sequence": {"N": str(before.sequence)},
                ":sha256": {"S": before.sha256},
            },
        )
        return Operation(
            "Put", key, {"Item": item, **_expression("#sequence = :sequence AND #sha256 = :sha256", names, values)}
        )

    def _audit(self, written: Written) -> Iterator[Operation]:
        events = iter(written.events)
        for row in written.audit:
            key = audit_key(row.shard, row.sequence)
            item = {**key_item(key), "row": {"B": _encode_sorted(row)}, "token": {"S": self._token}}
            yield Operation("Put", key, {"Item": item, **_ABSENT})
            if row.kind == JOURNAL_KIND:
                continue
            key = event_key(row.shard, row.sequence)
            place = f"{row.at_ms:015d}.{row.shard:03d}.{row.sequence:012d}"
            item = {
                **key_item(key),
                "body": {"B": next(events)},
                "at_ms": {"N": str(row.at_ms)},
                "place": {"S": place},
                "unsent_partition": {"S": unsent_partition(self._layout, self._producer, row.shard)},
            }
            yield Operation("Put", key, {"Item": item, **_ABSENT})

    def _journals(self, written: Written) -> Iterator[Operation]:
        first = written.audit[0]
        for position, journal in enumerate(self._stage.journals):
            ledger, guard = ledger_key(first.shard, first.sequence, position), guard_key(journal.id)
            yield Operation(
                "Put",
                guard,
                {
                    "Item": {**key_item(guard), "ledger_pk": {"S": ledger[0]}, "ledger_sk": {"S": ledger[1]}},
                    **_ABSENT,
                },
            )
            item = {**key_item(ledger), "body": {"B": _encode(journal)}, "at_ms": {"N": str(first.at_ms)}}
            yield Operation("Put", ledger, {"Item": item, **_ABSENT})


def unsent_partition(layout: Layout, producer: str, audit_shard: int) -> str:
    """The partition of the index of unsent events."""
    return f"{producer}#{audit_shard % layout.index_shards}"


def record_item(layout: Layout, kind: str, record: Record, body: bytes, token: str) -> dict[str, Any]:
    """A record as it lies in the table; an index attribute that is left out keeps it out of that index."""
    shard = shard_of(record.id, layout.index_shards)
    item: dict[str, Any] = {
        **key_item(record_key(kind, record.id)),
        "id": {"S": record.id},
        "sha256": {"S": sha256_of(body)},
        "body": {"B": body},
        "token": {"S": token},
        "kind_partition": {"S": f"{kind}#{shard}"},
    }
    if isinstance(record, Document):
        item["version"] = {"N": str(record.version)}
    if record.owner:
        item["owner_partition"] = {"S": f"{kind}#{record.owner}"}
    if record.due_at_ms > 0:
        item["due_partition"] = {"S": f"{kind}#{shard}"}
        item["due"] = {"S": f"{record.due_at_ms:015d}#{record.id}"}
    return item


def _addition(
    key: TableKey,
    account_id: str,
    currency: str,
    delta: Balances,
    snapshot: Snapshot,
    *,
    observed: bool,
    limited: bool,
) -> Operation:
    """ADD to an account's totals; a taking from a limited account needs that much to be there."""
    available = delta.available_cents(account_of(account_id).normal_side)
    names = {f"#{name}": name for name in (*TOTALS, "available")}
    added = {**{name: getattr(delta, name) for name in TOTALS}, "available": available}
    values: dict[str, Any] = {f":{name}": {"N": str(cents)} for name, cents in added.items()}
    names |= {"#account": "account", "#currency": "currency"}
    values |= {":account": {"S": account_id}, ":currency": {"S": currency}}
    conditions = []
    if observed:
        more_names, more_values, condition = _same_totals(snapshot.items.get(key))
        names, values = names | more_names, values | more_values
        conditions.append(condition)
    if limited and available < 0:
        values[":needed"] = {"N": str(-available)}
        conditions.append("#available >= :needed")
    arguments = {
        "Key": key_item(key),
        "UpdateExpression": "SET #account = :account, #currency = :currency ADD "
        + ", ".join(f"#{name} :{name}" for name in added),
        **_expression(" AND ".join(conditions), names, values),
    }
    return Operation("Update", key, arguments)


def _same_totals(item: Item | None) -> tuple[dict[str, str], dict[str, Any], str]:
    if item is None:
        return {}, {}, "attribute_not_exists(pk)"
    names = {f"#{name}": name for name in TOTALS}
    values = {f":read_{name}": item[name] for name in TOTALS}
    return names, values, " AND ".join(f"#{name} = :read_{name}" for name in TOTALS)


def _expression(condition: str, names: Mapping[str, str], values: Mapping[str, Any]) -> dict[str, Any]:
    """The expression arguments of an operation; those that are empty are left out, as the API demands."""
    arguments = {
        "ConditionExpression": condition,
        "ExpressionAttributeNames": dict(names),
        "ExpressionAttributeValues": dict(values),
    }
    return {name: value for name, value in arguments.items() if value}

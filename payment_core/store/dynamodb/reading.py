"""What the DynamoDB store reads outside of transactions: records, books, and the outbox."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar, cast

import msgspec

from payment_core.ledger.posting import Balances
from payment_core.store.dynamodb.cursor import key_of_place, number_of, place_of, positions_at, positions_of
from payment_core.store.dynamodb.layout import (
    DUE_INDEX,
    INDEXES,
    KIND_INDEX,
    OWNER_INDEX,
    UNSENT_INDEX,
    Item,
    Layout,
    TableKey,
    account_bound,
    account_keys,
    add_balances,
    balances_of,
    head_key,
    is_hot,
    key_of,
    record_key,
)
from payment_core.store.dynamodb.pages import Merged, Partition, in_partition
from payment_core.store.dynamodb.stage import decode_journal
from payment_core.store.dynamodb.table import ITEMS_MAX, Table
from payment_core.store.port import AccountKey, AccountRow, DocumentPage, OutboxRow, PostedJournal
from payment_core.store.records import Due, Query, Record, kind_of
from payment_core.store.stage import Registry
from payment_core.store.totals import Totals, TotalsFold
from payment_core.store.trail import AuditRow

R = TypeVar("R", bound=Record)

DOCUMENT_TRIES = 5
"""Readings of a page whose documents change meanwhile; what is off after the last one is looked at exactly."""

MARKS_AT_ONCE = 16
"""Updates under way while events are marked as sent."""

PAGE = 200
"""Items of one page of the books; at most some 100 KB, where DynamoDB gives 1 MB."""

ACCOUNTS_PAGE = 250
"""Items of one page of accounts: the client needs some 5 ms of the loop to read them."""

COUNTED_MAX = 10_000
"""Unsent events that are counted: about 2 MB of index keys, 250 read units; more of them is the same alarm."""

_decode_row = msgspec.json.Decoder(AuditRow).decode


class DynamoReading:
    """Reads committed state. Indexes may be a moment behind; what they find is read again, consistently."""

    def __init__(self, table: Table, registry: Registry, layout: Layout) -> None:
        self._table = table
        self._registry = registry
        self._layout = layout

    async def read(self, record_type: type[R], record_id: str) -> R | None:
        """The committed record."""
        kind = kind_of(record_type)
        key = record_key(kind, record_id)
        item = (await self._table.get([key])).get(key)
        return None if item is None else cast("R", self._registry.decode(kind, item["body"]["B"]))

    async def query(self, query: Query[R]) -> list[R]:
        """Committed records of one kind."""
        kind = kind_of(query.record_type)
        if isinstance(query, Due):
            partitions = self._partitions(DUE_INDEX, kind, "<", f"{query.at_ms + 1:015d}", query.limit)
            due = Merged(partitions, _sorted_by("due"))
            found = await self._found(due, kind, query.limit, lambda record: 0 < record.due_at_ms <= query.at_ms)
            return cast("list[R]", found)
        descending = query.order == "descending"
        comparison = "<" if descending else ">"
        if query.owner:
            owned = in_partition(
                OWNER_INDEX, ("owner_partition", f"{kind}#{query.owner}"), "id", comparison, query.after
            )
            partitions = [Partition(self._table, {**owned, "ScanIndexForward": not descending}, query.limit)]
        else:
            partitions = self._partitions(KIND_INDEX, kind, comparison, query.after, query.limit, descending=descending)
        items = Merged(partitions, _sorted_by("id"), descending=descending)
        found = await self._found(items, kind, query.limit, lambda record: query.owner in {"", record.owner})
        return cast("list[R]", found)

    async def documents(self, kind: str, after: str, limit: int) -> DocumentPage:
        """Records of a kind, in the order of their ids; read again while one of them changes."""
        tries = 0
        while True:
            tries += 1
            before = await self._ends()
            items = Merged(self._partitions(KIND_INDEX, kind, ">", after, min(limit, PAGE)), _sorted_by("id"))
            keys = [key_of(item) for _, item in await items.take(limit)]
            read = await self._table.get(keys) if keys else {}
            bodies = [(read[key]["id"]["S"], read[key]["body"]["B"]) for key in keys if key in read]
            last = bodies[-1][0] if len(bodies) == limit else None
            if tries == DOCUMENT_TRIES or not await self._changed(kind, (after, last), before):
                return DocumentPage(bodies, before)

    async def _changed(self, kind: str, within: tuple[str, str | None], since: Mapping[int, int]) -> bool:
        """Whether a record of the kind between two ids changed since the trail had these ends."""
        after, last = within
        for shard, end in (await self._ends()).items():
            known = since.get(shard, 0)
            for row in await self.audit(shard, known, end - known) if end > known else ():
                if row.kind == kind and row.id > after and (last is None or row.id <= last):
                    return True
        return False

    async def _ends(self) -> dict[int, int]:
        return {shard: sequence for shard, sequence, _ in await self.audit_heads()}

    async def account(self, account_id: str, currency: str = "USD") -> Balances:
        """An account's committed totals; the shards of a hot one are read one after the other, not at one instant."""
        total = Balances()
        for item in (await self._table.get(account_keys(self._layout, account_id, currency))).values():
            add_balances(total, balances_of(item))
        return total

    async def journals(self, after: int, limit: int) -> list[PostedJournal]:
        """Journals in about the order of posting; the sequence says how far a reader is in every shard."""
        positions = positions_of(after, self._layout.audit_shards)
        found: list[PostedJournal] = []
        partitions = self._shards("ledger", [_ledger_sort(position) for position in positions], limit)
        for shard, item in await Merged(partitions, _time_order).take(limit):
            positions[shard] = _ledger_position(item["sk"]["S"])
            journal = decode_journal(item["body"]["B"])
            found.append(PostedJournal(number_of(positions), int(item["at_ms"]["N"]), journal))
        return found

    async def journals_of(self, shard: int, after: int, limit: int) -> list[PostedJournal]:
        """Journals whose audit rows lie in this shard, in the order of these rows."""
        arguments = in_partition("", ("pk", f"ledger#{shard}"), "sk", ">", _ledger_sort(after))
        return [
            PostedJournal(_ledger_position(item["sk"]["S"]), int(item["at_ms"]["N"]), decode_journal(item["body"]["B"]))
            for item in await _take(Partition(self._table, arguments, min(limit, PAGE)), limit)
        ]

    async def event_times(self, rows: Sequence[AuditRow], changes_before: int) -> list[int]:  # noqa: ARG002  # events have the sequences of their rows
        """When the events of these changes were written."""
        shard, wanted = rows[0].shard, {row.sequence for row in rows}
        arguments = in_partition("", ("pk", f"outbox#{shard}"), "sk", ">", f"{rows[0].sequence - 1:012d}")
        partition = Partition(self._table, arguments, PAGE)
        found = []
        while (item := await partition.first()) is not None and int(item["sk"]["S"]) <= rows[-1].sequence:
            if int(item["sk"]["S"]) in wanted:
                found.append(int(item["at_ms"]["N"]))
            partition.drop_first()
        return found

    async def accounts(self, after: AccountKey, limit: int) -> list[AccountRow]:
        """Accounts by id and currency; each item is read consistently, all of them not at one instant."""
        items = Merged(self._account_partitions(after, min(limit, ACCOUNTS_PAGE)), lambda item: str(item["sk"]["S"]))
        found: dict[AccountKey, Balances] = {}
        # The shards of a hot account follow one another; the first of the next one ends the page.
        while taken := await items.take(1):
            item = taken[0][1]
            key = (item["account"]["S"], item["currency"]["S"])
            if key not in found and len(found) == limit:
                break
            add_balances(found.setdefault(key, Balances()), balances_of(item))
        return [AccountRow(*key, balances) for key, balances in found.items()]

    async def accounts_of(self, keys: Sequence[AccountKey]) -> list[AccountRow]:
        """Those of these accounts that there are."""
        places = {place: key for key in keys for place in account_keys(self._layout, *key)}
        found: dict[AccountKey, Balances] = {}
        for place, item in (await self._table.get(list(places))).items():
            add_balances(found.setdefault(places[place], Balances()), balances_of(item))
        return [AccountRow(*key, balances) for key, balances in found.items()]

    async def totals(self) -> Totals:
        """All accounts together, read one after the other while payments move."""
        fold = TotalsFold()
        counted: set[AccountKey] = set()
        for partition in self._account_partitions(("", ""), ACCOUNTS_PAGE):
            while (item := await partition.first()) is not None:
                key = (item["account"]["S"], item["currency"]["S"])
                fold.add(*key, balances_of(item), accounts=0 if key in counted else 1)
                if is_hot(key[0]):
                    counted.add(key)
                partition.drop_first()
        return fold.totals(at_one_moment=False)

    def _account_partitions(self, after: AccountKey, page: int) -> list[Partition]:
        bound = account_bound(*after)
        return [
            Partition(self._table, in_partition("", ("pk", f"account#{number}"), "sk", ">", bound), page)
            for number in range(self._layout.account_partitions)
        ]

    async def audit(self, shard: int, after: int, limit: int) -> list[AuditRow]:
        """Rows of one shard in order."""
        arguments = in_partition("", ("pk", f"audit#{shard}"), "sk", ">", f"{after:012d}")
        partition = Partition(self._table, arguments, min(limit, PAGE))
        return [_decode_row(item["row"]["B"]) for item in await _take(partition, limit)]

    async def audit_heads(self) -> list[tuple[int, int, str]]:
        """The heads of the shards that have rows."""
        keys = [head_key(shard) for shard in range(self._layout.audit_shards)]
        found = await self._table.get(keys)
        return [
            (shard, int(found[key]["sequence"]["N"]), found[key]["sha256"]["S"])
            for shard, key in enumerate(keys)
            if key in found
        ]

    async def unsent(self, producer: str, limit: int) -> list[OutboxRow]:
        """The oldest events of this producer that no queue has taken."""
        partitions = self._partitions(UNSENT_INDEX, producer, "", "", limit)
        found = await Merged(partitions, _sorted_by("place")).take(limit)
        return await self._still_unsent([key_of(item) for _, item in found])

    async def orphans(self, before_ms: int, limit: int) -> list[OutboxRow]:
        """Events of any producer that were left unsent since before this time.

        A scan: the index holds unsent events alone, and who their producers were is not known.
        """
        arguments: dict[str, Any] = {
            "IndexName": UNSENT_INDEX,
            "FilterExpression": "#place < :before",
            "ExpressionAttributeNames": {"#place": "place"},
            "ExpressionAttributeValues": {":before": {"S": f"{before_ms:015d}"}},
        }
        found: list[Item] = []
        while True:
            page = await self._table.query(arguments, scan=True)
            found += page.items
            if page.next_start is None:
                break
            arguments["ExclusiveStartKey"] = page.next_start
        found.sort(key=_sorted_by("place"))
        return await self._still_unsent([key_of(item) for item in found[:limit]])

    async def count_unsent(self) -> int:
        """Events that no queue has taken, of every producer: at most COUNTED_MAX. The index may be a moment behind."""
        arguments: dict[str, Any] = {"IndexName": UNSENT_INDEX, "Select": "COUNT"}
        count = 0
        while count < COUNTED_MAX:
            page = await self._table.query({**arguments, "Limit": COUNTED_MAX - count}, scan=True)
            count += page.count
            if page.next_start is None:
                break
            arguments["ExclusiveStartKey"] = page.next_start
        return count

    async def mark_sent(self, places: list[str]) -> None:
        """Remember that the queue took these events."""
        keys = [key_of_place(place) for place in places]
        for first in range(0, len(keys), MARKS_AT_ONCE):
            await asyncio.gather(*(self._mark(key) for key in keys[first : first + MARKS_AT_ONCE]))

    async def events(self, after: str, limit: int) -> list[OutboxRow]:
        """All events, in about the order of their time; ``after`` is the place of one that this method gave.

        A place holds how far its reader is in every shard, so an event that was committed late is never passed over.
        """
        positions = positions_at(after, self._layout.audit_shards)
        found: list[OutboxRow] = []
        partitions = self._shards("outbox", [f"{position:012d}" for position in positions], limit)
        for shard, item in await Merged(partitions, _sorted_by("place")).take(limit):
            positions[shard] = int(item["sk"]["S"])
            found.append(OutboxRow(place_of(shard, positions[shard], positions), item["body"]["B"]))
        return found

    async def place_before_end(self, events: int) -> str:
        """A place after which about so many events are: the same number in every shard."""
        ends = {shard: sequence for shard, sequence, _ in await self.audit_heads()}
        shards = self._layout.audit_shards
        positions = [max(0, ends.get(shard, 0) - events // shards) for shard in range(shards)]
        return place_of(0, positions[0], positions)

    async def _mark(self, key: TableKey) -> None:
        arguments = {"UpdateExpression": "REMOVE unsent_partition", "ConditionExpression": "attribute_exists(pk)"}
        await self._table.update(key, arguments)

    async def _still_unsent(self, keys: list[TableKey]) -> list[OutboxRow]:
        found = await self._table.get(keys) if keys else {}
        rows = []
        for key in keys:
            item = found.get(key)
            if item is not None and "unsent_partition" in item:
                shard = int(key[0].partition("#")[2])
                rows.append(OutboxRow(place_of(shard, int(key[1]), None), item["body"]["B"]))
        return rows

    def _partitions(
        self, index: str, name: str, comparison: str, bound: str, limit: int, *, descending: bool = False
    ) -> list[Partition]:
        """The partitions of a name in an index."""
        attribute, sort = INDEXES[index]
        return [
            Partition(
                self._table,
                {
                    **in_partition(index, (attribute, f"{name}#{number}"), sort, comparison, bound),
                    "ScanIndexForward": not descending,
                },
                limit,
            )
            for number in range(self._layout.index_shards)
        ]

    def _shards(self, name: str, after: Sequence[str], limit: int) -> list[Partition]:
        page = min(PAGE, max(10, 2 * limit // len(after)))
        return [
            Partition(self._table, in_partition("", ("pk", f"{name}#{shard}"), "sk", ">", bound), page)
            for shard, bound in enumerate(after)
        ]

    async def _found(self, items: Merged, kind: str, limit: int, fits: Callable[[Record], bool]) -> list[Record]:
        """The records that index entries point at, without those that no longer fit, until the limit is reached."""
        found: list[Record] = []
        ended = False
        while len(found) < limit and not ended:
            wanted = min(limit - len(found), ITEMS_MAX)
            keys = [key_of(item) for _, item in await items.take(wanted)]
            ended = len(keys) < wanted
            read = await self._table.get(keys) if keys else {}
            records = [self._registry.decode(kind, read[key]["body"]["B"]) for key in keys if key in read]
            found += [record for record in records if fits(record)]
        return found


async def _take(partition: Partition, limit: int | None = None) -> list[Item]:
    """The next items of one partition, all of them without a limit."""
    taken: list[Item] = []
    while (limit is None or len(taken) < limit) and (item := await partition.first()) is not None:
        taken.append(item)
        partition.drop_first()
    return taken


def _sorted_by(attribute: str) -> Callable[[Item], str]:
    return lambda item: str(item[attribute]["S"])


def _time_order(item: Item) -> str:
    """By time, and the journals of one transaction together."""
    return f"{int(item['at_ms']['N']):015d}.{item['pk']['S']}.{item['sk']['S']}"


_PER_SEQUENCE = 256
"""Positions kept for each sequence: a transaction has at most 100 items, so fewer journals."""


def _ledger_position(sort: str) -> int:
    sequence, _, position = sort.partition(".")
    return int(sequence) * _PER_SEQUENCE + int(position)


def _ledger_sort(position: int) -> str:
    return f"{position // _PER_SEQUENCE:012d}.{position % _PER_SEQUENCE:03d}"

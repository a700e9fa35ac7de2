"""Opens the store that the options name, and says what is particular about it."""

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Protocol

import msgspec

from payment_core.aws.dynamodb import DynamoTable
from payment_core.clock import Clock
from payment_core.http.tables.events import SEQUENCE, sharded_place
from payment_core.http.tables.ledger import SHARDED_PLACE
from payment_core.options import CoreOptions
from payment_core.payments.control import CONTROL_ID
from payment_core.payments.model import Control
from payment_core.registry import core_registry
from payment_core.store.dynamodb.layout import Layout
from payment_core.store.dynamodb.store import DynamoStore
from payment_core.store.dynamodb.table import Capacity
from payment_core.store.port import LedgerStore, Outbox, TrailBooks
from payment_core.store.records import kind_of
from payment_core.store.sqlite.store import OnCommit, SqliteStore

REBUILT_EVENTS_MAX = 200_000
"""Events from which the fraud windows are filled at the start: about 4 s; older ones are not counted."""

UNPROVED = frozenset({(kind_of(Control), CONTROL_ID)})
"""What every payment reads, so that its proof at each commit would make every payment wait for every other.

A payment that begins while the mode is set to holding may then go out; so may one that began a moment before.
"""


class CoreStore(LedgerStore, TrailBooks, Outbox, Protocol):
    """All ports of one store."""


class OpenStore(msgspec.Struct, frozen=True):
    """A store ready for use.

    place_pattern, journal_pattern: of the places in its outbox and among its journals.
    count_unsent: events that no queue has taken. capacity: what this process uses of DynamoDB; nothing on SQLite.
    recent: the place in its outbox after which the newest REBUILT_EVENTS_MAX events are, or about as many.
    """

    store: CoreStore
    place_pattern: str
    journal_pattern: str
    count_unsent: Callable[[], Awaitable[int]]
    recent: str
    capacity: Capacity


async def open_store(stack: AsyncExitStack, options: CoreOptions, clock: Clock, on_commit: OnCommit) -> OpenStore:
    """Open the SQLite file, or the DynamoDB table. Raises DatabaseUnusable."""
    if options.store == "dynamodb":
        table = await stack.enter_async_context(
            DynamoTable(name=options.table, region=options.region, endpoint_url=options.endpoint_url)
        )
        layout = Layout()
        dynamo = DynamoStore(
            table=table,
            registry=core_registry(),
            producer=options.producer,
            clock=clock,
            layout=layout,
            unproved=UNPROVED,
        )
        if options.endpoint_url is not None:
            # A stand-in begins empty; on AWS the table is the deployment's.
            await table.create()
        await dynamo.open()
        recent = await dynamo.place_before_end(REBUILT_EVENTS_MAX)
        pattern = sharded_place(layout.audit_shards)
        return OpenStore(dynamo, pattern, SHARDED_PLACE, dynamo.count_unsent, recent, table.capacity)
    sqlite = SqliteStore(
        path=options.database, registry=core_registry(), producer=options.producer, clock=clock, on_commit=on_commit
    )
    await sqlite.open()
    stack.push_async_callback(sqlite.close)
    recent = str(max(0, int(await sqlite.newest_event()) - REBUILT_EVENTS_MAX))
    return OpenStore(sqlite, SEQUENCE, SEQUENCE, sqlite.count_unsent, recent, Capacity())

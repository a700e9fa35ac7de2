"""Opens the store that the options name, and says what is particular about it."""

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Protocol

import msgspec

from payment_core.aws.dynamodb import DynamoTable
from payment_core.clock import Clock
from payment_core.http.events import SEQUENCE, sharded_place
from payment_core.http.ledger import SHARDED_PLACE
from payment_core.options import CoreOptions
from payment_core.registry import core_registry
from payment_core.store.dynamodb import DynamoStore
from payment_core.store.dynamodb_layout import Layout
from payment_core.store.port import Books, LedgerStore, Outbox
from payment_core.store.sqlite import OnCommit, SqliteStore


class CoreStore(LedgerStore, Books, Outbox, Protocol):
    """All three ports of one store."""


class OpenStore(msgspec.Struct, frozen=True):
    """A store ready for use.

    place_pattern, journal_pattern: of the places in its outbox and among its journals.
    count_unsent: events that no queue has taken.
    newest: the place of the outbox's last event when places are numbers; empty otherwise.
    """

    store: CoreStore
    place_pattern: str
    journal_pattern: str
    count_unsent: Callable[[], Awaitable[int]]
    newest: str


async def open_store(stack: AsyncExitStack, options: CoreOptions, clock: Clock, on_commit: OnCommit) -> OpenStore:
    """Open the SQLite file, or the DynamoDB table. Raises DatabaseUnusable."""
    if options.store == "dynamodb":
        table = await stack.enter_async_context(
            DynamoTable(name=options.table, region=options.region, endpoint_url=options.endpoint_url)
        )
        layout = Layout()
        dynamo = DynamoStore(
            table=table, registry=core_registry(), producer=options.producer, clock=clock, layout=layout
        )
        if options.endpoint_url is not None:
            # A stand-in begins empty; on AWS the table is the deployment's.
            await table.create()
        await dynamo.open()
        return OpenStore(dynamo, sharded_place(layout.audit_shards), SHARDED_PLACE, _nobody_counts, "")
    sqlite = SqliteStore(
        path=options.database, registry=core_registry(), producer=options.producer, clock=clock, on_commit=on_commit
    )
    await sqlite.open()
    stack.push_async_callback(sqlite.close)
    return OpenStore(sqlite, SEQUENCE, SEQUENCE, sqlite.count_unsent, await sqlite.newest_event())


async def _nobody_counts() -> int:
    """Counting all unsent events of a table would read all of them."""
    return 0

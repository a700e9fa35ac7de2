"""Opens the table of a payment core from beside it: a table that is not there is not made."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec

from payment_core.aws.dynamodb import DynamoTable
from payment_core.clock import Clock
from payment_core.errors import DatabaseUnusable
from payment_core.options import CoreOptions
from payment_core.registry import core_registry
from payment_core.store.dynamodb.retry import Patience
from payment_core.store.dynamodb.store import DynamoStore

PRODUCER = "upkeep"
"""Of events that are written from beside the core; a running core sends them, as it does those of a dead process."""

ANSWER_MS = 5_000
"""How long a person waits for a table that does not answer or is throttled."""


@asynccontextmanager
async def existing_table(options: CoreOptions, clock: Clock) -> AsyncIterator[DynamoStore]:
    """The store on the options' table. Raises DatabaseUnusable, LayoutMismatch, and StoreBusy without an answer."""
    name = options.table
    async with DynamoTable(name=name, region=options.region, endpoint_url=options.endpoint_url) as table:
        patience = Patience(clock=clock, deadline_ms=ANSWER_MS)
        store = DynamoStore(table=table, registry=core_registry(), producer=PRODUCER, clock=clock, patience=patience)
        await store.open_existing()
        try:
            yield store
        except msgspec.MsgspecError as error:
            raise DatabaseUnusable(f"{name}: {error}") from error

"""Reads a listing to its end, a page at a time."""

from collections.abc import AsyncIterator
from typing import Protocol, TypeVar

import msgspec

from payment_core.store.records import Listing, Query, Record

R = TypeVar("R", bound=Record)


class Queries(Protocol):
    """Finds records."""

    async def query(self, query: Query[R]) -> list[R]:
        """Committed records of one kind."""
        ...


async def every(store: Queries, listing: Listing[R], most: int | None = None) -> AsyncIterator[R]:
    """Every record from where the listing begins, each page as it was when it was read.

    listing.limit: of a page. most: of them, when not all are wanted.
    """
    count = 0
    while page := await store.query(listing):
        for record in page:
            if count == most:
                return
            count += 1
            yield record
        if len(page) < listing.limit:
            return
        listing = msgspec.structs.replace(listing, after=page[-1].id)

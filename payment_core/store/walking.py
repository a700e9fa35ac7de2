"""Reads a listing, or the accounts, to their end, a page at a time."""

from collections.abc import AsyncIterator
from typing import Protocol, TypeVar

import msgspec

from payment_core.store.port import FIRST_ACCOUNT, AccountRow, Books
from payment_core.store.records import Listing, Query, Record

R = TypeVar("R", bound=Record)

ACCOUNTS_PAGE = 1000
"""Accounts that are read at once: about 200 KB."""


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


async def every_account(books: Books, prefix: str = "") -> AsyncIterator[AccountRow]:
    """Every account whose id begins with the prefix, by id and currency, each page as it was when it was read."""
    after = (prefix, "") if prefix else FIRST_ACCOUNT
    while page := await books.accounts(after, ACCOUNTS_PAGE):
        for row in page:
            if not row.account_id.startswith(prefix):
                return
            yield row
        after = page[-1].key

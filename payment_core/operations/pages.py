"""Answers what is only read: one record, or a page of them, the same way for every kind."""

from collections.abc import Callable
from enum import StrEnum
from typing import Literal, TypeVar

import msgspec

from payment_core.answers import Answer, ok
from payment_core.operations.call import Call
from payment_core.store.port import LedgerStore
from payment_core.store.records import Listing, Record

R = TypeVar("R", bound=Record)


class Page(msgspec.Struct, frozen=True):
    """One page of a list. next_after: what to ask ``after`` for the next page; empty on the last one."""

    data: list[msgspec.Raw]
    next_after: str


async def answer_one(
    store: LedgerStore, record_type: type[R], record_id: str, view: Callable[[R], msgspec.Struct], missing: StrEnum
) -> Answer | StrEnum:
    """The record as its view, or the refusal that says that there is none."""
    record = await store.read(record_type, record_id)
    return missing if record is None else ok(view(record))


async def answer_page(
    store: LedgerStore,
    call: Call,
    record_type: type[R],
    view: Callable[[R], msgspec.Struct],
    *,
    owner: str = "",
    order: Literal["ascending", "descending"] = "ascending",
) -> Answer:
    """One page of the records of this type, as their view; for a route with the query ``PAGE``.

    owner: only those listed under it. One record more than the limit is asked for: it tells whether a page follows.
    """
    limit = int(call.query["limit"])
    found = await store.query(
        Listing(record_type, owner=owner, after=str(call.query["after"]), limit=limit + 1, order=order)
    )
    records = found[:limit]
    next_after = records[-1].id if len(found) > limit else ""
    return ok(Page([msgspec.Raw(msgspec.json.encode(view(record))) for record in records], next_after))

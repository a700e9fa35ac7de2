"""The routes of the fraud lists: values that are always blocked, or never blocked by score alone."""

import msgspec

from payment_core.answers import Answer, ok
from payment_core.fraud.list_desk import FraudListDesk
from payment_core.fraud.list_model import FraudListEntry
from payment_core.fraud.refusals import explain_fraud_lists
from payment_core.fraud.requests import AddListEntry
from payment_core.fraud.views import ListEntryView, view_entry
from payment_core.http.routes import QueryParameter, Route, listed, shown
from payment_core.operations.call import Call
from payment_core.operations.pages import Page, answer_page
from payment_core.store.port import LedgerStore

FRAUD_READ, FRAUD_WRITE = "fraud:read", "fraud:write"

_MANY = "/v1/fraud/lists"
_ONE = "/v1/fraud/lists/{entry_id}"
_STATE = QueryParameter(
    "state", "active: entries that count; ended: removed and expired ones; empty: both", pattern=r"^(active|ended)?$"
)
_PLACE = QueryParameter(
    "place",
    "only the live entry of this value: list:kind:value, as it is looked up",
    pattern=r"^((block|allow|review|stricter):[a-z_]{2,12}:[\x21-\x7e]{1,254})?$",
)
_EXAMPLE = AddListEntry(
    list="block", kind="ip", value="203.0.113.0/24", reason="card testing", expires_at_ms=1_900_000_000_000
)


def fraud_routes(store: LedgerStore, desk: FraudListDesk) -> tuple[Route, ...]:
    """Add, list, show, remove."""

    async def entries(call: Call, _body: None) -> Answer:
        place = str(call.query["place"])
        if place:
            found = await desk.active(place)
            return ok(Page([msgspec.Raw(msgspec.json.encode(view_entry(entry))) for entry in found], ""))
        return await answer_page(store, call, FraudListEntry, view_entry, owner=str(call.query["state"]))

    return (
        Route(
            method="POST",
            path=_MANY,
            scope=FRAUD_WRITE,
            summary="Put a value on the block, allow, review or stricter list",
            handler=desk.add,
            body=AddListEntry,
            answer=ListEntryView,
            status=201,
            problems=(409, 422),
            explain=explain_fraud_lists,
            example=_EXAMPLE,
        ),
        listed(_MANY, FRAUD_READ, "Entries of all lists, the oldest first", entries, ListEntryView, _STATE, _PLACE),
        shown(_ONE, FRAUD_READ, "One entry, also after its end", desk.show, ListEntryView, explain_fraud_lists),
        Route(
            method="DELETE",
            path=_ONE,
            scope=FRAUD_WRITE,
            summary="Take an entry off its list",
            handler=desk.remove,
            answer=ListEntryView,
            problems=(404, 409),
            explain=explain_fraud_lists,
        ),
    )

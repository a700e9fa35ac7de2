"""The routes of API keys: made, listed and revoked by who holds ``keys:write`` or ``keys:read``."""

from enum import StrEnum

from payment_core.answers import Answer
from payment_core.http.routes import Route, listed, shown
from payment_core.keys.issuing import Keys
from payment_core.keys.model import ApiKey
from payment_core.keys.refusals import KeyRefusal, explain_keys
from payment_core.keys.requests import CreateKey
from payment_core.keys.views import KeyView, view_key
from payment_core.operations.call import Call
from payment_core.operations.pages import answer_one, answer_page
from payment_core.store.port import LedgerStore

KEYS_READ, KEYS_WRITE = "keys:read", "keys:write"

_EXAMPLE = CreateKey(name="checkout", scopes=("keys:read",))


def key_routes(store: LedgerStore, keys: Keys) -> tuple[Route, ...]:
    """Create, list, show, revoke."""

    async def show(call: Call, _body: None) -> Answer | StrEnum:
        return await answer_one(store, ApiKey, call.path["key_id"], view_key, KeyRefusal.API_KEY_NOT_FOUND)

    async def page(call: Call, _body: None) -> Answer:
        return await answer_page(store, call, ApiKey, view_key)

    return (
        Route(
            method="POST",
            path="/v1/keys",
            scope=KEYS_WRITE,
            summary="Make an API key; its secret is shown once",
            handler=keys.create,
            body=CreateKey,
            answer=KeyView,
            status=201,
            problems=(403,),
            explain=explain_keys,
            example=_EXAMPLE,
        ),
        listed("/v1/keys", KEYS_READ, "API keys, the oldest first", page, KeyView),
        shown("/v1/keys/{key_id}", KEYS_READ, "One API key, without its secret", show, KeyView, explain_keys),
        Route(
            method="POST",
            path="/v1/keys/{key_id}/revoke",
            scope=KEYS_WRITE,
            summary="End an API key for good",
            handler=keys.revoke,
            answer=KeyView,
            explain=explain_keys,
        ),
    )

"""What a route is: one entry from which the router, the authorization, the decoding and OpenAPI are made."""

from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import Any, Literal

import msgspec

from payment_core.answers import Answer, Explanation
from payment_core.operations.call import Call
from payment_core.operations.pages import Page

# The body is of the route's own body type, which a table of different routes cannot say.
Handler = Callable[[Call, Any], Awaitable["Answer | StrEnum"]]
"""Given the call and the decoded body (None for a route without one); answers, or refuses with its own enum."""

Explain = Callable[[Any], Explanation]
"""Turns the refusals of one enum into what callers see."""


class QueryParameter(msgspec.Struct, frozen=True):
    """A parameter of the query. pattern: of a text; least, most: of a whole number."""

    name: str
    description: str
    kind: Literal["integer", "string"] = "string"
    default: int | str = ""
    pattern: str = r"^[A-Za-z0-9_.:/-]{0,128}$"
    least: int = 0
    most: int = 2**53 - 1


IDEMPOTENCY_KEY = "idempotency-key"
"""The header that a write is known by."""

BODY_BYTES_MAX = 64 * 1024
"""A payment takes 300 bytes; this bounds what one request can hold in memory."""

PAGE = (
    QueryParameter("after", "the id that the last page ended with"),
    QueryParameter("limit", "objects on a page", "integer", 25, least=1, most=100),
)
"""Cursor pagination, the same on every list: objects in the order of their ids, which is the order of creation."""


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """One operation over HTTP.

    scope: what an API key must hold, ``<resource>:<read|write>``; empty for what is open to all.
    body: the type of the body, None for a route without one. answer: the type of the success body.
    None for one of text, or of none at all. status: of success. also: other statuses with that body. problems: statuses
    of problem documents beside those that every route can answer. explain: for the refusals that the handler returns.
    items: of a ``Page``, the type of its objects. example: of the body, for the description.
    cards_allowed: the body may hold card numbers; on every other route one is refused.
    raw_body: the media type of a body that the handler is given as bytes; empty for JSON. body_bytes_max: of the body.
    media_type: of the success body. key_header: what a write is known by, where that is no Idempotency-Key.
    """

    method: Literal["GET", "POST", "PUT", "DELETE"]
    path: str
    scope: str
    summary: str
    handler: Handler
    answer: type[msgspec.Struct] | None
    body: type[msgspec.Struct] | None = None
    status: int = 200
    also: tuple[int, ...] = ()
    problems: tuple[int, ...] = ()
    query: tuple[QueryParameter, ...] = ()
    explain: Explain | None = None
    items: type[msgspec.Struct] | None = None
    example: msgspec.Struct | None = None
    cards_allowed: bool = False
    raw_body: str = ""
    body_bytes_max: int = BODY_BYTES_MAX
    media_type: str = "application/json"
    key_header: str = IDEMPOTENCY_KEY


def shown(
    path: str, scope: str, summary: str, handler: Handler, answer: type[msgspec.Struct], explain: Explain
) -> Route:
    """One object, or 404."""
    return Route(
        method="GET",
        path=path,
        scope=scope,
        summary=summary,
        handler=handler,
        answer=answer,
        problems=(404,),
        explain=explain,
    )


def listed(
    path: str,
    scope: str,
    summary: str,
    handler: Handler,
    items: type[msgspec.Struct],
    *query: QueryParameter,
    explain: Explain | None = None,
    problems: tuple[int, ...] = (),
) -> Route:
    """A page of objects. query: what narrows them. explain: where a page can be refused."""
    return Route(
        method="GET",
        path=path,
        scope=scope,
        summary=summary,
        handler=handler,
        answer=Page,
        items=items,
        query=(*query, *PAGE),
        explain=explain,
        problems=problems,
    )

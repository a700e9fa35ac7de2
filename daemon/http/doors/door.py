"""What every door has in common through which people change something: a bounded body, a reason, a name, a problem."""

from http import HTTPStatus
from typing import TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from daemon.http.body import BodyTooLarge, read_body
from daemon.http.problems import problem
from daemon.http.sessions.authority import Principal

BODY_LIMIT_BYTES = 4096
"""A reason is a sentence or two."""
REASON_LENGTH_MAX = 500
_RETRY = {"retry-after": "1"}

Shape = TypeVar("Shape")
Part = TypeVar("Part")


class Refused(Exception):
    """A request cannot be used, or the answer is no; whoever raises it leaves the answer to `on_refused`."""

    def __init__(self, status: HTTPStatus, detail: str) -> None:
        super().__init__(detail)
        self.status = status


async def on_refused(request: Request, refusal: Exception) -> Response:
    """The problem document that says why there is no answer."""
    status = refusal.status if isinstance(refusal, Refused) else HTTPStatus.INTERNAL_SERVER_ERROR
    return problem(status, str(refusal), instance=request.url.path)


async def on_not_journaled(request: Request, _: Exception) -> Response:
    """The same where the journal takes nothing."""
    detail = "The journal did not take it, so nothing was changed; send it again."
    return problem(HTTPStatus.SERVICE_UNAVAILABLE, detail, instance=request.url.path, headers=_RETRY)


def held(part: Part | None, absent: str) -> Part:
    """What is behind a door. absent: why there is nothing, for the person. Raises Refused."""
    if part is None:
        raise Refused(HTTPStatus.SERVICE_UNAVAILABLE, absent)
    return part


async def body_of(request: Request, limit_bytes: int, otherwise: str = "") -> bytes:
    """The body as it is. otherwise: what to do with a larger one. Raises Refused."""
    try:
        return await read_body(request, limit_bytes)
    except BodyTooLarge:
        detail = f"The limit is {limit_bytes} bytes{f'; {otherwise}' if otherwise else ''}."
        raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, detail) from None


async def body_as(request: Request, shape: type[Shape], limit_bytes: int = BODY_LIMIT_BYTES) -> Shape:
    """The body as this type. Raises Refused."""
    body = await body_of(request, limit_bytes)
    try:
        return msgspec.json.decode(body, type=shape)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as fault:
        raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, f"The body cannot be used: {fault}") from fault


def reason_of(text: str) -> str:
    """The reason without space around it. Raises Refused when it says nothing, or too much."""
    reason = text.strip()
    if not 0 < len(reason) <= REASON_LENGTH_MAX:
        detail = f"Say why in 1 to {REASON_LENGTH_MAX} characters; the journal keeps it."
        raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, detail)
    return reason


def caller(request: Request) -> Principal:
    """Who asks, as the guard found them."""
    principal: Principal = request.state.principal
    return principal


def answer(document: object, status: HTTPStatus = HTTPStatus.OK) -> Response:
    """A JSON answer of a Struct."""
    return Response(msgspec.json.encode(document), status, media_type="application/json")

"""What every door has in common through which people change something: a bounded body, a reason, a name, a problem."""

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from daemon.http.body import BodyTooLarge, read_body
from daemon.http.problems import problem
from daemon.http.sessions.authority import Principal
from remediation.errors import NotJournaled

BODY_LIMIT_BYTES = 4096
"""A reason is a sentence or two."""
REASON_LENGTH_MAX = 500
_RETRY = {"retry-after": "1"}

Shape = TypeVar("Shape")


class Refused(Exception):
    """A request cannot be used, or the answer is no."""

    def __init__(self, status: HTTPStatus, detail: str) -> None:
        super().__init__(detail)
        self.status = status


async def guarded(request: Request, act: Callable[[Request], Awaitable[Response]]) -> Response:
    """The answer, or the problem document that says why there is none."""
    path = request.url.path
    try:
        return await act(request)
    except Refused as refusal:
        return problem(refusal.status, str(refusal), instance=path)
    except NotJournaled:
        detail = "The journal did not take it, so nothing was changed; send it again."
        return problem(HTTPStatus.SERVICE_UNAVAILABLE, detail, instance=path, headers=_RETRY)


async def body_as(request: Request, shape: type[Shape], limit_bytes: int = BODY_LIMIT_BYTES) -> Shape:
    """The body as this type. Raises Refused."""
    try:
        return msgspec.json.decode(await read_body(request, limit_bytes), type=shape)
    except BodyTooLarge:
        detail = f"The limit is {limit_bytes} bytes."
        raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, detail) from None
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

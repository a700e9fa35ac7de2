"""The door of Amazon Data Firehose: ``POST /ingest/firehose`` answers 200 once every record is on disk or put aside."""

from http import HTTPStatus

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from config.settings import Role
from daemon.errors import DaemonError, Untranslatable
from daemon.http.body import BodyTooLarge, read_body
from daemon.http.sessions.authority import Authority
from daemon.sources.firehose import BODY_LIMIT_BYTES, Delivery, DeliveryTooLarge, read_delivery, take_delivery
from daemon.sources.sink import FactSink
from daemon.sources.trust import Trust
from daemon.storage.quarantine import Quarantine
from daemon.view.shape import SystemView
from remediation.errors import NotJournaled

ACCESS_KEY = "x-amz-firehose-access-key"
REQUEST_ID = "x-amz-firehose-request-id"
ROLE: Role = "operator"
REQUEST_ID_LENGTH_MAX = 200
ERROR_LENGTH_MAX = 8_192
"""Characters of errorMessage that Firehose reads."""


class FirehoseAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What Firehose expects: its own request id, and the time in Unix epoch milliseconds."""

    request_id: str
    timestamp: int


class FirehoseError(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The same, and why nothing was taken."""

    request_id: str
    timestamp: int
    error_message: str


class _Refused(Exception):
    """The delivery is not taken; asking again with the same would not change that."""

    def __init__(self, status: HTTPStatus, why: str) -> None:
        super().__init__(why)
        self.status = status
        self.why = why


class FirehoseDoor:
    """Checks the access key, which is one of the daemon's tokens with the role operator, and hands the records over.

    Firehose sends no bearer token, so the guard leaves this route open and the door asks for the key itself.
    """

    def __init__(
        self, view: SystemView, sink: FactSink, quarantine: Quarantine, authority: Authority, trust: Trust
    ) -> None:
        self._view = view
        self._sink = sink
        self._quarantine = quarantine
        self._authority = authority
        self._trust = trust

    async def take(self, request: Request) -> Response:
        """200 with the request's id; 400, 401, 403, 413, and 503 when the facts could not be stored: it comes again."""
        told_id = request.headers.get(REQUEST_ID, "")[:REQUEST_ID_LENGTH_MAX]
        try:
            self._admit(request)
            delivery = await _delivery(request, told_id)
            await take_delivery(delivery, self._sink, self._quarantine, self._view.now_ms(), self._trust)
        except _Refused as refusal:
            return self._error(refusal.status, told_id, refusal.why)
        except (DaemonError, NotJournaled) as fault:
            if isinstance(fault, DaemonError) and not fault.retryable:
                raise
            return self._error(HTTPStatus.SERVICE_UNAVAILABLE, told_id, "The records were not stored; send them again.")
        answer = FirehoseAnswer(request_id=delivery.request_id, timestamp=self._view.now_ms())
        return Response(msgspec.json.encode(answer), HTTPStatus.OK, media_type="application/json")

    def _admit(self, request: Request) -> None:
        principal = self._authority.by_token(request.headers.get(ACCESS_KEY, ""))
        if principal is None:
            raise _Refused(HTTPStatus.UNAUTHORIZED, "Set the access key of the endpoint to a token of this daemon.")
        if not principal.may(ROLE):
            why = f"This needs the role {ROLE}; {principal.name} is {principal.role}."
            raise _Refused(HTTPStatus.FORBIDDEN, why)

    def _error(self, status: int, request_id: str, why: str) -> Response:
        error = FirehoseError(
            request_id=request_id, timestamp=self._view.now_ms(), error_message=why[:ERROR_LENGTH_MAX]
        )
        return Response(msgspec.json.encode(error), status, media_type="application/json")


async def _delivery(request: Request, told_id: str) -> Delivery:
    """What the request delivers. told_id: the id in its header, which the body has to repeat. Raises _Refused."""
    try:
        body = await read_body(request, BODY_LIMIT_BYTES)
        delivery = await read_delivery(body, request.headers.get("content-encoding", ""))
    except BodyTooLarge:
        why = f"The limit is {BODY_LIMIT_BYTES} bytes; set a smaller buffer."
        raise _Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, why) from None
    except DeliveryTooLarge as fault:
        raise _Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"{fault} Set a smaller buffer.") from None
    except Untranslatable as fault:
        raise _Refused(HTTPStatus.BAD_REQUEST, fault.detail) from None
    if told_id and told_id != delivery.request_id:
        raise _Refused(HTTPStatus.BAD_REQUEST, "The request id of the header is not that of the body.")
    return delivery

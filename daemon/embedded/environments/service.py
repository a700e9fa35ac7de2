"""Lets the daemon deploy, resize and look at the environments of this machine, over HTTP on loopback."""

import secrets
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Annotated, Any

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from config.delivery.names import VERSION
from daemon.embedded.environments.cores import INSTANCES_MAX
from daemon.embedded.environments.group import EnvironmentGroup, KeyReused, NothingRan, NotToRoll
from daemon.environments.processes import UNKNOWN_ENVIRONMENT
from daemon.http.body import BodyTooLarge, read_body

BODY_BYTES_MAX = 4096
KEY_LENGTH_MAX = 255
PROBLEM_TYPE = "application/problem+json"
_UNKNOWN = f"urn:tillwatch:{UNKNOWN_ENVIRONMENT}"

Handler = Callable[[Request], Awaitable[Response]]
_Size = Annotated[int, msgspec.Meta(ge=0, le=INSTANCES_MAX)]
_Version = Annotated[str, msgspec.Meta(pattern=f"^{VERSION}$")]


class Deployment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of ``PUT /v1/environments/{name}/deployment``. size: processes, 0 to 4."""

    version: _Version
    size: _Size


class Roll(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of ``PUT /v1/environments/{name}/batch``. count: processes of this version, the others as before."""

    version: _Version
    count: _Size


class Size(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of ``PUT /v1/environments/{name}/size``."""

    size: _Size


class EnvironmentService:
    """The application. token: what its caller has to show as a bearer token.

    A change is answered with 202 before it is done; looking tells how far it is.
    """

    def __init__(self, groups: Mapping[str, EnvironmentGroup], token: str) -> None:
        self._groups = groups
        self._token = token.encode()

    def app(self) -> Starlette:
        """Its routes."""
        place = "/v1/environments/{name}"
        return Starlette(
            routes=[
                Route(place, self._guarded(self._look), methods=["GET"]),
                Route(f"{place}/load", self._guarded(self._load), methods=["GET"]),
                Route(f"{place}/deployment", self._guarded(self._deploy), methods=["PUT"]),
                Route(f"{place}/size", self._guarded(self._resize), methods=["PUT"]),
                Route(f"{place}/batch", self._guarded(self._roll), methods=["PUT"]),
                Route(f"{place}/batch", self._guarded(self._rolled), methods=["GET"]),
            ]
        )

    def _guarded(self, handler: Handler) -> Handler:
        async def answer(request: Request) -> Response:
            scheme, _, shown = request.headers.get("authorization", "").partition(" ")
            if scheme.lower() != "bearer" or not secrets.compare_digest(shown.encode(), self._token):
                return _problem(HTTPStatus.UNAUTHORIZED, "show the token that `up` wrote for the daemon")
            if request.path_params["name"] not in self._groups:
                known = ", ".join(sorted(self._groups))
                return _problem(HTTPStatus.NOT_FOUND, f"there are {known}", _UNKNOWN)
            return await handler(request)

        return answer

    async def _look(self, request: Request) -> Response:
        state = await self._group(request).look()
        if state is None:
            return _problem(HTTPStatus.NOT_FOUND, "nothing was ever to run there", _UNKNOWN)
        return _json(HTTPStatus.OK, state)

    async def _load(self, request: Request) -> Response:
        return _json(HTTPStatus.OK, await self._group(request).load())

    async def _deploy(self, request: Request) -> Response:
        return await self._change(request, Deployment, lambda group, body, key: group.deploy(**_fields(body), key=key))

    async def _resize(self, request: Request) -> Response:
        return await self._change(request, Size, lambda group, body, key: group.resize(**_fields(body), key=key))

    async def _roll(self, request: Request) -> Response:
        return await self._change(request, Roll, lambda group, body, key: group.roll(**_fields(body), key=key))

    async def _rolled(self, request: Request) -> Response:
        """How far the version of the query has come."""
        try:
            return _json(HTTPStatus.OK, await self._group(request).rolled(request.query_params.get("version", "")))
        except NothingRan as nothing:
            return _problem(HTTPStatus.NOT_FOUND, str(nothing), _UNKNOWN)

    async def _change(
        self,
        request: Request,
        shape: type[msgspec.Struct],
        ask: Callable[[EnvironmentGroup, msgspec.Struct, str], None],
    ) -> Response:
        key = request.headers.get("idempotency-key", "")
        if not 0 < len(key) <= KEY_LENGTH_MAX:
            return _problem(HTTPStatus.BAD_REQUEST, "give an Idempotency-Key, the same one for every repetition")
        try:
            body = msgspec.json.decode(await read_body(request, BODY_BYTES_MAX), type=shape)
        except BodyTooLarge:
            return _problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"at most {BODY_BYTES_MAX} bytes")
        except (msgspec.MsgspecError, UnicodeError, RecursionError) as wrong:
            return _problem(HTTPStatus.UNPROCESSABLE_ENTITY, str(wrong))
        group = self._group(request)
        try:
            ask(group, body, key)
        except (KeyReused, NothingRan, NotToRoll) as refused:
            return _problem(HTTPStatus.CONFLICT, str(refused))
        return _json(HTTPStatus.ACCEPTED, await group.look())

    def _group(self, request: Request) -> EnvironmentGroup:
        return self._groups[request.path_params["name"]]


def _fields(body: msgspec.Struct) -> dict[str, Any]:  # the two bodies have other fields
    return msgspec.structs.asdict(body)


def _json(status: HTTPStatus, content: object) -> Response:
    return Response(msgspec.json.encode(content), status_code=status, media_type="application/json")


def _problem(status: HTTPStatus, detail: str, kind: str = "about:blank") -> Response:
    document = {"type": kind, "title": status.phrase, "status": status.value, "detail": detail}
    return Response(msgspec.json.encode(document), status_code=status, media_type=PROBLEM_TYPE)

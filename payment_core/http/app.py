"""The payment core as an ASGI application: made from route tables, the same way through for every request."""

import re
from collections.abc import Iterable

import structlog

from checks.redaction.card_numbers import holds_card_number
from payment_core.answers import Answer
from payment_core.clock import Clock
from payment_core.errors import CoreError
from payment_core.http import problems
from payment_core.http.asgi import Headers, Receive, Scope, Send
from payment_core.http.auth import Gate, Turned, rate_headers
from payment_core.http.bodies import ClientLeft
from payment_core.http.endpoint import JSON, Endpoint, Request
from payment_core.http.openapi import description_route
from payment_core.http.responses import respond
from payment_core.http.router import Router
from payment_core.http.routes import Route
from payment_core.keys.authenticator import Authenticator, Caller
from payment_core.metrics.counts import Counts

log = structlog.get_logger()

UNKNOWN_ROUTE = "unknown"
"""The metrics label of every address that no route has: a label must not be what callers write."""

TRACEPARENT = re.compile(rb"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
"""W3C Trace Context, version 00: a fault is found by the trace of whoever asked."""
_JSON = JSON.encode()
_NO_HEADERS: Headers = []


class Application:
    """Serves the routes. Faults are logged and answered as problem documents; nothing is raised to the server."""

    def __init__(
        self,
        routes: Iterable[Route],
        authenticator: Authenticator,
        counts: Counts,
        clock: Clock,
        card_hash_key: bytes | bytearray,
    ) -> None:
        self.routes = tuple(routes)
        self._gate = Gate(authenticator)
        self._counts = counts
        self._monotonic_ms = clock.monotonic_ms
        self._router = Router((route.method, route.path, Endpoint(route, card_hash_key)) for route in self.routes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or take part in starting and stopping."""
        if scope["type"] != "http":
            await _lifespan(scope, receive, send)
            return
        self._counts.in_flight += 1
        try:
            await self._serve_one(scope, receive, send)
        finally:
            self._counts.in_flight -= 1

    async def _serve_one(self, scope: Scope, receive: Receive, send: Send) -> None:
        started_ms = self._monotonic_ms()
        method: str = scope["method"]
        path: str = scope["path"]
        found = self._router.find(path)
        endpoint = None if found is None else found[0].get("GET" if method == "HEAD" else method)
        headers = _NO_HEADERS
        if found is None or endpoint is None:
            answer, headers = _no_route(path, found)
            label, media_type = UNKNOWN_ROUTE, _JSON
        else:
            label, media_type = endpoint.route.path, endpoint.media_type
            instance = path if not found[1] or not holds_card_number(path) else ""
            request = Request(scope["headers"], scope["query_string"], instance)
            try:
                answer, headers = await self._serve(endpoint, path, found[1], request, receive)
            except ClientLeft:
                return
        await respond(send, answer, media_type, headers, with_body=method != "HEAD")
        self._counts.requests[label, answer.status].observe((self._monotonic_ms() - started_ms) / 1000)

    async def _serve(
        self, endpoint: Endpoint, path: str, parameters: dict[str, str], request: Request, receive: Receive
    ) -> tuple[Answer, Headers]:
        caller: Caller | None = None
        headers = _NO_HEADERS
        try:
            scope = endpoint.route.scope
            if scope != "":
                header = None if request.repeats(b"authorization") else request.headers.get(b"authorization")
                admitted = await self._gate.admit(header, scope, request.instance, self._monotonic_ms())
                if isinstance(admitted, Turned):
                    return admitted.answer, admitted.headers
                caller = admitted
                headers = rate_headers(caller)
            return await endpoint.answer(caller, path, parameters, request, receive), headers
        except ClientLeft:
            raise
        except Exception as error:
            traceparent = request.headers.get(b"traceparent", b"")
            trace = {"trace_id": traceparent[3:35].decode("ascii")} if TRACEPARENT.fullmatch(traceparent) else {}
            log.exception("request met a fault", action="request_fault", route=endpoint.route.path, **trace)
            retryable = isinstance(error, CoreError) and error.retryable
            instance = request.instance
            return problems.unavailable(instance) if retryable else problems.fault(instance), headers


def build_app(
    routes: Iterable[Route],
    *,
    authenticator: Authenticator,
    counts: Counts,
    clock: Clock,
    version: str,
    card_hash_key: bytes | bytearray = b"",
) -> Application:
    """The application over all route tables, and ``/openapi.json``, which describes them.

    card_hash_key: at least 32 bytes, the same in every process and release; needed when a route takes card numbers.
    Raises RoutesConflict and RouteIncomplete.
    """
    table = tuple(routes)
    return Application((*table, description_route(table, version)), authenticator, counts, clock, card_hash_key)


def _no_route(path: str, found: tuple[dict[str, Endpoint], dict[str, str]] | None) -> tuple[Answer, Headers]:
    instance = "" if holds_card_number(path) else path
    if found is None:
        return problems.not_found(instance), _NO_HEADERS
    allowed = sorted(found[0] | {"HEAD": None} if "GET" in found[0] else found[0])
    return problems.method_not_allowed(instance, allowed), [(b"allow", ", ".join(allowed).encode())]


async def _lifespan(scope: Scope, receive: Receive, send: Send) -> None:
    """Agree to start and stop: what the application needs was opened before it was built."""
    if scope["type"] != "lifespan":
        return
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return

"""The payment core as an ASGI application: routes, and what every answer has in common."""

import sqlite3
from collections.abc import Awaitable, Callable

import structlog
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from payment_core.clock import Clock
from payment_core.counts import Counts
from payment_core.errors import CoreError
from payment_core.http import problems
from payment_core.http.bodies import instance_of
from payment_core.http.openapi import openapi
from payment_core.http.reads import Reads
from payment_core.http.writes import Endpoint, Writes
from payment_core.payments.answers import Answer

log = structlog.get_logger()

RETRY_AFTER_SECONDS = "1"
"""A running operation ends within seconds, a busy database sooner."""

_JSON = "application/json"
_PROBLEM = "application/problem+json"


def respond(answer: Answer) -> Response:
    """The answer as an HTTP response with the headers that its status asks for."""
    headers: dict[str, str] = {}
    if answer.replayed:
        headers["Idempotent-Replayed"] = "true"
    if answer.status in {409, 503}:
        headers["Retry-After"] = RETRY_AFTER_SECONDS
    is_problem = answer.body.startswith(b'{"type":"urn:')
    return Response(answer.body, answer.status, headers, media_type=_PROBLEM if is_problem else _JSON)


class _Door:
    """Turns endpoints into handlers that measure, and answer faults as problem documents."""

    def __init__(self, counts: Counts, clock: Clock) -> None:
        self._counts = counts
        self._clock = clock

    def handler(self, route: str, endpoint: Endpoint) -> Callable[[Request], Awaitable[Response]]:
        requests, clock = self._counts.requests, self._clock

        async def handle(request: Request) -> Response:
            started_ms = clock.monotonic_ms()
            try:
                answer = await endpoint(request)
            except (CoreError, sqlite3.Error) as error:
                log.exception("request met a fault", action="request_fault", route=route)
                retryable = isinstance(error, CoreError) and error.retryable
                answer = (
                    problems.unavailable(instance_of(request), "Try again.") if retryable else problems.fault(route)
                )
            requests[route, answer.status].observe((clock.monotonic_ms() - started_ms) / 1000)
            return respond(answer)

        return handle


def build_app(*, writes: Writes, reads: Reads, counts: Counts, clock: Clock, version: str) -> Starlette:
    """The application over one process's writes and reads."""
    door = _Door(counts, clock)
    description = openapi(version)

    async def describe(_request: Request) -> Answer:
        return Answer(200, description)

    endpoints: tuple[tuple[str, str, Endpoint], ...] = (
        ("POST", "/v1/payments", writes.create_payment),
        ("GET", "/v1/payments/{payment_id}", reads.payment),
        ("POST", "/v1/payments/{payment_id}/capture", writes.capture_payment),
        ("POST", "/v1/payments/{payment_id}/cancel", writes.cancel_payment),
        ("POST", "/v1/refunds", writes.create_refund),
        ("GET", "/v1/refunds/{refund_id}", reads.refund),
        ("GET", "/v1/events", reads.events),
        ("GET", "/v1/ledger", reads.ledger),
        ("GET", "/v1/ledger/verification", reads.ledger_verification),
        ("GET", "/livez", reads.livez),
        ("GET", "/readyz", reads.readyz),
        ("GET", "/openapi.json", describe),
    )
    routes = [Route(path, door.handler(path, endpoint), methods=[method]) for method, path, endpoint in endpoints]
    routes.append(Route("/metrics", reads.metrics, methods=["GET"]))
    app = Starlette(routes=routes, exception_handlers={HTTPException: _http_problem, Exception: _internal_problem})
    # A redirect would be built from the Host header, which the caller writes.
    app.router.redirect_slashes = False
    return app


async def _http_problem(request: Request, error: Exception) -> Response:
    """What the router refuses: an unknown address or method."""
    if isinstance(error, HTTPException) and error.status_code == 405:  # noqa: PLR2004 - HTTP's own number
        response = respond(problems.method_not_allowed(instance_of(request)))
        response.headers.update({} if error.headers is None else error.headers)
        return response
    return respond(problems.not_found(instance_of(request)))


async def _internal_problem(request: Request, _error: Exception) -> Response:
    """A defect of ours; starlette raises it again so that it is logged."""
    return respond(problems.fault(instance_of(request)))

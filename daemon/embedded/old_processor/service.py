"""The old processor's HTTP API over its book: keys, forms, idempotency, and what is asked of it by people who test."""

import asyncio
from collections.abc import Callable

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from daemon.embedded.old_processor.book import PAGE_MAX, Answer, Book, Cause, refused
from daemon.embedded.old_processor.forms import Form, FormUnreadable, parse_form
from daemon.embedded.old_processor.objects import Object

BODY_BYTES_MAX = 64 * 1024
Change = Callable[[Form, Cause], Answer]


class OldProcessorApi:
    """key: the secret key that callers send. on_event: told after each change, to push what happened.

    is_down: whether it answers 503, as one that is out of service; ``POST /test/outage`` sets it.
    """

    def __init__(self, book: Book, key: str, now_seconds: Callable[[], int], on_event: Callable[[], None]) -> None:
        self._book = book
        self._key = key
        self._now_seconds = now_seconds
        self._on_event = on_event
        self.is_down = False
        self._turn = asyncio.Lock()

    def app(self) -> Starlette:
        """The routes; ``GET /health`` answers 200 to everybody."""
        one = "/v1/{collection:str}/{object_id:str}"
        return Starlette(
            routes=[
                Route("/health", self._health),
                Route("/test/outage", self._outage, methods=["POST"]),
                Route("/v1/events", self._events, methods=["GET"]),
                Route("/v1/customers", self._customers, methods=["GET"]),
                Route("/v1/customers/{owner_id:str}/payment_methods", self._cards, methods=["GET"]),
                Route("/v1/payment_methods/{object_id:str}/attach", self._attach, methods=["POST"]),
                Route("/v1/payment_methods/{object_id:str}/detach", self._detach, methods=["POST"]),
                Route("/v1/accounts/{owner_id:str}/external_accounts", self._new_bank_account, methods=["POST"]),
                Route("/v1/customers/{owner_id:str}/sources", self._new_bank_account, methods=["POST"]),
                Route("/v1/accounts/{owner_id:str}/external_accounts/{object_id:str}", self._one, methods=_ONE),
                Route("/v1/customers/{owner_id:str}/sources/{object_id:str}", self._one, methods=_ONE),
                Route("/v1/{collection:str}", self._new, methods=["POST"]),
                Route(one, self._one, methods=_ONE),
            ]
        )

    async def _new(self, request: Request) -> Response:
        makers: dict[str, Change] = {
            "customers": self._book.create_customer,
            "payment_methods": self._book.create_method,
            "accounts": self._book.create_account,
        }
        make = makers.get(request.path_params["collection"])
        return _json(refused(404, "Unrecognized request URL")) if make is None else await self._change(request, make)

    async def _one(self, request: Request) -> Response:
        object_id = request.path_params["object_id"]
        if request.method == "GET":
            turned = self._turned(request)
            return _json(self._book.get(object_id) if turned is None else turned)
        if request.method == "DELETE":
            return await self._change(request, lambda _form, cause: self._book.delete(object_id, cause))
        return await self._change(request, lambda form, cause: self._book.update(object_id, form, cause))

    async def _attach(self, request: Request) -> Response:
        object_id = request.path_params["object_id"]
        return await self._change(request, lambda form, cause: self._book.attach(object_id, form, cause))

    async def _detach(self, request: Request) -> Response:
        object_id = request.path_params["object_id"]
        return await self._change(request, lambda _form, cause: self._book.detach(object_id, cause))

    async def _new_bank_account(self, request: Request) -> Response:
        owner_id = request.path_params["owner_id"]

        def make(form: Form, cause: Cause) -> Answer:
            fields = form.get("external_account", form.get("source", {}))
            return self._book.create_bank_account(owner_id, fields if isinstance(fields, dict) else {}, cause)

        return await self._change(request, make)

    async def _events(self, request: Request) -> Response:
        turned = self._turned(request)
        if turned is not None:
            return _json(turned)
        query = request.query_params
        asked = query.get("limit", "10")
        limit = min(PAGE_MAX, int(asked)) if asked.isdigit() and int(asked) > 0 else 10
        return _json(
            self._book.page(limit=limit, before=query.get("ending_before", ""), after=query.get("starting_after", ""))
        )

    async def _customers(self, request: Request) -> Response:
        turned = self._turned(request)
        return _json(self._book.listed(lambda one: one["object"] == "customer") if turned is None else turned)

    async def _cards(self, request: Request) -> Response:
        turned, owner_id = self._turned(request), request.path_params["owner_id"]

        def is_theirs(one: Object) -> bool:
            return bool(one["object"] == "payment_method" and one.get("customer") == owner_id)

        return _json(self._book.listed(is_theirs) if turned is None else turned)

    async def _change(self, request: Request, change: Change) -> Response:
        turned = self._turned(request)
        if turned is not None:
            return _json(turned)
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > BODY_BYTES_MAX:
                return _json(refused(413, "The body is too long."))
        try:
            form = parse_form(bytes(body))
        except FormUnreadable as fault:
            return _json(refused(400, str(fault)))
        key = request.headers.get("idempotency-key", "")
        asked = f"{request.method} {request.url.path}\n{body.decode(errors='replace')}"
        async with self._turn:
            known = self._book.once(key, asked)
            if known is None:
                try:
                    known = change(form, Cause(key, self._now_seconds()))
                except (KeyError, TypeError, ValueError):
                    known = refused(400, "A parameter is missing or of another type.")
                self._book.once(key, asked, known)
                self._on_event()
        return _json(known)

    def _turned(self, request: Request) -> Answer | None:
        if self.is_down:
            return Answer(503, {"error": {"type": "api_error", "message": "Service unavailable."}})
        if request.headers.get("authorization") != f"Bearer {self._key}":
            return Answer(401, {"error": {"type": "invalid_request_error", "message": "Invalid API Key provided."}})
        return None

    async def _outage(self, request: Request) -> Response:
        if request.headers.get("authorization") != f"Bearer {self._key}":
            return Response(status_code=401)
        self.is_down = request.query_params.get("down") == "true"
        return Response(status_code=204)

    async def _health(self, _: Request) -> Response:
        return Response()


_ONE = ["GET", "POST", "DELETE"]


def _json(answer: Answer) -> Response:
    return Response(msgspec.json.encode(answer.body), status_code=answer.status, media_type="application/json")

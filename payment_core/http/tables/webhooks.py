"""The routes of outgoing webhooks: endpoints, their secrets, and their deliveries."""

from enum import StrEnum
from urllib.parse import unquote_plus

from checks.facts import FACT_TYPE_BY_KIND
from checks.redaction.card_numbers import holds_card_number
from payment_core.answers import Answer, ok
from payment_core.http import problems
from payment_core.http.routes import Route, listed, shown
from payment_core.operations.call import Call
from payment_core.operations.pages import answer_one, answer_page
from payment_core.store.port import LedgerStore
from payment_core.webhooks.destinations import UrlFault, parse_url, url_sentence
from payment_core.webhooks.endpoints import Endpoints
from payment_core.webhooks.model import LISTED, WebhookDelivery, WebhookEndpoint
from payment_core.webhooks.refusals import WebhookRefusal, explain_webhooks
from payment_core.webhooks.requests import CreateEndpoint, RotateSecret, UpdateEndpoint
from payment_core.webhooks.views import DeliveryView, EndpointView, view_delivery, view_endpoint

_READ, _WRITE = "webhooks:read", "webhooks:write"
_ENDPOINTS = "/v1/webhook_endpoints"
_ENDPOINT = "/v1/webhook_endpoints/{endpoint_id}"
_DELIVERY = "/v1/webhook_deliveries/{delivery_id}"
_EXAMPLE = CreateEndpoint(url="https://example.com/hooks", kinds=("payment.captured",))


class _Webhooks:
    """The handlers. loopback_allowed: also http, to this machine; for tests and trials."""

    def __init__(self, store: LedgerStore, endpoints: Endpoints, *, loopback_allowed: bool) -> None:
        self._store = store
        self._endpoints = endpoints
        self._loopback_allowed = loopback_allowed

    async def create(self, call: Call, body: CreateEndpoint) -> Answer | StrEnum:
        """A new endpoint."""
        wrong = self._wrong(call, body.url, body.kinds)
        return await self._endpoints.create(call, body) if wrong is None else wrong

    async def update(self, call: Call, body: UpdateEndpoint) -> Answer | StrEnum:
        """Another URL, other kinds, enabled or disabled."""
        wrong = self._wrong(call, body.url, body.kinds)
        return await self._endpoints.update(call, body) if wrong is None else wrong

    async def endpoint(self, call: Call, _body: None) -> Answer | StrEnum:
        """One endpoint."""
        found = await self._endpoint(call)
        return WebhookRefusal.WEBHOOK_ENDPOINT_NOT_FOUND if found is None else ok(view_endpoint(found))

    async def endpoints(self, call: Call, _body: None) -> Answer:
        """The endpoints that are not deleted."""
        return await answer_page(self._store, call, WebhookEndpoint, view_endpoint, owner=LISTED)

    async def deliveries(self, call: Call, _body: None) -> Answer | StrEnum:
        """The deliveries of one endpoint, the newest first."""
        if await self._endpoint(call) is None:
            return WebhookRefusal.WEBHOOK_ENDPOINT_NOT_FOUND
        endpoint_id = call.path["endpoint_id"]
        return await answer_page(
            self._store, call, WebhookDelivery, view_delivery, owner=endpoint_id, order="descending"
        )

    async def delivery(self, call: Call, _body: None) -> Answer | StrEnum:
        """One delivery."""
        missing = WebhookRefusal.WEBHOOK_DELIVERY_NOT_FOUND
        return await answer_one(self._store, WebhookDelivery, call.path["delivery_id"], view_delivery, missing)

    async def _endpoint(self, call: Call) -> WebhookEndpoint | None:
        found = await self._store.read(WebhookEndpoint, call.path["endpoint_id"])
        return None if found is None or found.status == "deleted" else found

    def _wrong(self, call: Call, url: str | None, kinds: tuple[str, ...] | None) -> Answer | None:
        """What is wrong with a URL or kind, where the body's type cannot say it."""
        if url is not None:
            read = parse_url(url, loopback_allowed=self._loopback_allowed)
            if isinstance(read, UrlFault):
                return problems.invalid_request(call.instance, "$.url", url_sentence(read))
            if holds_card_number(unquote_plus(url)):
                return problems.card_number_refused(call.instance)
        for position, kind in enumerate(() if kinds is None else kinds):
            if kind not in FACT_TYPE_BY_KIND:
                known = ", ".join(sorted(FACT_TYPE_BY_KIND))
                return problems.invalid_request(call.instance, f"$.kinds[{position}]", f"is none of: {known}")
        return None


def webhook_routes(store: LedgerStore, endpoints: Endpoints, *, loopback_allowed: bool = False) -> tuple[Route, ...]:
    """Endpoints and deliveries."""
    webhooks = _Webhooks(store, endpoints, loopback_allowed=loopback_allowed)
    return (*_endpoint_writes(webhooks, endpoints), *_reads(webhooks))


def _endpoint_writes(webhooks: _Webhooks, endpoints: Endpoints) -> tuple[Route, ...]:
    return (
        Route(
            method="POST",
            path=_ENDPOINTS,
            scope=_WRITE,
            summary="Send events to a URL; its signing secret is shown once",
            handler=webhooks.create,
            body=CreateEndpoint,
            answer=EndpointView,
            status=201,
            explain=explain_webhooks,
            example=_EXAMPLE,
        ),
        Route(
            method="POST",
            path=_ENDPOINT,
            scope=_WRITE,
            summary="Change an endpoint",
            handler=webhooks.update,
            body=UpdateEndpoint,
            answer=EndpointView,
            explain=explain_webhooks,
        ),
        Route(
            method="POST",
            path=f"{_ENDPOINT}/rotate",
            scope=_WRITE,
            summary="Make a new signing secret, which is shown once",
            handler=endpoints.rotate,
            body=RotateSecret,
            answer=EndpointView,
            explain=explain_webhooks,
        ),
        Route(
            method="DELETE",
            path=_ENDPOINT,
            scope=_WRITE,
            summary="End an endpoint",
            handler=endpoints.delete,
            answer=EndpointView,
            explain=explain_webhooks,
        ),
        Route(
            method="POST",
            path=f"{_DELIVERY}/replay",
            scope=_WRITE,
            summary="Send a delivery that ended once more",
            handler=endpoints.replay,
            answer=DeliveryView,
            explain=explain_webhooks,
        ),
    )


def _reads(webhooks: _Webhooks) -> tuple[Route, ...]:
    return (
        listed(_ENDPOINTS, _READ, "Endpoints, the oldest first", webhooks.endpoints, EndpointView),
        shown(_ENDPOINT, _READ, "One endpoint, without its secret", webhooks.endpoint, EndpointView, explain_webhooks),
        listed(
            f"{_ENDPOINT}/deliveries",
            _READ,
            "Deliveries of one endpoint, the newest event first",
            webhooks.deliveries,
            DeliveryView,
            explain=explain_webhooks,
        ),
        shown(_DELIVERY, _READ, "One delivery", webhooks.delivery, DeliveryView, explain_webhooks),
    )

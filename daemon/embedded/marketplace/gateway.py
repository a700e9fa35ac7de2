"""The payment core's HTTP interface as its customers' programs use it."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Self

import httpx
import msgspec

from daemon.embedded.marketplace.mix import NO_HEADERS, Order
from daemon.embedded.marketplace.traffic import IN_FLIGHT_MAX, Answer, Receipt
from payment_core.outgoing.client import HttpClient

REQUEST_SECONDS = 7.0
"""Longer than the rail's own timeout of 5 s, so that the core says what it knows before its caller gives up."""


class _Payment(msgspec.Struct, frozen=True):
    """As much of a payment as its client needs."""

    id: str
    status: str


class _Kept(msgspec.Struct, frozen=True):
    """As much of a payment method as its client needs."""

    id: str


_PAYMENT = msgspec.json.Decoder(_Payment)
_KEPT = msgspec.json.Decoder(_Kept)

_ANSWERS = {
    "succeeded": Answer.SUCCEEDED,
    "requires_capture": Answer.SUCCEEDED,
    "requires_review": Answer.SUCCEEDED,
    "capturing": Answer.SUCCEEDED,
    "canceling": Answer.SUCCEEDED,
    "expiring": Answer.SUCCEEDED,
    "canceled": Answer.SUCCEEDED,
    "declined": Answer.DECLINED,
    "processing": Answer.PROCESSING,
    "held": Answer.PROCESSING,
}
"""By the payment's status; an authorization is a payment that went well, also when a person still has to look at it."""


class HttpGateway:
    """Payments by HTTP to whichever address was resolved. run: distinguishes this run's idempotency keys.

    key: the API key that the cores ask for.

    Open as a context manager. Nothing is sent twice: a customer whose payment fails has seen it fail.
    """

    def __init__(self, port: int, run: str, key: str) -> None:
        self._port = port
        self._run = run
        self._client = HttpClient(
            headers={"Authorization": f"Bearer {key}"},
            timeout=REQUEST_SECONDS,
            limits=httpx.Limits(max_connections=IN_FLIGHT_MAX, max_keepalive_connections=IN_FLIGHT_MAX),
            trust_env=False,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()

    async def pay(self, address: str, order: Order) -> Receipt:
        """Ask for the payment."""
        body = {
            "amount": _money(order.amount_cents),
            "payment_method": order.token,
            "customer_id": order.customer_id,
            "provider_id": order.provider_id,
            "capture": "manual" if order.capture_later else "automatic",
        }
        response = await self._post(address, "/v1/payments", body, f"pay-{order.number}", order.headers)
        if response is None:
            return Receipt(Answer.FAILED)
        if response.status_code == HTTPStatus.PAYMENT_REQUIRED:
            return Receipt(Answer.DECLINED)
        return _receipt(response)

    async def keep_card(self, address: str, customer_id: str, number: str, exp_year: int) -> str:
        """Keep a card; its token, or nothing when it was not kept."""
        body = {"customer_id": customer_id, "pan": number, "exp_month": 12, "exp_year": exp_year}
        response = await self._post(address, "/v1/payment_methods", body, f"card-{customer_id}")
        if response is None or response.status_code != HTTPStatus.CREATED:
            return ""
        return _KEPT.decode(response.content).id

    async def look(self, address: str, payment_id: str) -> Answer:
        """What became of it; it is still processing when nobody answers."""
        try:
            response = await self._client.get(self._url(address, f"/v1/payments/{payment_id}"))
        except httpx.HTTPError:
            return Answer.PROCESSING
        return _receipt(response).answer if response.status_code == HTTPStatus.OK else Answer.PROCESSING

    async def capture(self, address: str, order: Order, payment_id: str) -> None:
        """Take all of the authorized money."""
        await self._post(address, f"/v1/payments/{payment_id}/capture", {}, f"capture-{order.number}")

    async def refund(self, address: str, order: Order, payment_id: str) -> None:
        """Give the order's refund back."""
        body = {"payment_id": payment_id, "amount": _money(order.refund_cents), "reason": "requested_by_customer"}
        await self._post(address, "/v1/refunds", body, f"refund-{order.number}")

    async def _post(
        self, address: str, path: str, body: object, key: str, more: Mapping[str, str] = NO_HEADERS
    ) -> httpx.Response | None:
        headers = {**more, "Content-Type": "application/json", "Idempotency-Key": f"{self._run}-{key}"}
        try:
            return await self._client.post(self._url(address, path), content=msgspec.json.encode(body), headers=headers)
        except httpx.HTTPError:
            return None

    def _url(self, address: str, path: str) -> str:
        return f"http://{address}:{self._port}{path}"


def _receipt(response: httpx.Response) -> Receipt:
    if response.status_code not in {HTTPStatus.OK, HTTPStatus.CREATED, HTTPStatus.ACCEPTED}:
        return Receipt(Answer.FAILED)
    try:
        payment = _PAYMENT.decode(response.content)
    except msgspec.MsgspecError:
        return Receipt(Answer.FAILED)
    return Receipt(_ANSWERS.get(payment.status, Answer.FAILED), payment.id)


def _money(amount_cents: int) -> dict[str, object]:
    return {"amount_cents": amount_cents, "currency": "USD"}

"""The OpenAPI document, generated from the types that decode and encode the bodies."""

from typing import Any

import msgspec

from payment_core.http.reads import LedgerView, Liveness, Readiness
from payment_core.ledger.verify import LedgerReport
from payment_core.payments.answers import Problem
from payment_core.payments.requests import CancelPayment, CapturePayment, CreatePayment, CreateRefund
from payment_core.payments.views import PaymentView, RefundView

# OpenAPI is JSON of every shape; Any is what JSON is.
Json = dict[str, Any]

_TYPES = (
    CreatePayment,
    CapturePayment,
    CancelPayment,
    CreateRefund,
    PaymentView,
    RefundView,
    LedgerReport,
    LedgerView,
    Liveness,
    Readiness,
    Problem,
)
_EVENT_PAGE: Json = {
    "type": "object",
    "required": ["events", "last_sequence"],
    "properties": {
        "events": {"type": "array", "items": {"type": "object"}},
        "last_sequence": {"type": "integer"},
    },
}


def openapi(version: str) -> bytes:
    """OpenAPI 3.1 of every route. version: of the release that serves it."""
    _, schemas = msgspec.json.schema_components(_TYPES, ref_template="#/components/schemas/{name}")
    payment_id = _parameter("payment_id", "path", {"type": "string"})
    payment, refund = _reference("PaymentView"), _reference("RefundView")
    paths: Json = {
        "/v1/payments": {"post": _write("Take a payment", "CreatePayment", payment, 201, 402, 502)},
        "/v1/payments/{payment_id}": {"get": _read("One payment", payment, payment_id)},
        "/v1/payments/{payment_id}/capture": {
            "post": _write("Take authorized money", "CapturePayment", payment, 200, 404, 502, parameter=payment_id)
        },
        "/v1/payments/{payment_id}/cancel": {
            "post": _write("Release an authorization", "CancelPayment", payment, 200, 404, 502, parameter=payment_id)
        },
        "/v1/refunds": {"post": _write("Give money back", "CreateRefund", refund, 201, 404, 502)},
        "/v1/refunds/{refund_id}": {
            "get": _read("One refund", refund, _parameter("refund_id", "path", {"type": "string"}))
        },
        "/v1/events": {
            "get": _read(
                "Events in outbox order",
                _EVENT_PAGE,
                _parameter("after", "query", {"type": "integer", "minimum": 0, "default": 0}),
                _parameter("limit", "query", {"type": "integer", "minimum": 1, "maximum": 1000, "default": 100}),
            )
        },
        "/v1/ledger": {"get": _read("Balances by account", _reference("LedgerView"))},
        "/v1/ledger/verification": {"get": _read("Invariants I1 to I4, checked now", _reference("LedgerReport"))},
        "/livez": {"get": _read("The process runs", _reference("Liveness"))},
        "/readyz": {"get": _read("Payments are taken", _reference("Readiness"))},
    }
    document: Json = {
        "openapi": "3.1.0",
        "info": {"title": "Tillwatch payment core", "version": version},
        "paths": paths,
        "components": {"schemas": schemas},
    }
    return msgspec.json.encode(document)


def _reference(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def _parameter(name: str, place: str, schema: Json) -> Json:
    return {"name": name, "in": place, "required": place == "path", "schema": schema}


def _problem(description: str) -> Json:
    return {"description": description, "content": {"application/problem+json": {"schema": _reference("Problem")}}}


def _success(schema: Json, description: str) -> Json:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _read(summary: str, schema: Json, *parameters: Json) -> Json:
    responses = {"200": _success(schema, summary)}
    if parameters:
        responses |= {"404": _problem("Not found"), "422": _problem("A parameter is not valid")}
    return {"summary": summary, "parameters": list(parameters), "responses": responses}


def _write(summary: str, body: str, answer: Json, *statuses: int, parameter: Json | None = None) -> Json:
    done, *problems = statuses
    key = _parameter("Idempotency-Key", "header", {"type": "string", "minLength": 1, "maxLength": 255})
    responses = {
        str(done): _success(answer, "Done"),
        "202": _success(answer, "The rail has not decided; GET the object for the result"),
        "400": _problem("No usable Idempotency-Key, or no JSON"),
        "409": _problem("The same key is still running, or the state does not allow it"),
        "413": _problem("The body is too large"),
        "422": _problem("The body is not valid, or the key was used with another request"),
        "503": _problem("Temporarily unavailable"),
    } | {str(status): _problem("Refused") for status in problems}
    return {
        "summary": summary,
        "parameters": [key | {"required": True}, *([] if parameter is None else [parameter])],
        "requestBody": {"required": True, "content": {"application/json": {"schema": _reference(body)}}},
        "responses": responses,
    }

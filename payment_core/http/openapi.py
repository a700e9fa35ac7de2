"""The OpenAPI document, made from the route tables and from the types that decode and encode the bodies."""

import re
from collections.abc import Iterable
from typing import Any

import msgspec

from payment_core.answers import Answer, Problem
from payment_core.http.endpoint import JSON, PATH_PARAMETER
from payment_core.http.queries import schema_of
from payment_core.http.routes import IDEMPOTENCY_KEY, Route
from payment_core.operations.call import Call
from payment_core.operations.once import KEPT_DAYS, KEY_LENGTH_MAX
from payment_core.operations.pages import Page

# OpenAPI is JSON of every shape; Any is what JSON is.
Json = dict[str, Any]

_NAMES = re.compile(r"\{([a-z_]+)\}")
_NO_CONTENT = 204
_PROBLEM_TYPE = "application/problem+json"
_BEARER = "api_key"

_MEANINGS = {
    400: "No usable Idempotency-Key, or no JSON",
    401: "No usable API key",
    402: "The payment was declined",
    403: "The API key lacks the scope",
    404: "There is nothing with this id",
    409: "Still running under the same key, or the state does not allow it",
    410: "It is gone",
    413: "The body is too large",
    415: "The body has another media type",
    422: "The request is not valid, or its key was used with another request",
    429: "The limit of the API key is used up",
    500: "A defect; the outcome can be asked for with the same key",
    502: "The rail failed",
    503: "Temporarily unavailable",
}


def description_route(routes: tuple[Route, ...], version: str) -> Route:
    """``/openapi.json``, which describes these routes and itself."""
    document = b""

    async def describe(_call: Call, _body: None) -> Answer:
        return Answer(200, document)

    itself = Route(
        method="GET",
        path="/openapi.json",
        scope="",
        summary="This description (OpenAPI 3.1)",
        handler=describe,
        answer=None,
    )
    document = msgspec.json.encode(openapi((*routes, itself), version))
    return itself


def openapi(routes: Iterable[Route], version: str) -> Json:
    """OpenAPI 3.1 of the routes. version: of the release that serves them."""
    table = tuple(routes)
    types = _types(table)
    references, schemas = msgspec.json.schema_components(types, ref_template="#/components/schemas/{name}")
    schema_by_type = dict(zip(types, references, strict=True))
    paths: Json = {}
    for route in table:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, schema_by_type)
    scopes = sorted({route.scope for route in table} - {""})
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Tillwatch payment core",
            "version": version,
            "description": "Payments, escrow, payouts and their ledger. Money is in minor units, times are Unix "
            "milliseconds, errors are RFC 9457 problem documents.",
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                _BEARER: {
                    "type": "http",
                    "scheme": "bearer",
                    "description": f"An API key, `till_live_...` or `till_test_...`. Scopes: {', '.join(scopes)}.",
                }
            },
        },
    }


def _types(table: tuple[Route, ...]) -> list[type[msgspec.Struct]]:
    """Every type that a body or an answer has, once, in a stable order."""
    named = (named for route in table for named in (route.body, route.answer, route.items))
    return list(dict.fromkeys([Problem, *(each for each in named if each is not None)]))


def _operation(route: Route, schema_by_type: dict[type[msgspec.Struct], Json]) -> Json:
    operation: Json = {
        "summary": route.summary,
        "operationId": _operation_id(route),
        "tags": [_tag(route)],
        "parameters": _parameters(route),
        "responses": _responses(route, schema_by_type),
        "security": [] if route.scope == "" else [{_BEARER: [route.scope]}],
    }
    body = _request_body(route, schema_by_type)
    if body is not None:
        operation["requestBody"] = body
    return operation


def _operation_id(route: Route) -> str:
    words = route.path.replace("{", "").replace("}", "").replace(".", "_").strip("/").split("/")
    return "_".join([route.method.lower(), *(word for word in words if word != "v1")])


def _tag(route: Route) -> str:
    return "service" if not route.path.startswith("/v1/") else route.path.split("/")[2]


def _parameters(route: Route) -> list[Json]:
    parameters: list[Json] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "pattern": PATH_PARAMETER}}
        for name in _NAMES.findall(route.path)
    ]
    parameters += [
        {
            "name": parameter.name,
            "in": "query",
            "required": False,
            "description": parameter.description,
            "schema": schema_of(parameter),
        }
        for parameter in route.query
    ]
    if route.method != "GET" and route.key_header != IDEMPOTENCY_KEY:
        parameters.append(
            {
                "name": route.key_header.title(),
                "in": "header",
                "required": True,
                "description": "Signs the body, and stands for an Idempotency-Key",
                "schema": {"type": "string", "pattern": f"^[!-~]{{1,{KEY_LENGTH_MAX}}}$"},
            }
        )
    elif route.method != "GET":
        parameters.append(
            {
                "name": "Idempotency-Key",
                "in": "header",
                "required": True,
                "description": "A value of your own; the same one when you retry. It is forgotten "
                f"{KEPT_DAYS} days after its operation has finished",
                "schema": {"type": "string", "pattern": f"^[!-~]{{1,{KEY_LENGTH_MAX}}}$"},
            }
        )
    return parameters


def _request_body(route: Route, schema_by_type: dict[type[msgspec.Struct], Json]) -> Json | None:
    if route.raw_body != "":
        return {"required": True, "content": {route.raw_body: {"schema": {"type": "string"}}}}
    if route.body is None:
        return None
    content: Json = {"schema": schema_by_type[route.body]}
    if route.example is not None:
        content["example"] = msgspec.to_builtins(route.example)
    return {"required": True, "content": {JSON: content}}


def _responses(route: Route, schema_by_type: dict[type[msgspec.Struct], Json]) -> Json:
    responses: Json = {
        str(status): {
            "description": _MEANINGS.get(status, "Refused"),
            "content": {_PROBLEM_TYPE: {"schema": schema_by_type[Problem]}},
        }
        for status in sorted(_problem_statuses(route))
    }
    for status in (route.status, *route.also):
        success: Json = {"description": route.summary}
        if status != _NO_CONTENT:
            success["content"] = {route.media_type: {"schema": _answer_schema(route, schema_by_type)}}
        responses[str(status)] = success
    return responses


def _answer_schema(route: Route, schema_by_type: dict[type[msgspec.Struct], Json]) -> Json:
    if route.answer is None:
        return {"type": "object"} if route.media_type == JSON else {"type": "string"}
    schema = schema_by_type[route.answer]
    if route.answer is not Page or route.items is None:
        return schema
    items = {"type": "array", "items": schema_by_type[route.items]}
    return {"allOf": [schema, {"type": "object", "properties": {"data": items}}]}


def _problem_statuses(route: Route) -> set[int]:
    """What the layer itself can answer on this route, and what the route adds."""
    statuses = {422, 500, 503, *route.problems}
    if route.scope != "":
        statuses |= {401, 403, 429}
    if "{" in route.path:
        statuses.add(404)
    if route.method != "GET":
        statuses |= {400, 409, 413}
        if route.body is not None or route.raw_body != "":
            statuses.add(415)
    return statuses

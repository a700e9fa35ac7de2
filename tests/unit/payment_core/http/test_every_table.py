"""All route tables together: no two in each other's way, each described, and each shut to who may not."""

import re

import msgspec
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from payment_core.http.app import build_app
from payment_core.http.openapi import openapi
from payment_core.http.routes import PAGE, Route
from payment_core.keys.secrets import new_secret
from payment_core.operations.pages import Page
from tests.unit.payment_core.http.api_world import NOW_MS, World
from tests.unit.payment_core.http.every_table import every_route, tables

OPEN = {"/livez", "/readyz", "/openapi.json", "/v1/migration/events"}
ROUTES = every_route()


def test_every_table_is_found() -> None:
    names = {name for name, _ in tables()}
    assert {"event_routes", "key_routes", "ledger_routes", "payment_routes", "service_routes"} <= names
    assert all(table for _, table in tables())


def test_no_two_routes_want_the_same_address() -> None:
    world = World()
    app = build_app(
        ROUTES[:-1],
        authenticator=world.authenticator,
        counts=world.counts,
        clock=world.clock,
        version="1.0.0",
        card_hash_key=b"k" * 32,
    )
    assert len(app.routes) == len(ROUTES)


def test_the_description_of_all_routes_is_valid_openapi() -> None:
    document = msgspec.json.decode(msgspec.json.encode(openapi(ROUTES, "1.0.0")))
    OpenAPIV31SpecValidator(document).validate()
    ids = [operation["operationId"] for item in document["paths"].values() for operation in item.values()]
    assert len(ids) == len(set(ids)) == len(ROUTES)


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_a_route_follows_the_conventions_of_all(route: Route) -> None:
    assert (route.scope == "") == (route.path in OPEN)
    if route.scope != "":
        assert re.fullmatch(r"[a-z][a-z_]*:[a-z][a-z_]*", route.scope)
        assert not route.scope.endswith(":write" if route.method == "GET" else ":read")
    assert route.summary
    assert not route.summary.endswith(".")
    if route.answer is Page:
        assert route.items is not None
        assert set(PAGE) <= set(route.query)
    if route.method == "GET":
        assert route.body is None
        assert route.raw_body == ""
    if route.example is not None and route.body is not None:
        assert msgspec.json.decode(msgspec.json.encode(route.example), type=route.body) == route.example


@pytest.mark.parametrize(
    "route", [route for route in ROUTES if route.scope], ids=lambda route: f"{route.method} {route.path}"
)
async def test_nobody_gets_past_the_gate_of_a_route_without_its_scope(route: Route) -> None:
    world = World()
    app = build_app(
        ROUTES[:-1],
        authenticator=world.authenticator,
        counts=world.counts,
        clock=world.clock,
        version="1.0.0",
        card_hash_key=b"k" * 32,
    )
    path = re.sub(r"\{\w+\}", "x_1", route.path)
    others = [other.scope for other in ROUTES if other.scope not in {"", route.scope}]
    expected = {
        None: 401,
        new_secret("test"): 401,
        await world.add_key(*others): 403,
        await world.add_key("*", expires_at_ms=NOW_MS): 401,
        await world.add_key("*", status="revoked"): 401,
    }
    async with world.client(app) as http:
        for secret, status in expected.items():
            headers = {} if secret is None else {"Authorization": f"Bearer {secret}"}
            answer = await http.request(route.method, path, headers=headers)
            assert answer.status_code == status
        if route.method != "GET":
            # Past the gate, a write is stopped by its missing key of idempotency.
            for secret in (await world.add_key(route.scope), world.admin):
                answer = await http.request(route.method, path, headers={"Authorization": f"Bearer {secret}"})
                assert answer.status_code == 400

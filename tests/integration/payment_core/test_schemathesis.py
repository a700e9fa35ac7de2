"""The routes of keys, webhooks, events and ledger against their description, with valid and invalid requests."""

from typing import Any

import hypothesis
import msgspec
import pytest
import schemathesis
from schemathesis.core.failures import FailureGroup

from payment_core.answers import Answer
from payment_core.http.openapi import openapi
from payment_core.http.routes import Route
from payment_core.operations.call import Call
from tests.integration.payment_core.descriptions import generator_of
from tests.unit.payment_core.http.api_world import Echo, World

# The clock of this world stands still: nothing is forgotten between the examples.
WORLD = World()
HEADERS = {"Authorization": f"Bearer {WORLD.admin}"}


def described(world: World) -> Any:  # noqa: ANN401 - schemathesis's generic schema
    """The generator of the world's routes, which asks its application without a socket."""
    schema = generator_of(msgspec.json.decode(msgspec.json.encode(openapi(world.app.routes, "1.0.0"))))
    schema.app = world.app
    return schema


SCHEMA = described(WORLD)


@SCHEMA.parametrize()  # type: ignore[untyped-decorator]  # see described
@hypothesis.settings(max_examples=15, deadline=None)
def test_every_route_answers_as_it_is_described(case: schemathesis.Case[Any]) -> None:
    case.call_and_validate(headers=HEADERS)


def test_every_route_is_described_and_so_generated_for() -> None:
    found = {(result.ok().method.upper(), result.ok().path) for result in SCHEMA.get_all_operations()}
    assert found == {(route.method, route.path) for route in WORLD.app.routes}


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/openapi.json"])
async def test_the_open_routes_answer_without_a_key(path: str) -> None:
    async with World.client(WORLD.app) as client:
        assert (await client.get(path)).status_code == 200


@pytest.mark.parametrize(
    "answer",
    [Answer(200, b'{"actor": 1}'), Answer(201, b"{}"), Answer(200, b"no JSON"), Answer(404, b'{"type":"urn:x"}')],
)
def test_an_answer_that_is_not_as_described_is_found(answer: Answer) -> None:
    async def lie(_call: Call, _body: None) -> Answer:
        return answer

    route = Route(method="GET", path="/v1/lies", scope="lies:read", summary="Lies", handler=lie, answer=Echo)
    world = World((route,))
    case = described(world)["/v1/lies"]["GET"].Case()
    with pytest.raises(FailureGroup):
        case.call_and_validate(headers={"Authorization": f"Bearer {world.admin}"})

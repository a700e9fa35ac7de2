"""A Lambda container answers events of API Gateway and of load balancers as the application does."""

import base64
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any, cast

import pytest

from payment_core.aws.container import Container, Context
from payment_core.http.app import Application
from tests.unit.payment_core.http.api_world import World, own_routes

# Events are JSON documents of AWS.
Event = dict[str, Any]
NO_CONTEXT = cast("Context", None)
BODY = '{"amount_cents": 5, "note": "n"}'


def http_api(method: str, path: str, headers: dict[str, str], body: str = "", query: str = "") -> Event:
    """An event of an HTTP API (payload format 2.0)."""
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": query,
        "headers": {"host": "api.example", **headers},
        "requestContext": {
            "http": {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": "t"},
            "stage": "$default",
            "requestId": "r",
            "timeEpoch": 1790000000000,
        },
        "body": body,
        "isBase64Encoded": False,
    }


def rest_api(method: str, path: str, headers: dict[str, str], body: str = "") -> Event:
    """An event of a REST API (payload format 1.0)."""
    return {
        "version": "1.0",
        "resource": "/{proxy+}",
        "path": path,
        "httpMethod": method,
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "requestContext": {"stage": "v", "httpMethod": method, "identity": {"sourceIp": "192.0.2.1"}},
        "body": body,
        "isBase64Encoded": False,
    }


def load_balancer(method: str, path: str, headers: dict[str, str], body: str = "") -> Event:
    """An event of an Application Load Balancer."""
    return {
        "requestContext": {"elb": {"targetGroupArn": "arn:aws:elasticloadbalancing:us-east-1:1:targetgroup/t/1"}},
        "httpMethod": method,
        "path": path,
        "queryStringParameters": {},
        "headers": {"host": "api.example", "x-forwarded-for": "192.0.2.1", "x-forwarded-port": "443", **headers},
        "body": base64.b64encode(body.encode()).decode(),
        "isBase64Encoded": True,
    }


class Opened:
    """Notes how often the application was opened and closed."""

    def __init__(self) -> None:
        self.world = World(own_routes())
        self.opened = 0
        self.closed = 0
        self.fails = False

    @asynccontextmanager
    async def app(self) -> AsyncIterator[Application]:
        self.opened += 1
        if self.fails:
            raise ConnectionError
        yield self.world.app
        self.closed += 1


@pytest.fixture
def opened() -> Opened:
    return Opened()


@pytest.fixture
def container(opened: Opened) -> Iterator[Container]:
    made = Container(opened.app)
    yield made
    made.close()


@pytest.mark.parametrize("event_of", [http_api, rest_api, load_balancer])
def test_every_kind_of_event_is_answered_as_the_application_answers(
    opened: Opened,
    container: Container,
    event_of: Any,  # noqa: ANN401 - one of three builders
) -> None:
    headers = {
        "authorization": f"Bearer {opened.world.admin}",
        "idempotency-key": "k",
        "content-type": "application/json",
    }
    answer = container.handle(event_of("POST", "/v1/orders", headers, BODY), NO_CONTEXT)
    assert answer["statusCode"] == 201
    assert json.loads(answer["body"])["note"] == "n"
    assert answer["isBase64Encoded"] is False
    refused = container.handle(event_of("POST", "/v1/orders", {}, BODY), NO_CONTEXT)
    assert (refused["statusCode"], refused["isBase64Encoded"]) == (401, False)
    assert json.loads(refused["body"])["type"] == "urn:tillwatch:problem:credentials-missing"


def test_a_query_arrives(opened: Opened, container: Container) -> None:
    headers = {"authorization": f"Bearer {opened.world.admin}"}
    answer = container.handle(http_api("GET", "/v1/orders/o_1", headers, query="limit=7"), NO_CONTEXT)
    assert json.loads(answer["body"])["query"]["limit"] == 7


def test_one_container_opens_its_application_once(opened: Opened, container: Container) -> None:
    for _ in range(3):
        assert container.handle(http_api("GET", "/livez", {}), NO_CONTEXT)["statusCode"] == 200
    assert (opened.opened, opened.closed) == (1, 0)
    container.close()
    assert opened.closed == 1


def test_an_application_that_could_not_be_opened_is_opened_by_the_next_event(
    opened: Opened, container: Container
) -> None:
    opened.fails = True
    with pytest.raises(ConnectionError):
        container.handle(http_api("GET", "/livez", {}), NO_CONTEXT)
    opened.fails = False
    assert container.handle(http_api("GET", "/livez", {}), NO_CONTEXT)["statusCode"] == 200


def test_an_event_of_nobody_is_refused(container: Container) -> None:
    with pytest.raises(RuntimeError, match="unable to infer"):
        container.handle({"source": "aws.events"}, NO_CONTEXT)

"""What the layer does with a request before and after its operation."""

from collections.abc import AsyncIterator, Iterator

import pytest

from payment_core.answers import Answer, ok
from payment_core.errors import CoreError, StoreBusy
from payment_core.http.errors import RouteIncomplete, RoutesConflict
from payment_core.http.routes import Route
from payment_core.operations.call import Call
from tests.unit.payment_core.http.api_world import Echo, World, echo, own_routes

CARD = "4242424242424242"


def kind(answer: object) -> str:
    """The last part of a problem's type."""
    return str(answer).rpartition(":")[2]


async def test_an_operation_is_given_caller_key_path_query_and_body(world: World) -> None:
    secret = await world.add_key("orders:read", "orders:write", name="shop")
    sent = await world.send("POST", "/v1/orders", secret, key="k-1", json={"amount_cents": 5, "note": "n"})
    assert (sent.status_code, sent.json()) == (
        201,
        {"actor": "key:shop", "key": "k-1", "path": {}, "query": {}, "note": "n"},
    )
    got = await world.send("GET", "/v1/orders/ord_1?limit=7", secret)
    assert got.json() == {
        "actor": "key:shop",
        "key": "",
        "path": {"order_id": "ord_1"},
        "query": {"limit": 7, "after": ""},
        "note": "None",
    }


@pytest.mark.parametrize(
    ("method", "path", "more", "status", "kind_expected"),
    [
        ("GET", "/v1/nothing", {}, 404, "not-found"),
        ("GET", "/v1/orders/a/b/c", {}, 404, "not-found"),
        ("GET", "/v1/orders/a/", {}, 404, "not-found"),
        ("GET", "/v1/orders/", {}, 404, "not-found"),
        ("GET", "/v1/orders/%00", {}, 404, "not-found"),
        ("GET", "/v1/orders/" + "a" * 129, {}, 404, "not-found"),
        ("GET", f"/v1/orders/{CARD}", {}, 404, "not-found"),
        ("PUT", "/v1/orders", {"json": {}}, 405, "method-not-allowed"),
        ("GET", "/v1/orders", {}, 405, "method-not-allowed"),
        ("POST", "/v1/orders", {"json": {"amount_cents": "5"}}, 422, "invalid-request"),
        ("POST", "/v1/orders", {"json": {"amount_cents": 5, "more": 1}}, 422, "invalid-request"),
        ("POST", "/v1/orders", {"json": []}, 422, "invalid-request"),
        ("POST", "/v1/orders", {"json": {"amount_cents": 5, "note": CARD}}, 422, "card-number-refused"),
        (
            "POST",
            "/v1/orders",
            {"content": b"{", "headers": {"Content-Type": "application/json"}},
            400,
            "malformed-json",
        ),
        (
            "POST",
            "/v1/orders",
            {"content": b"[" * 9000, "headers": {"Content-Type": "application/json"}},
            422,
            "invalid-request",
        ),
        (
            "POST",
            "/v1/orders",
            {"content": b"\xff", "headers": {"Content-Type": "application/json"}},
            400,
            "malformed-json",
        ),
        ("POST", "/v1/orders", {"data": {"amount_cents": "5"}}, 415, "media-type-unsupported"),
        ("POST", "/v1/orders", {"content": b"{}"}, 415, "media-type-unsupported"),
        ("POST", "/v1/orders", {"json": {"note": "x" * 70_000}}, 413, "body-too-large"),
        ("POST", "/v1/orders", {"key": ""}, 400, "idempotency-key-missing"),
        ("POST", "/v1/orders", {"key": "with space"}, 400, "idempotency-key-invalid"),
        ("POST", "/v1/orders", {"key": "x" * 256}, 400, "idempotency-key-invalid"),
        ("POST", "/v1/orders", {"key": CARD}, 422, "card-number-refused"),
        ("POST", "/v1/orders/ord_1/ship", {"json": {"a": 1}}, 422, "invalid-request"),
        ("POST", "/v1/orders?limit=1", {"json": {"amount_cents": 1}}, 422, "invalid-request"),
        ("GET", "/v1/orders/a?limit=0", {}, 422, "invalid-request"),
        ("GET", "/v1/orders/a?limit=11", {}, 422, "invalid-request"),
        ("GET", "/v1/orders/a?limit=x", {}, 422, "invalid-request"),
        ("GET", "/v1/orders/a?limit=" + "9" * 5000, {}, 422, "invalid-request"),
        ("GET", "/v1/orders/a?limit=%EF%BC%91", {}, 422, "invalid-request"),
        ("GET", "/v1/orders/a?limit=1&limit=1", {}, 422, "invalid-request"),
        ("GET", "/v1/orders/a?limits=1", {}, 422, "invalid-request"),
        ("GET", "/v1/orders/a?after=%20", {}, 422, "invalid-request"),
        ("GET", f"/v1/orders/a?after={CARD}", {}, 422, "invalid-request"),
        ("GET", "/v1/orders/a?after=%ff", {}, 422, "invalid-request"),
        ("GET", "/v1/orders/a?" + "&".join(["a=1"] * 40), {}, 422, "invalid-request"),
        (
            "POST",
            "/v1/files",
            {"content": b"x" * 200_001, "headers": {"Content-Type": "text/plain"}},
            413,
            "body-too-large",
        ),
        ("POST", "/v1/files", {"json": {}}, 415, "media-type-unsupported"),
        ("POST", "/v1/running", {"json": {"amount_cents": 1}}, 409, "idempotency-in-progress"),
    ],
)
async def test_a_request_that_cannot_be_carried_out_is_a_problem_document_that_repeats_nothing(
    world: World, method: str, path: str, more: dict[str, object], status: int, kind_expected: str
) -> None:
    answer = await world.send(method, path, **more)  # type: ignore[arg-type]  # keywords of a table
    assert (answer.status_code, kind(answer.json()["type"])) == (status, kind_expected)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == status
    assert {"type", "title", "status", "detail", "instance"} <= set(answer.json())
    assert "4242" not in answer.text
    assert "xxxx" not in answer.text


async def test_an_address_with_another_method_names_those_it_knows(world: World) -> None:
    answer = await world.send("PUT", "/v1/orders/ord_1", json={})
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")
    assert (await world.send("PATCH", "/v1/orders", json={})).headers["allow"] == "POST"


async def test_head_answers_as_get_without_a_body(world: World) -> None:
    got = await world.send("GET", "/v1/orders/ord_1")
    head = await world.send("HEAD", "/v1/orders/ord_1")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == got.headers["content-length"] == str(len(got.content))


async def test_every_answer_forbids_browsers_what_they_need_not_do(world: World) -> None:
    for path in ("/v1/orders/ord_1", "/v1/nothing"):
        headers = (await world.send("GET", path, headers={"Origin": "https://evil.example"})).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"
        assert headers["content-security-policy"].startswith("default-src 'none'")
        assert "max-age=" in headers["strict-transport-security"]
        assert not any(name.startswith("access-control-") for name in headers)


async def test_a_write_that_is_still_running_says_when_to_ask_again(world: World) -> None:
    answer = await world.send("POST", "/v1/running", json={"amount_cents": 1})
    assert answer.headers["retry-after"] == "1"


async def test_a_route_for_cards_takes_a_card_number_and_a_raw_route_takes_bytes(world: World) -> None:
    card = await world.send("POST", "/v1/cards", json={"amount_cents": 1, "note": CARD})
    assert card.status_code == 201
    file = await world.send("POST", "/v1/files", content=b"101 x", headers={"Content-Type": "text/plain; charset=x"})
    assert (file.status_code, file.json()["note"]) == (201, "b'101 x'")


async def test_a_body_in_pieces_is_put_together_and_stopped_at_its_limit(world: World) -> None:
    async def pieces(count: int) -> AsyncIterator[bytes]:
        yield b'{"amount_cents": 1, "note": "'
        for _ in range(count):
            yield b"y" * 1000
        yield b'"}'

    headers = {"Content-Type": "application/json"}
    assert (await world.send("POST", "/v1/orders", content=pieces(3), headers=headers)).status_code == 201
    assert (await world.send("POST", "/v1/orders", content=pieces(70), headers=headers)).status_code == 413


async def test_the_hash_of_a_request_with_a_card_is_keyed() -> None:
    hashes: list[bytes] = []

    async def note(call: Call, _body: object) -> Answer:
        hashes.append(call.request_hash)
        return ok(Echo("", "", {}, {}), 201)

    template = next(route for route in own_routes() if route.path == "/v1/orders")
    for cards_allowed in (False, True, True):
        route = Route(
            method="POST",
            path="/v1/orders",
            scope="orders:write",
            summary="",
            handler=note,
            body=template.body,
            answer=Echo,
            cards_allowed=cards_allowed,
        )
        world = World((route,))
        async with world.http:
            await world.send("POST", "/v1/orders", json={"amount_cents": 1})
    assert hashes[0] != hashes[1] == hashes[2]
    assert {len(digest) for digest in hashes} == {32}


@pytest.mark.parametrize(
    ("error", "status"),
    [(StoreBusy("busy"), 503), (CoreError("broken"), 500), (ZeroDivisionError("4242424242424242"), 500)],
)
async def test_a_fault_is_a_problem_document_and_is_counted(error: Exception, status: int) -> None:
    async def fail(_call: Call, _body: object) -> Answer:
        raise error

    world = World((Route(method="GET", path="/v1/faults", scope="faults:read", summary="", handler=fail, answer=Echo),))
    async with world.http:
        answer = await world.send("GET", "/v1/faults")
    assert (answer.status_code, answer.json()["instance"]) == (status, "/v1/faults")
    assert "4242" not in answer.text
    assert ("retry-after" in answer.headers) == (status == 503)
    assert sum(world.counts.requests["/v1/faults", status].buckets) == 1


async def test_addresses_that_do_not_exist_share_one_label(world: World) -> None:
    for path in ("/a", "/b", "/v1/orders/x/y/z"):
        await world.send("GET", path)
    assert [label for label, status in world.counts.requests if status == 404] == ["unknown"]


async def test_a_caller_who_leaves_during_the_body_gets_nothing_and_begins_nothing(world: World) -> None:
    sent: list[object] = []
    messages: Iterator[dict[str, object]] = iter(
        [{"type": "http.request", "body": b"{", "more_body": True}, {"type": "http.disconnect"}]
    )

    async def receive() -> dict[str, object]:
        return next(messages)

    async def send(message: object) -> None:
        sent.append(message)

    headers = [
        (b"authorization", f"Bearer {world.admin}".encode()),
        (b"idempotency-key", b"k"),
        (b"content-type", b"application/json"),
    ]
    scope = {"type": "http", "method": "POST", "path": "/v1/orders", "query_string": b"", "headers": headers}
    await world.app(scope, receive, send)
    assert sent == []


@pytest.mark.parametrize("name", [b"idempotency-key", b"authorization"])
async def test_a_header_that_decides_something_may_not_be_there_twice(world: World, name: bytes) -> None:
    headers = [
        (b"authorization", f"Bearer {world.admin}".encode()),
        (b"idempotency-key", b"k"),
        (b"content-type", b"application/json"),
    ]
    headers.append((name, dict(headers)[name]))
    answer = await world.http.post("/v1/orders", content=b'{"amount_cents":1}', headers=headers)
    assert answer.status_code in {400, 401}


async def test_the_application_agrees_to_start_and_stop(world: World) -> None:
    sent: list[object] = []
    messages: Iterator[dict[str, object]] = iter([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])

    async def receive() -> dict[str, object]:
        return next(messages)

    async def send(message: object) -> None:
        sent.append(message)

    await world.app({"type": "lifespan"}, receive, send)
    assert sent == [{"type": "lifespan.startup.complete"}, {"type": "lifespan.shutdown.complete"}]


def test_routes_that_cannot_be_told_apart_or_served_are_refused_when_the_application_is_built() -> None:
    def route(path: str, **more: object) -> Route:
        base = Route(method="GET", path=path, scope="a:read", summary="", handler=echo, answer=Echo)
        return Route(**({name: getattr(base, name) for name in base.__struct_fields__} | more))

    with pytest.raises(RoutesConflict):
        World((route("/v1/a"), route("/v1/a")))
    with pytest.raises(RoutesConflict):
        World((route("/v1/{a}/b"), route("/v1/{c}/d")))
    world = World()
    with pytest.raises(RouteIncomplete):
        type(world.app)(
            [route("/v1/a", cards_allowed=True)], world.authenticator, world.counts, world.clock, card_hash_key=b""
        )

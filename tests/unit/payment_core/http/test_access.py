"""Who is let in: every route against every kind of key, limits, and the limits of memory."""

import asyncio
import re

import pytest

from payment_core.keys.authenticator import CALLERS_MAX, REMEMBERED_MS, UNKNOWN_KEYS
from payment_core.keys.rates import Bucket, RateLimit
from payment_core.keys.secrets import hash_of, new_secret
from payment_core.store.records import Record
from tests.unit.payment_core.http.api_world import NOW_MS, World, own_routes

OPEN = {"/livez", "/readyz", "/openapi.json"}
ROUTES = [(route.method, route.path, route.scope) for route in World(own_routes()).app.routes]


@pytest.mark.parametrize(("method", "template", "scope"), ROUTES, ids=str)
async def test_every_route_lets_in_who_may_and_nobody_else(
    world: World, method: str, template: str, scope: str
) -> None:
    path = re.sub(r"\{\w+\}", "x_1", template)
    other = "other:read" if scope.endswith("read") else scope.replace("write", "read")
    callers = {
        "none": None,
        "garbage": "till_test_x",
        "unknown": new_secret("test"),
        "wrong scope": await world.add_key(other),
        "expired": await world.add_key(scope, expires_at_ms=NOW_MS),
        "revoked": await world.add_key(scope, status="revoked"),
        "right": await world.add_key(scope),
        "everything": world.admin,
    }
    statuses = {}
    for name, secret in callers.items():
        headers = {} if secret is None else {"Authorization": f"Bearer {secret}"}
        # Without an idempotency key a write goes no further than the gate.
        answer = await world.http.request(method, path, headers=headers)
        statuses[name] = answer.status_code
        if answer.status_code in {401, 403}:
            assert answer.headers["www-authenticate"].startswith('Bearer realm="tillwatch"')
            assert answer.headers["content-type"] == "application/problem+json"
    if template in OPEN:
        assert set(statuses.values()) == {200}
        return
    assert scope != ""
    shut = {"none": 401, "garbage": 401, "unknown": 401, "wrong scope": 403, "expired": 401, "revoked": 401}
    assert {name: statuses[name] for name in shut} == shut
    assert statuses["right"] == statuses["everything"]
    assert statuses["right"] in ({400} if method != "GET" else {200, 404})


async def test_what_is_wrong_with_a_key_is_said(world: World) -> None:
    kinds = {}
    for name, header in {
        "credentials-missing": "",
        "credentials-malformed": "Basic abc",
        "api-key-unknown": f"Bearer {new_secret('test')}",
        "api-key-expired": f"Bearer {await world.add_key('events:read', expires_at_ms=NOW_MS)}",
        "api-key-revoked": f"bearer {await world.add_key('events:read', status='revoked')}",
        "scope-missing": f"Bearer {await world.add_key('ledger:read')}",
    }.items():
        answer = await world.http.get("/v1/events", headers={"Authorization": header} if header else {})
        kinds[name] = answer.json()["type"].rpartition(":")[2]
        assert "till_test_" not in answer.text
    assert kinds == {name: name for name in kinds}


async def test_a_key_expires_and_is_revoked_while_it_is_remembered(world: World) -> None:
    secret = await world.add_key("events:read", expires_at_ms=NOW_MS + 1000)
    assert (await world.send("GET", "/v1/events", secret)).status_code == 200
    world.clock.ms += 1000
    assert (await world.send("GET", "/v1/events", secret)).status_code == 401


async def test_a_known_caller_costs_no_read_until_it_is_forgotten(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = await world.add_key("events:read")
    reads: list[str] = []
    load = world.store.load

    def counted(record_type: type[Record], record_id: str) -> Record | None:
        reads.append(record_id)
        return load(record_type, record_id)

    monkeypatch.setattr(world.store, "load", counted)
    for _ in range(5):
        assert (await world.send("GET", "/v1/events", secret)).status_code == 200
    assert len(reads) == 2
    world.clock.ms += REMEMBERED_MS
    await world.send("GET", "/v1/events", secret)
    assert len(reads) == 4


async def test_many_requests_of_a_caller_who_is_not_remembered_share_one_look_up(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = await world.add_key("events:read")
    reads: list[str] = []
    load = world.store.load

    def counted(record_type: type[Record], record_id: str) -> Record | None:
        reads.append(record_id)
        return load(record_type, record_id)

    monkeypatch.setattr(world.store, "load", counted)
    answers = await asyncio.gather(*(world.send("GET", "/v1/events", secret) for _ in range(20)))
    assert {answer.status_code for answer in answers} == {200}
    assert len(reads) == 2


async def test_a_key_that_is_revoked_while_it_is_looked_up_is_not_remembered_as_it_was(world: World) -> None:
    secret = await world.add_key("events:read", id="key_here")
    looked_up = asyncio.gather(world.authenticator.look_up(hash_of(secret)))
    await asyncio.sleep(0)
    world.authenticator.forget(hash_of(secret))
    await looked_up
    assert world.authenticator.known(hash_of(secret)) is None


async def test_a_key_revoked_here_stops_at_once(world: World) -> None:
    secret = await world.add_key("events:read", id="key_here")
    await world.send("GET", "/v1/events", secret)
    await world.send("POST", "/v1/keys/key_here/revoke")
    assert (await world.send("GET", "/v1/events", secret)).status_code == 401


async def test_a_key_that_asks_too_often_is_told_when_to_come_back(world: World) -> None:
    secret = await world.add_key("events:read", requests_per_second=2, burst=3)
    answers = [await world.send("GET", "/v1/events", secret) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert answers[0].headers["ratelimit-policy"] == '"key";q=3;w=2'
    assert [answer.headers["ratelimit"] for answer in answers] == [
        '"key";r=2;t=1',
        '"key";r=1;t=2',
        '"key";r=0;t=2',
        '"key";r=0;t=2',
    ]
    assert answers[3].headers["retry-after"] == "1"
    assert answers[3].json()["type"] == "urn:tillwatch:problem:rate-limited"
    world.clock.ms += 500
    assert (await world.send("GET", "/v1/events", secret)).status_code == 200
    assert (await world.send("GET", "/v1/events", await world.add_key("events:read"))).status_code == 200


async def test_asking_the_store_again_does_not_fill_the_bucket(world: World) -> None:
    secret = await world.add_key("events:read", requests_per_second=1, burst=1)
    assert (await world.send("GET", "/v1/events", secret)).status_code == 200
    world.authenticator.forget(hash_of(secret))
    assert (await world.send("GET", "/v1/events", secret)).status_code == 429


async def test_guessing_keys_is_slowed_down_and_harms_no_known_caller(world: World) -> None:
    secret = await world.add_key("events:read")
    await world.send("GET", "/v1/events", secret)
    statuses = [
        (await world.send("GET", "/v1/events", new_secret("test"))).status_code for _ in range(UNKNOWN_KEYS.burst + 1)
    ]
    assert statuses[-1] == 429
    assert set(statuses[:-1]) == {401}
    assert (await world.send("GET", "/v1/events", secret)).status_code == 200
    world.clock.ms += 1000
    assert (await world.send("GET", "/v1/events", new_secret("test"))).status_code == 401


def test_a_bucket_never_holds_more_than_its_burst_and_never_lends() -> None:
    bucket = Bucket(RateLimit(requests_per_second=10, burst=5), 0)
    taken = sum(bucket.take(1_000_000) for _ in range(20))
    assert taken == 5
    assert bucket.empty(1_000_000)
    assert bucket.wait_seconds == 1
    assert sum(bucket.take(1_000_000 + step) for step in range(1001)) == 10


async def test_the_memory_of_callers_is_bounded(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    assert CALLERS_MAX == 10_000
    monkeypatch.setattr("payment_core.keys.authenticator.CALLERS_MAX", 3)
    secrets = [await world.add_key("events:read") for _ in range(5)]
    for secret in secrets:
        assert (await world.send("GET", "/v1/events", secret)).status_code == 200
    assert world.authenticator.known(hash_of(secrets[0])) is None
    assert world.authenticator.known(hash_of(secrets[4])) is not None

"""The environment service takes changes of who shows the token, with a key, and tells what is wrong with the others."""

from collections.abc import AsyncIterator

import httpx
import pytest

from daemon.clock import SystemClock
from daemon.embedded.environments.group import EnvironmentGroup, Instance
from daemon.embedded.environments.service import BODY_BYTES_MAX, EnvironmentService
from daemon.environments.load import ProcessLoad

HEADERS = {"Authorization": "Bearer secret", "Idempotency-Key": "key"}
PLACE = "/v1/environments/green"


class _Process:
    running = True

    def __init__(self, version: str) -> None:
        self.version = version

    async def is_ready(self) -> bool:
        return True

    async def load(self, slot: int) -> ProcessLoad | None:
        return ProcessLoad(
            slot=slot, version=self.version, in_flight=0, processor_seconds=1.0, requests=10, turned_away=0
        )

    async def stop(self) -> None: ...

    async def kill(self) -> None: ...

    def hurry(self) -> None: ...


class _Starter:
    async def start(self, environment: str, slot: int, version: str) -> Instance:
        del environment, slot
        return _Process(version)


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    groups = {"green": EnvironmentGroup("green", _Starter(), SystemClock())}
    await groups["green"].begin("1.0.0")
    groups["blue"] = EnvironmentGroup("blue", _Starter(), SystemClock())
    app = EnvironmentService(dict(groups), "secret").app()
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://service.test") as made:
        yield made


@pytest.mark.parametrize(
    "headers", [{}, {"Authorization": "Bearer other"}, {"Authorization": "Basic secret"}, {"Authorization": "Bearer ä"}]
)
async def test_without_the_token_nothing_is_told_or_done(client: httpx.AsyncClient, headers: dict[str, str]) -> None:
    encoded = {name.encode(): value.encode() for name, value in headers.items()}
    for method, path in (("GET", PLACE), ("PUT", f"{PLACE}/deployment"), ("PUT", f"{PLACE}/size")):
        assert (await client.request(method, path, headers=encoded)).status_code == 401
    assert (await client.get("/v1/environments/violet", headers=encoded)).status_code == 401


async def test_a_look_tells_the_state(client: httpx.AsyncClient) -> None:
    told = (await client.get(PLACE, headers=HEADERS)).json()
    assert told["version"] == "1.0.0"
    assert (told["desired"], told["running"], told["healthy"], told["settled"]) == (1, 1, 1, True)


async def test_a_change_is_answered_before_it_is_done(client: httpx.AsyncClient) -> None:
    response = await client.put(f"{PLACE}/deployment", json={"version": "2.0.0", "size": 2}, headers=HEADERS)
    assert response.status_code == 202
    assert (response.json()["version"], response.json()["desired"], response.json()["settled"]) == ("2.0.0", 2, False)
    response = await client.put(f"{PLACE}/size", json={"size": 3}, headers={**HEADERS, "Idempotency-Key": "other"})
    assert (response.json()["version"], response.json()["desired"]) == ("2.0.0", 3)


@pytest.mark.parametrize(
    ("body", "word"),
    [
        (b'{"version": "2.0", "size": 1}', "version"),
        (b'{"version": "2.0.0", "size": 5}', "size"),
        (b'{"version": "2.0.0", "size": -1}', "size"),
        (b'{"version": "2.0.0", "size": true}', "size"),
        (b'{"version": "2.0.0"}', "size"),
        (b'{"version": "2.0.0", "size": 1, "force": true}', "force"),
        (b"not json", "JSON"),
        (b"\xff", "JSON"),
    ],
)
async def test_a_bad_body_is_refused_with_what_is_wrong(client: httpx.AsyncClient, body: bytes, word: str) -> None:
    response = await client.put(f"{PLACE}/deployment", content=body, headers=HEADERS)
    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"
    assert word in response.json()["detail"]


async def test_a_body_beyond_the_limit_is_not_read(client: httpx.AsyncClient) -> None:
    response = await client.put(f"{PLACE}/deployment", content=b" " * (BODY_BYTES_MAX + 1), headers=HEADERS)
    assert response.status_code == 413


@pytest.mark.parametrize("key", ["", "k" * 256])
async def test_a_change_needs_a_key(client: httpx.AsyncClient, key: str) -> None:
    headers = {**HEADERS, "Idempotency-Key": key}
    response = await client.put(f"{PLACE}/size", json={"size": 1}, headers=headers)
    assert response.status_code == 400


async def test_a_key_that_asked_for_something_else_is_a_conflict(client: httpx.AsyncClient) -> None:
    for size, status in ((2, 202), (2, 202), (3, 409)):
        response = await client.put(f"{PLACE}/size", json={"size": size}, headers=HEADERS)
        assert response.status_code == status


async def test_an_environment_that_is_not_there_is_told_apart_from_a_path_that_is_not(
    client: httpx.AsyncClient,
) -> None:
    for name in ("violet", "blue"):
        response = await client.get(f"/v1/environments/{name}", headers=HEADERS)
        assert (response.status_code, response.json()["type"]) == (404, "urn:tillwatch:unknown-environment")
    response = await client.put("/v1/environments/blue/size", json={"size": 1}, headers=HEADERS)
    assert response.status_code == 409
    assert (await client.get("/v1/elsewhere", headers=HEADERS)).status_code == 404


async def test_a_batch_is_asked_for_and_told_of(client: httpx.AsyncClient) -> None:
    headers = {**HEADERS, "Idempotency-Key": "grow"}
    await client.put(f"{PLACE}/size", json={"size": 2}, headers=headers)
    response = await client.put(f"{PLACE}/batch", json={"version": "2.0.0", "count": 1}, headers=HEADERS)
    assert response.status_code == 202
    told = await client.get(f"{PLACE}/batch", params={"version": "2.0.0"}, headers=HEADERS)
    assert told.json() == {"new": 0, "settled": False, "failed": ""}
    for body, status in (({"version": "2.0.0", "count": 3}, 409), ({"version": "2.0.0"}, 422)):
        other = {**HEADERS, "Idempotency-Key": f"key-{status}"}
        assert (await client.put(f"{PLACE}/batch", json=body, headers=other)).status_code == status
    response = await client.get("/v1/environments/blue/batch", headers=HEADERS)
    assert (response.status_code, response.json()["type"]) == (404, "urn:tillwatch:unknown-environment")


async def test_what_its_processes_are_busy_with_is_told_process_by_process(client: httpx.AsyncClient) -> None:
    told = (await client.get(f"{PLACE}/load", headers=HEADERS)).json()
    assert told["unread"] == 0
    assert [(one["slot"], one["requests"]) for one in told["processes"]] == [(0, 10)]

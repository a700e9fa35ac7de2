"""The API is healthy when a stranger sees its description, and is refused as documented, over TLS where that is set."""

import json
from dataclasses import replace

import pytest

from daemon.errors import CoreUnreachable
from daemon.probes.api import GUARDED, NOWHERE, PUBLIC, look_at_api
from daemon.probes.core_client import PublicAnswer


def problem(status: int, **changes: object) -> bytes:
    document = {"type": "urn:x", "title": "t", "status": status, "detail": "d", "instance": "/i"} | changes
    return json.dumps({name: value for name, value in document.items() if value is not None}).encode()


GOOD = {
    PUBLIC: PublicAnswer(200, "application/json", b'{"openapi":"3.1.0","paths":{"/v1/payments":{}}}', "", "TLSv1.3"),
    GUARDED: PublicAnswer(401, "application/problem+json", problem(401), 'Bearer realm="x"', "TLSv1.3"),
    NOWHERE: PublicAnswer(404, "application/problem+json", problem(404), "", "TLSv1.3"),
}


class Door:
    """An address that answers as it is told."""

    def __init__(self, answers: dict[str, PublicAnswer], url: str = "http://127.0.0.2:1") -> None:
        self.url = url
        self._answers = answers

    async def as_stranger(self, path: str) -> PublicAnswer:
        """See PublicDoor."""
        return self._answers[path]


class Away:
    """An address that nobody answers at."""

    url = "http://127.0.0.3:1"

    async def as_stranger(self, path: str) -> PublicAnswer:
        """See PublicDoor."""
        raise CoreUnreachable(f"{self.url}{path}: refused")


async def test_an_api_as_documented_is_healthy_and_says_how_it_is_secured() -> None:
    seen = await look_at_api({"blue": Door(GOOD)})()
    assert (seen.status, seen.findings) == ("healthy", ())
    assert seen.detail.endswith("TLSv1.3")


@pytest.mark.parametrize(
    ("path", "changed", "words"),
    [
        (PUBLIC, replace(GOOD[PUBLIC], status_code=503), "/openapi.json answered 503"),
        (PUBLIC, replace(GOOD[PUBLIC], body=b"<html>"), "is no description"),
        (PUBLIC, replace(GOOD[PUBLIC], body=b'{"openapi":"3.1.0","paths":{}}'), "does not describe /v1/payments"),
        (GUARDED, replace(GOOD[GUARDED], status_code=200), "answered 200 to a stranger, not 401"),
        (GUARDED, replace(GOOD[GUARDED], media_type="text/html"), "as text/html"),
        (GUARDED, replace(GOOD[GUARDED], body=problem(401, detail=None)), "no problem document"),
        (GUARDED, replace(GOOD[GUARDED], body=problem(500)), "says status 500"),
        (GUARDED, replace(GOOD[GUARDED], challenge=""), "does not say how to authenticate"),
        (NOWHERE, replace(GOOD[NOWHERE], status_code=401), "answered 401 to a stranger, not 404"),
    ],
)
async def test_whatever_is_not_as_documented_is_unhealthy(path: str, changed: PublicAnswer, words: str) -> None:
    seen = await look_at_api({"blue": Door(GOOD | {path: changed}), "green": Door(GOOD)})()
    assert seen.status == "unhealthy"
    assert words in seen.detail
    assert "blue" in seen.detail


@pytest.mark.parametrize(
    ("url", "version", "status"),
    [
        ("https://core", "TLSv1.3", "healthy"),
        ("https://core", "TLSv1.2", "unhealthy"),
        ("https://core", "", "unhealthy"),
        ("http://127.0.0.1", "", "healthy"),
    ],
)
async def test_where_tls_is_configured_it_is_1_3(url: str, version: str, status: str) -> None:
    door = Door({path: replace(answer, tls_version=version) for path, answer in GOOD.items()}, url)
    assert (await look_at_api({"blue": door})()).status == status


async def test_one_address_that_is_away_does_not_hide_another_and_none_at_all_is_unhealthy() -> None:
    assert (await look_at_api({"blue": Door(GOOD), "green": Away()})()).status == "healthy"
    assert (await look_at_api({"green": Away()})()).status == "unhealthy"
    assert (await look_at_api({})()).status == "unknown"

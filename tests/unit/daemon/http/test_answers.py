"""Errors are problem documents, and every answer carries the security headers."""

from unittest.mock import Mock

import httpx
import msgspec
import pytest
from starlette.applications import Starlette

from daemon.http.headers import SECURITY_HEADERS
from daemon.http.problems import PROBLEM_TYPE, ProblemDocument
from tests.unit.daemon.http.conftest import Client
from tests.unit.daemon.http.fake_view import FakeView, token_of


def problem_of(answer: httpx.Response) -> ProblemDocument:
    assert answer.headers["content-type"] == PROBLEM_TYPE
    return msgspec.json.decode(answer.content, type=ProblemDocument)


async def test_what_does_not_exist_is_a_problem_document(as_role: Client) -> None:
    answer = await as_role("viewer").get("/api/v1/nothing")
    told = problem_of(answer)
    assert told == ProblemDocument(title="Not Found", status=404, detail=told.detail, instance="/api/v1/nothing")
    assert "/api/v1/openapi.json lists" in told.detail


async def test_a_wrong_method_is_a_problem_document_that_names_the_right_one(as_role: Client) -> None:
    answer = await as_role("admin").delete("/api/v1/journal")
    assert problem_of(answer).status == 405
    assert "GET" in answer.headers["allow"]
    assert "GET" in problem_of(answer).detail


async def test_a_fault_is_a_problem_document_that_tells_nothing(
    as_role: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FakeView, "readings", Mock(side_effect=RuntimeError("card 4111")))
    answer = await as_role("viewer").get("/api/v1/rules")
    assert problem_of(answer).status == 500
    assert "4111" not in answer.text
    assert answer.headers["content-security-policy"] == SECURITY_HEADERS["content-security-policy"]


@pytest.mark.parametrize("path", ["/livez", "/api/v1/status", "/console", "/api/v1/nothing", "/metrics"])
async def test_every_answer_carries_the_security_headers(as_role: Client, path: str) -> None:
    answer = await as_role("viewer").get(path)
    for name, value in SECURITY_HEADERS.items():
        assert answer.headers[name] == value


def test_the_policy_allows_no_inline_script_and_no_frame() -> None:
    policy = SECURITY_HEADERS["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy


async def test_livez_answers_while_the_loop_turns(as_role: Client) -> None:
    assert (await as_role(None).get("/livez")).json() == {"live": True}


async def test_readyz_says_why_not(as_role: Client, view: FakeView) -> None:
    assert (await as_role(None).get("/readyz")).status_code == 200
    view.readiness = (False, "The journal's lease is held by till-2.")
    answer = await as_role(None).get("/readyz")
    assert problem_of(answer).status == 503
    assert problem_of(answer).detail == "The journal's lease is held by till-2."


async def test_a_token_in_a_query_opens_nothing_but_the_console(app: Starlette) -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://till.test") as client:
        answer = await client.get("/api/v1/status", params={"token": token_of("admin")})
    assert answer.status_code == 401

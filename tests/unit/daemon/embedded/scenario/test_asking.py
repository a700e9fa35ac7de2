"""A scenario asks for its release as two people do, and hears of every refusal on the way."""

from collections.abc import Mapping

import httpx
import pytest

from config.scenario import Release
from daemon.embedded.faults import NotNoted
from daemon.embedded.scenario.asking import Asking

ASKED, LISTED, APPROVED = "POST /api/v1/deployments", "GET /api/v1/approvals", "POST /api/v1/approvals/apr-1"
APPROVAL = {"id": "apr-1", "subject": "dep-1", "digest": "d", "status": "waiting"}
WELL: dict[str, httpx.Response | Exception] = {
    ASKED: httpx.Response(201, json={"run": {"id": "dep-1"}}),
    LISTED: httpx.Response(200, json={"approvals": [APPROVAL, APPROVAL | {"id": "apr-2", "subject": "dep-0"}]}),
    APPROVED: httpx.Response(200, json={}),
}
STEP = Release.model_validate({"at": "1s", "step": "release"})


async def asked(answers: Mapping[str, httpx.Response | Exception]) -> tuple[list[str], list[str]]:
    """What was said, and which calls came under whose token."""
    said: list[str] = []
    calls: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        call = f"{request.method} {request.url.path}"
        calls.append(f"{call} {request.headers['authorization']}")
        found = answers[call]
        if isinstance(found, Exception):
            raise found
        return httpx.Response(found.status_code, content=found.content)

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as client:
        await Asking(client, "http://daemon.test", asks="a", approves="b", say=said.append).release(STEP, "2.0.0")
    return said, calls


async def test_a_release_is_asked_for_by_one_and_approved_by_another() -> None:
    said, calls = await asked(WELL)
    assert calls == [f"{ASKED} Bearer a", f"{LISTED} Bearer b", f"{APPROVED} Bearer b"]
    assert said[-1] == "approved by a second person: apr-1"


async def test_a_release_of_a_former_run_that_goes_on_is_not_asked_for_again() -> None:
    said, calls = await asked({ASKED: httpx.Response(409, json={"reason": "another_is_running"})})
    assert len(calls) == 1
    assert "goes on" in said[0]


@pytest.mark.parametrize("call", [ASKED, LISTED, APPROVED])
@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (httpx.Response(403, json={"detail": "not yours"}), "403: .*not yours"),
        (httpx.Response(500), "500"),
        (httpx.Response(307), "307"),
        (httpx.ConnectError("refused"), "did not answer"),
        (httpx.ReadTimeout("late"), "did not answer"),
    ],
)
async def test_a_refusal_or_silence_anywhere_on_the_way_is_told(
    call: str, fault: httpx.Response | Exception, told: str
) -> None:
    with pytest.raises(NotNoted, match=told):
        await asked(WELL | {call: fault})


@pytest.mark.parametrize("call", [ASKED, LISTED])
@pytest.mark.parametrize("content", [b"no JSON", b"{}"])
async def test_an_answer_that_cannot_be_read_is_told(call: str, content: bytes) -> None:
    with pytest.raises(NotNoted, match="cannot be read"):
        await asked(WELL | {call: httpx.Response(201, content=content)})

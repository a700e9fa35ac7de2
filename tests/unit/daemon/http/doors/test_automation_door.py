"""Stop and resume, approvals and undo over HTTP, as the person whose token it is."""

import httpx
import pytest

from config.settings import Role
from daemon.http.doors.door import BODY_LIMIT_BYTES, REASON_LENGTH_MAX
from remediation.journal.guardrail_kinds import ApprovalAsked
from tests.unit.daemon.automation_world import World, world
from tests.unit.daemon.http.fake_view import token_of
from tests.unit.remediation.worlds import NOW_MS

WHY = {"reason": "looking"}


class Doors:
    """The daemon's doors, and what is behind them."""

    def __init__(self, here: World) -> None:
        self.here = here
        self._transport = httpx.ASGITransport(here.app())

    async def ask(self, role: Role, method: str, path: str, body: object = None) -> httpx.Response:
        headers = {"authorization": f"Bearer {token_of(role)}"}
        async with httpx.AsyncClient(transport=self._transport, base_url="http://till.test", headers=headers) as client:
            return await client.request(method, f"/api/v1/{path}", json=body)

    async def asked(self, needed: int = 1) -> str:
        """A question of the daemon, which everybody may answer."""
        question = ApprovalAsked(
            change="rollout",
            subject="dep-1",
            digest="d1",
            what="2.0.0",
            requested_by="operator-ann",
            needed=needed,
            expires_at_ms=NOW_MS + 60_000,
        )
        return f"apr-{(await self.here.scene.writer.append(question)).sequence}"


@pytest.fixture
async def doors() -> Doors:
    return Doors(await world())


async def test_an_operator_stops_and_resumes_automation(doors: Doors) -> None:
    assert (await doors.ask("viewer", "GET", "automation")).json()["acts"]
    stopped = (await doors.ask("operator", "POST", "automation/stop", WHY)).json()
    assert (stopped["acts"], stopped["changed"]) == (False, True)
    assert stopped["stopped"]["by"] == "operator-ann"
    assert not (await doors.ask("operator", "POST", "automation/stop", WHY)).json()["changed"]
    resumed = await doors.ask("operator", "POST", "automation/resume", {**WHY, "skipped": ["confirmation"]})
    assert resumed.json()["acts"]
    last = (await doors.here.entries())[-1]
    assert (last.kind, last.actor, last.fields["skipped"]) == ("automation.resumed", "operator-ann", ["confirmation"])


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (None, 422),
        ({}, 422),
        ({"reason": "  "}, 422),
        ({"reason": "x" * (REASON_LENGTH_MAX + 1)}, 422),
        ({"reason": "x", "force": True}, 422),
        ({"reason": "x" * BODY_LIMIT_BYTES}, 413),
    ],
)
async def test_a_stop_without_a_usable_reason_changes_nothing(doors: Doors, body: object, status: int) -> None:
    answer = await doors.ask("operator", "POST", "automation/stop", body)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert doors.here.automation.state.stopped is None


async def test_an_approver_answers_what_is_asked(doors: Doors) -> None:
    name = await doors.asked(needed=2)
    listed = (await doors.ask("viewer", "GET", "approvals")).json()["approvals"]
    assert [(one["id"], one["status"], one["digest"]) for one in listed] == [(name, "waiting", "d1")]
    yes = {"answer": "approve", "digest": "d1", "note": "looked at it"}
    assert (await doors.ask("approver", "POST", f"approvals/{name}", yes)).json()["status"] == "waiting"
    again = await doors.ask("approver", "POST", f"approvals/{name}", yes)
    assert again.status_code == 409
    assert "another person" in again.json()["detail"]
    assert (await doors.ask("admin", "POST", f"approvals/{name}", yes)).json()["status"] == "approved"
    no = {"answer": "refuse", "note": "not today"}
    assert (await doors.ask("admin", "POST", f"approvals/{name}", no)).json()["status"] == "refused"


@pytest.mark.parametrize(
    ("role", "body", "status"),
    [
        ("operator", {"answer": "approve", "digest": "d1"}, 403),
        ("approver", {"answer": "approve", "digest": "d0"}, 409),
        ("approver", {"answer": "approve"}, 409),
        ("approver", {"answer": "yes", "digest": "d1"}, 422),
        ("approver", {"answer": "approve", "digest": "d1", "note": "x" * (REASON_LENGTH_MAX + 1)}, 422),
        ("approver", {"answer": "approve", "digest": "d1", "needed": 0}, 422),
    ],
)
async def test_an_answer_that_does_not_count_changes_nothing(
    doors: Doors, role: Role, body: object, status: int
) -> None:
    name = await doors.asked()
    assert (await doors.ask(role, "POST", f"approvals/{name}", body)).status_code == status
    assert doors.here.automation.state.approvals[name].given == ()


async def test_what_nobody_asked_is_not_found(doors: Doors) -> None:
    yes = {"answer": "approve", "digest": "d1"}
    assert (await doors.ask("admin", "POST", "approvals/apr-9", yes)).status_code == 404
    assert (await doors.ask("operator", "POST", "actions/dec-9/undo", WHY)).status_code == 404


async def test_an_operator_takes_an_action_back_once(doors: Doors) -> None:
    decision_id = await doors.here.rolled_back()
    doors.here.pay(1, 100)
    answer = await doors.ask("operator", "POST", f"actions/{decision_id}/undo", WHY)
    assert answer.json()["outcome"]["status"] == "verified"
    assert doors.here.scene.world.weights == {"blue": 50, "green": 50}
    doors.here.pay(1, 100)
    again = await doors.ask("operator", "POST", f"actions/{decision_id}/undo", WHY)
    assert again.status_code == 409
    assert "took it back already" in again.json()["detail"]


async def test_a_journal_that_is_full_is_said_so(doors: Doors, monkeypatch: pytest.MonkeyPatch) -> None:
    from remediation.errors import JournalFull  # noqa: PLC0415 - for this test alone

    async def full(*_: object, **__: object) -> None:
        raise JournalFull

    monkeypatch.setattr(doors.here.scene.journal, "append", full)
    answer = await doors.ask("operator", "POST", "automation/stop", WHY)
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "1"


async def test_a_dry_run_of_undoing_says_what_would_be_restored_and_restores_nothing(doors: Doors) -> None:
    doors.here.pay(1, 1)
    name = await doors.here.rolled_back()
    before = await doors.here.kinds()
    told = await doors.ask("operator", "POST", f"actions/{name}/undo", {**WHY, "dry_run": True})
    assert told.status_code == 200
    assert told.json()["outcome"] is None
    assert "would restore blue " in told.json()["detail"]
    assert await doors.here.kinds() == before
    refused = await doors.ask("operator", "POST", "actions/dec-1/undo", {**WHY, "dry_run": True})
    assert refused.status_code == 409
    assert "no action of a decision" in refused.json()["detail"]


async def test_a_dry_run_of_undoing_what_puts_money_at_risk_asks_nobody_and_says_whom_it_would_ask(
    doors: Doors,
) -> None:
    name = await doors.here.rolled_back()
    before = await doors.here.kinds()
    told = await doors.ask("operator", "POST", f"actions/{name}/undo", {**WHY, "dry_run": True})
    assert told.status_code == 409
    assert "no payment was seen" in told.json()["detail"]
    assert await doors.here.kinds() == before

"""``stop-automation``, ``resume-automation``, ``approvals`` and ``actions`` against the daemon's doors."""

import asyncio
import json

import httpx
import pytest
from typer.testing import CliRunner, Result

from config.settings import Role
from daemon.cli import app
from remediation.journal.guardrail_kinds import ApprovalAsked
from tests.unit.daemon.automation_world import World, world
from tests.unit.daemon.http.fake_view import token_of
from tests.unit.remediation.worlds import NOW_MS

RUNNER = CliRunner()


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> World:
    """A daemon that answers wherever it is asked."""
    made, client = asyncio.run(world()), httpx.Client

    async def answered(request: httpx.Request) -> httpx.Response:
        transport = httpx.ASGITransport(made.app())
        async with httpx.AsyncClient(transport=transport) as inside:
            content = request.content if request.method == "POST" else None
            return await inside.request(request.method, request.url, headers=request.headers, content=content)

    def answer(request: httpx.Request) -> httpx.Response:
        found = asyncio.run(answered(request))
        return httpx.Response(found.status_code, content=found.content)

    monkeypatch.setattr(httpx, "Client", lambda **_: client(transport=httpx.MockTransport(answer)))
    return made


def run(role: Role, *arguments: str, typed: str = "") -> Result:
    return RUNNER.invoke(app, [*arguments, "--token", token_of(role)], input=typed)


def question(here: World) -> str:
    asked = ApprovalAsked(
        change="rollout",
        subject="dep-1",
        digest="d1" * 20,
        what="2.0.0 to us-east-1",
        requested_by="operator-ann",
        needed=1,
        expires_at_ms=NOW_MS + 60_000,
    )
    return f"apr-{asyncio.run(here.scene.writer.append(asked)).sequence}"


def test_the_button_stops_and_a_confirmed_one_goes_on(here: World) -> None:
    stopped = run("operator", "stop-automation", "--reason", "looking")
    assert stopped.exit_code == 0
    assert "automation is stopped by operator-ann: looking\n" in stopped.stdout
    assert "as before" in run("operator", "stop-automation", "--reason", "again").stdout
    told = json.loads(run("operator", "stop-automation", "--reason", "again", "--json").stdout.splitlines()[-1])
    assert (told["stopped"], told["storm"]) == ({"reason": "looking", "by": "operator-ann"}, None)
    assert run("operator", "resume-automation", "--reason", "seen", typed="n\n").exit_code == 1
    assert here.automation.state.stopped is not None
    resumed = run("operator", "resume-automation", "--reason", "seen", "--force", "--json")
    assert json.loads(resumed.stdout.splitlines()[-1])["acts"]
    assert asyncio.run(here.entries())[-1].fields["skipped"] == ["confirmation"]


def test_without_the_right_to_it_the_answer_is_no(here: World) -> None:
    refused = run("viewer", "stop-automation", "--reason", "looking")
    assert refused.exit_code == 1
    assert "needs the role operator" in refused.stderr
    stranger = RUNNER.invoke(app, ["stop-automation", "--reason", "x", "--token", "wrong"])
    assert stranger.exit_code == 3
    assert "--token or TILLWATCH_TOKEN" in stranger.stderr
    assert here.automation.state.stopped is None


def test_a_reason_that_cannot_be_used_is_bad_input(here: World) -> None:
    assert run("operator", "stop-automation", "--reason", " ").exit_code == 2
    assert here.automation.state.stopped is None


def test_approvals_are_listed_approved_and_refused(here: World) -> None:
    assert run("viewer", "approvals", "list").stdout == "nothing waits for people\n"
    name = question(here)
    listed = run("viewer", "approvals", "list").stdout
    assert f"{name}  waiting  rollout: 2.0.0 to us-east-1" in listed
    assert "d1d1d1d1d1d1" in listed
    approved = run("approver", "approvals", "approve", name, "--note", "fine")
    assert (approved.exit_code, "approved by approver-ann" in approved.stdout) == (0, True)
    assert run("approver", "approvals", "approve", name, "--digest", "other").exit_code == 1
    refused = run("admin", "approvals", "refuse", name, "--reason", "not today", "--json")
    assert json.loads(refused.stdout.splitlines()[-1])["status"] == "refused"
    assert run("viewer", "approvals", "list").stdout == "nothing waits for people\n"
    assert "refused by admin-ann: not today" in run("viewer", "approvals", "list", "--all").stdout


@pytest.mark.parametrize(("name", "exit_code"), [("apr-99", 1), ("../../livez", 2), ("", 2)])
def test_an_approval_that_is_none(here: World, name: str, exit_code: int) -> None:
    assert here.automation.state.approvals == {}
    assert run("approver", "approvals", "approve", name).exit_code == exit_code


def test_an_action_is_listed_and_taken_back_once(here: World) -> None:
    assert run("viewer", "actions", "list").stdout == "automation did nothing yet\n"
    decision_id = asyncio.run(here.rolled_back())
    assert f"{decision_id}  " in run("viewer", "actions", "list").stdout
    here.pay(1, 100)
    undone = run("operator", "actions", "undo", decision_id, "--reason", "wrong", typed="y\n")
    assert undone.exit_code == 0
    assert "verified" in undone.stdout
    assert "taken back by und-" in run("viewer", "actions", "list").stdout
    again = run("operator", "actions", "undo", decision_id, "--reason", "wrong", "--force")
    assert again.exit_code == 1
    assert "took it back already" in again.stderr


def test_an_undo_that_is_not_confirmed_changes_nothing(here: World) -> None:
    decision_id = asyncio.run(here.rolled_back())
    assert run("operator", "actions", "undo", decision_id, "--reason", "wrong", typed="n\n").exit_code == 1
    assert here.scene.world.weights == {"blue": 100, "green": 0}


def test_a_question_that_nobody_is_there_to_answer_says_how_to_go_without_it(here: World) -> None:
    decision_id = asyncio.run(here.rolled_back())
    asked = run("operator", "actions", "undo", decision_id, "--reason", "wrong", typed="")
    assert asked.exit_code == 1
    assert asked.stderr.endswith(
        "nobody answered, and nothing was changed\n  fix: --force goes on without a question\n"
    )
    assert here.scene.world.weights == {"blue": 100, "green": 0}


def test_a_daemon_that_is_not_there_is_said_so() -> None:
    gone = RUNNER.invoke(app, ["approvals", "list", "--url", "http://127.0.0.1:9"])
    assert gone.exit_code == 3
    assert "is the daemon running there?" in gone.stderr

"""Deployments over HTTP: what is begun, what is refused with which status, and that a no changes nothing."""

import json

import pytest

from config.calendars.calendar import Calendar, CalendarWindow
from config.guardrails import ApprovalRule, Approvals
from config.policy import GuardPolicy, Policy
from config.settings import Role
from daemon.http.doors.door import BODY_LIMIT_BYTES, REASON_LENGTH_MAX
from remediation.errors import JournalFailed, JournalFull, SequenceConflict, WorldRefused, WorldUnreachable
from remediation.journal.entry import Draft, Entry
from remediation.journal.guardrail_kinds import AutomationStopped
from tests.unit.daemon.deployments.test_service import FREE, Scene, scene
from tests.unit.daemon.http.doors.release_doors import Doors, problem_of

ASKED = {"version": "2.0.0", "strategy": "blue-green", "regions": ["us-east-1"], "reason": "new receipts"}
WHY = {"reason": "lunch"}
CLOSED = Calendar(name="always", kind="freeze", windows=(CalendarWindow(cron="0 0 * * *", zone="UTC", lasts=86_400.0),))
HOSTILE = (
    "..%2f..%2fetc%2fpasswd",
    "%3Cscript%3E",
    "a" * 2000,
    "dep%0d%0aset-cookie:%20x",
    "%00",
    "%e2%80%ae",
    "{}'\"",
)


@pytest.fixture
async def one() -> Scene:
    return await scene()


@pytest.fixture
def doors(one: Scene) -> Doors:
    return Doors(one.where.writer, one)


async def begun(doors: Doors) -> str:
    answer = await doors.ask("operator", "POST", "deployments", ASKED)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["run"]["id"])


async def test_what_is_asked_for_has_begun_in_the_name_of_the_token_and_says_what_was_skipped(
    one: Scene, doors: Doors
) -> None:
    answer = await doors.ask("operator", "POST", "deployments", {**ASKED, "force": True})
    assert answer.status_code == 201
    document = answer.json()
    assert document["run"]["plan"]["request"]["requested_by"] == "operator-ann"
    assert (document["waits_for"], document["deployment"], document["held"]) == (None, None, "")
    (entry,) = [entry for entry in await one.journal.read(0, 50) if entry.kind == "deployment.planned"]
    assert (entry.actor, entry.fields["skipped"], one.woken) == ("operator-ann", ["confirmation"], 1)


async def test_a_dry_run_answers_the_plan_that_would_run_and_writes_nothing(one: Scene, doors: Doors) -> None:
    sequence = one.where.writer.state.sequence
    dry = await doors.ask("operator", "POST", "deployments", {**ASKED, "dry_run": True})
    assert dry.status_code == 200
    assert (one.where.writer.state.sequence, one.ground.changes, one.woken) == (sequence, [], 0)
    run = (await doors.ask("operator", "POST", "deployments", ASKED)).json()["run"]
    assert run["plan"]["steps"] == dry.json()["plan"]["steps"]


@pytest.mark.parametrize(
    ("role", "status"), [(None, 401), ("viewer", 403), ("operator", 201), ("approver", 201), ("admin", 201)]
)
async def test_only_those_who_operate_may_begin(one: Scene, doors: Doors, role: Role | None, status: int) -> None:
    answer = await doors.ask(role, "POST", "deployments", ASKED)
    assert answer.status_code == status
    assert len(one.where.writer.state.runs) == (status == 201)


@pytest.mark.parametrize("what", ["pause", "resume", "abort"])
@pytest.mark.parametrize(("role", "status"), [(None, 401), ("viewer", 403)])
async def test_only_those_who_operate_may_hold_or_end_one(
    one: Scene, doors: Doors, what: str, role: Role | None, status: int
) -> None:
    name = await begun(doors)
    sequence = one.where.writer.state.sequence
    problem_of(await doors.ask(role, "POST", f"deployments/{name}/{what}", WHY), status)
    assert one.where.writer.state.sequence == sequence


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({**ASKED, "version": "2"}, "three numbers"),
        ({**ASKED, "version": "9" * 3000 + ".0.0"}, "three numbers"),
        ({**ASKED, "version": "2.0.0\n"}, "three numbers"),
        ({**ASKED, "version": "../../2.0.0"}, "three numbers"),
        ({**ASKED, "regions": ["mars-1"]}, "known: us-east-1"),
        ({**ASKED, "regions": ["us-east-1", "us-east-1"]}, "named twice"),
        ({**ASKED, "cohort": "everybody"}, "merchant="),
        ({**ASKED, "strategy": "big-bang"}, "strategy"),
        ({**ASKED, "skip_gates": True}, "skip_gates"),
        ({**ASKED, "reason": "x" * (REASON_LENGTH_MAX + 1)}, str(REASON_LENGTH_MAX)),
        ({**ASKED, "dry_run": "yes"}, "dry_run"),
        ({"version": "2.0.0"}, "strategy"),
        ([], "cannot be used"),
    ],
)
async def test_a_body_that_cannot_be_used_is_422_with_what_is_wrong(
    one: Scene, doors: Doors, body: object, says: str
) -> None:
    assert says in problem_of(await doors.ask("operator", "POST", "deployments", body), 422)
    assert one.where.writer.state.sequence == 0


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[" * 4000, b'{"version": 1e999}'])
async def test_a_body_that_is_no_json_is_422_and_one_without_end_is_413(doors: Doors, content: bytes) -> None:
    problem_of(await doors.ask("operator", "POST", "deployments", content=content), 422)
    large = json.dumps({**ASKED, "reason": "x" * BODY_LIMIT_BYTES}).encode()
    assert str(BODY_LIMIT_BYTES) in problem_of(await doors.ask("operator", "POST", "deployments", content=large), 413)


@pytest.mark.parametrize(
    ("policy", "says"),
    [
        (FREE.model_copy(update={"guard": GuardPolicy(observe_only=True)}), "switch it off"),
        (FREE.model_copy(update={"calendars": (CLOSED,)}), "always"),
    ],
)
async def test_what_could_be_and_is_not_allowed_now_is_409(policy: Policy, says: str) -> None:
    one = await scene(policy)
    detail = problem_of(await Doors(one.where.writer, one).ask("operator", "POST", "deployments", ASKED), 409)
    assert says in detail
    assert one.where.writer.state.runs == {}


async def test_a_second_one_and_a_stopped_automation_are_409(one: Scene, doors: Doors) -> None:
    name = await begun(doors)
    assert name in problem_of(await doors.ask("operator", "POST", "deployments", ASKED), 409)
    await one.where.drive()
    await one.where.writer.append(AutomationStopped(reason="a drill"), "bob")
    assert "a drill" in problem_of(
        await doors.ask("operator", "POST", "deployments", {**ASKED, "version": "3.0.0"}), 409
    )


@pytest.mark.parametrize("fault", [WorldUnreachable("no route"), WorldRefused("AccessDenied")])
async def test_a_world_that_cannot_be_read_is_503_and_begins_nothing(
    one: Scene, doors: Doors, fault: Exception
) -> None:
    async def dark(*_: object) -> None:
        raise fault

    one.ground.look = dark  # type: ignore[assignment]  # this world is away
    assert "us-east-1 cannot be read" in problem_of(await doors.ask("operator", "POST", "deployments", ASKED), 503)
    assert one.where.writer.state.runs == {}


async def test_a_daemon_that_does_not_lead_and_one_that_deploys_nothing_are_503(one: Scene, doors: Doors) -> None:
    one.ground.clock.at_ms += 3_600_000
    assert "ask the daemon that leads" in problem_of(await doors.ask("operator", "POST", "deployments", ASKED), 503)
    nowhere = Doors(one.where.writer)
    for method, path in (("POST", "deployments"), ("GET", "deployments/dep-1"), ("POST", "deployments/dep-1/abort")):
        body = ASKED if path == "deployments" else WHY if method == "POST" else None
        problem_of(await nowhere.ask("operator", method, path, body), 503)


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("what", ["", "/pause", "/resume", "/abort"])
async def test_a_name_that_nobody_gave_is_404_whatever_is_in_it(one: Scene, doors: Doors, name: str, what: str) -> None:
    sequence = one.where.writer.state.sequence
    method, body = ("POST", WHY) if what else ("GET", None)
    detail = problem_of(await doors.ask("admin", method, f"deployments/{name}{what}", body), 404)
    assert len(detail) < 200
    assert "\n" not in detail
    assert one.where.writer.state.sequence == sequence


async def test_pause_resume_and_abort_answer_the_deployment_and_are_409_when_they_change_nothing(
    one: Scene, doors: Doors
) -> None:
    name = await begun(doors)
    problem_of(await doors.ask("operator", "POST", f"deployments/{name}/resume", WHY), 409)
    paused = await doors.ask("operator", "POST", f"deployments/{name}/pause", WHY)
    assert (paused.status_code, paused.json()["run"]["paused_by"]) == (200, "operator-ann")
    assert "operator-ann" in problem_of(await doors.ask("admin", "POST", f"deployments/{name}/pause", WHY), 409)
    resumed = await doors.ask("admin", "POST", f"deployments/{name}/resume", WHY)
    assert (resumed.status_code, resumed.json()["run"]["paused_by"]) == (200, "")
    aborted = await doors.ask("admin", "POST", f"deployments/{name}/abort", {"reason": "wrong version"})
    assert aborted.json()["run"]["asked_to_abort_by"] == "admin-ann"
    problem_of(await doors.ask("admin", "POST", f"deployments/{name}/abort", WHY), 409)
    await one.where.drive()
    ended = await doors.ask("viewer", "GET", f"deployments/{name}")
    assert (ended.status_code, ended.json()["run"]["outcome"]) == (200, "aborted")
    assert "is over" in problem_of(await doors.ask("admin", "POST", f"deployments/{name}/abort", WHY), 409)


@pytest.mark.parametrize(
    "body", [None, {}, {"reason": " "}, {"reason": "x" * (REASON_LENGTH_MAX + 1)}, {"reason": "x", "force": "yes"}]
)
@pytest.mark.parametrize("what", ["pause", "resume", "abort"])
async def test_nothing_is_held_or_ended_without_a_reason(one: Scene, doors: Doors, body: object, what: str) -> None:
    name = await begun(doors)
    sequence = one.where.writer.state.sequence
    problem_of(await doors.ask("operator", "POST", f"deployments/{name}/{what}", body), 422)
    assert one.where.writer.state.sequence == sequence


@pytest.mark.parametrize("fault", [JournalFull, JournalFailed, SequenceConflict])
async def test_a_journal_that_takes_nothing_is_503_to_be_sent_again_and_nothing_has_changed(
    one: Scene, doors: Doors, monkeypatch: pytest.MonkeyPatch, fault: type[Exception]
) -> None:
    name = await begun(doors)
    before = one.where.writer.state

    async def full(*_: object, **__: object) -> None:
        raise fault

    monkeypatch.setattr(one.journal, "append", full)
    for what in ("pause", "abort"):
        answer = await doors.ask("operator", "POST", f"deployments/{name}/{what}", WHY)
        assert "send it again" in problem_of(answer, 503)
        assert answer.headers["retry-after"] == "1"
    assert one.where.writer.state == before


@pytest.mark.parametrize("full_at", ["approval.asked", "deployment.planned"])
async def test_a_plan_whose_question_or_self_was_not_written_has_not_begun_and_can_be_asked_for_again(
    monkeypatch: pytest.MonkeyPatch, full_at: str
) -> None:
    one = await scene(FREE.model_copy(update={"approvals": Approvals(rollout=ApprovalRule(needed=1))}))
    doors, append = Doors(one.where.writer, one), one.journal.append

    async def filling(draft: Draft, *, expected_sequence: int | None, epoch: int) -> Entry:
        if draft.kind == full_at:
            raise JournalFull
        return await append(draft, expected_sequence=expected_sequence, epoch=epoch)

    monkeypatch.setattr(one.journal, "append", filling)
    problem_of(await doors.ask("operator", "POST", "deployments", ASKED), 503)
    assert (one.where.writer.state.runs, one.woken) == ({}, 0)
    monkeypatch.undo()
    name = await begun(doors)
    assert [one.subject for one in one.where.writer.state.approvals.values()][-1] == name

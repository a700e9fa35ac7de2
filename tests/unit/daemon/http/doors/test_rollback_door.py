"""Rollbacks by hand, rehearsals and wrong payments over HTTP, as the person whose token it is."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from config.settings import Role
from daemon.aftermath.compensations import SETTLE_MS
from daemon.errors import CheckpointFailed
from daemon.http.doors.door import BODY_LIMIT_BYTES, REASON_LENGTH_MAX
from remediation.errors import JournalFull, WorldRefused, WorldUnreachable
from remediation.journal.guardrail_kinds import ApprovalGiven
from tests.unit.daemon.aftermath.test_compensations import DAY_MS
from tests.unit.daemon.http.doors.release_doors import Doors, problem_of
from tests.unit.daemon.rollbacks.house import House, opened_house
from tests.unit.remediation.worlds import ROLLED_BACK

TRAFFIC = {"kind": "traffic", "reason": "payments are slow"}
COMPLETE = {"kind": "complete", "reason": "payments are slow"}
WRITES = (
    ("rollbacks", TRAFFIC),
    ("rehearsals", None),
    ("compensations/dep-1", None),
)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with opened_house(tmp_path) as one:
        yield one


@pytest.fixture
def doors(house: House) -> Doors:
    return Doors(house.writer, parts=house.parts)


async def test_traffic_is_given_back_in_the_name_of_the_token_and_the_rollback_can_be_read(
    house: House, doors: Doors
) -> None:
    answer = await doors.ask("operator", "POST", "rollbacks", {**TRAFFIC, "force": True})
    assert answer.status_code == 201
    run = answer.json()
    assert (run["asked_by"], run["complete"], house.world.weights) == ("operator-ann", True, ROLLED_BACK)
    (entry,) = [one for one in await house.journal.read(0, 99) if one.kind == "rollback.asked"]
    assert (entry.actor, entry.fields["skipped"]) == ("operator-ann", ["confirmation"])
    assert (await doors.ask("viewer", "GET", f"rollbacks/{run['id']}")).json() == run
    assert (await doors.ask("viewer", "GET", "rollbacks")).json() == {"rollbacks": [run], "measured": []}


@pytest.mark.parametrize(("path", "body"), WRITES)
@pytest.mark.parametrize(("role", "status"), [(None, 401), ("viewer", 403)])
async def test_only_those_who_operate_may_take_back_rehearse_or_look(
    house: House, doors: Doors, path: str, body: object, role: Role | None, status: int
) -> None:
    sequence = house.writer.state.sequence
    problem_of(await doors.ask(role, "POST", path, body), status)
    assert (house.writer.state.sequence, house.world.writes) == (sequence, [])


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        (None, 422, "cannot be used"),
        ({"kind": "traffic"}, 422, "reason"),
        ({**TRAFFIC, "kind": "everything"}, 422, "kind"),
        ({**TRAFFIC, "reason": "  "}, 422, "Say why"),
        ({**TRAFFIC, "reason": "x" * (REASON_LENGTH_MAX + 1)}, 422, str(REASON_LENGTH_MAX)),
        ({**TRAFFIC, "environment": "green"}, 422, "environment"),
        ({**TRAFFIC, "reason": "x" * BODY_LIMIT_BYTES}, 413, str(BODY_LIMIT_BYTES)),
        ({**TRAFFIC, "deployment_id": "dep-9"}, 404, "dep-9"),
        ({**TRAFFIC, "deployment_id": "../../dep-1\r\n"}, 404, "there is no deployment"),
        ({**TRAFFIC, "deployment_id": "\u202e" * 400}, 404, "there is no deployment"),
        (COMPLETE, 409, "another person has to approve"),
    ],
)
async def test_what_is_not_begun_says_why_and_moves_nothing(
    house: House, doors: Doors, body: object, status: int, says: str
) -> None:
    detail = problem_of(await doors.ask("operator", "POST", "rollbacks", body), status)
    assert says in detail
    assert "\n" not in detail
    assert (house.world.writes, house.writer.state.manual_rollbacks) == ([], {})


async def test_a_complete_rollback_begins_once_another_person_has_approved_it(house: House, doors: Doors) -> None:
    problem_of(await doors.ask("operator", "POST", "rollbacks", COMPLETE), 409)
    (question,) = house.writer.state.approvals.values()
    assert question.requested_by == "operator-ann"
    assert question.id in problem_of(await doors.ask("operator", "POST", "rollbacks", COMPLETE), 409)
    await house.writer.append(ApprovalGiven(approval_id=question.id, digest=question.digest), "bob")
    assert (await doors.ask("operator", "POST", "rollbacks", COMPLETE)).status_code == 201


async def test_what_was_taken_back_is_409_and_a_daemon_that_does_not_lead_503(house: House, doors: Doors) -> None:
    await doors.ask("operator", "POST", "rollbacks", TRAFFIC)
    assert "`complete`" in problem_of(await doors.ask("operator", "POST", "rollbacks", TRAFFIC), 409)
    await house.clock.sleep(DAY_MS / 1000)
    assert "leads" in problem_of(await doors.ask("operator", "POST", "rollbacks", TRAFFIC), 503)
    assert len(house.world.writes) == 1


async def test_where_nothing_is_taken_back_every_door_is_503(house: House) -> None:
    nowhere = Doors(house.writer)
    for path, body in WRITES:
        if path != "compensations/dep-1":
            problem_of(await nowhere.ask("operator", "POST", path, body), 503)
    problem_of(await nowhere.ask("operator", "POST", "compensations/dep-1"), 503)
    problem_of(await nowhere.ask("viewer", "GET", "rollbacks"), 503)
    problem_of(await nowhere.ask("viewer", "GET", "rollbacks/rb-1"), 503)


@pytest.mark.parametrize("name", ["rb-9", "..%2frb-1", "%00", "%0d%0a", "r" * 2000, "%e2%80%ae"])
async def test_a_rollback_or_release_that_is_none_is_404_whatever_its_name(doors: Doors, name: str) -> None:
    for method, path in (("GET", f"rollbacks/{name}"), ("POST", f"compensations/{name}")):
        detail = problem_of(await doors.ask("operator", method, path), 404)
        assert len(detail) < 200
        assert "\n" not in detail


@pytest.mark.parametrize("path", ["rollbacks", "rehearsals"])
async def test_a_journal_that_is_full_is_503_and_no_traffic_has_moved(
    house: House, doors: Doors, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    async def full(*_: object, **__: object) -> None:
        raise JournalFull

    weights, state = dict(house.world.weights), house.writer.state
    monkeypatch.setattr(house.journal, "append", full)
    answer = await doors.ask("operator", "POST", path, TRAFFIC if path == "rollbacks" else None)
    assert "send it again" in problem_of(answer, 503)
    assert answer.headers["retry-after"] == "1"
    assert (house.world.weights, house.writer.state) == (weights, state)


async def test_a_rehearsal_answers_what_it_measured_or_409_with_why_it_failed(house: House, doors: Doors) -> None:
    assert "is split" in problem_of(await doors.ask("operator", "POST", "rehearsals"), 409)
    house.world.weights = {"blue": 100, "green": 0}
    good = await doors.ask("operator", "POST", "rehearsals")
    assert (good.status_code, good.json()["drill"]) == (201, True)
    house.world.healthy = False
    assert "not healthy" in problem_of(await doors.ask("operator", "POST", "rehearsals"), 409)
    assert house.world.weights == {"blue": 100, "green": 0}


async def test_wrong_payments_are_listed_when_a_release_is_gone_and_looked_at_again_when_asked(
    house: House, doors: Doors
) -> None:
    assert (await doors.ask("viewer", "GET", "compensations")).json() == {"compensations": []}
    await doors.ask("operator", "POST", "rollbacks", TRAFFIC)
    await house.clock.sleep(SETTLE_MS / 1000)
    await house.parts.look_back()
    (listed,) = (await doors.ask("viewer", "GET", "compensations")).json()["compensations"]
    assert [(one["payment_id"], one["fix"], one["amount_cents"]) for one in listed["payments"]] == [
        ("pay_1", "refund", 1250)
    ]
    again = await doors.ask("operator", "POST", "compensations/dep-1")
    assert (again.status_code, again.json()) == (200, listed)
    measured = (await doors.ask("viewer", "GET", "rollbacks")).json()["measured"]
    assert [one["deployment_id"] for one in measured] == ["dep-1"]


@pytest.mark.parametrize(
    "fault", [CheckpointFailed("no room"), WorldUnreachable("no route"), WorldRefused("AccessDenied")]
)
async def test_payments_that_cannot_be_read_are_503_and_nothing_is_listed(
    house: House, doors: Doors, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    async def dark(*_: object) -> None:
        raise fault

    monkeypatch.setattr(house.books, "payment", dark)
    assert "cannot be read now" in problem_of(await doors.ask("operator", "POST", "compensations/dep-1"), 503)
    assert house.writer.state.compensations == {}


@pytest.mark.parametrize("kind", ["traffic", "complete", "emergency"])
async def test_a_dry_run_says_each_step_and_moves_and_writes_nothing(house: House, doors: Doors, kind: str) -> None:
    before = house.writer.state.sequence
    answer = await doors.ask("operator", "POST", "rollbacks", {**TRAFFIC, "kind": kind, "dry_run": True})
    assert answer.status_code == 200
    plan = answer.json()
    assert (plan["kind"], plan["deployment_id"], plan["version"]) == (kind, "dep-1", "2.0.0")
    by_step = {one["step"]: one for one in plan["steps"]}
    traffic = by_step["traffic"]
    assert traffic["would"] == "rolls 2.0.0 on green back to 1.0.0 on blue; now blue 50, green 50"
    assert traffic["refusal"] == ""
    assert bool(plan["asks"]) is (kind == "complete")
    assert (house.writer.state.sequence, house.world.writes, house.core.calls) == (before, [], [])


async def test_a_dry_run_of_what_cannot_be_done_says_why(house: House, doors: Doors) -> None:
    answer = await doors.ask("operator", "POST", "rollbacks", {**TRAFFIC, "dry_run": True, "deployment_id": "dep-9"})
    assert "there is no deployment" in problem_of(answer, 404)
    house.world.healthy = False
    plan = (await doors.ask("operator", "POST", "rollbacks", {**TRAFFIC, "dry_run": True})).json()
    assert plan["steps"][0]["refusal"]
    assert house.world.writes == []


async def test_a_step_that_has_nothing_left_to_do_is_no_refusal(doors: Doors) -> None:
    await doors.ask("operator", "POST", "rollbacks", TRAFFIC)
    plan = (await doors.ask("operator", "POST", "rollbacks", {**COMPLETE, "dry_run": True})).json()
    assert plan["steps"][0]["would"].startswith("nothing: ")
    assert plan["steps"][0]["refusal"] == ""

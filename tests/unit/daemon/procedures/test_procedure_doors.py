"""What people do in procedures, over HTTP: who may, what is refused and why, and what the journal says then."""

from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from checks.redaction.canary import CANARY
from config.procedures.procedure import Procedure
from remediation.guardrails.approvals import ApprovalChange
from remediation.journal.guardrail_kinds import ApprovalGiven
from remediation.journal.procedure_kinds import (
    PROCEDURE_TYPE_BY_KIND,
    ContinuityMeasured,
    ProcedureBegun,
    ProcedureEnded,
    ProcedureStepBegun,
    ProcedureStepEnded,
    RunEntry,
)
from remediation.procedures.model import RunOutcome, StepState
from tests.unit.daemon.incidents.incident_world import World, world
from tests.unit.remediation.incidents.telling import breach
from tests.unit.remediation.worlds import NOW_MS

RUN = "run-20261127t034500z-3fa9c1"
DAY_MS = 86_400_000
KIND_BY_TYPE = {body_type: kind for kind, body_type in PROCEDURE_TYPE_BY_KIND.items()}
DRILL = ContinuityMeasured(
    drill_id="one", scenario="region-loss", recovery_ms=9_000, objective_ms=300_000, lost_events=0, lost_payments=0,
    balanced=True, met=True, sha256="0" * 64, place="x.json", said_at_ms=NOW_MS,
)  # fmt: skip


@pytest.fixture
async def here() -> World:
    made = await world()
    await made.say(breach())
    return made


def procedure(here: World, name: str) -> Procedure:
    """As it is packaged."""
    found = here.parts.procedures.catalogue.named(name)
    assert found is not None
    return found


def begun(here: World, name: str = "payment-failures", **changes: object) -> ProcedureBegun:
    """The begin of a run."""
    walked = procedure(here, name)
    said = ProcedureBegun(
        run_id=RUN, number=1, said_at_ms=NOW_MS, procedure=name, digest=walked.digest,
        steps=tuple(step.id for step in walked.steps), incident_id="inc-1",
    )  # fmt: skip
    return replace(said, **changes)


def step(name: str, number: int = 2, **changes: object) -> ProcedureStepBegun:
    """A step is about to be done."""
    said = ProcedureStepBegun(run_id=RUN, number=number, said_at_ms=NOW_MS, step=name, command=("tillwatch", "x"))
    return replace(said, **changes)


def ended(name: str, number: int, state: StepState = StepState.PASSED, *, late: bool = False) -> ProcedureStepEnded:
    """What came of a step."""
    return ProcedureStepEnded(
        run_id=RUN, number=number, said_at_ms=NOW_MS, step=name, state=state, detail="exit 0", late=late
    )


async def record(here: World, said: RunEntry, role: str = "operator") -> tuple[int, dict[str, Any]]:
    """Status and document."""
    body = {"kind": KIND_BY_TYPE[type(said)], "body": msgspec.to_builtins(said)}
    answered = await here.ask(role, "POST", f"procedures/runs/{RUN}/entries", body)  # type: ignore[arg-type]  # a role
    return answered.status_code, answered.json()


async def test_a_run_is_recorded_entry_by_entry_and_stands_beside_its_incident(here: World) -> None:
    assert (await record(here, begun(here)))[0] == 200
    assert (await record(here, step("look")))[0] == 200
    status, run = await record(here, ended("look", 3))
    assert (status, run["results"]["look"]["state"], run["begun_by"]) == (200, "passed", "operator-ann")
    assert (await here.kinds())[1:] == ["procedure.begun", "procedure.step.begun", "procedure.step.ended"]
    story = (await here.ask("viewer", "GET", "incidents/inc-1")).json()
    assert story["procedure"] == "payment-failures"
    assert [(one["id"], one["people"]) for one in story["walked"]] == [(RUN, ["operator-ann"])]
    assert (await here.ask("viewer", "GET", f"procedures/runs/{RUN}")).json()["told"] == 3


async def test_the_same_entry_once_more_is_answered_and_not_recorded_again(here: World) -> None:
    first = await record(here, begun(here))
    again = await record(here, begun(here, late=True))
    assert first == again
    assert (await here.kinds()).count("procedure.begun") == 1


@pytest.mark.parametrize(
    ("changes", "status", "refusal"),
    [
        ({"procedure": "nonsense"}, 404, "unknown"),
        ({"incident_id": "inc-99"}, 404, "unknown"),
        ({"digest": "0"}, 409, "different"),
        ({"number": 2}, 404, "unknown"),
        ({"parameters": {"reason": f"card {CANARY}"}}, 422, "card_number"),
    ],
)
async def test_a_run_that_cannot_be_begun_is_refused_and_why_is_said(
    here: World, changes: dict[str, Any], status: int, refusal: str
) -> None:
    answered, said = await record(here, begun(here, **changes))
    assert (answered, said["detail"].partition(":")[0]) == (status, refusal)
    assert (await here.kinds())[1:] == []
    assert CANARY not in said["detail"]


async def test_a_run_that_was_begun_elsewhere_is_taken_also_from_another_file(here: World) -> None:
    assert (await record(here, begun(here, digest="0", late=True)))[0] == 200


async def test_entries_that_do_not_belong_there_are_refused(here: World) -> None:
    await record(here, begun(here))
    assert (await record(here, step("look", 3)))[0] == 409
    await record(here, step("look"))
    other = await record(here, step("look", said_at_ms=NOW_MS + 1))
    assert (other[0], other[1]["detail"].partition(":")[0]) == (409, "other")
    await record(here, ProcedureEnded(run_id=RUN, number=3, said_at_ms=NOW_MS, outcome=RunOutcome.ABANDONED))
    over = await record(here, step("look", 4))
    assert over[1]["detail"].partition(":")[0] == "over"


async def test_a_viewer_records_nothing_and_a_run_keeps_to_its_address(here: World) -> None:
    assert (await record(here, begun(here), "viewer"))[0] == 403
    assert (await record(here, begun(here, run_id="run-20261127t034500z-ffffff")))[0] == 422
    broken = await here.ask(
        "operator", "POST", f"procedures/runs/{RUN}/entries", {"kind": "procedure.begun", "body": 1}
    )
    assert broken.status_code == 422
    assert (await here.ask("viewer", "GET", "procedures/runs/run-000000-0000")).status_code == 404


async def test_a_step_for_two_is_asked_of_another_person_and_only_done_once_they_agreed(here: World) -> None:
    await record(here, begun(here, "ledger-imbalance"))
    status, said = await record(here, step("explain"))
    assert (status, said["detail"].partition(":")[0]) == (409, "needs_approval")
    assert (await record(here, step("explain")))[0] == 409
    (asked,) = here.state.approvals.values()
    assert (asked.change, asked.requested_by) == (ApprovalChange.PROCEDURE, "operator-ann")
    assert f"tillwatch approvals approve {asked.id}" in said["detail"]
    assert (await here.kinds())[2:] == ["approval.asked"]
    await here.scene.writer.append(ApprovalGiven(approval_id=asked.id, digest=asked.digest), "approver-bob")
    assert (await record(here, step("explain")))[0] == 200
    other = await record(here, step("explain", 3, command=("tillwatch", "other")))
    assert other[0] == 409, "what was agreed to was another command"


async def test_a_step_for_another_role_is_refused_to_this_one(here: World) -> None:
    await record(here, begun(here, "key-rotation"))
    status, said = await record(here, step("reencrypt"))
    assert status == 403
    assert said["detail"].startswith("needs_role: reencrypt is for the role approver")
    assert (await record(here, step("reencrypt"), "approver"))[0] == 200


@pytest.mark.parametrize("late", [True, False])
async def test_what_is_said_to_be_done_where_nobody_was_asked_counts_once_another_person_agrees(
    here: World, late: bool
) -> None:
    await record(here, begun(here, "ledger-imbalance"))
    number = 2
    if late:
        assert (await record(here, step("explain", late=True)))[0] == 200
        number = 3
    failed = ended("explain", number, StepState.FAILED)
    assert (await record(here, failed))[0] == 200, "that it went wrong is nothing that anybody has to allow"
    done = ended("explain", number + 1, late=late)
    status, said = await record(here, done)
    assert (status, said["detail"].partition(":")[0]) == (409, "needs_approval")
    (asked,) = here.state.approvals.values()
    assert asked.what.endswith("passed before anybody could be asked")
    await here.scene.writer.append(ApprovalGiven(approval_id=asked.id, digest=asked.digest), "approver-bob")
    assert (await record(here, done))[0] == 200


async def test_what_was_begun_by_who_may_ends_as_done_also_where_the_daemon_was_away_meanwhile(here: World) -> None:
    await record(here, begun(here, "key-rotation"))
    await record(here, step("reencrypt"), "approver")
    assert (await record(here, ended("reencrypt", 3, late=True)))[0] == 200
    undone = ended("reencrypt", 4, StepState.UNDONE)
    status, said = await record(here, undone)
    assert (status, said["detail"].partition(":")[0]) == (403, "needs_role"), "nobody may say so of what has ended"


async def test_a_step_for_another_role_that_was_done_elsewhere_is_taken_from_who_has_it(here: World) -> None:
    await record(here, begun(here, "key-rotation"))
    assert (await record(here, step("reencrypt", late=True)))[0] == 200
    status, said = await record(here, ended("reencrypt", 3, late=True))
    assert (status, f"sop resume {RUN}" in said["detail"]) == (403, True)
    assert (await record(here, ended("reencrypt", 3, late=True), "approver"))[0] == 200


async def test_no_run_is_done_while_a_step_of_it_is_not_and_none_has_other_steps_than_its_procedure(
    here: World,
) -> None:
    status, said = await record(here, begun(here, "key-rotation", steps=("inventory",)))
    assert (status, said["detail"].partition(":")[0]) == (409, "different")
    await record(here, begun(here, "key-rotation"))
    status, said = await record(here, ProcedureEnded(run_id=RUN, number=2, said_at_ms=NOW_MS, outcome=RunOutcome.DONE))
    assert (status, said["detail"].partition(":")[0]) == (409, "unsettled")
    assert not here.state.procedures_done


async def test_a_daemon_whose_lease_ran_out_records_nothing(here: World) -> None:
    here.scene.clock.at_ms = here.scene.writer.lease.until_ms
    assert (await record(here, begun(here)))[0] == 503
    drill = await here.ask("operator", "POST", "procedures/drills", msgspec.to_builtins(DRILL))
    assert drill.status_code == 503


async def test_a_drill_is_recorded_once_and_listed(here: World) -> None:
    for _ in range(2):
        told = await here.ask("operator", "POST", "procedures/drills", msgspec.to_builtins(DRILL))
        assert told.status_code == 201
    assert (await here.kinds()).count("continuity.measured") == 1
    listed = (await here.ask("viewer", "GET", "procedures")).json()
    assert [one["drill_id"] for one in listed["drills"]] == ["one"]


async def test_what_comes_back_is_due_a_while_after_it_was_last_done(here: World) -> None:
    async def due() -> dict[str, bool]:
        listed = (await here.ask("viewer", "GET", "procedures")).json()["procedures"]
        return {one["name"]: one["is_due"] for one in listed}

    assert not any((await due()).values()), "nothing is due before a daemon ever led"
    name = "daily-cost-check"
    await record(here, begun(here, name))
    steps = [one.id for one in procedure(here, name).steps]
    for number, one in enumerate(steps, 2):
        await record(here, ended(one, number, StepState.SKIPPED))
    last = ProcedureEnded(run_id=RUN, number=len(steps) + 2, said_at_ms=NOW_MS, outcome=RunOutcome.DONE)
    assert (await record(here, last))[0] == 200
    assert not (await due())[name]
    here.scene.clock.at_ms += DAY_MS
    assert (await due())[name]
    assert not (await due())["latency"]

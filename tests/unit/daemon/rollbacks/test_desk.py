"""What people ask back is taken back through the guard, also when automation is stopped; no harm is done by it."""

import pytest
from msgspec.structs import replace

from daemon.rollbacks.desk import RollbackRefusal, RollbackRefused
from remediation.compensation.model import PaymentRecord
from remediation.journal.guardrail_kinds import ApprovalGiven
from remediation.rollback.model import RollbackKind, RollbackRun, RollbackStep, StepStatus
from tests.unit.daemon.aftermath.test_compensations import DAY_MS
from tests.unit.daemon.rollbacks.house import House, said
from tests.unit.remediation.compensation.books import record
from tests.unit.remediation.worlds import NOW_MS, ROLLED_BACK, deployment

NO_FLAG = {RollbackStep.FLAGS: StepStatus.NOTHING}


async def test_traffic_goes_back_for_a_person_while_automation_is_stopped_and_switched_off(house: House) -> None:
    answer = await house.ask(RollbackKind.TRAFFIC)
    assert said(answer) == {RollbackStep.TRAFFIC: StepStatus.DONE}
    assert house.world.weights == ROLLED_BACK
    (action,) = house.writer.state.actions.values()
    assert (action.asked_by, len(house.world.writes)) == ("ann", 1)
    assert house.writer.state.deployments["dep-1"].rolled_back
    assert house.writer.state.incidents == {}, "who asked knows"


async def test_an_emergency_holds_payments_first_and_then_gives_the_traffic_back(house: House) -> None:
    answer = await house.ask(RollbackKind.EMERGENCY)
    assert said(answer) == {**NO_FLAG, RollbackStep.HOLD: StepStatus.DONE, RollbackStep.TRAFFIC: StepStatus.DONE}
    assert (house.core.now, house.world.weights) == ("holding", ROLLED_BACK)
    assert [one.action for one in house.writer.state.actions.values()] == ["kill.switch", "rollback.traffic"]


async def test_an_emergency_without_a_release_holds_payments_all_the_same(house: House) -> None:
    await house.writer.append(deployment(status="failed", at_ms=NOW_MS + 1, previous_environment=""))
    answer = await house.ask(RollbackKind.EMERGENCY)
    assert said(answer) == {**NO_FLAG, RollbackStep.HOLD: StepStatus.DONE, RollbackStep.TRAFFIC: StepStatus.NOTHING}
    assert (house.core.now, house.world.writes) == ("holding", [])


async def test_a_destination_that_is_not_alive_gets_no_traffic_from_a_person_either(house: House) -> None:
    house.world.healthy = False
    answer = await house.ask(RollbackKind.TRAFFIC)
    assert isinstance(answer, RollbackRun)
    assert (answer.complete, answer.failed) == (False, (RollbackStep.TRAFFIC,))
    assert "503" in answer.steps[RollbackStep.TRAFFIC].detail
    assert house.world.writes == []


async def test_a_release_that_was_taken_for_good_can_still_be_taken_back_by_a_person(house: House) -> None:
    await house.writer.append(
        deployment(status="succeeded", phase="final_validation", weight_percent=100, at_ms=NOW_MS + 1)
    )
    assert said(await house.ask(RollbackKind.TRAFFIC)) == {RollbackStep.TRAFFIC: StepStatus.DONE}
    assert house.world.weights == ROLLED_BACK


async def test_a_complete_rollback_waits_for_another_persons_yes_and_then_does_every_step(house: House) -> None:
    refused = await house.ask(RollbackKind.COMPLETE)
    assert isinstance(refused, RollbackRefused)
    assert (refused.refusal, house.world.writes) == (RollbackRefusal.NEEDS_APPROVAL, [])
    (question,) = house.writer.state.approvals.values()
    assert question.id in refused.detail
    await house.writer.append(ApprovalGiven(approval_id=question.id, digest=question.digest), "bob")
    house.books.records["pay_1"] = record("pay_1", status="processing")
    started = await house.ask(RollbackKind.COMPLETE)
    assert said(started) == {RollbackStep.TRAFFIC: StepStatus.DONE, RollbackStep.FLAGS: StepStatus.NOTHING}
    house.books.records["pay_1"] = record("pay_1", status="succeeded", captured_cents=1250)
    await house.rollbacks.tick()
    await house.clock.sleep(1)
    await house.rollbacks.tick()
    await house.rollbacks.tick()
    run = house.desk.show(started.id) if isinstance(started, RollbackRun) else None
    assert run is not None
    assert (run.complete, run.failed) == (True, ())
    assert run.steps[RollbackStep.PAYMENTS].detail.startswith("1 payments are listed")
    assert (house.place.running, len(house.place.keys)) == ({"blue": 2, "green": 0}, 1)
    (notice,) = house.reports.iterdir()
    assert "1 payments were charged although they were shown as failed" in notice.read_text("utf-8")


@pytest.mark.parametrize("kind", [RollbackKind.TRAFFIC, RollbackKind.COMPLETE])
async def test_what_cannot_be_taken_back_is_refused_and_nothing_is_written(house: House, kind: RollbackKind) -> None:
    sequence = house.writer.state.sequence
    unknown = await house.ask(kind, deployment_id="dep-9")
    assert isinstance(unknown, RollbackRefused)
    assert unknown.refusal is RollbackRefusal.UNKNOWN
    assert house.writer.state.sequence == sequence
    await house.writer.append(deployment(status="failed", at_ms=NOW_MS + 1))
    ended = await house.ask(kind)
    assert isinstance(ended, RollbackRefused)
    assert ended.refusal is RollbackRefusal.NOTHING_TO_TAKE_BACK


async def test_a_rollback_that_failed_can_be_asked_for_again_and_one_that_was_done_cannot(house: House) -> None:
    house.world.readable = False
    assert said(await house.ask(RollbackKind.TRAFFIC)) == {RollbackStep.TRAFFIC: StepStatus.FAILED}
    house.world.readable = True
    assert said(await house.ask(RollbackKind.TRAFFIC)) == {RollbackStep.TRAFFIC: StepStatus.DONE}
    third = await house.ask(RollbackKind.TRAFFIC)
    assert isinstance(third, RollbackRefused)
    assert (third.refusal, len(house.world.writes)) == (RollbackRefusal.ALREADY_ROLLED_BACK, 1)


async def test_one_rollback_goes_on_at_a_time_and_only_an_emergency_waits_for_no_other(house: House) -> None:
    await house.ask(RollbackKind.COMPLETE)
    question = list(house.writer.state.approvals.values())[-1]
    await house.writer.append(ApprovalGiven(approval_id=question.id, digest=question.digest), "bob")
    house.books.records["pay_1"] = record("pay_1", status="processing")
    assert RollbackStep.DRAIN not in said(await house.ask(RollbackKind.COMPLETE))
    other = await house.ask(RollbackKind.COMPLETE)
    assert isinstance(other, RollbackRefused)
    assert other.refusal is RollbackRefusal.UNDER_WAY
    assert said(await house.ask(RollbackKind.EMERGENCY))[RollbackStep.HOLD] is StepStatus.DONE
    assert house.core.now == "holding"


async def test_a_daemon_that_does_not_lead_begins_nothing(house: House) -> None:
    await house.clock.sleep(DAY_MS / 1000)
    answer = await house.ask(RollbackKind.EMERGENCY)
    assert isinstance(answer, RollbackRefused)
    assert (answer.refusal, house.core.now) == (RollbackRefusal.NOT_LEADING, "normal")


async def test_payments_that_nobody_was_told_of_are_in_the_list_of_a_complete_rollback(house: House) -> None:
    kept = house.books.records["pay_1"]
    assert isinstance(kept, PaymentRecord)
    house.books.records["pay_1"] = replace(kept, captured_cents=0, status="canceled")
    await house.ask(RollbackKind.COMPLETE)
    question = list(house.writer.state.approvals.values())[-1]
    await house.writer.append(ApprovalGiven(approval_id=question.id, digest=question.digest), "bob")
    run = await house.ask(RollbackKind.COMPLETE)
    assert isinstance(run, RollbackRun)
    assert run.steps[RollbackStep.PAYMENTS].status is StepStatus.NOTHING

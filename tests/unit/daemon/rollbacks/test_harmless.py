"""A rollback by hand cannot make it worse: nothing with traffic is stopped, nothing is called done that is not."""

import asyncio

import pytest

from remediation.errors import JournalFull
from remediation.journal.aftermath_kinds import RollbackEnded, RollbackStepEnded
from remediation.journal.entry import Draft, Entry
from remediation.journal.guardrail_kinds import ApprovalGiven
from remediation.journal.kinds import body_of
from remediation.rollback.model import RollbackKind, RollbackRun, RollbackStep, StepStatus
from tests.unit.daemon.rollbacks.house import House, said
from tests.unit.remediation.compensation.books import record
from tests.unit.remediation.worlds import NOW_MS, deployment


async def completed(house: House) -> dict[str, StepStatus]:
    """A complete rollback, approved, as far as it goes within some minutes."""
    asked = await house.ask(RollbackKind.COMPLETE)
    if not isinstance(asked, RollbackRun):
        question = list(house.writer.state.approvals.values())[-1]
        await house.writer.append(ApprovalGiven(approval_id=question.id, digest=question.digest), "bob")
        asked = await house.ask(RollbackKind.COMPLETE)
    assert isinstance(asked, RollbackRun)
    for _ in range(10):
        await house.clock.sleep(60)
        await house.rollbacks.tick()
    return said(house.writer.state.manual_rollbacks[asked.id])


async def test_an_environment_that_runs_a_later_release_by_now_is_not_stopped(house: House) -> None:
    await house.ask(RollbackKind.TRAFFIC)
    house.place.version = "3.0.0"
    house.world.weights = {"blue": 0, "green": 100}
    assert (await completed(house))[RollbackStep.ENVIRONMENT] is StepStatus.NOTHING
    assert house.place.running == {"blue": 2, "green": 2}


async def test_an_environment_that_somebody_gave_traffic_again_is_not_stopped(house: House) -> None:
    await house.ask(RollbackKind.TRAFFIC)
    house.world.weights = {"blue": 0, "green": 100}
    assert (await completed(house))[RollbackStep.ENVIRONMENT] is StepStatus.FAILED
    assert (house.place.running, house.place.keys) == ({"blue": 2, "green": 2}, [])


async def test_an_environment_is_not_stopped_while_clients_may_still_come_to_it(house: House) -> None:
    steps = await completed(house)
    assert steps[RollbackStep.ENVIRONMENT] is StepStatus.NOTHING
    assert house.place.running["green"] == 0
    late = next(iter(house.writer.state.manual_rollbacks.values()))
    house.place.running["green"] = 2
    await house.writer.append(deployment(status="rolled_back", at_ms=house.clock.now_ms()))
    answer = await house.works.environment(late)
    assert (answer.status, house.place.running["green"]) == (StepStatus.WAITING, 2)
    assert "clients may come to green" in answer.detail


async def test_a_release_that_keeps_its_traffic_is_never_called_rolled_back(house: House) -> None:
    taken = {"status": "succeeded", "phase": "final_validation", "weight_percent": 100}
    await house.writer.append(deployment(at_ms=NOW_MS + 1, **taken))
    newer = {"environment": "blue", "version": "3.0.0", "previous_environment": "green"}
    await house.writer.append(deployment(subject="dep-2", status="failed", at_ms=NOW_MS + 2, **newer))
    run = await house.ask(RollbackKind.TRAFFIC, "dep-1")
    assert isinstance(run, RollbackRun)
    assert (run.complete, run.failed, house.world.writes) == (False, (RollbackStep.TRAFFIC,), [])
    assert "dep-1 may hold traffic" in run.steps[RollbackStep.TRAFFIC].detail


async def test_who_asked_and_the_tick_do_no_step_twice(house: House) -> None:
    house.books.records["pay_1"] = record("pay_1", status="succeeded", captured_cents=1250)
    await house.ask(RollbackKind.COMPLETE)
    question = list(house.writer.state.approvals.values())[-1]
    await house.writer.append(ApprovalGiven(approval_id=question.id, digest=question.digest), "bob")

    async def ticks() -> None:
        for _ in range(20):
            await house.rollbacks.tick()
            await asyncio.sleep(0)

    await asyncio.gather(house.ask(RollbackKind.COMPLETE), ticks(), ticks())
    told = [body_of(entry) for entry in await house.journal.read(0, 500)]
    ended = [body.step for body in told if isinstance(body, RollbackStepEnded)]
    assert len(ended) == len(set(ended))
    assert sum(isinstance(body, RollbackEnded) for body in told) <= 1


async def test_two_people_who_ask_at_the_same_moment_begin_one_rollback(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    append = house.journal.append

    async def slow(draft: Draft, *, expected_sequence: int | None, epoch: int) -> Entry:
        await asyncio.sleep(0)
        return await append(draft, expected_sequence=expected_sequence, epoch=epoch)

    monkeypatch.setattr(house.journal, "append", slow)
    answers = await asyncio.gather(house.ask(RollbackKind.TRAFFIC), house.ask(RollbackKind.TRAFFIC))
    told = [entry for entry in await house.journal.read(0, 500) if entry.kind == "rollback.asked"]
    begun = [one.id for one in answers if isinstance(one, RollbackRun)]
    assert len(told) == len(begun) == len(set(begun)) == 1
    assert len(house.world.writes) == 1


@pytest.mark.parametrize("full_at", ["rollback.step", "rollback.ended"])
async def test_a_journal_that_fills_up_in_the_middle_refuses_nothing_that_has_begun(
    house: House, monkeypatch: pytest.MonkeyPatch, full_at: str
) -> None:
    append = house.journal.append

    async def filling(draft: Draft, *, expected_sequence: int | None, epoch: int) -> Entry:
        if draft.kind == full_at:
            raise JournalFull
        return await append(draft, expected_sequence=expected_sequence, epoch=epoch)

    monkeypatch.setattr(house.journal, "append", filling)
    run = await house.ask(RollbackKind.TRAFFIC)
    assert isinstance(run, RollbackRun)
    assert (run.ended_at_ms, len(house.world.writes)) == (0, 1)
    monkeypatch.undo()
    await house.rollbacks.tick()
    assert house.writer.state.manual_rollbacks[run.id].complete
    assert len(house.world.writes) == 1


async def test_a_journal_that_takes_no_question_begins_nothing(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    async def full(*_: object, **__: object) -> None:
        raise JournalFull

    monkeypatch.setattr(house.journal, "append", full)
    with pytest.raises(JournalFull):
        await house.ask(RollbackKind.EMERGENCY)
    assert (house.writer.state.manual_rollbacks, house.core.now) == ({}, "normal")

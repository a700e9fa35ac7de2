"""Every step of a rollback by hand is tried, whatever became of the others; only what is done is called complete."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remediation.errors import RemediationError, UnknownAction, UnsafeWeights, WorldRefused, WorldUnreachable
from remediation.journal.aftermath_kinds import RollbackAsked
from remediation.journal.memory import MemoryJournal
from remediation.journal.writer import JournalWriter
from remediation.rollback.model import STEPS, RollbackKind, RollbackRun, RollbackStep, StepResult, StepStatus
from remediation.rollback.running import OTHER_SECONDS, PATIENCE_SECONDS, Rollbacks, StepWork
from tests.unit.remediation.worlds import LEASE_MS, FakeClock

DONE = StepResult(status=StepStatus.DONE, detail="done")
LONG_MS = 1000 * LEASE_MS


class Works:
    """Answers of each step, in order; the last one for ever. tried: every call."""

    def __init__(self, answers: dict[RollbackStep, list[StepResult | RemediationError]]) -> None:
        self.answers = answers
        self.tried: list[RollbackStep] = []

    def by_step(self) -> dict[RollbackStep, StepWork]:
        return {step: self._work(step) for step in RollbackStep}

    def _work(self, step: RollbackStep) -> StepWork:
        async def work(_run: RollbackRun) -> StepResult:
            self.tried.append(step)
            answers = self.answers.get(step, [DONE])
            answer = answers.pop(0) if len(answers) > 1 else answers[0]
            if isinstance(answer, RemediationError):
                raise answer
            return answer

        return work


async def asked(kind: RollbackKind, clock: FakeClock, journal: MemoryJournal | None = None) -> JournalWriter:
    journal = MemoryJournal() if journal is None else journal
    writer = await JournalWriter.open(journal, await journal.acquire_lease("here", LONG_MS, clock.now_ms()), clock)
    if not writer.state.manual_rollbacks:
        await writer.append(RollbackAsked(rollback_id="rb-1", kind=kind, deployment_id="dep-1", reason="slow"), "ann")
    return writer


@pytest.mark.parametrize("kind", list(RollbackKind))
async def test_the_steps_of_each_sort_are_done_in_their_order_and_the_end_is_told(kind: RollbackKind) -> None:
    clock, works = FakeClock(), Works({})
    writer = await asked(kind, clock)
    run = await Rollbacks(writer, works.by_step(), clock).advance("rb-1")
    assert tuple(works.tried) == STEPS[kind]
    assert (run.complete, run.ended_at_ms > 0, run.asked_by) == (True, True, "ann")


@pytest.mark.parametrize("step", STEPS[RollbackKind.COMPLETE])
async def test_a_step_that_fails_leaves_the_rollback_partial_and_the_later_ones_are_tried(step: RollbackStep) -> None:
    clock, works = FakeClock(), Works({step: [WorldRefused("no")]})
    writer = await asked(RollbackKind.COMPLETE, clock)
    run = await Rollbacks(writer, works.by_step(), clock).advance("rb-1")
    failed = {step, RollbackStep.ENVIRONMENT} if step is RollbackStep.TRAFFIC else {step}
    assert (run.complete, set(run.failed)) == (False, failed)
    skipped = {RollbackStep.ENVIRONMENT} if step is RollbackStep.TRAFFIC else set()
    assert set(works.tried) == set(STEPS[RollbackKind.COMPLETE]) - skipped, "what still has traffic is not stopped"


@pytest.mark.parametrize("fault", [UnsafeWeights("another record has a share"), UnknownAction("kill.switch")])
async def test_a_step_that_cannot_be_done_is_told_and_ends_neither_the_tick_nor_the_later_steps(
    fault: RemediationError,
) -> None:
    clock, works = FakeClock(), Works({RollbackStep.HOLD: [fault]})
    writer = await asked(RollbackKind.EMERGENCY, clock)
    await Rollbacks(writer, works.by_step(), clock).tick()
    run = writer.state.manual_rollbacks["rb-1"]
    assert (run.failed, run.steps[RollbackStep.TRAFFIC].status) == ((RollbackStep.HOLD,), StepStatus.DONE)
    assert fault.detail in run.steps[RollbackStep.HOLD].detail


async def test_a_fault_that_nobody_foresaw_is_tried_again_until_its_time_is_over() -> None:
    clock = FakeClock()
    writer = await asked(RollbackKind.TRAFFIC, clock)

    async def broken(_run: RollbackRun) -> StepResult:
        raise RuntimeError("a mistake of ours")

    rollbacks = Rollbacks(writer, dict.fromkeys(RollbackStep, broken), clock)
    await rollbacks.tick()
    assert writer.state.manual_rollbacks["rb-1"].steps == {}
    await clock.sleep(OTHER_SECONDS)
    await rollbacks.tick()
    run = writer.state.manual_rollbacks["rb-1"]
    assert (run.complete, "a mistake of ours" in run.steps[RollbackStep.TRAFFIC].detail) == (False, True)


async def test_a_step_that_waits_is_looked_at_again_and_nothing_later_is_done_before() -> None:
    waiting = StepResult(status=StepStatus.WAITING, detail="3 payments")
    clock, works = FakeClock(), Works({RollbackStep.DRAIN: [waiting, waiting, DONE]})
    writer = await asked(RollbackKind.COMPLETE, clock)
    rollbacks = Rollbacks(writer, works.by_step(), clock)
    await rollbacks.tick()
    assert works.tried[-1] is RollbackStep.DRAIN
    await rollbacks.tick()
    assert writer.state.manual_rollbacks["rb-1"].next_step is RollbackStep.DRAIN
    await rollbacks.tick()
    assert writer.state.manual_rollbacks["rb-1"].complete
    await rollbacks.tick()
    assert works.tried.count(RollbackStep.TRAFFIC) == 1


@pytest.mark.parametrize("step", [RollbackStep.TRAFFIC, RollbackStep.DRAIN, RollbackStep.ENVIRONMENT])
async def test_a_world_that_is_away_is_asked_again_until_the_steps_time_is_over(step: RollbackStep) -> None:
    clock, works = FakeClock(), Works({step: [WorldUnreachable("no answer")]})
    writer = await asked(RollbackKind.COMPLETE, clock)
    rollbacks = Rollbacks(writer, works.by_step(), clock)
    patience = PATIENCE_SECONDS.get(step, OTHER_SECONDS)
    await rollbacks.tick()
    await clock.sleep(patience - 1)
    await rollbacks.tick()
    assert step not in writer.state.manual_rollbacks["rb-1"].steps
    await clock.sleep(1)
    await rollbacks.tick()
    run = writer.state.manual_rollbacks["rb-1"]
    assert (run.steps[step].status, run.complete) == (StepStatus.FAILED, False)
    assert "no answer" in run.steps[step].detail


@given(st.lists(st.sampled_from([DONE, WorldRefused("no"), WorldUnreachable("away")]), min_size=7, max_size=7))
async def test_complete_is_said_when_and_only_when_no_step_failed(answers: list[StepResult | RemediationError]) -> None:
    clock = FakeClock()
    works = Works(dict(zip(STEPS[RollbackKind.COMPLETE], ([answer] for answer in answers), strict=True)))
    writer = await asked(RollbackKind.COMPLETE, clock)
    rollbacks = Rollbacks(writer, works.by_step(), clock)
    for _ in range(20):
        await rollbacks.tick()
        await clock.sleep(600)
    run = writer.state.manual_rollbacks["rb-1"]
    assert (run.ended_at_ms > 0, run.complete) == (True, all(answer is DONE for answer in answers))


async def test_a_restart_goes_on_with_the_step_that_has_no_end() -> None:
    clock, journal = FakeClock(), MemoryJournal()
    works = Works({RollbackStep.DRAIN: [StepResult(status=StepStatus.WAITING, detail="2 payments")]})
    await Rollbacks(await asked(RollbackKind.COMPLETE, clock, journal), works.by_step(), clock).tick()
    again = Works({})
    run = await Rollbacks(await asked(RollbackKind.COMPLETE, clock, journal), again.by_step(), clock).advance("rb-1")
    assert (again.tried[0], run.complete) == (RollbackStep.DRAIN, True)
    assert RollbackStep.TRAFFIC not in again.tried


async def test_a_leader_whose_lease_ran_out_does_nothing() -> None:
    clock, works = FakeClock(), Works({})
    writer = await asked(RollbackKind.EMERGENCY, clock)
    await clock.sleep(LONG_MS / 1000)
    await Rollbacks(writer, works.by_step(), clock).tick()
    assert works.tried == []

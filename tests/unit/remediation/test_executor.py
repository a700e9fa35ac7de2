"""Doing what was decided exactly once, whatever dies in between."""

import asyncio
from collections.abc import Mapping

import pytest
from msgspec.structs import replace

from remediation.decide import decide
from remediation.decisions import OutcomeStatus, Reason
from remediation.errors import JournalFull, SequenceConflict, StaleEpoch, UnknownAction, WorldRefused, WorldUnreachable
from remediation.journal.entry import Draft, Entry
from remediation.journal.memory import MemoryJournal
from remediation.journal.writer import JournalWriter
from tests.unit.remediation.worlds import (
    LEASE_MS,
    NOW_MS,
    ROLLED_BACK,
    DyingJournal,
    FakeClock,
    FakeWorld,
    decided,
    deployment,
    finding,
    scene,
)


async def kinds(journal: MemoryJournal) -> list[str]:
    return [entry.kind for entry in await journal.read(0, 100)]


async def test_a_rollback_is_decided_intended_done_seen_and_recorded() -> None:
    here = await scene()
    decision = await decided(here)
    here.clock.at_ms += 40
    outcome = await here.executor.carry_out(decision)
    assert outcome is not None
    assert outcome.status is OutcomeStatus.VERIFIED
    assert (outcome.called_at_ms, outcome.cause_to_call_ms) == (NOW_MS + 40, 40)
    assert here.world.writes == [(ROLLED_BACK, decision.key)]
    assert await kinds(here.journal) == ["deployment", "finding", "decision", "intent", "outcome"]
    assert here.writer.state.deployments["dep-1"].rolled_back
    assert here.writer.state.actions[decision.id].before == {"blue": "50", "green": "50"}
    again = decide(finding(), here.writer.state, here.policy, NOW_MS + 100)
    assert again.reason is Reason.ALREADY_ROLLED_BACK


async def test_a_decision_not_to_act_is_recorded_and_nothing_is_done() -> None:
    here = await scene()
    assert await here.executor.carry_out(decide(finding(), here.writer.state, here.policy, NOW_MS)) is None
    assert here.writer.state.decisions[-1].reason is Reason.NO_DEPLOYMENT
    assert here.world.writes == []


async def test_a_dead_destination_is_refused_with_its_reason_and_nothing_is_sent() -> None:
    here = await scene(world=FakeWorld(healthy=False))
    outcome = await here.executor.carry_out(await decided(here))
    assert outcome is not None
    assert (outcome.status, outcome.called_at_ms) == (OutcomeStatus.REFUSED, 0)
    assert "blue is not healthy" in outcome.refusal
    assert here.world.writes == []
    assert "intent" not in await kinds(here.journal)


async def test_a_world_that_cannot_be_read_is_not_acted_on() -> None:
    here = await scene(world=FakeWorld(readable=False))
    outcome = await here.executor.carry_out(await decided(here))
    assert outcome is not None
    assert outcome.status is OutcomeStatus.REFUSED
    assert "could not be read" in outcome.refusal
    assert here.world.writes == []


async def test_what_is_already_so_is_not_done_again() -> None:
    here = await scene(world=FakeWorld(weights=dict(ROLLED_BACK)))
    outcome = await here.executor.carry_out(await decided(here))
    assert outcome is not None
    assert outcome.status is OutcomeStatus.ALREADY_DONE
    assert here.world.writes == []


async def test_a_timeout_after_the_effect_is_looked_at_and_not_repeated() -> None:
    here = await scene(world=FakeWorld(faults_after=[WorldUnreachable("timed out")]))
    outcome = await here.executor.carry_out(await decided(here))
    assert outcome is not None
    assert outcome.status is OutcomeStatus.VERIFIED
    assert len(here.world.writes) == 1


async def test_a_timeout_before_the_effect_is_tried_again_with_the_same_key() -> None:
    here = await scene(world=FakeWorld(faults_before=[WorldUnreachable("timed out")] * 2))
    decision = await decided(here)
    outcome = await here.executor.carry_out(decision)
    assert outcome is not None
    assert outcome.status is OutcomeStatus.VERIFIED
    assert here.world.writes == [(ROLLED_BACK, decision.key)]


async def test_a_world_that_never_answers_ends_as_failed_after_its_attempts() -> None:
    here = await scene(world=FakeWorld(faults_before=[WorldUnreachable("timed out")] * 9))
    outcome = await here.executor.carry_out(await decided(here))
    assert outcome is not None
    assert outcome.status is OutcomeStatus.FAILED
    assert "weights are blue 50, green 50" in outcome.detail
    assert "timed out" in outcome.detail
    assert len(here.world.faults_before) == 9 - 3
    assert not here.writer.state.deployments["dep-1"].rolled_back


async def test_a_refusal_of_the_world_is_not_repeated() -> None:
    here = await scene(world=FakeWorld(faults_before=[WorldRefused("AccessDenied")] * 9))
    outcome = await here.executor.carry_out(await decided(here))
    assert outcome is not None
    assert outcome.status is OutcomeStatus.FAILED
    assert "AccessDenied" in outcome.detail
    assert len(here.world.faults_before) == 8
    assert here.clock.now_ms() == NOW_MS


async def test_an_unforeseen_fault_after_the_effect_is_decided_by_looking() -> None:
    here = await scene(world=FakeWorld(faults_after=[KeyError("ChangeInfo")]))
    outcome = await here.executor.carry_out(await decided(here))
    assert outcome is not None
    assert outcome.status is OutcomeStatus.VERIFIED


async def test_an_accepted_call_that_is_never_seen_in_effect_is_unverified_and_never_success() -> None:
    here = await scene(world=FakeWorld(ignores_writes=True))
    outcome = await here.executor.carry_out(await decided(here))
    assert outcome is not None
    assert outcome.status is OutcomeStatus.UNVERIFIED
    assert outcome.verified_ms is None
    assert NOW_MS + 10_000 <= here.clock.now_ms() < NOW_MS + 11_000


async def test_an_effect_that_cannot_be_seen_is_unverified() -> None:
    class GoesDark(FakeWorld):
        async def write(self, weights: Mapping[str, int], key: str) -> None:
            await super().write(weights, key)
            self.readable = False

    here = await scene(world=GoesDark())
    outcome = await here.executor.carry_out(await decided(here))
    assert outcome is not None
    assert outcome.status is OutcomeStatus.UNVERIFIED
    assert "could not be read" in outcome.detail


async def test_an_action_that_is_not_installed_is_a_fault_before_anything_is_recorded() -> None:
    here = await scene()
    decision = replace(await decided(here), action="rollback.everything")
    with pytest.raises(UnknownAction):
        await here.executor.carry_out(decision)
    assert await kinds(here.journal) == ["deployment", "finding"]


async def test_of_two_decisions_on_one_target_made_on_the_same_state_one_acts() -> None:
    here = await scene()
    first = await decided(here)
    second = decide(finding(rule_id="other-rule"), here.writer.state, here.policy, NOW_MS)
    assert second.act
    outcomes = await asyncio.gather(here.executor.carry_out(first), here.executor.carry_out(second))
    assert [None if outcome is None else outcome.status for outcome in outcomes] == [OutcomeStatus.VERIFIED, None]
    assert here.writer.state.decisions[-1].reason is Reason.ACTION_IN_PROGRESS
    assert len(here.world.writes) == 1


async def test_a_decision_made_on_a_state_that_moved_since_is_made_again() -> None:
    here = await scene()
    first = await decided(here)
    second = decide(finding(rule_id="other-rule"), here.writer.state, here.policy, NOW_MS)
    await here.executor.carry_out(first)
    assert await here.executor.carry_out(second) is None
    assert here.writer.state.decisions[-1].reason is Reason.ALREADY_ROLLED_BACK
    assert len(here.world.writes) == 1


@pytest.mark.parametrize("fault", [JournalFull(), StaleEpoch(), SequenceConflict()])
@pytest.mark.parametrize("kind", ["decision", "intent"])
async def test_without_a_durable_intent_nothing_is_sent(kind: str, fault: Exception) -> None:
    here = await scene(journal=DyingJournal(kind, fault, written=False))
    with pytest.raises(type(fault)):
        await here.executor.carry_out(await decided(here))
    assert here.world.writes == []


async def test_a_paused_leader_cannot_act_after_another_took_over() -> None:
    paused = await scene()
    decision = await decided(paused)
    paused.clock.at_ms += LEASE_MS
    successor = await scene(journal=paused.journal, clock=paused.clock, world=paused.world, holder="there")
    with pytest.raises(StaleEpoch):
        await paused.executor.carry_out(decision)
    assert paused.world.writes == []
    await successor.executor.carry_out(decide(finding(), successor.writer.state, successor.policy, NOW_MS))
    assert len(paused.world.writes) == 1


async def test_a_leader_paused_between_intent_and_call_does_not_call_after_its_lease() -> None:
    class PausingJournal(MemoryJournal):
        async def append(self, draft: Draft, *, expected_sequence: int | None, epoch: int) -> Entry:
            entry = await super().append(draft, expected_sequence=expected_sequence, epoch=epoch)
            if draft.kind == "intent":
                clock.at_ms += LEASE_MS
            return entry

    clock = FakeClock()
    here = await scene(journal=PausingJournal(), clock=clock)
    outcome = await here.executor.carry_out(await decided(here))
    assert outcome is not None
    assert outcome.status is OutcomeStatus.REFUSED
    assert "lease" in outcome.refusal
    assert here.world.writes == []


async def test_a_cancelled_append_still_moves_the_state_with_the_journal() -> None:
    class SlowJournal(MemoryJournal):
        async def append(self, draft: Draft, *, expected_sequence: int | None, epoch: int) -> Entry:
            reached.set()
            await go_on.wait()
            return await super().append(draft, expected_sequence=expected_sequence, epoch=epoch)

    reached, go_on = asyncio.Event(), asyncio.Event()
    here = await scene(journal=SlowJournal())
    async with asyncio.TaskGroup() as tasks:
        append = tasks.create_task(here.writer.append(finding()), name="append")
        await reached.wait()
        append.cancel()
        await asyncio.wait({append})
        go_on.set()
        await here.writer.append(finding())
    assert here.writer.state.sequence == (await here.journal.head()).sequence == 2


async def test_a_conflict_brings_the_writer_up_to_date() -> None:
    here = await scene()
    other = JournalWriter(here.journal, here.writer.lease, here.clock)
    await other.append(deployment())
    with pytest.raises(SequenceConflict):
        await here.writer.append(finding())
    assert "dep-1" in here.writer.state.deployments
    await here.writer.append(finding())

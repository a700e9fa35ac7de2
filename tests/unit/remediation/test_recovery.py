"""What happens to an action whose process died, was paused or could not write."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

import pytest

from config.policy import GuardPolicy, Policy
from remediation.decide import decide
from remediation.decisions import OutcomeStatus
from remediation.errors import JournalFull
from remediation.journal.entry import Draft, Entry
from remediation.journal.memory import MemoryJournal
from tests.unit.remediation.worlds import (
    ROLLED_BACK,
    TARGET,
    DyingJournal,
    FakeWorld,
    Scene,
    Stopped,
    decided,
    finding,
    scene,
)

CRASH_POINTS_MAX = 40

Answer = TypeVar("Answer")


class Crash:
    """Stops the process at one of the points where it waits for a disk or for the world."""

    def __init__(self, at: int, *, after: bool) -> None:
        self.at, self.after = at, after
        self.passed = 0
        self.armed = False

    @property
    def happened(self) -> bool:
        """Whether the point was reached."""
        return self.passed > self.at

    async def around(self, call: Callable[[], Awaitable[Answer]]) -> Answer:
        """Count the call, and stop before or after it when it is the one."""
        if not self.armed:
            return await call()
        here = self.passed == self.at
        self.passed += 1
        if here and not self.after:
            raise Stopped
        answer = await call()
        if here:
            raise Stopped
        return answer


class CrashingJournal(MemoryJournal):
    """A journal whose process dies around an append."""

    def __init__(self, crash: Crash) -> None:
        super().__init__()
        self._crash = crash

    async def append(self, draft: Draft, *, expected_sequence: int | None, epoch: int) -> Entry:
        """See Journal."""
        write = super().append
        return await self._crash.around(lambda: write(draft, expected_sequence=expected_sequence, epoch=epoch))


class CrashingWorld(FakeWorld):
    """A world whose caller dies around a call."""

    crash: Crash

    async def read(self) -> dict[str, int]:
        """See Traffic."""
        return await self.crash.around(super().read)

    async def write(self, weights: Mapping[str, int], key: str) -> None:
        """See Traffic."""
        write = super().write
        await self.crash.around(lambda: write(weights, key))


async def crash_and_restart(crash: Crash, policy: Policy | None = None, later_ms: int = 0) -> tuple[Scene, FakeWorld]:
    """Carry out until the crash, then start again over the same journal and world, and recover."""
    world = CrashingWorld()
    world.crash = crash
    here = await scene(journal=CrashingJournal(crash), world=world)
    decision = await decided(here)
    crash.armed = True
    with contextlib.suppress(Stopped):
        await here.executor.carry_out(decision)
    crash.armed = False
    here.clock.at_ms += later_ms
    if policy is not None:
        here.policy = policy
    next_one = await here.restarted()
    await next_one.executor.recover()
    return next_one, world


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
async def test_killed_at_any_point_it_recovers_to_a_single_effect(*, after: bool) -> None:
    for at in range(CRASH_POINTS_MAX):
        crash = Crash(at, after=after)
        restarted, world = await crash_and_restart(crash)
        state = restarted.writer.state
        assert all(one.status is not None for one in state.actions.values()), at
        if not state.deployments["dep-1"].rolled_back:
            # Nothing was sent before the intent, and what still breaches is decided anew.
            assert world.writes == [], at
            restarted.clock.at_ms += 10_000
            again = decide(finding(), state, restarted.policy, restarted.clock.now_ms())
            await restarted.executor.carry_out(again)
        assert len(world.writes) == 1, at
        assert world.weights == ROLLED_BACK, at
        if not crash.happened:
            assert at >= 6
            return
    pytest.fail("the action never came to its end")


async def test_recovery_does_not_send_on_stale_evidence_or_against_the_switch() -> None:
    intent_written = Crash(2, after=True)
    restarted, world = await crash_and_restart(intent_written, later_ms=121_000)
    assert [one.status for one in restarted.writer.state.actions.values()] == [OutcomeStatus.REFUSED]
    assert world.writes == []
    switched_off = Policy(guard=GuardPolicy(observe_only=True))
    restarted, world = await crash_and_restart(Crash(2, after=True), policy=switched_off)
    assert [one.status for one in restarted.writer.state.actions.values()] == [OutcomeStatus.REFUSED]
    assert world.writes == []


async def test_recovery_waits_while_the_world_cannot_be_read() -> None:
    here = await scene(journal=DyingJournal("outcome", JournalFull(), written=False), world=FakeWorld())
    with pytest.raises(JournalFull):
        await here.executor.carry_out(await decided(here))
    here.world.readable = False
    assert await here.executor.recover() == []
    assert here.writer.state.targets[TARGET].running


async def test_recovery_leaves_running_actions_alone() -> None:
    class WaitingWorld(FakeWorld):
        async def write(self, weights: Mapping[str, int], key: str) -> None:
            reached.set()
            await go_on.wait()
            await super().write(weights, key)

    reached, go_on = asyncio.Event(), asyncio.Event()
    here = await scene(world=WaitingWorld())
    decision = await decided(here)
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(here.executor.carry_out(decision), name="carry out")
        await reached.wait()
        assert await here.executor.recover() == []
        go_on.set()
    outcome = running.result()
    assert outcome is not None
    assert outcome.status is OutcomeStatus.VERIFIED
    assert len(here.world.writes) == 1


async def test_an_action_stopped_by_a_full_journal_is_closed_once_there_is_room() -> None:
    journal = DyingJournal("intent", JournalFull(), written=False)
    here = await scene(journal=journal)
    decision = await decided(here)
    with pytest.raises(JournalFull):
        await here.executor.carry_out(decision)
    journal.fault = None
    (outcome,) = await here.executor.recover()
    assert outcome.status is OutcomeStatus.REFUSED
    assert here.world.writes == []
    assert not here.writer.state.targets[TARGET].running

"""Kills, ramps and reverts: from the finding to what the processes report, and back."""

import contextlib
from collections.abc import Awaitable, Callable

import pytest
from msgspec.structs import replace

from checks.findings import Finding
from config.policy import GuardPolicy, Policy
from remediation.decide import decide
from remediation.decisions import OutcomeStatus, Reason
from remediation.flags.model import FlagChange
from remediation.flags.telling import goes_back, may_go_on
from remediation.guardrails.storm import turmoil
from remediation.journal.memory import MemoryJournal
from remediation.undo import UndoRefusal
from tests.unit.remediation.flags.journal_of_flags import DOCUMENT, OFF, ON, changed, ramp_at
from tests.unit.remediation.flags.served_flags import FlagScene, flag_scene
from tests.unit.remediation.test_recovery import CRASH_POINTS_MAX, Crash, CrashingJournal
from tests.unit.remediation.worlds import NOW_MS, Stopped, finding


def breach(action: str = "flags.kill", flag: str = "payouts", at_ms: int = NOW_MS) -> Finding:
    """A rule that asks for something of a flag."""
    return finding(rule_id="r", do=(action,), key={}, flag=flag, at_ms=at_ms)


async def ramping(percent: int = 5) -> FlagScene:
    """A ramp of payouts is under way."""
    one = await flag_scene()
    await one.say(changed(FlagChange.RAMP, ramp_at(percent)))
    return one


async def test_a_flag_is_killed_once_and_seen_to_be() -> None:
    one = await flag_scene()
    assert await one.act(breach()) is OutcomeStatus.VERIFIED
    assert one.flags.book.killed == ("payouts",)
    [asked] = one.flags.asked
    assert (asked.flag, asked.what) == ("payouts", FlagChange.KILL)
    assert "r" in asked.reason
    one.clock.at_ms += 1_000
    assert await one.act(breach(at_ms=one.clock.at_ms)) is Reason.IN_EFFECT
    assert len(one.flags.asked) == 1


@pytest.mark.parametrize("flag", ["gone", ""])
@pytest.mark.parametrize("action", ["flags.kill", "flags.revert"])
async def test_a_flag_that_the_document_does_not_have_is_not_changed(action: str, flag: str) -> None:
    one = await flag_scene()
    assert await one.act(breach(action, flag)) is Reason.NO_SUBJECT
    assert one.flags.asked == []


async def test_a_process_that_says_nothing_is_named_and_not_assumed() -> None:
    one = await flag_scene()
    one.flags.silent = ("core-3",)
    assert await one.act(breach()) is OutcomeStatus.UNVERIFIED
    [action] = one.writer.state.actions.values()
    assert "core-3 say nothing" in action.detail


async def test_a_process_that_lags_is_named_and_waited_for() -> None:
    one = await flag_scene()
    one.flags.lagging = ("core-3 (12)",)
    assert await one.act(breach()) is OutcomeStatus.UNVERIFIED
    [action] = one.writer.state.actions.values()
    assert "core-3 (12)" in action.detail


async def test_without_any_process_nothing_is_said_to_be_in_effect() -> None:
    one = await flag_scene()
    one.flags.serving = ()
    assert await one.act(breach()) is OutcomeStatus.UNVERIFIED
    assert one.flags.book.killed == ("payouts",)


async def test_a_lost_answer_is_no_second_change() -> None:
    one = await flag_scene()
    one.flags.lost = 1
    assert await one.act(breach()) is OutcomeStatus.VERIFIED
    assert len(one.flags.book.of("payouts").history) == 1


async def test_what_no_process_could_read_is_not_done() -> None:
    one = await ramping()
    one.flags.refuses = True
    assert await one.act(may_go_on("payouts", 25, why="enough", samples=200, now_ms=NOW_MS)) is OutcomeStatus.FAILED


async def test_a_ramp_goes_on_step_by_step_and_spends_no_budget_of_automation() -> None:
    one = await ramping()
    for percent in (25, 50, 100):
        one.clock.at_ms += 10_000
        step = may_go_on("payouts", percent, why="enough", samples=200, now_ms=one.clock.at_ms)
        assert await one.act(step) is OutcomeStatus.VERIFIED
        ramp = one.flags.book.of("payouts").ramp
        assert ramp is not None
        assert ramp.percent == percent
    assert one.writer.state.intents_at_ms == ()
    assert turmoil(one.writer.state, 0).actions == 0
    again = may_go_on("payouts", 50, why="enough", samples=200, now_ms=one.clock.at_ms)
    assert await one.act(again) is Reason.IN_EFFECT


async def test_a_ramp_that_went_a_step_a_second_ago_is_taken_back_at_once() -> None:
    one = await ramping()
    await one.act(may_go_on("payouts", 25, why="enough", samples=200, now_ms=NOW_MS))
    one.clock.at_ms += 1_000
    back = goes_back("payouts", why="error_ratio 5 % above 2 %", samples=50, now_ms=one.clock.at_ms)
    assert await one.act(back) is OutcomeStatus.VERIFIED
    flag = one.flags.book.of("payouts")
    assert (flag.setting, flag.ramp) == (None, None)
    one.clock.at_ms += 1_000
    nothing_left = goes_back("payouts", why="again", samples=50, now_ms=one.clock.at_ms)
    assert await one.act(nothing_left) is Reason.NO_SUBJECT


async def test_a_ramp_that_somebody_ended_meanwhile_does_not_go_on() -> None:
    one = await ramping()
    step = may_go_on("payouts", 25, why="enough", samples=200, now_ms=NOW_MS)
    decision = decide(step, one.writer.state, one.policy, NOW_MS)
    assert decision.act
    await one.say(changed(FlagChange.SET, OFF, key="k2"))
    assert await one.executor.carry_out(decision) is None
    assert one.flags.asked == []
    assert one.flags.book.of("payouts").setting == OFF


async def test_a_ramp_waits_while_automation_is_stopped_and_a_kill_does_not_wait_for_a_cool_down_of_the_ramp() -> None:
    off = Policy(guard=GuardPolicy(observe_only=True))
    watching = await flag_scene(policy=off)
    await watching.say(changed(FlagChange.RAMP, ramp_at(5)))
    step = may_go_on("payouts", 25, why="enough", samples=200, now_ms=NOW_MS)
    assert await watching.act(step) is Reason.OBSERVE_ONLY
    one = await ramping()
    await one.act(step)
    assert await one.act(breach()) is OutcomeStatus.VERIFIED


async def test_a_kill_waits_for_no_step_of_a_ramp_that_is_over() -> None:
    one = await ramping()
    await one.act(may_go_on("payouts", 25, why="enough", samples=200, now_ms=NOW_MS))
    await one.say(changed(FlagChange.FINISH, ON, key="k9"))
    assert await one.act(breach()) is OutcomeStatus.VERIFIED


async def test_what_a_person_revived_is_not_killed_again_at_once_and_a_third_time_by_people_alone() -> None:
    one = await flag_scene()
    for number in range(2):
        assert await one.act(breach(at_ms=one.clock.at_ms)) is OutcomeStatus.VERIFIED
        await one.say(changed(FlagChange.REVIVE, key=f"revive {number}"))
        one.clock.at_ms += 1_000
        assert await one.act(breach(at_ms=one.clock.at_ms)) is Reason.COOLING_DOWN
        one.clock.at_ms += round(one.policy.guard.cooldown * 1000)
        one.writer.renewed(await one.renewed())
    assert await one.act(breach(at_ms=one.clock.at_ms)) is Reason.RECURRING


async def test_reverting_a_change_of_a_person_goes_back_to_what_was_served_before() -> None:
    one = await flag_scene()
    await one.say(changed(FlagChange.SET, ON), changed(FlagChange.SET, OFF, key="k2"))
    assert await one.act(breach("flags.revert")) is OutcomeStatus.VERIFIED
    assert one.flags.book.of("payouts").setting == ON


async def test_a_kill_that_a_person_takes_back_revives_exactly_what_was_killed() -> None:
    one = await ramping(25)
    await one.act(breach())
    [killed] = one.writer.state.actions
    await one.executor.undo(killed, "ada", "it was a false alarm")
    flag = one.flags.book.of("payouts")
    assert flag.killed is None
    assert flag.setting == ramp_at(25)
    assert one.writer.state.actions[killed].undone_by


async def test_a_step_that_a_person_takes_back_is_the_step_before() -> None:
    one = await ramping()
    await one.act(may_go_on("payouts", 25, why="enough", samples=200, now_ms=NOW_MS))
    [step] = one.writer.state.actions
    await one.executor.undo(step, "ada", "too early")
    assert one.flags.book.of("payouts").setting == ramp_at(5)
    refused = await one.executor.undo(step, "ada", "once more")
    assert isinstance(refused, tuple)
    assert refused[0] is UndoRefusal.UNDONE


async def crashed(crash: Crash, prepare: Callable[[FlagScene], Awaitable[None]], one: Finding) -> FlagScene:
    """Carry out until the crash, then start again over the same journal, and recover."""
    journal = CrashingJournal(crash)
    here = await flag_scene(journal)
    await here.say(DOCUMENT)
    await prepare(here)
    decision = decide(one, here.writer.state, here.policy, here.clock.now_ms())
    crash.armed = True
    with contextlib.suppress(Stopped):
        await here.executor.carry_out(decision)
    crash.armed = False
    again = await flag_scene(journal)
    await again.executor.recover()
    return again


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("action", ["flags.kill", "flags.ramp", "flags.revert"])
async def test_killed_at_any_point_it_recovers_to_a_single_change(action: str, *, after: bool) -> None:
    async def prepare(here: FlagScene) -> None:
        await here.say(changed(FlagChange.RAMP, ramp_at(5), key="k0"))

    step = may_go_on("payouts", 25, why="enough", samples=200, now_ms=NOW_MS)
    one = step if action == "flags.ramp" else breach(action)
    for at in range(CRASH_POINTS_MAX):
        crash = Crash(at, after=after)
        here = await crashed(crash, prepare, one)
        assert all(action.status is not None for action in here.writer.state.actions.values()), at
        if len(here.flags.book.of("payouts").history) == 1:
            # Nothing was recorded before the intent, and what still breaches is decided anew.
            here.clock.at_ms += 10_000
            await here.act(replace(one, at_ms=here.clock.at_ms))
        assert len(here.flags.book.of("payouts").history) == 2, at
        if not crash.happened:
            assert at >= 3
            return
    pytest.fail("the action never came to its end")


async def test_a_memory_of_what_was_done_is_the_journal_alone() -> None:
    journal = MemoryJournal()
    one = await flag_scene(journal)
    await one.say(DOCUMENT)
    await one.act(breach())
    other = await flag_scene(journal)
    assert other.flags.book == one.flags.book

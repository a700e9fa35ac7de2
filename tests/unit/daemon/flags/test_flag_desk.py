"""What people may do to flags: what is done at once, what waits for another, and what is refused with what to do."""

from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec.structs import replace

from config.calendars.calendar import Calendar
from config.calendars.freeze import Freeze
from config.flags import FlagPolicy, Flags, RampStep
from config.guardrails import ApprovalRule, Approvals
from config.policy import Policy
from daemon.flags.desk import FlagAnswer
from daemon.flags.wishes import FlagRefusal, FlagRefused
from remediation.errors import JournalFull
from remediation.flags.model import FlagChange
from remediation.journal.flag_kinds import FlagBody
from remediation.journal.guardrail_kinds import ApprovalGiven
from remediation.state import ActionState
from tests.unit.daemon.flags.flag_house import DOCUMENT, TEXT, FlagHouse, flag_house
from tests.unit.remediation.worlds import NOW_MS, DyingJournal

RULE = {"if": [{"==": [{"var": "country"}, "US"]}, "on", None]}


async def approve(one: FlagHouse) -> None:
    """Another person says yes to the newest question."""
    asked = list(one.writer.state.approvals.values())[-1]
    await one.writer.append(ApprovalGiven(approval_id=asked.id, digest=asked.digest), "bob")


async def test_a_kill_is_recorded_with_who_and_why_and_serves_the_safe_default() -> None:
    one = await flag_house()
    answer = await one.done(FlagChange.KILL)
    assert (answer.changed, answer.version) == (True, one.version)
    flag = one.served()
    assert (flag["defaultVariant"], flag["metadata"]["killed"]) == ("off", True)
    [entry] = await one.entries("flag.changed")
    assert (entry.actor, entry.fields["reason"], entry.fields["what"]) == ("ada", "because", "kill")


async def test_a_kill_of_a_critical_flag_asks_nobody_and_reviving_it_asks_another_person() -> None:
    one = await flag_house()
    await one.done(FlagChange.KILL, "processor")
    refused = await one.refused(FlagChange.REVIVE, "processor")
    assert refused.refusal is FlagRefusal.NEEDS_APPROVAL
    assert one.served("processor")["metadata"]["killed"] is True
    again = await one.refused(FlagChange.REVIVE, "processor")
    assert again == refused
    assert len(one.writer.state.approvals) == 1
    await approve(one)
    await one.done(FlagChange.REVIVE, "processor")
    assert one.served("processor") == DOCUMENT["flags"]["processor"]


async def test_one_yes_is_for_one_change_alone() -> None:
    one = await flag_house()
    await one.refused(FlagChange.SET, "processor", variant="off")
    await approve(one)
    await one.refused(FlagChange.SET, "processor", variant="on")
    await approve(one)
    await one.done(FlagChange.SET, "processor", variant="on")
    one.clock.at_ms += 1
    refused = await one.refused(FlagChange.SET, "processor", variant="off")
    assert refused.refusal is FlagRefusal.NEEDS_APPROVAL


async def test_flags_yaml_can_make_a_flag_critical_and_policy_yaml_can_ask_nobody() -> None:
    strict = Flags(flags={"payouts": FlagPolicy(critical=True)})
    one = await flag_house(strict)
    assert (await one.refused(FlagChange.SET, variant="off")).refusal is FlagRefusal.NEEDS_APPROVAL
    free = Policy(approvals=Approvals(flag=ApprovalRule(needed=0)))
    other = await flag_house(strict, policy=free)
    assert (await other.done(FlagChange.SET, variant="off")).changed


async def test_killing_what_is_killed_changes_nothing_and_is_no_refusal() -> None:
    one = await flag_house()
    first = await one.done(FlagChange.KILL)
    second = await one.done(FlagChange.KILL)
    assert (second.changed, second.version) == (False, first.version)
    assert len(await one.entries("flag.changed")) == 1


@pytest.mark.parametrize(
    ("what", "more", "refusal"),
    [
        (FlagChange.SET, {"variant": "maybe"}, FlagRefusal.NO_VARIANT),
        (FlagChange.SET, {"variant": "maybe", "targeting": {}}, FlagRefusal.NO_VARIANT),
        (FlagChange.SET, {}, FlagRefusal.NOTHING_TO_CHANGE),
        (FlagChange.SET, {"targeting": {"nonsense": [1]}}, FlagRefusal.NOT_READABLE),
        (FlagChange.RAMP, {"variant": "on"}, FlagRefusal.NOTHING_TO_CHANGE),
        (FlagChange.RAMP, {"variant": "maybe"}, FlagRefusal.NO_VARIANT),
        (FlagChange.RAMP, {}, FlagRefusal.NO_VARIANT),
        (FlagChange.RAMP, {"variant": "off", "steps": (25, 5)}, FlagRefusal.NO_VARIANT),
        (FlagChange.RAMP, {"variant": "off", "steps": (0,)}, FlagRefusal.NO_VARIANT),
        (FlagChange.REVERT, {}, FlagRefusal.NOTHING_TO_CHANGE),
        (FlagChange.REVIVE, {}, FlagRefusal.NOT_KILLED),
    ],
)
@pytest.mark.parametrize("dry_run", [False, True])
async def test_what_cannot_be_is_refused_before_anything_is_recorded(
    what: FlagChange, more: dict[str, Any], refusal: FlagRefusal, *, dry_run: bool
) -> None:
    one = await flag_house()
    sequence = one.writer.state.sequence
    refused = await one.refused(what, dry_run=dry_run, **more)
    assert refused.refusal is refusal
    assert refused.detail
    assert one.writer.state.sequence == sequence


@pytest.mark.parametrize("what", list(FlagChange))
async def test_an_unknown_flag_is_refused_with_those_that_there_are(what: FlagChange) -> None:
    one = await flag_house()
    refused = await one.refused(what, "payuots", variant="off")
    assert refused.refusal is FlagRefusal.UNKNOWN
    assert "payouts, processor" in refused.detail


@pytest.mark.parametrize("what", [FlagChange.SET, FlagChange.RAMP, FlagChange.REVERT])
async def test_a_killed_flag_is_revived_before_it_is_set(what: FlagChange) -> None:
    one = await flag_house()
    await one.done(FlagChange.KILL)
    refused = await one.refused(what, variant="off")
    assert refused.refusal is FlagRefusal.KILLED
    assert "ada" in refused.detail


async def test_a_freeze_holds_changes_unless_they_are_forced_and_never_a_kill() -> None:
    start, end = (datetime.fromtimestamp(at_ms / 1000, UTC) for at_ms in (NOW_MS - 1000, NOW_MS + 3_600_000))
    frozen = Calendar(name="holidays", kind="freeze", freezes=(Freeze(start=start, end=end, reason="sales"),))
    one = await flag_house(policy=Policy(calendars=(frozen,)))
    assert (await one.refused(FlagChange.SET, variant="off")).refusal is FlagRefusal.FROZEN
    assert (await one.done(FlagChange.SET, variant="off", force=True)).changed
    assert (await one.done(FlagChange.KILL)).changed
    assert (await one.refused(FlagChange.REVIVE)).refusal is FlagRefusal.FROZEN


async def test_who_does_not_lead_changes_nothing() -> None:
    one = await flag_house()
    one.clock.at_ms = one.writer.lease.until_ms
    assert (await one.refused(FlagChange.KILL)).refusal is FlagRefusal.NOT_LEADING


async def test_a_dry_run_says_what_would_be_and_asks_for_nothing() -> None:
    one = await flag_house()
    sequence = one.writer.state.sequence
    for what in (FlagChange.KILL, FlagChange.SET, FlagChange.RAMP):
        answer = await one.done(what, "processor", variant="off", dry_run=True)
        assert (answer.planned, answer.detail.startswith("would be")) == (True, True)
    assert one.writer.state.sequence == sequence


async def test_a_rule_of_a_persons_own_takes_the_place_of_the_documents() -> None:
    one = await flag_house()
    answer = await one.done(FlagChange.SET, variant="off", targeting=RULE)
    assert answer.detail == "off unless targeting of its own says otherwise"
    flag = one.served()
    assert (flag["defaultVariant"], flag["targeting"]) == ("off", RULE)
    again = await one.refused(FlagChange.SET, variant="off", targeting=dict(RULE))
    assert again.refusal is FlagRefusal.NOTHING_TO_CHANGE
    await one.done(FlagChange.SET)
    assert one.served() == DOCUMENT["flags"]["payouts"]


async def test_a_ramp_takes_the_steps_that_are_asked_for_with_the_evidence_of_those_that_are_configured() -> None:
    configured = (RampStep(percent=10, samples=7, hold=1.0), RampStep(percent=100, samples=99, hold=2.0))
    one = await flag_house(Flags(defaults=FlagPolicy(ramp=configured)))
    await one.done(FlagChange.RAMP, variant="off", steps=(5, 50))
    ramp = one.parts.changes.book.of("payouts").ramp
    assert ramp is not None
    assert [(step.percent, step.samples, step.hold_seconds) for step in ramp.plan.steps] == [(5, 7, 1.0), (50, 99, 2.0)]
    assert one.served()["targeting"]["fractional"][1:] == [["off", 5], ["on", 95]]
    assert one.served()["metadata"]["experiment"] is True
    assert (await one.refused(FlagChange.RAMP, variant="off")).refusal is FlagRefusal.NOTHING_TO_CHANGE
    await one.done(FlagChange.REVERT)
    assert one.served() == DOCUMENT["flags"]["payouts"]


async def test_a_journal_that_takes_nothing_is_raised_and_nothing_is_served() -> None:
    one = await flag_house(journal=DyingJournal("flag.changed", JournalFull(), written=False))
    before = one.served()
    with pytest.raises(JournalFull):
        await one.ask(FlagChange.KILL)
    assert one.served() == before


async def test_two_people_who_kill_at_once_leave_one_state_and_each_an_answer() -> None:
    one = await flag_house()
    answers = [await one.ask(FlagChange.KILL, actor=actor) for actor in ("ada", "bob")]
    assert [isinstance(answer, FlagAnswer) and answer.changed for answer in answers] == [True, False]


async def test_the_document_that_is_served_already_is_no_news() -> None:
    one = await flag_house()
    version = one.version
    assert await one.parts.base.follow(TEXT) == ""
    assert one.version == version


async def test_an_automatic_kill_of_a_critical_flag_is_taken_back_by_reviving_it_alone() -> None:
    one = await flag_house()
    killed = ActionState(
        decision_id="dec-1",
        sequence=1,
        action="flags.kill",
        target="flag:processor",
        key="k",
        arguments={"flag": "processor"},
        cause_at_ms=1,
        decided_at_ms=1,
    )
    policies, book = one.parts.policies, one.parts.changes.book
    assert "flags revive processor" in policies.revived_elsewhere(killed, book)
    assert policies.revived_elsewhere(replace(killed, arguments={"flag": "payouts"}), book) == ""
    assert policies.revived_elsewhere(replace(killed, action="flags.ramp"), book) == ""


@pytest.mark.parametrize("what", [FlagChange.SET, FlagChange.RAMP])
async def test_who_loses_a_race_against_a_kill_is_told_so_and_not_that_it_was_done(what: FlagChange) -> None:
    one = await flag_house()
    looked = one.parts.changes.look

    async def killed_meanwhile(said: FlagBody) -> None:
        await looked(said)
        await one.done(FlagChange.KILL, actor="bob")

    one.parts.changes.look = killed_meanwhile  # type: ignore[method-assign]  # the moment between look and record
    answered = await one.ask(what, variant="off")
    assert isinstance(answered, FlagRefused)
    assert (answered.refusal, "bob" in answered.detail) == (FlagRefusal.KILLED, True)
    assert one.parts.changes.book.of("payouts").history[-1].void

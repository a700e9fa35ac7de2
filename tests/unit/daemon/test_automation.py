"""What people and storms do to automation, as the journal and the rules hear of it."""

import pytest
from msgspec.structs import replace

from config.guardrails import ApprovalRule, Approvals, Storm
from daemon.automation import TELL_SECONDS, words_of
from daemon.senses.payment_flow import PaymentFlow
from remediation.decide import decide
from remediation.decisions import OutcomeStatus, Reason
from remediation.guardrails.approvals import ApprovalRefusal
from remediation.guardrails.money_at_risk import Flow
from remediation.undo import UndoRefusal
from tests.unit.daemon.automation_world import POLICY, World, world
from tests.unit.remediation.worlds import FakeClock, deployment, finding


async def test_a_stop_holds_at_once_and_after_a_restart_until_somebody_resumes() -> None:
    here = await world()
    await here.scene.writer.append(deployment())
    assert await here.automation.stop("ada", "looking at the rail")
    assert not await here.automation.stop("bob", "me too")
    decision = decide(finding(), here.scene.writer.state, here.policy, here.scene.clock.at_ms)
    assert decision.reason is Reason.STOPPED
    assert "ada stopped automation: looking at the rail" in decision.detail
    assert await here.automation.resume("bob", "seen")
    assert not await here.automation.resume("bob", "again")
    assert decide(finding(), here.scene.writer.state, here.policy, here.scene.clock.at_ms).act
    assert [entry.actor for entry in await here.entries()][1:] == ["ada", "bob"]
    assert await here.automation.stop("ada", "once more")
    restarted = await here.scene.restarted()
    assert decide(finding(), restarted.writer.state, here.policy, here.scene.clock.at_ms).reason is Reason.STOPPED


async def stormy() -> World:
    here = await world(POLICY.model_copy(update={"storm": Storm(incidents=2, calm=60.0)}))
    for number in range(2):
        await here.scene.writer.append(finding(rule_id=f"rule-{number}"))
    return here


async def test_a_storm_is_journaled_once_and_told_to_the_rules_until_it_is_over() -> None:
    here = await stormy()
    for _ in range(TELL_SECONDS - 1):
        await here.automation.tick()
        here.scene.clock.at_ms += 1000
    assert [fact.status for fact in here.told] == ["unhealthy"]
    assert (await here.kinds()).count("storm.began") == 1
    here.scene.clock.at_ms += 1000
    await here.automation.tick()
    await here.automation.tick()
    # It was calm for a minute by now.
    assert [fact.status for fact in here.told] == ["unhealthy", "healthy"]
    assert (await here.kinds())[-2:] == ["storm.began", "storm.ended"]


async def test_a_storm_that_lasts_is_told_again_before_its_reading_grows_old() -> None:
    here = await stormy()
    here.policy = POLICY.model_copy(update={"storm": Storm(incidents=2, calm=3600.0)})
    for _ in range(3 * TELL_SECONDS):
        await here.automation.tick()
        here.scene.clock.at_ms += 1000
    assert [fact.status for fact in here.told] == ["unhealthy"] * 3
    assert "storm" in here.told[-1].detail


async def test_a_person_ends_a_storm_and_the_rules_hear_of_it() -> None:
    here = await stormy()
    await here.automation.tick()
    here.scene.clock.at_ms += 1000
    assert await here.automation.resume("ada", "it is one outage")
    await here.automation.tick()
    assert [fact.status for fact in here.told] == ["unhealthy", "healthy"]
    assert "storm.ended" not in await here.kinds()


async def test_taking_a_rollback_back_within_the_limit_is_done_and_its_figure_journaled() -> None:
    here = await world()
    decision_id = await here.rolled_back()
    here.scene.clock.at_ms += 30_000
    here.pay(30, 3_000)
    undone = await here.automation.undo(decision_id, "ada", "the rule was wrong")
    assert undone.outcome is not None
    assert undone.outcome.status is OutcomeStatus.VERIFIED
    [risked] = [entry.fields for entry in await here.entries() if entry.kind == "money.risked"]
    # 30 payments of $30 in half a minute, half of them go to green, and a fault is seen within a minute.
    assert (risked["cents"], risked["limit_cents"], risked["allowed"]) == (90_000, 100_000, True)


@pytest.mark.parametrize(("payments", "told"), [(200, "cents would be at risk"), (0, "is not known")])
async def test_taking_a_rollback_back_beyond_the_limit_or_unseen_asks_others_first(payments: int, told: str) -> None:
    here = await world()
    decision_id = await here.rolled_back()
    here.scene.clock.at_ms += 30_000
    here.pay(payments, 3_000)
    for _ in range(2):
        undone = await here.automation.undo(decision_id, "ada", "the rule was wrong")
        assert undone.refusal is UndoRefusal.NEEDS_APPROVAL
        assert told in undone.detail
    [asked] = here.automation.state.approvals.values()
    assert (asked.requested_by, asked.change) == ("ada", "at_risk")
    assert await here.automation.approve(asked.id, "ada", "admin", asked.digest, "") is ApprovalRefusal.REQUESTER
    assert await here.automation.approve(asked.id, "bob", "approver", asked.digest, "") is None
    undone = await here.automation.undo(decision_id, "ada", "the rule was wrong")
    assert undone.outcome is not None
    assert undone.outcome.status is OutcomeStatus.VERIFIED


async def test_what_cannot_be_taken_back_is_said_before_anybody_is_asked_about_money() -> None:
    here = await world()
    decision_id = await here.rolled_back()
    here.scene.clock.at_ms += 30_000
    await here.scene.writer.append(deployment(subject="dep-2", at_ms=here.scene.clock.at_ms))
    undone = await here.automation.undo(decision_id, "ada", "the rule was wrong")
    assert undone.refusal is UndoRefusal.MOVED_ON
    assert {"approval.asked", "money.risked"}.isdisjoint(await here.kinds())


async def test_weights_of_any_size_are_weighed_by_their_share() -> None:
    here = await world()
    here.scene.world.weights = {"blue": 155, "green": 100}
    decision_id = await here.rolled_back()
    here.scene.world.weights = {"blue": 100, "green": 0}
    here.scene.clock.at_ms += 30_000
    here.pay(30, 3_000)
    undone = await here.automation.undo(decision_id, "ada", "the rule was wrong")
    assert undone.outcome is not None
    [risked] = [entry.fields for entry in await here.entries() if entry.kind == "money.risked"]
    assert risked["share_percent"] == 40


@pytest.mark.parametrize("moved", [True, False])
async def test_a_try_that_gave_nobody_traffic_leaves_the_hour_as_it_was(moved: bool) -> None:
    here = await world()
    decision_id = await here.rolled_back()
    here.scene.clock.at_ms += 30_000
    here.pay(30, 3_000)
    if moved:
        here.scene.world.weights = {"blue": 90, "green": 10}
    else:
        here.scene.world.healthy = False
    undone = await here.automation.undo(decision_id, "ada", "the rule was wrong")
    assert undone.outcome is not None
    assert undone.outcome.status is (OutcomeStatus.REFUSED if moved else OutcomeStatus.FAILED)
    assert "money.risked" in await here.kinds()
    assert [one.cents for one in here.automation.state.risked] == []


async def test_two_answers_at_once_count_as_two_people_and_never_as_one_twice() -> None:
    here = await world(POLICY.model_copy(update={"approvals": Approvals(at_risk=ApprovalRule(needed=2))}))
    decision_id = await here.rolled_back()
    await here.automation.undo(decision_id, "ada", "wrong")
    [asked] = here.automation.state.approvals.values()
    for person, refusal in (("bob", None), ("bob", ApprovalRefusal.TWICE), ("eve", None)):
        assert await here.automation.approve(asked.id, person, "approver", asked.digest, "") is refusal
    assert await here.automation.refuse("apr-0", "eve", "admin", "no") is ApprovalRefusal.UNKNOWN
    assert await here.automation.refuse(asked.id, "eve", "operator", "no") is ApprovalRefusal.ROLE
    assert await here.automation.refuse(asked.id, "eve", "admin", "no") is None


def test_every_refusal_is_a_sentence() -> None:
    assert all(words_of(refusal).endswith(".") for refusal in ApprovalRefusal)


async def test_the_flow_is_of_the_last_minute() -> None:
    here = await world()
    assert here.flow.seen() is None
    here.pay(2, 100)
    here.pay(1, 50)
    here.scene.clock.at_ms += 30_000
    here.pay(1, 1_000)
    assert here.flow.seen() == Flow(payments=4, amount_cents=1_250, window_ms=30_000)
    here.scene.clock.at_ms += 31_000
    assert here.flow.seen() == Flow(payments=1, amount_cents=1_000, window_ms=60_000)
    here.scene.clock.at_ms += 60_000
    assert here.flow.seen() is None


def test_facts_are_handed_on() -> None:
    seen: list[int] = []
    PaymentFlow(FakeClock()).beside(lambda facts: seen.append(len(facts)))(
        [deployment(), replace(deployment(), id="x")]
    )
    assert seen == [2]


async def test_what_is_taken_back_elsewhere_is_refused_with_the_way_and_nothing_is_written() -> None:
    one = await world()
    decision_id = await one.rolled_back()
    one.automation._another_way = lambda action: f"revive {action.target}"
    sequence = one.scene.writer.state.sequence
    undone = await one.automation.undo(decision_id, "ada", "a false alarm")
    assert (undone.refusal, undone.detail) == (UndoRefusal.NEEDS_APPROVAL, "revive dns:payments.tillwatch.test")
    assert one.scene.writer.state.sequence == sequence

"""A step says what is so: whose decision counts, what was not looked at, who approves, what customers may expect."""

from dataclasses import replace

import pytest

from config.guardrails import ApprovalRule, Approvals
from config.policy import Policy
from daemon.aftermath.affected import AffectedPayments, Found
from daemon.rollbacks.notice import notice
from remediation.by_hand import by_hand
from remediation.compensation.model import AffectedPayment, Fix
from remediation.compensation.state import CompensationState, FixState
from remediation.decide import ROLLBACK_TRAFFIC, decide
from remediation.decisions import Decision, Outcome
from remediation.executor import Executor
from remediation.rollback.model import RollbackKind, RollbackRun, RollbackStep, StepStatus
from remediation.state import DeploymentState
from tests.unit.daemon.rollbacks.house import ALL_OFF, House, said
from tests.unit.remediation.worlds import NOW_MS, ROLLED_BACK, release

RUN = RollbackRun(
    id="rb-1", kind=RollbackKind.COMPLETE, deployment_id="dep-1", asked_by="ann", reason="slow", asked_at_ms=NOW_MS
)


@pytest.mark.parametrize(("ended", "told"), [(True, {RollbackStep.TRAFFIC: StepStatus.NOTHING}), (False, {})])
async def test_a_person_whose_action_another_took_in_the_same_moment_is_not_told_that_it_failed(
    house: House, monkeypatch: pytest.MonkeyPatch, ended: bool, told: dict[str, StepStatus]
) -> None:
    carry_out = Executor.decide_and_carry_out

    async def overtaken(self: Executor, decision: Decision) -> tuple[Decision, Outcome | None]:
        """Another one has acted, or is about to, between the decision and the lock."""
        monkeypatch.undo()
        state, now_ms = house.writer.state, house.clock.now_ms()
        asked = by_hand(ROLLBACK_TRAFFIC, state.deployments["dep-1"], asked_by="bob", reason="it fails", now_ms=now_ms)
        other = decide(asked, state, Policy(guard=ALL_OFF), now_ms)
        await (carry_out(self, other) if ended else house.writer.append(other))
        return await carry_out(self, decision)

    monkeypatch.setattr(Executor, "decide_and_carry_out", overtaken)
    assert said(await house.ask(RollbackKind.TRAFFIC)) == told
    assert (house.world.weights == ROLLED_BACK) is ended


async def test_payments_that_contradict_the_rail_fail_the_step_although_the_ledger_balances(house: House) -> None:
    await house.ask(RollbackKind.TRAFFIC)
    assert (await house.works.reconciliation(RUN)).status is StepStatus.DONE
    house.rail.mismatched = 2
    result = await house.works.reconciliation(RUN)
    assert result.status is StepStatus.FAILED
    assert "20 entries balance" in result.detail
    assert "2 of 2.0.0 on green" in result.detail


async def test_payments_of_the_release_that_were_not_looked_at_are_counted(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    look = AffectedPayments.look

    async def some(self: AffectedPayments, deployment: DeploymentState) -> Found:
        return replace(await look(self, deployment), unread=300)

    assert "not looked at" not in (await house.works.drain(RUN)).detail
    monkeypatch.setattr(AffectedPayments, "look", some)
    result = await house.works.drain(RUN)
    assert result.status is StepStatus.DONE
    assert "300 were not looked at" in result.detail


@pytest.mark.parametrize(("needed", "who"), [(0, "nobody has"), (1, "another person has"), (3, "3 other people have")])
async def test_as_many_have_to_approve_as_the_policy_says(
    house: House, monkeypatch: pytest.MonkeyPatch, needed: int, who: str
) -> None:
    policy = Policy(approvals=Approvals(payment_fixes=ApprovalRule(needed=needed)))
    monkeypatch.setattr(house.works, "_policy", lambda: policy)
    result = await house.works.payments(RUN)
    assert result.detail.startswith("1 payments are listed")
    assert result.detail.endswith(f"{who} to approve")


def payment(number: int, fix: Fix) -> AffectedPayment:
    return AffectedPayment(
        payment_id=f"pay_{number}",
        at_ms=NOW_MS,
        told="failed",
        status="succeeded",
        fix=fix,
        amount_cents=1250,
        currency="usd",
        why="",
    )


def told_of(fix: Fix, state: FixState | None) -> str:
    listed = CompensationState(
        deployment_id="dep-1",
        digest="",
        listed_at_ms=NOW_MS,
        payments=(payment(1, fix),),
        fixes={} if state is None else {"pay_1": state},
    )
    return notice(RUN, release(), listed)


@pytest.mark.parametrize(
    ("fix", "later", "done"),
    [
        (Fix.REFUND, "will be returned once", "was returned"),
        (Fix.VOID, "will be released once", "was released"),
        (Fix.RESEND, "will be tried again", "were tried again"),
    ],
)
def test_customers_are_promised_nothing_that_nobody_approved_yet(fix: Fix, later: str, done: str) -> None:
    for state in (None, FixState(begun_at_ms=NOW_MS)):
        assert later in told_of(fix, state)
        assert done not in told_of(fix, state)
    assert done in told_of(fix, FixState(begun_at_ms=NOW_MS, ended=True, done=True))
    assert "looked at by a person" in told_of(fix, FixState(begun_at_ms=NOW_MS, ended=True))

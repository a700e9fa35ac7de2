"""What people may do to automation: stop it, let it go on, answer what it asks, take back what it did."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

import structlog
from msgspec.structs import replace

from checks.facts import Fact, HealthProbed
from config.policy import Policy
from daemon.senses.payment_flow import PaymentFlow
from remediation.asking import ask
from remediation.decisions import Outcome, Question
from remediation.executor import Executor
from remediation.guardrails.approvals import (
    REFUSAL_WORDS,
    ApprovalChange,
    ApprovalRefusal,
    digest_of,
    is_approved,
    may_approve,
    may_refuse,
)
from remediation.guardrails.halts import stopped_itself
from remediation.guardrails.money_at_risk import RiskKind, share_back_percent, weigh
from remediation.guardrails.state import StormState
from remediation.guardrails.storm import judge
from remediation.journal.guardrail_kinds import (
    ApprovalGiven,
    ApprovalRefused,
    AutomationResumed,
    AutomationStopped,
    MoneyRisked,
    StormBegan,
    StormEnded,
)
from remediation.journal.writer import JournalWriter
from remediation.ports import Clock
from remediation.state import ActionState, State
from remediation.undo import UndoRefusal, subject_of

log = structlog.get_logger()

COMPONENT = "automation"
"""The name under which rules hear that automation stopped itself."""
TELL_SECONDS = 60
"""A storm is told again this often, so that a reading of it does not grow old while it lasts."""


@dataclass(frozen=True, slots=True)
class Undone:
    """refusal: why nothing was taken back, None when it was tried. detail: in words. outcome: what the world showed."""

    refusal: UndoRefusal | None
    detail: str
    outcome: Outcome | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UndoLook:
    """refusal: why nothing would be taken back. restores: what would be so again. asks: why others have to agree."""

    refusal: str = ""
    restores: Mapping[str, str] = field(default_factory=dict)
    asks: str = ""


class Automation:
    """The guard rails that people hold. policy: as it is at this moment. take: hands facts to the rules.

    another_way: why an action is taken back elsewhere, where more is asked; empty for what is taken back here.
    Journal faults are raised, and nothing has changed then.
    """

    def __init__(
        self,
        writer: JournalWriter,
        executor: Executor,
        flow: PaymentFlow,
        clock: Clock,
        policy: Callable[[], Policy],
        take: Callable[[Sequence[Fact]], Awaitable[None]],
        another_way: Callable[[ActionState], str] = lambda _: "",
    ) -> None:
        self._writer = writer
        self._executor = executor
        self._flow = flow
        self._clock = clock
        self._policy = policy
        self._take = take
        self._another_way = another_way
        self._told_ms = 0

    @property
    def state(self) -> State:
        """What the journal says."""
        return self._writer.state

    @property
    def policy(self) -> Policy:
        """What is decided by at this moment."""
        return self._policy()

    async def stop(self, actor: str, reason: str) -> bool:
        """Let nothing act by itself from now on, also after a restart; false when it is stopped already."""
        if self.state.stopped is not None:
            return False
        await self._writer.append(AutomationStopped(reason=reason), actor)
        log.warning("automation stopped", action="automation_stopped", by=actor, reason=reason)
        return True

    async def resume(self, actor: str, reason: str, skipped: tuple[str, ...] = ()) -> bool:
        """Let automation act again, after a stop or a storm; false when neither is in force. skipped: confirmations."""
        storm = self.state.storm
        if self.state.stopped is None and (storm is None or not storm.lasts):
            return False
        await self._writer.append(AutomationResumed(reason=reason, skipped=skipped), actor)
        log.warning("automation resumed", action="automation_resumed", by=actor, reason=reason)
        return True

    async def approve(self, approval_id: str, person: str, role: str, digest: str, note: str) -> ApprovalRefusal | None:
        """Count this person's yes to what they looked at; why it does not count otherwise."""
        async with self._executor.deciding:
            approval = self.state.approvals.get(approval_id)
            refusal = may_approve(approval, person, role, digest, self._clock.now_ms())
            if refusal is None:
                await self._writer.append(ApprovalGiven(approval_id=approval_id, digest=digest, note=note), person)
            return refusal

    async def refuse(self, approval_id: str, person: str, role: str, reason: str) -> ApprovalRefusal | None:
        """End the question with this person's no; why it does not count otherwise."""
        async with self._executor.deciding:
            refusal = may_refuse(self.state.approvals.get(approval_id), role, self._clock.now_ms())
            if refusal is None:
                await self._writer.append(ApprovalRefused(approval_id=approval_id, reason=reason), person)
            return refusal

    async def undo(self, decision_id: str, actor: str, reason: str, skipped: tuple[str, ...] = ()) -> Undone:
        """Take an automatic action back; giving traffic to a version or a region that lost it puts money at risk."""

        async def weigh_it(one: ActionState) -> tuple[UndoRefusal, str] | None:
            elsewhere = self._another_way(one)
            if elsewhere:
                return UndoRefusal.NEEDS_APPROVAL, elsewhere
            return await self._held_by_money(one, actor, reason)

        found = await self._executor.undo(decision_id, actor, reason, skipped, weigh_it)
        if isinstance(found, tuple):
            return Undone(*found)
        return Undone(None, found.refusal if found.refusal else found.detail, found)

    async def look_at_undo(self, decision_id: str) -> UndoLook:
        """What taking an action back would do now; nothing is written, and nobody is asked."""
        found = await self._executor.look_at_undo(decision_id)
        if isinstance(found, tuple):
            return UndoLook(refusal=found[1])
        one = self.state.actions[decision_id]
        elsewhere = self._another_way(one)
        if elsewhere:
            return UndoLook(refusal=elsewhere)
        asks = ""
        share = share_back_percent(one)
        if share is not None:
            approved, risked = self._risked(one, share)
            asks = "" if approved or (risked is not None and risked.allowed) else _figure(risked)
        return UndoLook(refusal=found.refusal, restores=found.before, asks=asks)

    async def tick(self) -> None:
        """Stop automation when too much happens at once, let it go on when it is calm, and tell the rules of it."""
        said = judge(self.state, self.policy.storm, self._clock.now_ms())
        if isinstance(said, StormBegan | StormEnded):
            await self._writer.append(said)
            log.warning("storm", action="storm_began" if isinstance(said, StormBegan) else "storm_ended", why=said.why)
        storm, now_ms = self.state.storm, self._clock.now_ms()
        if storm is None:
            return
        # What was told a while ago grows old for the rules while the storm lasts; its end is told once.
        due = now_ms - self._told_ms >= TELL_SECONDS * 1000 if storm.lasts else storm.ended_at_ms > self._told_ms
        if said is not None or due:
            self._told_ms = now_ms
            await self._take([_told(storm, now_ms)])

    async def _held_by_money(self, one: ActionState, actor: str, reason: str) -> tuple[UndoRefusal, str] | None:
        """Why nobody gets traffic back without others who agree; None when they may, or it is not about traffic."""
        share = share_back_percent(one)
        if share is None:
            return None
        approved, risked = self._risked(one, share)
        if risked is not None:
            await self._writer.append(risked, actor)
        if approved or (risked is not None and risked.allowed):
            return None
        figure = _figure(risked)
        question = replace(_question(one, share), what=f"{subject_of(one.decision_id)}: {figure} ({reason})")
        await ask(self._writer, self.policy.approvals, question, actor, self._clock.now_ms())
        return UndoRefusal.NEEDS_APPROVAL, f"{figure}: others have to approve it, see tillwatch approvals list"

    def _risked(self, one: ActionState, share: int) -> tuple[bool, MoneyRisked | None]:
        """Whether others have agreed to it, and how much money it puts at risk; None when that is not known."""
        policy, now_ms, question = self.policy, self._clock.now_ms(), _question(one, share)
        approved = is_approved(self.state, policy.approvals, question, now_ms)
        risked = weigh(
            RiskKind.ACTION,
            question.subject,
            self._flow.seen(),
            share,
            state=self.state,
            policy=policy.money_at_risk,
            now_ms=now_ms,
            approved=approved,
        )
        return approved, risked


def _question(one: ActionState, share: int) -> Question:
    """About the act and not about its figure, which moves with the payments."""
    subject = subject_of(one.decision_id)
    digest = digest_of(subject, one.key, str(share))
    return Question(change=ApprovalChange.AT_RISK, subject=subject, digest=digest, what=subject)


def _figure(risked: MoneyRisked | None) -> str:
    if risked is None:
        return "how much money would be at risk is not known, because no payment was seen"
    return f"{risked.cents} cents would be at risk, {risked.limit_cents} are allowed"


def words_of(refusal: ApprovalRefusal) -> str:
    """The refusal as a sentence."""
    return f"{REFUSAL_WORDS[refusal]}."


def _told(storm: StormState, now_ms: int) -> HealthProbed:
    return HealthProbed(
        id=f"automation-{now_ms}",
        at_ms=now_ms,
        subject=COMPONENT,
        status="unhealthy" if storm.lasts else "healthy",
        check="storm",
        detail=stopped_itself(storm.why) if storm.lasts else "automation acts",
    )

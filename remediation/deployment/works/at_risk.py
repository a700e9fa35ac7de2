"""Lets a stage begin only with as much money at risk as the policy allows, or people did."""

from collections.abc import Callable

from msgspec.structs import replace

from config.guardrails import MoneyAtRisk
from config.policy import Policy
from remediation.decisions import Question
from remediation.deployment.findings import StepReport
from remediation.deployment.ports import StepContext, StepWork
from remediation.deployment.works.looks import waiting
from remediation.guardrails.approvals import ApprovalChange, digest_of, is_approved, to_ask
from remediation.guardrails.money_at_risk import Flow, RiskKind, weigh
from remediation.journal.guardrail_kinds import MoneyRisked
from remediation.journal.writer import JournalWriter
from remediation.ports import Clock, Look
from remediation.state import HOUR_MS


class WithinMoney:
    """A shift of traffic behind its limit. It waits for people where it needs more, or where no payment was seen.

    flow: the payments of the last minute. What the journal says was let through in the last hour is not weighed again,
    neither while it is repeated nor after a restart.
    """

    def __init__(
        self,
        work: StepWork,
        flow: Callable[[], Flow | None],
        writer: JournalWriter,
        policy: Callable[[], Policy],
        clock: Clock,
    ) -> None:
        self._work = work
        self._flow = flow
        self._writer = writer
        self._policy = policy
        self._clock = clock

    async def probe(self, context: StepContext) -> Look:
        """See StepWork."""
        return await self._work.probe(context)

    async def perform(self, context: StepContext, key: str) -> StepReport:
        """See StepWork."""
        if int(context.step.arguments["percent"]) > 0 and not self._let_through(context):
            held = await self._weigh(context)
            if held is not None:
                return held
        return await self._work.perform(context, key)

    def _let_through(self, context: StepContext) -> bool:
        subject, since_ms = _subject(context), self._clock.now_ms() - HOUR_MS
        return any(one.subject == subject and one.at_ms > since_ms for one in self._writer.state.risked)

    async def _weigh(self, context: StepContext) -> StepReport | None:
        """Why the stage has to wait; None when it may begin."""
        policy, now_ms = self._policy(), self._clock.now_ms()
        question = _question(context)
        approved = is_approved(self._writer.state, policy.approvals, question, now_ms)
        risked = self._figure(context, policy.money_at_risk, approved=approved)
        if approved or (risked is not None and risked.allowed):
            if risked is not None:
                await self._writer.append(risked)
            return None
        words = _words(risked)
        told = replace(question, what=f"{question.subject}: {words}")
        asked = to_ask(self._writer.state, policy.approvals, told, context.plan.request.requested_by, now_ms)
        # What is held is told once: with its question.
        if asked is not None and risked is not None:
            await self._writer.append(risked)
        if asked is not None:
            await self._writer.append(asked)
        return waiting(f"{words}; people have to approve it (tillwatch approvals list)")

    def _figure(self, context: StepContext, policy: MoneyAtRisk, *, approved: bool) -> MoneyRisked | None:
        return weigh(
            RiskKind.STAGE,
            _subject(context),
            self._flow(),
            int(context.step.arguments["percent"]),
            state=self._writer.state,
            policy=policy,
            now_ms=self._clock.now_ms(),
            approved=approved,
        )


def _subject(context: StepContext) -> str:
    return f"{context.plan.request.deployment_id}: {context.step.id}"


def _question(context: StepContext) -> Question:
    """About the stage and not about its figure, which moves with the payments."""
    subject = _subject(context)
    digest = digest_of(subject, context.plan.request.version, context.step.arguments["percent"])
    return Question(change=ApprovalChange.AT_RISK, subject=subject, digest=digest, what=subject)


def _words(risked: MoneyRisked | None) -> str:
    if risked is None:
        return "no payment was seen in the last minute, so it is not known how much money would be at risk"
    return f"{risked.cents} cents would be at risk until a fault is seen, {risked.limit_cents} are allowed"

"""The approval of a rollout: enough people agreed to exactly this plan, and in time."""

from collections.abc import Callable

from config.policy import Policy
from remediation.decisions import Question
from remediation.deployment.findings import StepReport
from remediation.deployment.plan import Plan
from remediation.deployment.ports import StepContext
from remediation.deployment.works.looks import OnlyLooks, failed, passed, waiting
from remediation.guardrails.approvals import ApprovalChange, ApprovalStatus, digest_of, newest, rule_of, status_of
from remediation.journal.entry import canonical
from remediation.ports import Clock
from remediation.state import State


def digest_of_plan(plan: Plan) -> str:
    """What is approved: every step of the plan, and who asked for it."""
    return digest_of(canonical(plan).decode())


def question_about(plan: Plan) -> Question:
    """What people are asked before any of it is done."""
    request = plan.request
    return Question(
        change=ApprovalChange.ROLLOUT,
        subject=request.deployment_id,
        digest=digest_of_plan(plan),
        what=f"{request.version} by {request.strategy} in {', '.join(request.regions)}, {len(plan.steps)} steps",
    )


class Approved(OnlyLooks):
    """Waits until enough people have agreed; a no, and a yes that came too late, end the deployment."""

    def __init__(self, state: Callable[[], State], policy: Callable[[], Policy], clock: Clock) -> None:
        self._state = state
        self._policy = policy
        self._clock = clock

    async def perform(self, context: StepContext, key: str) -> StepReport:
        """See StepWork."""
        del key
        rule = rule_of(ApprovalChange.ROLLOUT, self._policy().approvals)
        if rule.needed == 0:
            return passed("nobody has to approve a rollout (approvals.rollout in policy.yaml)")
        found = newest(self._state(), question_about(context.plan))
        if found is None:
            return failed("nobody was asked to approve this plan; plan it anew")
        names = ", ".join(one.by for one in found.given)
        match status_of(found, self._clock.now_ms()):
            case ApprovalStatus.APPROVED:
                return passed(f"approved by {names}")
            case ApprovalStatus.WAITING:
                given = f", {names} agreed" if names else ""
                return waiting(
                    f"{len(found.given)} of {found.needed} have approved it{given} (tillwatch approvals list)"
                )
            case status:
                by = f" by {found.refused_by}" if found.refused_by else ""
                return failed(f"the approval is {status.value}{by}")

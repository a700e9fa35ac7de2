"""What the works have in common: steps that only look, and the words for an environment."""

from remediation.deployment.findings import StepFinding, StepReport
from remediation.deployment.ports import EnvironmentState, StepContext
from remediation.ports import Look

NEVER_IN_EFFECT = Look(in_effect=False, detail="it only looks")


class OnlyLooks:
    """A step that changes nothing, so that it is never in effect already."""

    async def probe(self, context: StepContext) -> Look:
        """See StepWork."""
        del context
        return NEVER_IN_EFFECT


def passed(detail: str) -> StepReport:
    """The step is done."""
    return StepReport(finding=StepFinding.PASSED, detail=detail)


def waiting(detail: str) -> StepReport:
    """The step goes on."""
    return StepReport(finding=StepFinding.WAITING, detail=detail)


def failed(detail: str) -> StepReport:
    """The answer is no."""
    return StepReport(finding=StepFinding.FAILED, detail=detail)


def shown(state: EnvironmentState) -> str:
    """``2.0.0, 3 of 4 healthy``, and what the world says of it."""
    words = f"{state.version}, {state.healthy} of {state.desired} healthy"
    return f"{words}: {state.failed or state.detail}" if state.failed or state.detail else words

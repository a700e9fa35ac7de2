"""Whether both releases have tried to open stored cards since a step began, which no silence of a rule says."""

from collections.abc import Mapping
from typing import Protocol

from remediation.deployment.findings import StepFinding, StepReport
from remediation.deployment.gates.sides import sides_of
from remediation.deployment.ports import StepContext
from remediation.deployment.works.looks import waiting


class Opened(Protocol):
    """Knows who has told of stored cards."""

    def readers(self, context: StepContext) -> frozenset[str]:
        """Environments whose release has tried to open some since the step began, by what was read of it last."""


class Refusing(Protocol):
    """Knows who does not answer the question."""

    def refusing(self, region: str) -> Mapping[str, str]:
        """By environment, why it was not asked for stored cards when it was tried last: too old, or no right to."""


class TokensTried:
    """Both releases of a step, each heard of as a reader of stored cards."""

    def __init__(self, opened: Opened, looks: Refusing) -> None:
        self._opened = opened
        self._looks = looks

    def untried(self, context: StepContext) -> StepReport | None:
        """Held when a release cannot tell, waiting when one has not told yet; None when both have."""
        sides = sides_of(context.plan, context.step)
        if sides is None:
            return StepReport(finding=StepFinding.HELD, detail=f"the plan has no region {context.step.region}")
        missing = {sides.old.environment, sides.new.environment} - self._opened.readers(context)
        if not missing:
            return None
        told = self._looks.refusing(context.step.region)
        refusing = sorted(missing & told.keys())
        if refusing:
            words = "; ".join(f"{name} cannot tell whether it opens stored cards: {told[name]}" for name in refusing)
            return StepReport(finding=StepFinding.HELD, detail=words)
        return waiting(f"no stored card was tried by {' and '.join(sorted(missing))}")

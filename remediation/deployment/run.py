"""A deployment on its way, as the journal tells it: its plan, where it is, what was asked of it, how it ended."""

from enum import StrEnum

import msgspec

from remediation.deployment.findings import GateReading, StepFinding
from remediation.deployment.plan import Plan, Step

RUNS_MAX = 20
"""Kept in memory, about 100 KB each with its plan; ended ones go first."""
ENDED_STEPS_MAX = 400
"""Of one run; a plan for three regions has about 120."""
GATES_AT_START = "check.gates"
"""The kind of the step that looks whether a gate is red before anything is changed."""


class RunOutcome(StrEnum):
    """How a deployment ended. rolled_back: it had traffic, and has none any more."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    ABORTED = "aborted"
    ROLLED_BACK = "rolled_back"


class EndedStep(msgspec.Struct, frozen=True, kw_only=True):
    """A step with its end. begun_at_ms: 0 when the run ended before it was begun."""

    step_id: str
    finding: StepFinding
    detail: str
    begun_at_ms: int
    ended_at_ms: int
    readings: tuple[GateReading, ...] = ()


class DeploymentRun(msgspec.Struct, frozen=True, kw_only=True):
    """One run of a plan.

    sequence: the entry that planned it. index: of the step that is being done or comes next, counted over the plan's
    steps and then its unwinding. key: of that step once it was begun, and began_at_ms when; empty and 0 before.
    paused_ms: how long that step was paused, beside what goes on since paused_at_ms (0: not paused).
    exposed_ms: by region, since when payments may reach the new version there.
    stopped: why the rest of the plan is not done but its unwinding; None while it is. stopped_region: where.
    no_return: the job past which nothing is rolled back, once it was begun. asked_to_abort_by: who, and why.
    outcome: None until it has ended.
    """

    id: str
    sequence: int
    plan: Plan
    planned_at_ms: int
    index: int = 0
    key: str = ""
    began_at_ms: int = 0
    paused_at_ms: int = 0
    paused_ms: int = 0
    paused_by: str = ""
    asked_to_abort_by: str = ""
    abort_reason: str = ""
    stopped: RunOutcome | None = None
    stopped_region: str = ""
    no_return: str = ""
    ended: tuple[EndedStep, ...] = ()
    begun_ids: frozenset[str] = frozenset()
    exposed_ms: dict[str, int] = {}
    outcome: RunOutcome | None = None
    ended_at_ms: int = 0
    detail: str = ""

    @property
    def step(self) -> Step | None:
        """The step that is being done or comes next; None when none is left."""
        steps = self.plan.steps
        if self.index < len(steps):
            return steps[self.index] if self.stopped is None else None
        unwound = self.index - len(steps)
        is_left = self.stopped is not None and unwound < len(self.plan.unwinding)
        return self.plan.unwinding[unwound] if is_left else None

    @property
    def paused(self) -> bool:
        """Whether a person holds it."""
        return self.paused_at_ms > 0

    def borne(self, region: str) -> frozenset[str]:
        """The rules that were red in the region before, where the deployment was declared as differential.

        What they say is no verdict on the release: it is held against the old version instead.
        """
        if not self.plan.request.differential:
            return frozenset()
        checks = {step.id for step in self.plan.steps if (step.kind, step.region) == (GATES_AT_START, region)}
        readings = (reading for one in self.ended if one.step_id in checks for reading in one.readings)
        return frozenset(reading.gate for reading in readings if reading.red_at_start)

    def spent_ms(self, now_ms: int) -> int:
        """How much of its time the step has used: since it began, without the pauses. 0 before it began."""
        if not self.began_at_ms:
            return 0
        pausing = now_ms - self.paused_at_ms if self.paused_at_ms else 0
        return max(0, now_ms - self.began_at_ms - self.paused_ms - pausing)

    def is_late(self, now_ms: int) -> bool:
        """Whether the step has used up its time."""
        step = self.step
        return step is not None and self.spent_ms(now_ms) > step.within_seconds * 1000

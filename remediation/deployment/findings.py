"""What a step of a deployment found, and the numbers that a gate went by."""

from enum import StrEnum

import msgspec


class StepFinding(StrEnum):
    """One look at a step.

    passed: done, and seen to be so. waiting: it goes on, look again. held: it cannot be told, so nothing is promoted
    and nothing is rolled back, and somebody is paged. failed: the answer is no. breached: the release is bad.
    unreachable: the world did not answer, so it is looked at again.
    """

    PASSED = "passed"
    WAITING = "waiting"
    HELD = "held"
    FAILED = "failed"
    BREACHED = "breached"
    UNREACHABLE = "unreachable"


class GateState(StrEnum):
    """What a gate says: ``waiting`` has too few samples, ``no_data`` has a source that is dark."""

    PASSED = "passed"
    WAITING = "waiting"
    NO_DATA = "no_data"
    BREACHED = "breached"


class GateReading(msgspec.Struct, frozen=True, kw_only=True):
    """A gate with its numbers. gate: the rule's id, or a name of its own. shown: the value as people read it.

    limit: as the operator wrote it. samples, samples_needed: seen, and needed for the stated power. source: whose
    telemetry it rests on. shadow: it is told and does not count. red_at_start: it was breached before the step began,
    by what the release cannot have done, so that it is no verdict on the release.
    """

    gate: str
    state: GateState
    shown: str
    limit: str
    samples: int
    samples_needed: int = 0
    value: float | None = None
    source: str = ""
    shadow: bool = False
    red_at_start: bool = False


class StepReport(msgspec.Struct, frozen=True, kw_only=True):
    """What one look at a step found. detail: one sentence with the numbers, for the person at 03:00."""

    finding: StepFinding
    detail: str
    readings: tuple[GateReading, ...] = ()

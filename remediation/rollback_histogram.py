"""How long rollbacks took, stage by stage, over all of them: what `/metrics` shows."""

from bisect import bisect_left

import msgspec

from remediation.journal.aftermath_kinds import RollbackMeasured

STAGES = ("evidence", "decision", "command", "verified", "last_payment")
"""From the fault's onset to each: what the histogram's label ``stage`` says."""
BOUNDS_SECONDS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0)
"""Upper bounds of the histogram; 300 s is the owner's promise for a whole rollback."""


class Stage(msgspec.Struct, frozen=True, kw_only=True):
    """A histogram. counts: observations at or below each of BOUNDS_SECONDS, not cumulated, and beyond the last."""

    counts: tuple[int, ...] = (0,) * (len(BOUNDS_SECONDS) + 1)
    sum_seconds: float = 0.0

    def with_one(self, seconds: float) -> "Stage":
        """The histogram with one more observation."""
        place = bisect_left(BOUNDS_SECONDS, seconds)
        counts = tuple(count + (index == place) for index, count in enumerate(self.counts))
        return Stage(counts=counts, sum_seconds=self.sum_seconds + seconds)


Stages = dict[str, Stage]


def with_rollback(stages: Stages, measured: RollbackMeasured) -> Stages:
    """The histograms with one more rollback."""
    return stages | {
        stage: stages.get(stage, Stage()).with_one(seconds) for stage, seconds in seconds_of(measured).items()
    }


def seconds_of(measured: RollbackMeasured) -> dict[str, float]:
    """Seconds from the onset to each of STAGES; a stage that was never reached is left out."""
    moments = (
        measured.evidence_at_ms,
        measured.decided_at_ms,
        measured.commanded_at_ms,
        measured.verified_at_ms,
        measured.last_payment_at_ms,
    )
    return {
        stage: max(0, moment - measured.onset_at_ms) / 1000
        for stage, moment in zip(STAGES, moments, strict=True)
        if moment
    }

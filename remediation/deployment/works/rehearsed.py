"""Whether going back was tried lately: a rollout is refused when nobody knows that a rollback works, and how fast."""

from collections.abc import Callable

from config.delivery.deployment import Rehearsal
from remediation.deployment.findings import StepReport
from remediation.deployment.ports import StepContext
from remediation.deployment.works.looks import OnlyLooks, failed, passed
from remediation.journal.aftermath_kinds import RollbackMeasured
from remediation.ports import Clock
from remediation.state import State

DAY_SECONDS = 86_400.0


def last_good(state: State) -> RollbackMeasured | None:
    """The newest rollback, of a drill or a real one, that was seen to be in effect."""
    seen = [one for one in state.rollbacks.values() if one.verified_at_ms > 0]
    return max(seen, key=lambda one: one.verified_at_ms, default=None)


class Rehearsed(OnlyLooks):
    """Refuses when the last good rollback is too old, or was too slow; every one counts, of a drill or a real one."""

    def __init__(self, state: Callable[[], State], rehearsal: Callable[[], Rehearsal], clock: Clock) -> None:
        self._state = state
        self._rehearsal = rehearsal
        self._clock = clock

    async def perform(self, context: StepContext, key: str) -> StepReport:
        """See StepWork."""
        del context, key
        rehearsal = self._rehearsal()
        last = last_good(self._state())
        limits = f"the last may be {rehearsal.max_age / DAY_SECONDS:g} d old and take {rehearsal.objective:g} s"
        if last is None:
            return passed("not asked for") if not rehearsal.required else failed(f"no rollback was rehearsed; {limits}")
        age_seconds = (self._clock.now_ms() - last.verified_at_ms) / 1000
        took_seconds = (last.verified_at_ms - last.decided_at_ms) / 1000
        seen = f"the last rollback took {took_seconds:.1f} s, {age_seconds / DAY_SECONDS:.1f} d ago"
        good = age_seconds <= rehearsal.max_age and took_seconds <= rehearsal.objective
        if good or not rehearsal.required:
            return passed(seen)
        return failed(f"{seen}; {limits}")

"""The part of a scenario in which the old processor is left: customers act on both sides, and all of it is watched."""

import asyncio

from daemon.embedded.marketplace.cardholders import Cardholders
from daemon.embedded.telling.follower import Follower
from daemon.embedded.telling.migration import MigrationRow, MigrationWatch
from remediation.ports import Clock
from remediation.state import State

POLL_SECONDS = 0.5


class Leaving:
    """Cardholders and the watch, from the first act to the report."""

    def __init__(self, holders: Cardholders, watch: MigrationWatch, clock: Clock) -> None:
        self._holders = holders
        self._watch = watch
        self._clock = clock
        self._wanted: int | None = None

    def start(self, group: asyncio.TaskGroup) -> set[asyncio.Task[None]]:
        """Begin both."""
        return {
            group.create_task(self._holders.run(), name="cardholders"),
            group.create_task(self._watch.run(), name="migration-watch"),
        }

    def end(self) -> None:
        """End both; they end at their next look."""
        self._holders.end()
        self._watch.end()

    def row(self) -> MigrationRow:
        """What was seen."""
        return self._watch.row(self._holders.acts)

    async def until_done(self, follower: Follower, percent: int) -> None:
        """Wait until cut-over is allowed, no deployment is still at it, and what a step set before is served.

        percent: what is set next. Of a share between none and all it cannot be seen when it is served.
        """
        while True:
            await follower.catch_up()
            served = self._wanted in {None, self._watch.percent} or self._wanted not in {0, 100}
            # Somebody cut back before that was seen would look as if nobody had ever been cut over.
            told = self._watch.has_seen_any or not _has_cut(follower.state)
            if self._watch.allowed and not _is_cutting(follower.state) and served and told:
                self._wanted = percent
                return
            await self._clock.sleep(POLL_SECONDS)


def _is_cutting(state: State) -> bool:
    """Whether a deployment has cohorts to cut over yet."""
    running = [run for run in state.runs.values() if run.outcome is None and run.stopped is None]
    return any(step.kind == "cut-over" for run in running for step in run.plan.steps[run.index :])


def _has_cut(state: State) -> bool:
    """Whether a deployment has cut a cohort over."""
    return any(step.kind == "cut-over" for run in state.runs.values() for step in run.plan.steps[: run.index])

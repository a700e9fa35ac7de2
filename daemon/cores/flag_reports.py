"""Asks payment cores over HTTP which flags they serve: the second look, where reports by the broker do not come."""

import asyncio
from collections.abc import Sequence

from daemon.errors import CoreUnreachable, NotAsked
from daemon.flags.followers import Followers
from daemon.probes.flags import FlagCore
from remediation.ports import Clock


class FlagReports:
    """cores: every environment's. One that does not answer is not heard, and no more is concluded from it."""

    def __init__(self, cores: Sequence[FlagCore], followers: Followers, clock: Clock) -> None:
        self._cores = cores
        self._followers = followers
        self._clock = clock

    async def ask(self) -> None:
        """Ask all at once."""
        await asyncio.gather(*(self._ask(core) for core in self._cores))

    async def _ask(self, core: FlagCore) -> None:
        try:
            report = await core.flags_served()
        except (CoreUnreachable, NotAsked):
            return
        self._followers.heard(report, self._clock.now_ms())

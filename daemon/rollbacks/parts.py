"""What the rest of the daemon holds of rollbacks: the desk, and what has to tick."""

from dataclasses import dataclass

from daemon.aftermath.compensations import Compensations
from daemon.aftermath.measuring import RollbackMeasuring
from daemon.rollbacks.desk import RollbackDesk
from daemon.rollbacks.drill import Drill
from daemon.rollbacks.foresight import Foresight
from remediation.rollback.running import Rollbacks


@dataclass(frozen=True, slots=True)
class RollbackParts:
    """desk: what people ask, foresight: what would come of it. rollbacks: ticks each of them.

    compensations, measuring: tick once a release is gone.
    """

    desk: RollbackDesk
    rollbacks: Rollbacks
    compensations: Compensations
    measuring: RollbackMeasuring
    drill: Drill
    foresight: Foresight

    async def look_back(self) -> None:
        """Measure rollbacks that have settled, list wrong payments, do what was approved, rehearse when it is due."""
        await self.measuring.tick()
        await self.compensations.tick()
        await self.drill.tick()

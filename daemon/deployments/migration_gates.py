"""The gates of a deployment that moves data: those of the release, and those of the migration beside them."""

import structlog

from remediation.deployment.findings import GateReading
from remediation.deployment.gates.migration import MigrationStanding, migration_gates
from remediation.deployment.ports import Gates, StepContext
from remediation.deployment.works.migrating import Migrations, exported_jobs, quarantine_limit
from remediation.errors import RemediationError

log = structlog.get_logger()

AFTER_MIGRATION = frozenset({"blue_green_deployment", "traffic_rollout", "final_validation"})
"""Before them the steps of the migration themselves say how it stands."""


class WithMigration:
    """Reads more for a plan with an export. What the core does not say is no data, which no gate takes for good."""

    def __init__(self, gates: Gates, migrations: Migrations) -> None:
        self._gates = gates
        self._migrations = migrations

    async def read(self, context: StepContext) -> tuple[GateReading, ...]:
        """See Gates."""
        readings = await self._gates.read(context)
        jobs = exported_jobs(context.plan)
        if not jobs or context.step.phase not in AFTER_MIGRATION:
            return readings
        standing: MigrationStanding | None = None
        try:
            standing = await self._migrations.standing()
        except RemediationError as fault:
            log.warning("the migration cannot be read", action="migration_unreadable", fault=str(fault))
        return (*readings, *migration_gates(standing, jobs, quarantine_limit(context.plan)))

"""Plans phase 3: the jobs in their order, the comparison of both sides, and who is cut over."""

from config.delivery.deployment import Deployments, Migration
from config.flags import MIGRATION_CUT_OVER
from remediation.aiming.flag import target_of
from remediation.deployment.plan import Standing, Step
from remediation.deployment.planned_steps import shares, step_of


def migration_steps(one: Standing, first_region: str, configuration: Deployments) -> list[Step]:
    """The jobs, once: all regions have one record of what was paid."""
    phase = configuration.phases.data_migration
    if not phase.jobs or one.region != first_region:
        done = "" if one.region == first_region else first_region
        return [step_of(one, "data_migration", "migrate", phase.within, name="nothing", job="", migrated_with=done)]
    moved = _moved(phase)
    jobs = [
        step_of(
            one,
            "data_migration",
            "migrate",
            seconds,
            name=job.name,
            target=f"migration:{job.name}",
            job=job.name,
            point_of_no_return="yes" if job.point_of_no_return else "no",
            **moved,
        )
        for job, seconds in zip(phase.jobs, shares(phase.jobs_seconds, len(phase.jobs)), strict=True)
    ]
    return [*jobs, *_both_running(one, phase, moved)] if phase.export else jobs


def _moved(phase: Migration) -> dict[str, str]:
    """What is moved and compared, absolutely, so that a plan keeps it; nothing where there is no export."""
    if not phase.export:
        return {}
    return {
        "export": phase.export,
        "records_per_second": str(phase.records_per_second),
        "threads": str(phase.threads),
        "quarantined": phase.quarantined,
        "equal_for_ms": str(round(phase.comparison.equal_for * 1000)),
        "at_least": str(phase.comparison.at_least),
    }


def _both_running(one: Standing, phase: Migration, moved: dict[str, str]) -> list[Step]:
    """Once all jobs are done: both sides are compared, and then cohorts are cut over."""
    comparison = step_of(one, "data_migration", "compare", phase.comparing_seconds, **moved)
    cohorts = [
        step_of(
            one,
            "data_migration",
            "cut-over",
            phase.cohort_seconds,
            name=f"cut-over-{percent}",
            target=target_of(MIGRATION_CUT_OVER),
            percent=str(percent),
            hold_ms=str(round(phase.cut_over.hold * 1000)),
            **moved,
        )
        for percent in phase.cut_over.cohorts
    ]
    return [comparison, *cohorts]

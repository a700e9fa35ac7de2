"""Why a request about running both is refused; when several hold, the first listed is the answer."""

from enum import StrEnum
from typing import assert_never

from payment_core.answers import Explanation


class MigrationRefusal(StrEnum):
    """In order of precedence."""

    MIGRATION_NOT_CONFIGURED = "migration_not_configured"
    MIGRATION_JOB_NOT_FOUND = "migration_job_not_found"
    EXPORT_NOT_FOUND = "export_not_found"
    MIGRATION_JOB_OF_ANOTHER_EXPORT = "migration_job_of_another_export"
    MIGRATION_JOB_NOT_STARTED = "migration_job_not_started"
    RETURN_STILL_NEEDED = "return_still_needed"
    SIGNATURE_INVALID = "signature_invalid"
    EVENT_UNREADABLE = "event_unreadable"
    EVENT_TOO_EARLY = "event_too_early"


def explain_migration(  # noqa: PLR0911  # one answer for each refusal
    refusal: MigrationRefusal,
) -> Explanation:
    """The refusal as callers see it."""
    match refusal:
        case MigrationRefusal.MIGRATION_NOT_CONFIGURED:
            return Explanation(
                "Migration not configured",
                409,
                "This core was started without --migration-exports or without --old-processor-url.",
            )
        case MigrationRefusal.MIGRATION_JOB_NOT_FOUND:
            return Explanation("Migration job not found", 404, "There is no migration job with this name.")
        case MigrationRefusal.EXPORT_NOT_FOUND:
            return Explanation(
                "Export not found",
                422,
                "There is no folder of this name with a manifest.json below --migration-exports.",
            )
        case MigrationRefusal.MIGRATION_JOB_OF_ANOTHER_EXPORT:
            return Explanation(
                "Job of another export",
                409,
                "The job is in the middle of another export; let it end or undo it first.",
            )
        case MigrationRefusal.MIGRATION_JOB_NOT_STARTED:
            return Explanation("Job not started", 409, "The job was never started, so it cannot be paused.")
        case MigrationRefusal.RETURN_STILL_NEEDED:
            return Explanation(
                "The way back is still needed",
                409,
                "After this job nobody can be cut back, and the comparison has not shown yet that nobody has to be; "
                "GET /v1/migration/cut_over says what is wanting.",
            )
        case MigrationRefusal.SIGNATURE_INVALID:
            return Explanation(
                "Signature invalid", 400, "Stripe-Signature does not fit the body, or is older than five minutes."
            )
        case MigrationRefusal.EVENT_UNREADABLE:
            return Explanation("Event unreadable", 422, "The body is no event of the old processor's published shape.")
        case MigrationRefusal.EVENT_TOO_EARLY:
            return Explanation(
                "Event too early",
                409,
                "The job that moves this object has not begun, or another runner works on it. The event is taken when "
                "it is sent again, or read by the catch-up.",
            )
        case _:
            assert_never(refusal)

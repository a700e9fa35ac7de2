"""The routes of leaving the old processor while both run."""

import msgspec

from payment_core.http.routes import Handler, QueryParameter, Route, listed, shown
from payment_core.migration.running.doors.desk import MigrationDesk
from payment_core.migration.running.doors.pushed import PushedEvents
from payment_core.migration.running.doors.refusals import explain_migration
from payment_core.migration.running.doors.requests import StartJob, StateComparison
from payment_core.migration.running.doors.views import (
    AuthorityView,
    CatchUpView,
    ComparisonView,
    CutOverView,
    DifferenceView,
    EventView,
    JobView,
    MigrationView,
)
from payment_core.operations.bodies import NoBody

MIGRATION_READ, MIGRATION_WRITE = "migration:read", "migration:write"
EVENT_BYTES_MAX = 1024 * 1024
"""The largest of the old processor's objects is far below it."""

_JOB = "/v1/migration/jobs/{job}"
_STATE = QueryParameter("state", "open: differences that stand; settled: past ones", pattern=r"^(open|settled)?$")


def migration_routes(desk: MigrationDesk, pushed: PushedEvents) -> tuple[Route, ...]:
    """Jobs, catch-up, comparison, cut-over, and the old processor's own events."""
    return (
        _read("/v1/migration", "Everything about leaving the old processor", desk.show, MigrationView),
        shown(_JOB, MIGRATION_READ, "One migration job", desk.job, JobView, explain_migration),
        Route(
            method="POST",
            path=f"{_JOB}/start",
            scope=MIGRATION_WRITE,
            summary="Start a migration job, or let it go on",
            handler=desk.start,
            body=StartJob,
            answer=JobView,
            problems=(404, 409, 422),
            explain=explain_migration,
            example=StartJob(export="stripe-2026-11"),
        ),
        Route(
            method="POST",
            path=f"{_JOB}/pause",
            scope=MIGRATION_WRITE,
            summary="Let a migration job wait where it is",
            handler=desk.pause,
            body=NoBody,
            answer=JobView,
            problems=(404, 409),
            explain=explain_migration,
        ),
        _read("/v1/migration/catch_up", "How far changes of the old processor are behind", desk.catch_up, CatchUpView),
        _read("/v1/migration/comparison", "What shadow reads have shown", desk.comparison, ComparisonView),
        Route(
            method="POST",
            path="/v1/migration/comparison",
            scope=MIGRATION_WRITE,
            summary="Say what has to be shown before anybody is cut over",
            handler=desk.state,
            body=StateComparison,
            answer=ComparisonView,
            example=StateComparison(equal_for_seconds=3600, at_least=10_000),
        ),
        listed(
            "/v1/migration/differences",
            MIGRATION_READ,
            "Fields that the two sides do not agree on",
            desk.differences,
            DifferenceView,
            _STATE,
        ),
        _read("/v1/migration/cut_over", "Whether cohorts may be cut over", desk.cut_over, CutOverView),
        _read("/v1/migration/cut_over/{owner_id}", "Whose record of a customer counts", desk.authority, AuthorityView),
        Route(
            method="POST",
            path="/v1/migration/events",
            # Whoever knows the secret signs the body; no API key is handed to the old processor.
            scope="",
            summary="Take an event that the old processor pushes",
            handler=pushed.take,
            answer=EventView,
            problems=(400, 409, 422),
            explain=explain_migration,
            raw_body="application/json",
            body_bytes_max=EVENT_BYTES_MAX,
            key_header="stripe-signature",
        ),
    )


def _read(path: str, summary: str, handler: Handler, answer: type[msgspec.Struct]) -> Route:
    return Route(method="GET", path=path, scope=MIGRATION_READ, summary=summary, handler=handler, answer=answer)

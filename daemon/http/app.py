"""The daemon's HTTP application: which handler answers which route, behind the guard."""

import re
from collections.abc import Awaitable, Callable, Mapping

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from daemon.http.access import ACCESS
from daemon.http.api import Api
from daemon.http.console.acting.serving import Acts
from daemon.http.console.acts.table import ACTS, PATH
from daemon.http.console.feed import ConsoleFeed
from daemon.http.console.journal.serving import JournalPages
from daemon.http.console.login import Login
from daemon.http.console.review import ReviewPage
from daemon.http.console.serving import Console
from daemon.http.console.static import StaticFiles
from daemon.http.doors.automation import AutomationDoor
from daemon.http.doors.deployments import DeploymentDoor
from daemon.http.doors.door import Refused, on_not_journaled, on_refused
from daemon.http.doors.firehose import FirehoseDoor
from daemon.http.doors.flag_report import FlagReportDoor
from daemon.http.doors.flags import FlagDoor
from daemon.http.doors.incidents import IncidentDoor
from daemon.http.doors.ingest import IngestDoor
from daemon.http.doors.outside import OutsideDoor
from daemon.http.doors.procedures import ProcedureDoor
from daemon.http.doors.public import PublicDoor
from daemon.http.doors.quiet import QuietDoor
from daemon.http.doors.rollbacks import RollbackDoor
from daemon.http.doors.scaling import ScalingDoor
from daemon.http.doors.trials import TrialDoor
from daemon.http.headers import SecurityHeaders
from daemon.http.metrics import MetricsPage
from daemon.http.options import HttpOptions
from daemon.http.probes import Probes
from daemon.http.problems import on_fault, on_http_exception
from daemon.http.sessions.guard import Guard
from daemon.http.sessions.needed import Access
from daemon.http.sessions.reception import Reception
from daemon.sources.sink import FactSink
from daemon.storage.quarantine import Quarantine
from daemon.view.shape import SystemView
from remediation.errors import NotJournaled

Handler = Callable[[Request], Awaitable[Response]]


def create_app(
    view: SystemView,
    sink: FactSink,
    quarantine: Quarantine,
    options: HttpOptions,
    *,
    access: Mapping[str, Access] = ACCESS,
) -> Starlette:
    """The application over one view; it starts no task and opens nothing. access: role by route pattern."""
    reception = Reception(options.console, lambda: options.tokens, options.clock)
    login = Login(reception, options.clock)
    ingest = IngestDoor(view, sink, quarantine, options.trust)
    outside = OutsideDoor(view.now_ms, options.channels, options.incidents, quarantine)
    doors = (
        _route("/ingest/events", ingest.take, "POST"),
        _route("/ingest/alertmanager", ingest.take_alerts, "POST"),
        _route("/ingest/pagerduty", outside.take, "POST"),
        _route(
            "/ingest/firehose", FirehoseDoor(view, sink, quarantine, reception.authority, options.trust).take, "POST"
        ),
    )
    routes = [
        *doors,
        *_routes(view, options),
        *_console_routes(view, login, options, reception),
        *_automation_routes(view, options),
        *_incident_routes(view, options),
        *_deployment_routes(options),
        *_rollback_routes(view, options),
        *_scaling_routes(options),
        *_flag_routes(view, options),
        *_procedure_routes(view, options),
        *_public_routes(view, options),
    ]
    app = Starlette(
        routes=routes,
        middleware=[
            Middleware(SecurityHeaders),
            Middleware(GZipMiddleware, minimum_size=1024, compresslevel=5),
            Middleware(Guard, routes=routes, reception=reception, access=access, at_the_door=login.at_the_door),
        ],
        exception_handlers={
            HTTPException: on_http_exception,
            Refused: on_refused,
            NotJournaled: on_not_journaled,
            Exception: on_fault,
        },
    )
    app.router.redirect_slashes = False
    return app


def _routes(view: SystemView, options: HttpOptions) -> list[Route]:
    probes, api, metrics = Probes(view), Api(view, options), MetricsPage(view, options)
    return [
        _route("/livez", probes.livez),
        _route("/readyz", probes.readyz),
        _route("/metrics", metrics.show),
        _route("/api/v1/openapi.json", api.openapi),
        _route("/api/v1/status", api.status),
        _route("/api/v1/incidents", api.incidents),
        _route("/api/v1/deployments", api.deployments),
        _route("/api/v1/actions", api.actions),
        _route("/api/v1/journal", api.journal),
        _route("/api/v1/rules", api.rules),
        _route("/api/v1/slos", api.slos),
        _route("/api/v1/costs", api.costs),
    ]


def _console_routes(view: SystemView, login: Login, options: HttpOptions, reception: Reception) -> list[Route]:
    feed = ConsoleFeed(view, options)
    console, journal = (
        Console(feed, reception.book, reception.authority, options.clock),
        JournalPages(view, options, feed),
    )
    acts, incidents = Acts(view, options, feed), _incident_door(view, options)
    return [
        _route("/", login.lead_in),
        *(_route(path, handler) for path, handler in console.handlers().items()),
        _route("/console/journal", journal.search),
        _route("/console/journal/verification", journal.verification),
        _route("/console/journal/{sequence}", journal.entry),
        _route("/console/stream", console.stream),
        _route("/console/login", login.form, "GET", "POST"),
        _route("/console/logout", login.leave, "POST"),
        _route("/console/codes", login.code, "POST"),
        _route("/console/static/{name}", StaticFiles().serve),
        _route("/console/incidents/{incident_id}/review", ReviewPage(feed, incidents).show),
        *(_route(f"{PATH}{act.name}", acts.handler(act), "GET", "POST") for act in ACTS),
    ]


def _automation_routes(view: SystemView, options: HttpOptions) -> list[Route]:
    door = AutomationDoor(options.automation, view.now_ms)
    return [
        _route("/api/v1/automation", door.show),
        _route("/api/v1/automation/stop", door.stop, "POST"),
        _route("/api/v1/automation/resume", door.resume, "POST"),
        _route("/api/v1/approvals", door.approvals),
        _route("/api/v1/approvals/{approval_id}", door.answer, "POST"),
        _route("/api/v1/actions/{decision_id}/undo", door.undo, "POST"),
    ]


def _incident_door(view: SystemView, options: HttpOptions) -> IncidentDoor:
    return IncidentDoor(view, options.incidents, options.current_severities, options.current_rules)


def _incident_routes(view: SystemView, options: HttpOptions) -> list[Route]:
    desk = _incident_door(view, options)
    quiet, one = QuietDoor(options.incidents, view.now_ms), "/api/v1/incidents/{incident_id}"
    return [
        _route(one, desk.show),
        _route(f"{one}/review", desk.review),
        _route(f"{one}/ack", desk.acknowledge, "POST"),
        _route(f"{one}/unack", desk.give_back, "POST"),
        _route(f"{one}/resolve", desk.resolve, "POST"),
        _route(f"{one}/merge", desk.merge, "POST"),
        _route(f"{one}/note", desk.note, "POST"),
        _route("/api/v1/escalation", quiet.escalation),
        _route("/api/v1/escalation/test", TrialDoor(options.channels).try_out, "POST"),
        _route("/api/v1/silences", quiet.silences),
        _route("/api/v1/silences", quiet.silence, "POST"),
        _route("/api/v1/silences/{silence_id}/expire", quiet.expire, "POST"),
        _route("/api/v1/maintenances", quiet.maintenances),
        _route("/api/v1/maintenances", quiet.announce, "POST"),
        _route("/api/v1/maintenances/{maintenance_id}/end", quiet.end, "POST"),
    ]


def _deployment_routes(options: HttpOptions) -> list[Route]:
    desk = DeploymentDoor(options.deployments)
    one = "/api/v1/deployments/{deployment_id}"
    return [
        _route("/api/v1/deployments", desk.ask, "POST"),
        _route(one, desk.show),
        _route(f"{one}/pause", desk.pause, "POST"),
        _route(f"{one}/resume", desk.resume, "POST"),
        _route(f"{one}/abort", desk.abort, "POST"),
    ]


def _rollback_routes(view: SystemView, options: HttpOptions) -> list[Route]:
    desk = RollbackDoor(options.rollbacks, view.state)
    return [
        _route("/api/v1/rollbacks", desk.list),
        _route("/api/v1/rollbacks", desk.ask, "POST"),
        _route("/api/v1/rehearsals", desk.rehearse, "POST"),
        _route("/api/v1/rollbacks/{rollback_id}", desk.show),
        _route("/api/v1/compensations", desk.compensations),
        _route("/api/v1/compensations/{deployment_id}", desk.look_again, "POST"),
    ]


def _flag_routes(view: SystemView, options: HttpOptions) -> list[Route]:
    flags = FlagDoor(options.flags, view.now_ms)
    one = "/api/v1/flags/{flag}"
    return [
        _route("/api/v1/flags", flags.list),
        # Before those of one flag: no flag may have these names.
        _route("/api/v1/flags/document", flags.document),
        _route("/api/v1/flags/report", FlagReportDoor(options.flags).show),
        _route(one, flags.show),
        _route(f"{one}/history", flags.history),
        _route(f"{one}/set", flags.set, "POST"),
        _route(f"{one}/ramp", flags.ramp, "POST"),
        _route(f"{one}/revert", flags.revert, "POST"),
        _route(f"{one}/kill", flags.kill, "POST"),
        _route(f"{one}/revive", flags.revive, "POST"),
    ]


def _scaling_routes(options: HttpOptions) -> list[Route]:
    capacity = ScalingDoor(options.scaling)
    return [
        _route("/api/v1/scaling", capacity.show),
        _route("/api/v1/scaling/{region}/{component}", capacity.set, "POST"),
    ]


def _procedure_routes(view: SystemView, options: HttpOptions) -> list[Route]:
    walked = ProcedureDoor(view, options.incidents)
    return [
        _route("/api/v1/procedures", walked.list),
        _route("/api/v1/procedures/drills", walked.drill, "POST"),
        _route("/api/v1/procedures/runs/{run_id}", walked.show),
        _route("/api/v1/procedures/runs/{run_id}/entries", walked.record, "POST"),
    ]


def _public_routes(view: SystemView, options: HttpOptions) -> list[Route]:
    public, one = PublicDoor(view, options.public), "/api/v1/incidents/{incident_id}"
    return [
        _route("/api/v1/status-page", public.page),
        _route("/api/v1/communications", public.list),
        _route("/api/v1/communications/{words_id}", public.answer, "POST"),
        _route(f"{one}/drafts", public.drafts),
        _route(f"{one}/communicate", public.communicate, "POST"),
        _route(f"{one}/update", public.update, "POST"),
    ]


class ExactRoute(Route):
    """A route that is the whole path: after the ``$`` of Starlette's own pattern a line break may follow."""

    def __init__(self, path: str, handler: Handler, methods: list[str]) -> None:
        super().__init__(path, handler, methods=methods)
        self.path_regex = re.compile(self.path_regex.pattern.removesuffix("$") + r"\Z")


def _route(path: str, handler: Handler, *methods: str) -> Route:
    return ExactRoute(path, handler, list(methods) if methods else ["GET"])

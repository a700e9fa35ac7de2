"""Describes the API in OpenAPI 3.1, from the types that the handlers answer with."""

import functools
import re
from dataclasses import dataclass
from http import HTTPStatus

import msgspec

from checks.packed import PackedEvents
from config.flags import FLAG_KEY
from daemon.deployments.service import RunView
from daemon.flags.desk import FlagAnswer
from daemon.flags.view import FlagDocument, FlagHistory, FlagList
from daemon.http import resources
from daemon.http.access import ACCESS
from daemon.http.doors.automation import (
    ApprovalAnswer,
    ApprovalDocument,
    ApprovalList,
    AutomationDocument,
    Reasoned,
    UndoDocument,
)
from daemon.http.doors.deployments import DeploymentWish, Ending, Reason
from daemon.http.doors.firehose import FirehoseAnswer, FirehoseError
from daemon.http.doors.flag_report import FlagReportList
from daemon.http.doors.flags import FlagRamp, FlagReason, FlagSet, SealedDocument
from daemon.http.doors.incidents import Closing, IncidentReview, IncidentStory, Merging, Noted
from daemon.http.doors.ingest import IngestCounts
from daemon.http.doors.outside import WebhookHeard
from daemon.http.doors.procedures import EntryWish, ProcedureList
from daemon.http.doors.public import (
    TEXT_LENGTH_MAX,
    DraftList,
    LetterWish,
    PublicAnswer,
    UpdateWish,
    WordsDocument,
    WordsList,
)
from daemon.http.doors.quiet import (
    EscalationDocument,
    MaintenanceDocument,
    MaintenanceList,
    MaintenanceWish,
    QuietEnding,
    SilenceDocument,
    SilenceList,
    SilenceWish,
)
from daemon.http.doors.rollbacks import CompensationList, RollbackList, RollbackWish
from daemon.http.doors.trials import TrialDocument, TrialWish
from daemon.http.glance import Glance
from daemon.http.problems import PROBLEM_TYPE, ProblemDocument
from daemon.http.sessions.needed import needed_for
from daemon.incidents.outside.pagerduty import PagerDutyWebhook
from daemon.reports.view import CostsDocument
from daemon.scaling.documents import ScalingDocument, UnitsAnswer, UnitsWish
from daemon.sources.firehose import FirehoseDelivery
from daemon.status_page.document import StatusDocument
from daemon.translate.alertmanager import AlertmanagerGroup
from remediation.compensation.state import CompensationState
from remediation.journal.aftermath_kinds import RollbackMeasured
from remediation.journal.port import READ_LIMIT
from remediation.journal.procedure_kinds import ContinuityMeasured
from remediation.procedures.model import ProcedureRun
from remediation.rollback.model import RollbackRun
from remediation.state import IncidentState


@dataclass(frozen=True, slots=True)
class Parameter:
    """A query parameter and its JSON Schema."""

    name: str
    schema: dict[str, object]


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path. answers, takes, refuses: the types of success, of the request and of an error."""

    path: str
    summary: str
    answers: type
    method: str = "get"
    status: HTTPStatus = HTTPStatus.OK
    parameters: tuple[Parameter, ...] = ()
    takes: type | None = None
    refuses: type = ProblemDocument


_LIMIT = Parameter("limit", {"type": "integer", "minimum": 1, "maximum": READ_LIMIT, "default": 100})
_AFTER = Parameter("after", {"type": "integer", "minimum": 0, "default": 0})
_KIND = Parameter("kind", {"type": "string"})
_DETAIL = Parameter("detail", {"type": "string", "maxLength": TEXT_LENGTH_MAX})
_FLAG_KEY = Parameter("flag", {"type": "string", "pattern": f"^{FLAG_KEY}$"})
_STATE = Parameter("state", {"type": "string", "enum": list(IncidentState)})
_ONE = "/api/v1/deployments/{deployment_id}"
_FLAG = "/api/v1/flags/{flag}"

_INCIDENT = "/api/v1/incidents/{incident_id}"

INCIDENT_OPERATIONS = (
    Operation(_INCIDENT, "An incident with its group, its times and who is told of it", IncidentStory),
    Operation(f"{_INCIDENT}/review", "The document for the time after an incident", IncidentReview),
    Operation(f"{_INCIDENT}/ack", "Take an incident on: no others are told", IncidentStory, "post", takes=Noted),
    Operation(f"{_INCIDENT}/unack", "Give an incident back", IncidentStory, "post", takes=Noted),
    Operation(f"{_INCIDENT}/resolve", "Close an incident", IncidentStory, "post", takes=Closing),
    Operation(f"{_INCIDENT}/note", "Write something down about it", IncidentStory, "post", takes=Noted),
    Operation(f"{_INCIDENT}/merge", "Say that two incidents are one", IncidentStory, "post", takes=Merging),
    Operation("/api/v1/escalation", "Who is on duty, and who is being told of what", EscalationDocument),
    Operation(
        "/api/v1/escalation/test",
        "Try a channel: say what would be sent, or send it; no incident is opened",
        TrialDocument,
        "post",
        takes=TrialWish,
    ),
    Operation("/api/v1/silences", "Silences, newest first", SilenceList),
    Operation(
        "/api/v1/silences",
        "Tell nobody of what matches, for a while",
        SilenceDocument,
        "post",
        HTTPStatus.CREATED,
        takes=SilenceWish,
    ),
    Operation("/api/v1/silences/{silence_id}/expire", "End a silence", SilenceDocument, "post", takes=QuietEnding),
    Operation("/api/v1/maintenances", "Announced maintenance, newest first", MaintenanceList),
    Operation(
        "/api/v1/maintenances",
        "Announce maintenance",
        MaintenanceDocument,
        "post",
        HTTPStatus.CREATED,
        takes=MaintenanceWish,
    ),
    Operation(
        "/api/v1/maintenances/{maintenance_id}/end", "End maintenance", MaintenanceDocument, "post", takes=QuietEnding
    ),
)

_RUN = "/api/v1/procedures/runs/{run_id}"

PROCEDURE_OPERATIONS = (
    Operation("/api/v1/procedures", "Procedures, runs of them, and drills", ProcedureList),
    Operation(
        "/api/v1/procedures/drills",
        "Record what a drill of the continuity plan measured",
        ContinuityMeasured,
        "post",
        HTTPStatus.CREATED,
        takes=ContinuityMeasured,
    ),
    Operation(_RUN, "A run of a procedure", ProcedureRun),
    Operation(f"{_RUN}/entries", "Record what was done in a run, once", ProcedureRun, "post", takes=EntryWish),
)

PUBLIC_OPERATIONS = (
    Operation("/api/v1/status-page", "What the status page says", StatusDocument),
    Operation("/api/v1/communications", "Words for the page and letters, what waits first", WordsList),
    Operation(
        "/api/v1/communications/{words_id}",
        "Publish or send what is proposed, or refuse it",
        WordsDocument,
        "post",
        takes=PublicAnswer,
    ),
    Operation(f"{_INCIDENT}/drafts", "Its letters as they would be sent", DraftList, parameters=(_KIND, _DETAIL)),
    Operation(
        f"{_INCIDENT}/communicate", "Propose a letter", WordsDocument, "post", HTTPStatus.CREATED, takes=LetterWish
    ),
    Operation(
        f"{_INCIDENT}/update",
        "Propose words for the status page",
        WordsDocument,
        "post",
        HTTPStatus.CREATED,
        takes=UpdateWish,
    ),
)

OPERATIONS = (
    Operation("/api/v1/status", "What broke, what was done, why not more, and the ledger", Glance),
    Operation("/api/v1/incidents", "Incidents, newest first", resources.IncidentList, parameters=(_STATE, _LIMIT)),
    *INCIDENT_OPERATIONS,
    *PUBLIC_OPERATIONS,
    Operation("/api/v1/deployments", "Deployments, newest first", resources.DeploymentList, parameters=(_LIMIT,)),
    Operation(
        "/api/v1/deployments",
        "Bring out a version, or with dry_run say how",
        RunView,
        "post",
        HTTPStatus.CREATED,
        takes=DeploymentWish,
    ),
    Operation(_ONE, "A deployment with its plan and what it waits for", RunView),
    *(
        Operation(
            f"/api/v1/deployments/{{deployment_id}}/{what}",
            f"{what.capitalize()} a deployment",
            RunView,
            "post",
            takes=Ending if what == "abort" else Reason,
        )
        for what in ("pause", "resume", "abort")
    ),
    Operation("/api/v1/rollbacks", "Rollbacks that people asked for, and how each one went", RollbackList),
    Operation("/api/v1/rollbacks", "Take a release back", RollbackRun, "post", HTTPStatus.CREATED, takes=RollbackWish),
    Operation("/api/v1/rollbacks/{rollback_id}", "A rollback with its steps", RollbackRun),
    Operation(
        "/api/v1/rehearsals", "Rehearse a rollback; no payment moves", RollbackMeasured, "post", HTTPStatus.CREATED
    ),
    Operation("/api/v1/compensations", "Payments that releases left wrong, and their repair", CompensationList),
    Operation("/api/v1/compensations/{deployment_id}", "Look at a release's payments again", CompensationState, "post"),
    Operation("/api/v1/actions", "Actions, and decisions not to act", resources.ActionList, parameters=(_LIMIT,)),
    Operation("/api/v1/journal", "Journal entries, oldest first", resources.JournalPage, parameters=(_AFTER, _LIMIT)),
    Operation("/api/v1/rules", "Every rule with its current readings", resources.RuleList),
    Operation("/api/v1/slos", "Service level objectives", resources.SloList),
    Operation("/api/v1/costs", "The AWS bill, and savings by rail and cohort", CostsDocument),
    Operation("/api/v1/scaling", "Every component's capacity, load, decision and dollars", ScalingDocument),
    Operation(
        "/api/v1/scaling/{region}/{component}",
        "Set units by hand, or let load decide again",
        UnitsAnswer,
        "post",
        takes=UnitsWish,
    ),
    Operation("/api/v1/flags", "Every flag, every process, and who lags", FlagList),
    Operation("/api/v1/flags/document", "The newest document under its signature; ETag", SealedDocument),
    Operation("/api/v1/flags/report", "What experiments say", FlagReportList, parameters=(_FLAG_KEY,)),
    Operation(_FLAG, "A flag with its definition", FlagDocument),
    Operation(f"{_FLAG}/history", "Its changes, newest first", FlagHistory),
    *(
        Operation(f"{_FLAG}/{what}", f"{what.capitalize()} a flag", FlagAnswer, "post", takes=takes)
        for what, takes in (
            ("set", FlagSet),
            ("ramp", FlagRamp),
            ("revert", FlagReason),
            ("kill", FlagReason),
            ("revive", FlagReason),
        )
    ),
    Operation("/api/v1/automation", "Whether automation acts, and what holds it", AutomationDocument),
    Operation(
        "/api/v1/automation/stop", "Stop everything that acts by itself", AutomationDocument, "post", takes=Reasoned
    ),
    Operation(
        "/api/v1/automation/resume",
        "Let automation act again, after a stop or a storm",
        AutomationDocument,
        "post",
        takes=Reasoned,
    ),
    Operation("/api/v1/approvals", "What waits for people, newest first", ApprovalList),
    Operation(
        "/api/v1/approvals/{approval_id}",
        "Approve or refuse what is asked",
        ApprovalDocument,
        "post",
        takes=ApprovalAnswer,
    ),
    Operation(
        "/api/v1/actions/{decision_id}/undo",
        "Take an automatic action back",
        UndoDocument,
        "post",
        takes=Reasoned,
    ),
    *PROCEDURE_OPERATIONS,
    Operation(
        "/ingest/events",
        "Take events: packed, EventBridge or CloudEvents, one or many",
        IngestCounts,
        method="post",
        status=HTTPStatus.ACCEPTED,
        takes=PackedEvents,
    ),
    Operation(
        "/ingest/alertmanager",
        "Take a webhook of Alertmanager, version 4: each alert is an event",
        IngestCounts,
        method="post",
        status=HTTPStatus.ACCEPTED,
        takes=AlertmanagerGroup,
    ),
    Operation(
        "/ingest/pagerduty",
        "Take a webhook of PagerDuty, version 3; its signature is in X-PagerDuty-Signature",
        WebhookHeard,
        method="post",
        takes=PagerDutyWebhook,
    ),
    Operation(
        "/ingest/firehose",
        "Take a delivery of Amazon Data Firehose; the key is in X-Amz-Firehose-Access-Key",
        FirehoseAnswer,
        method="post",
        takes=FirehoseDelivery,
        refuses=FirehoseError,
    ),
)


@functools.cache
def openapi_document(version: str) -> bytes:
    """The whole description as JSON."""
    types = {operation.answers for operation in OPERATIONS} | {ProblemDocument}
    types |= {operation.takes for operation in OPERATIONS if operation.takes is not None}
    types |= {operation.refuses for operation in OPERATIONS}
    ordered = sorted(types, key=lambda answer_type: answer_type.__name__)
    references, components = msgspec.json.schema_components(ordered, ref_template="#/components/schemas/{name}")
    reference_of = dict(zip(ordered, references, strict=True))
    paths: dict[str, dict[str, object]] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method] = _operation(operation, reference_of)
    document = {
        "openapi": "3.1.0",
        "info": {"title": "Tillwatch", "version": version},
        "security": [{"bearer": []}],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
    }
    return msgspec.json.encode(document)


def _operation(operation: Operation, reference_of: dict[type, dict[str, object]]) -> dict[str, object]:
    role = needed_for(operation.method.upper(), operation.path, ACCESS)
    is_problem = operation.refuses is ProblemDocument
    failure = {
        "description": "A problem document" if is_problem else "Why nothing was taken",
        "content": {PROBLEM_TYPE if is_problem else "application/json": {"schema": reference_of[operation.refuses]}},
    }
    success = {
        "description": operation.summary,
        "content": {"application/json": {"schema": reference_of[operation.answers]}},
    }
    described: dict[str, object] = {
        "summary": operation.summary,
        "operationId": f"{operation.method}_{re.sub('[{}]', '', operation.path).strip('/').replace('/', '_')}",
        "x-role": role,
        "parameters": [
            *(
                {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
                for name in re.findall(r"{(\w+)}", operation.path)
            ),
            *(
                {"name": parameter.name, "in": "query", "required": False, "schema": parameter.schema}
                for parameter in operation.parameters
            ),
        ],
        "responses": {str(int(operation.status)): success, "default": failure},
    }
    if operation.takes is not None:
        body = {"application/json": {"schema": reference_of[operation.takes]}}
        described["requestBody"] = {"required": True, "content": body}
    return described

"""What a channel is told of changes: deployments, rollbacks, flags and capacity, each in a sentence."""

import msgspec

from remediation.journal.aftermath_kinds import RollbackAsked, RollbackEnded
from remediation.journal.entry import Entry
from remediation.journal.flag_kinds import FlagChanged
from remediation.journal.kinds import DeploymentEnded, DeploymentPlanned, body_of
from remediation.journal.scaling_kinds import ScalingPinned
from remediation.scaling.model import ScalingDecision

KINDS = frozenset(
    {
        "deployment.planned",
        "deployment.ended",
        "rollback.asked",
        "rollback.ended",
        "flag.changed",
        "scaling.decided",
        "scaling.pinned",
    }
)
"""Of journal entries that tell of one."""


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """Something that may be why an alert came. sequence: of the entry that says so. by: who, ``daemon`` for itself."""

    sequence: int
    at_ms: int
    summary: str
    by: str
    details: dict[str, str]


def change_of(entry: Entry) -> Change | None:
    """The change that an entry tells of; None for every other one, and for a decision to change nothing."""
    found = _told(body_of(entry)) if entry.kind in KINDS else None
    if found is None:
        return None
    summary, details = found
    by = "" if entry.actor == "daemon" else f" by {entry.actor}"
    return Change(
        sequence=entry.sequence,
        at_ms=entry.at_ms,
        summary=f"{summary}{by}",
        by=entry.actor,
        details={**details, "journal_entry": str(entry.sequence)},
    )


def _told(body: object) -> tuple[str, dict[str, str]] | None:
    match body:
        case DeploymentPlanned() | DeploymentEnded():
            return _deployment(body)
        case RollbackAsked() | RollbackEnded():
            return _rollback(body)
        case FlagChanged():
            details = {"flag": body.flag, "change": str(body.what), "reason": body.reason}
            return f"flag {body.flag}: {body.what}, {body.reason}", details
        case ScalingDecision() | ScalingPinned():
            return _capacity(body)
        case _:
            return None


def _deployment(body: DeploymentPlanned | DeploymentEnded) -> tuple[str, dict[str, str]]:
    if isinstance(body, DeploymentEnded):
        details = {"deployment": body.deployment_id, "outcome": str(body.outcome), "detail": body.detail}
        return f"deployment {body.deployment_id} ended: {body.outcome}", details
    request = body.plan.request
    regions = ", ".join(request.regions)
    return (
        f"deployment {request.deployment_id} of {request.version} ({request.strategy}) began in {regions}",
        {"deployment": request.deployment_id, "version": request.version, "regions": regions},
    )


def _rollback(body: RollbackAsked | RollbackEnded) -> tuple[str, dict[str, str]]:
    if isinstance(body, RollbackAsked):
        return f"rollback {body.kind} was asked for: {body.reason}", {"reason": body.reason}
    ended = "complete" if body.complete else "partial"
    return f"rollback {body.rollback_id} ended: {ended}", {"rollback": body.rollback_id, "detail": body.detail}


def _capacity(body: ScalingDecision | ScalingPinned) -> tuple[str, dict[str, str]] | None:
    if isinstance(body, ScalingPinned):
        units = "load decides again" if body.pin is None else f"set to {body.pin.units} units"
        return f"capacity of {body.target}: {units}", {"component": body.target}
    if body.current is None or body.current == body.target:
        return None
    told = {"component": body.component, "units": str(body.target), "reason": str(body.reason)}
    return f"capacity of {body.component}: {body.current} to {body.target} units, {body.reason}", told

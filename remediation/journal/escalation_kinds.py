"""What the journal says about telling people: chains and their steps, notices, silences, maintenance."""

from typing import Literal

import msgspec

from remediation.escalation.chain import PlannedStep
from remediation.escalation.notices import Notice


class EscalationStarted(msgspec.Struct, frozen=True, kw_only=True):
    """Who will be told of an incident and when, as it is planned now; what is edited later does not change it.

    generation: one more than that of the plan before. why: it opened, it is graver, nobody is on it any more, ...
    """

    incident_id: str
    generation: int
    policy: str
    severity: int
    steps: tuple[PlannedStep, ...]
    ack_timeout_ms: int
    why: str


class EscalationHeld(msgspec.Struct, frozen=True, kw_only=True):
    """Nobody is told of an incident for now. why: the silence, the maintenance or the incident that keeps it."""

    incident_id: str
    why: str


class EscalationStep(msgspec.Struct, frozen=True, kw_only=True):
    """A step is due; on disk before anything of it is sent. One of another generation or out of turn means nothing."""

    incident_id: str
    generation: int
    number: int
    notices: tuple[Notice, ...] = ()
    action: str = ""


class EscalationTold(msgspec.Struct, frozen=True, kw_only=True):
    """Whoever was told of an incident hears how it went on; on disk before anything of it is sent."""

    incident_id: str
    notices: tuple[Notice, ...]


class NoticeSent(msgspec.Struct, frozen=True, kw_only=True):
    """A channel took a notice. channel: which one in the end. detail: what it answered, without any address."""

    incident_id: str
    notice_id: str
    channel: str
    detail: str = ""


class NoticeFailed(msgspec.Struct, frozen=True, kw_only=True):
    """A channel did not take a notice. final: it is not tried again."""

    incident_id: str
    notice_id: str
    channel: str
    why: str
    final: bool


class TrialBegun(msgspec.Struct, frozen=True, kw_only=True):
    """A channel is about to be tried with a notice that is about nothing; the entry's actor asked for it.

    person: whom it is for, empty for nobody. Its key is ``test-`` and the entry's sequence.
    """

    channel: str
    person: str


class TrialEnded(msgspec.Struct, frozen=True, kw_only=True):
    """What became of it. trial: sequence of the entry that began it. detail: without any address."""

    trial: int
    channel: str
    taken: bool
    detail: str = ""


class ChangeTold(msgspec.Struct, frozen=True, kw_only=True):
    """A service was told of a change, or will not be. entry: that tells of it. refused: why not, empty when it was."""

    channel: str
    entry: int
    summary: str
    detail: str = ""
    refused: str = ""


class SilenceAdded(msgspec.Struct, frozen=True, kw_only=True):
    """A person wants to hear nothing of what matches, for a while; the entry's actor is that person."""

    matchers: tuple[str, ...]
    starts_at_ms: int
    ends_at_ms: int
    comment: str


class SilenceExpired(msgspec.Struct, frozen=True, kw_only=True):
    """A person ended a silence before its time."""

    silence_id: str
    comment: str = ""


class MaintenanceAnnounced(msgspec.Struct, frozen=True, kw_only=True):
    """Work begins later; the entry's actor announced it. matchers: what it is about; none for everything."""

    kind: Literal["emergency", "planned"]
    what: str
    matchers: tuple[str, ...]
    starts_at_ms: int
    ends_at_ms: int


class MaintenanceEnded(msgspec.Struct, frozen=True, kw_only=True):
    """A person ended a maintenance before its time, or took it back before its start."""

    maintenance_id: str
    comment: str = ""


EscalationBody = (
    EscalationStarted
    | EscalationHeld
    | EscalationStep
    | EscalationTold
    | NoticeSent
    | NoticeFailed
    | TrialBegun
    | TrialEnded
    | ChangeTold
    | SilenceAdded
    | SilenceExpired
    | MaintenanceAnnounced
    | MaintenanceEnded
)

ESCALATION_TYPE_BY_KIND: dict[str, type[EscalationBody]] = {
    "escalation.started": EscalationStarted,
    "escalation.held": EscalationHeld,
    "escalation.step": EscalationStep,
    "escalation.told": EscalationTold,
    "notice.sent": NoticeSent,
    "notice.failed": NoticeFailed,
    "trial.begun": TrialBegun,
    "trial.ended": TrialEnded,
    "change.told": ChangeTold,
    "silence.added": SilenceAdded,
    "silence.expired": SilenceExpired,
    "maintenance.announced": MaintenanceAnnounced,
    "maintenance.ended": MaintenanceEnded,
}

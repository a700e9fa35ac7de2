"""What the journal says about incidents beside their findings: who took one on, which belong together, what ended."""

from typing import Literal

import msgspec


class IncidentAcknowledged(msgspec.Struct, frozen=True, kw_only=True):
    """A person took the incident on; the entry's actor is that person. through: the channel that told us, if any."""

    incident_id: str
    note: str = ""
    through: str = ""


class IncidentUnacknowledged(msgspec.Struct, frozen=True, kw_only=True):
    """Nobody is on it any more. cause: a person gave it back, or who took it on was silent for too long."""

    incident_id: str
    cause: Literal["person", "timeout"]
    note: str = ""


class IncidentResolved(msgspec.Struct, frozen=True, kw_only=True):
    """A person closed the incident, or the daemon when its rule is gone; evidence closes it by a cleared finding.

    through: the channel that told us, if one did.
    """

    incident_id: str
    note: str = ""
    through: str = ""


class IncidentReopened(msgspec.Struct, frozen=True, kw_only=True):
    """A person had closed it, and what is measured says that it is not over. why: what is still so."""

    incident_id: str
    why: str


class IncidentMerged(msgspec.Struct, frozen=True, kw_only=True):
    """Two incidents have one cause: from here on the second speaks for both. why: what they share, or what was said."""

    incident_id: str
    into: str
    why: str


class IncidentNoted(msgspec.Struct, frozen=True, kw_only=True):
    """A person wrote something down about the incident; nothing else changes by it."""

    incident_id: str
    note: str


class IncidentExposed(msgspec.Struct, frozen=True, kw_only=True):
    """What went where it was wrong, from its begin until it was mitigated or over, counted once from the log of facts.

    payments: distinct ones; failed: of them. amount_cents: of all of them. whole: the log reached back to the begin.
    """

    incident_id: str
    payments: int
    failed: int
    amount_cents: int
    from_ms: int
    until_ms: int
    whole: bool


class IncidentHeardOf(msgspec.Struct, frozen=True, kw_only=True):
    """Something was done about it in another system, which said so; comes after what that changed here, if anything.

    channel: by which it came. event_id: the other system's own, by which one that comes twice is known. what: in words.
    acted: it changes who is on it, or whether it is over. occurred_at_ms: there. refused: why nothing changed here.
    """

    incident_id: str
    channel: str
    event_id: str
    what: str
    acted: bool
    occurred_at_ms: int
    refused: str = ""


IncidentBody = (
    IncidentAcknowledged
    | IncidentUnacknowledged
    | IncidentResolved
    | IncidentReopened
    | IncidentMerged
    | IncidentNoted
    | IncidentExposed
    | IncidentHeardOf
)

INCIDENT_TYPE_BY_KIND: dict[str, type[IncidentBody]] = {
    "incident.acknowledged": IncidentAcknowledged,
    "incident.unacknowledged": IncidentUnacknowledged,
    "incident.resolved": IncidentResolved,
    "incident.reopened": IncidentReopened,
    "incident.merged": IncidentMerged,
    "incident.noted": IncidentNoted,
    "incident.exposed": IncidentExposed,
    "incident.heard_of": IncidentHeardOf,
}

"""What the journal says about telling the outside: words for the status page, letters, and what became of them."""

from typing import Literal

import msgspec

Phase = Literal["investigating", "identified", "monitoring", "resolved", "scheduled", "in_progress", "completed"]
Impact = Literal["outage", "degraded", "maintenance"]


class StatusProposed(msgspec.Struct, frozen=True, kw_only=True):
    """Words for the status page, exactly as they would be published; the entry's actor wrote or chose them.

    subject_id: the incident or the maintenance that they are about. components: of the page. began_at_ms, ended_at_ms:
    of what was wrong or of the work, as known then; 0: not yet. Its id is ``upd-`` and the sequence of this entry.
    replaces: the words that waited and never will be published, because a person wrote these in their place; why: so.
    """

    subject_id: str
    kind: str
    phase: Phase
    impact: Impact
    title: str
    text: str
    components: tuple[str, ...] = ()
    began_at_ms: int = 0
    ended_at_ms: int = 0
    replaces: str = ""
    why: str = ""


class StatusAnswered(msgspec.Struct, frozen=True, kw_only=True):
    """They are published, or never will be. The entry's actor is who said so; the daemon, where it may by itself."""

    update_id: str
    publish: bool
    why: str = ""


class CommunicationProposed(msgspec.Struct, frozen=True, kw_only=True):
    """A letter, exactly as it would be sent. One of a letter and an incident that there is already changes nothing.

    kind, letter: which one it is. failed_payments: that it may concern, None while they are not counted. Its id is
    ``com-`` and the sequence of this entry. replaces, why: as of words for the page.
    """

    subject_id: str
    kind: str
    letter: str
    audience: str
    subject: str
    body: str
    failed_payments: int | None = None
    replaces: str = ""
    why: str = ""


class CommunicationAnswered(msgspec.Struct, frozen=True, kw_only=True):
    """The letter may be sent, or never will be. contacts: to whom, by where their addresses stand: ``providers/0``."""

    communication_id: str
    send: bool
    why: str = ""
    contacts: tuple[str, ...] = ()


class CommunicationBegun(msgspec.Struct, frozen=True, kw_only=True):
    """The letter is about to be handed to a channel for this contact; on disk before it is. key: sent twice, it is one.

    contact: one of those that the answer named.
    """

    communication_id: str
    contact: str
    key: str


class CommunicationSent(msgspec.Struct, frozen=True, kw_only=True):
    """The channel took it. detail: what it answered, without any address."""

    communication_id: str
    contact: str
    channel: str
    detail: str = ""


class CommunicationFailed(msgspec.Struct, frozen=True, kw_only=True):
    """The channel did not take it. final: it is not tried again for this contact."""

    communication_id: str
    contact: str
    channel: str
    why: str
    final: bool


PublicBody = (
    StatusProposed
    | StatusAnswered
    | CommunicationProposed
    | CommunicationAnswered
    | CommunicationBegun
    | CommunicationSent
    | CommunicationFailed
)

PUBLIC_TYPE_BY_KIND: dict[str, type[PublicBody]] = {
    "status.proposed": StatusProposed,
    "status.answered": StatusAnswered,
    "communication.proposed": CommunicationProposed,
    "communication.answered": CommunicationAnswered,
    "communication.begun": CommunicationBegun,
    "communication.sent": CommunicationSent,
    "communication.failed": CommunicationFailed,
}

"""PagerDuty's webhooks, version 3: what somebody did to an incident there, and what it means here."""

from typing import Literal

import msgspec

from checks.redaction.card_numbers import mask_card_numbers
from daemon.errors import Untranslatable
from daemon.translate.envelope import decode, milliseconds

NAME_LENGTH_MAX = 80
EVENT_ID_LENGTH_MAX = 100
_PERSON = "user_reference"
_OURS = "integration"
"""Part of the type of who did it when our own events did: ``events_api_v2_inbound_integration_reference``."""
Act = Literal["acknowledge", "give_back", "resolve", "note"]
_ACTS: dict[str, Act] = {
    "incident.acknowledged": "acknowledge",
    "incident.unacknowledged": "give_back",
    "incident.resolved": "resolve",
    "incident.reassigned": "note",
    "incident.delegated": "note",
    "incident.escalated": "note",
    "incident.priority_updated": "note",
    "incident.reopened": "note",
}

_OF_PEOPLE = ("acknowledge", "resolve")


class _Reference(msgspec.Struct, frozen=True, gc=False):
    summary: str | None = None
    type: str = ""


class _Data(msgspec.Struct, frozen=True, gc=False):
    """``data`` of an event about an incident; other kinds have other fields, and are not read."""

    type: str = ""
    incident_key: str | None = None
    assignees: list[_Reference] = []
    priority: _Reference | None = None
    resolve_reason: _Reference | None = None


class _Event(msgspec.Struct, frozen=True, gc=False):
    id: str
    event_type: str
    occurred_at: str
    agent: _Reference | None = None
    data: _Data = _Data()


class PagerDutyWebhook(msgspec.Struct, frozen=True, gc=False):
    """A webhook. Source: https://developer.pagerduty.com/docs/webhooks-v3-overview."""

    event: _Event


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """What was done. dedup_key: of our alert. who: as PagerDuty names them, empty for nobody. what: in words."""

    event_id: str
    occurred_at_ms: int
    dedup_key: str
    act: Act
    who: str
    what: str


class Nothing(msgspec.Struct, frozen=True, kw_only=True):
    """A sound webhook that changes nothing here. why: one word, for the count of them."""

    why: Literal["unknown_event", "not_ours", "our_own"]


_WEBHOOK = msgspec.json.Decoder(PagerDutyWebhook)


def done_in(body: bytes) -> Done | Nothing:
    """What a webhook says. Raises Untranslatable when it is none of version 3."""
    event = decode(_WEBHOOK, body).event
    if not 0 < len(event.id) <= EVENT_ID_LENGTH_MAX or not event.id.isprintable():
        raise Untranslatable(f"event.id has {len(event.id)} characters, not 1 to {EVENT_ID_LENGTH_MAX}.")
    at_ms = milliseconds(event.occurred_at, "event.occurred_at")
    act = _ACTS.get(event.event_type)
    if act is None or event.data.type != "incident":
        return Nothing(why="unknown_event")
    if not event.data.incident_key:
        return Nothing(why="not_ours")
    agent = event.agent
    if agent is not None and _OURS in agent.type:
        # What we sent comes back as an event; it happened here.
        return Nothing(why="our_own")
    who = _clean(agent.summary) if agent is not None and agent.type == _PERSON and agent.summary else ""
    if act in _OF_PEOPLE and not who:
        # A timer or a workflow of theirs has neither looked at it nor mended it.
        act = "note"
    return Done(
        event_id=event.id,
        occurred_at_ms=at_ms,
        dedup_key=event.data.incident_key,
        act=act,
        who=who,
        what=_words(event, who),
    )


def _words(event: _Event, who: str) -> str:
    by = f" by {who}" if who else ""
    whom = ", ".join(_clean(one.summary) for one in event.data.assignees[:5] if one.summary)
    match event.event_type.removeprefix("incident."):
        case "reassigned" | "delegated" | "escalated" as verb:
            return f"was {verb} to {whom if whom else 'nobody'}{by}"
        case "priority_updated":
            priority = event.data.priority
            named = _clean(priority.summary) if priority is not None and priority.summary else "none"
            return f"has the priority {named}{by}"
        case verb:
            return f"was {verb}{by}"


def _clean(text: str) -> str:
    """A name as it may stand in a line: bounded, printable, without card numbers."""
    kept = "".join(letter if letter.isprintable() else " " for letter in text)
    return mask_card_numbers(" ".join(kept.split())[:NAME_LENGTH_MAX])

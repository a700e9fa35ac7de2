"""The doors through which people hold incidents: see one, take it on, give it back, close it, merge it, review it."""

from collections.abc import Awaitable, Callable, Sequence
from http import HTTPStatus

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from config.policy import Severities
from config.rules.rule_file import Rule
from daemon.http.doors import door
from daemon.http.resources import IncidentDocument, incident_document
from daemon.http.words.review import BEFORE_MS, review
from daemon.incidents.desk import IncidentDesk, IncidentRefusal, IncidentRefused
from daemon.incidents.parts import IncidentParts
from daemon.view.shape import SystemView
from remediation.escalation.chain import Chain
from remediation.incidents.fold import members_of, root_of
from remediation.incidents.times import Times, times_of
from remediation.journal.entry import Entry
from remediation.journal.port import READ_LIMIT
from remediation.procedures.model import ProcedureRun
from remediation.state import Incident, State

REVIEW_ENTRIES_MAX = 20_000
"""Of the journal that a review reads; a longer incident's begin and end are read, and its middle is in the journal."""


class Noted(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the journal keeps beside the name; may be empty."""

    note: str = ""


class Closing(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why it is over; the journal keeps it."""

    reason: str


class Merging(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """into: the incident that speaks for both from here on."""

    into: str
    reason: str


class IncidentStory(msgspec.Struct, frozen=True, kw_only=True):
    """An incident, what was merged into it, how long everything took, and who is told of it; None before the first.

    procedure: what to walk for it; empty where none is for its runbook. walked: runs for it or for its members, newest
    first.
    """

    incident: IncidentDocument
    members: list[IncidentDocument]
    times: Times
    escalation: Chain | None
    procedure: str = ""
    walked: list[ProcedureRun] = []


def story_of(
    state: State, incident: Incident, severities: Severities, now_ms: int, procedure: str = ""
) -> IncidentStory:
    """Everything that is known of it now."""
    names = {incident.id, *(one.id for one in members_of(state, incident.id))}
    return IncidentStory(
        incident=incident_document(incident, severities, now_ms),
        members=[incident_document(one, severities, now_ms) for one in members_of(state, incident.id)],
        times=times_of(state, incident),
        escalation=state.escalation.chains.get(incident.id),
        procedure=procedure,
        walked=[one for one in reversed(state.procedures.values()) if one.incident_id in names],
    )


class IncidentReview(msgspec.Struct, frozen=True, kw_only=True):
    """The document for the time after the incident, as Markdown."""

    incident_id: str
    markdown: str


Act = Callable[[IncidentDesk, str, str, Request], Awaitable[Incident | IncidentRefused]]


class IncidentDoor:
    """The handlers; the caller's name is the actor in the journal. parts: None where nobody can act on incidents."""

    def __init__(
        self,
        view: SystemView,
        parts: IncidentParts | None,
        severities: Callable[[], Severities],
        rules: Callable[[], Sequence[Rule]],
    ) -> None:
        self._view = view
        self._held = parts
        self._severities = severities
        self._rules = rules

    async def acknowledge(self, request: Request) -> Response:
        """200 with the incident that was taken on."""
        return await self._acted(request, _acknowledge)

    async def give_back(self, request: Request) -> Response:
        """200 with the incident that nobody is on any more."""
        return await self._acted(request, _give_back)

    async def resolve(self, request: Request) -> Response:
        """200 with the incident that is over."""
        return await self._acted(request, _resolve)

    async def note(self, request: Request) -> Response:
        """200 with the incident that something was written down about."""
        return await self._acted(request, _note)

    async def merge(self, request: Request) -> Response:
        """200 with the incident that speaks for both."""
        return await self._acted(request, _merge)

    async def show(self, request: Request) -> Response:
        """One incident with its group, its times and who is told."""
        return door.answer(self._story(self._known(request)))

    async def reviewed(self, name: str) -> IncidentReview:
        """The document. Raises Refused."""
        state = self._view.state()
        incident = root_of(state, self._named(name))
        entries = await self._entries(state, incident)
        rules = {rule.id: rule for rule in self._rules()}
        text = review(state, incident, entries, rules, self._severities())
        return IncidentReview(incident_id=incident.id, markdown=text)

    async def review(self, request: Request) -> Response:
        """The document for the time after it."""
        return door.answer(await self.reviewed(request.path_params["incident_id"]))

    async def _entries(self, state: State, incident: Incident) -> list[Entry]:
        """From half an hour before it to its end, as far as one answer reads."""
        opened = int(incident.id.removeprefix("inc-"))
        found: list[Entry] = []
        after = max(0, opened - READ_LIMIT)
        while len(found) < REVIEW_ENTRIES_MAX:
            page = await self._view.journal(after, READ_LIMIT)
            found += [one for one in page if one.at_ms >= incident.opened_at_ms - BEFORE_MS]
            if not page or page[-1].sequence >= state.sequence or self._is_past(incident, page[-1]):
                return found
            after = page[-1].sequence
        return found

    def _is_past(self, incident: Incident, entry: Entry) -> bool:
        return bool(incident.resolved_at_ms) and entry.at_ms > incident.resolved_at_ms + BEFORE_MS

    async def _acted(self, request: Request, act: Act) -> Response:
        parts = door.held(self._held, "Incidents are not held from here.")
        found = await act(parts.desk, request.path_params["incident_id"], door.caller(request).name, request)
        if isinstance(found, IncidentRefused):
            raise door.Refused(_STATUS_BY_REFUSAL.get(found.refusal, HTTPStatus.CONFLICT), f"{found.detail}.")
        return door.answer(self._story(found))

    def _story(self, incident: Incident) -> IncidentStory:
        parts = self._held
        found = None if parts is None else parts.procedures.catalogue.answering(incident.runbook)
        name = "" if found is None else found.name
        return story_of(self._view.state(), incident, self._severities(), self._view.now_ms(), name)

    def _known(self, request: Request) -> Incident:
        return self._named(request.path_params["incident_id"])

    def _named(self, name: str) -> Incident:
        found = self._view.state().incidents.get(name)
        if found is None:
            raise door.Refused(HTTPStatus.NOT_FOUND, f"There is no incident {name!r:.60}.")
        return found


async def _acknowledge(desk: IncidentDesk, name: str, actor: str, request: Request) -> Incident | IncidentRefused:
    return await desk.acknowledge(name, actor, _short((await door.body_as(request, Noted)).note))


async def _give_back(desk: IncidentDesk, name: str, actor: str, request: Request) -> Incident | IncidentRefused:
    return await desk.give_back(name, actor, _short((await door.body_as(request, Noted)).note))


async def _resolve(desk: IncidentDesk, name: str, actor: str, request: Request) -> Incident | IncidentRefused:
    return await desk.resolve(name, actor, door.reason_of((await door.body_as(request, Closing)).reason))


async def _note(desk: IncidentDesk, name: str, actor: str, request: Request) -> Incident | IncidentRefused:
    return await desk.note(name, actor, door.reason_of((await door.body_as(request, Noted)).note))


async def _merge(desk: IncidentDesk, name: str, actor: str, request: Request) -> Incident | IncidentRefused:
    wish = await door.body_as(request, Merging)
    return await desk.merge(name, wish.into, actor, door.reason_of(wish.reason))


def _short(note: str) -> str:
    if len(note) > door.REASON_LENGTH_MAX:
        detail = f"A note has at most {door.REASON_LENGTH_MAX} characters."
        raise door.Refused(HTTPStatus.UNPROCESSABLE_ENTITY, detail)
    return note.strip()


_STATUS_BY_REFUSAL = {
    IncidentRefusal.UNKNOWN: HTTPStatus.NOT_FOUND,
    IncidentRefusal.NOT_LEADING: HTTPStatus.SERVICE_UNAVAILABLE,
}

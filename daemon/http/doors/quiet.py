"""The doors to what keeps people from being told, silences and maintenance, and to who is on duty and being told."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Literal, TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from daemon.http.doors import door
from daemon.incidents.parts import IncidentParts
from daemon.incidents.quiet_desk import QuietRefusal, QuietRefused
from remediation.escalation.chain import Chain, ChainState
from remediation.escalation.on_call import duties, on_duty
from remediation.escalation.state import Maintenance, Silence

Kept = TypeVar("Kept", Silence, Maintenance)

AHEAD_MS = 7 * 86_400_000
"""How far ahead is said when somebody's duty ends."""


class SilenceWish(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """matchers: all must hold, such as ``severity!=critical``. starts_at_ms: now when 0."""

    matchers: tuple[str, ...]
    ends_at_ms: int
    comment: str
    starts_at_ms: int = 0


class MaintenanceWish(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """matchers: what it is about; none for everything."""

    kind: Literal["emergency", "planned"]
    what: str
    starts_at_ms: int
    ends_at_ms: int
    matchers: tuple[str, ...] = ()


class QuietEnding(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why it ends before its time."""

    reason: str


class SilenceDocument(Silence, frozen=True, kw_only=True):
    """A silence, and where it stands now."""

    status: Literal["coming", "in_force", "over"]


class SilenceList(msgspec.Struct, frozen=True, kw_only=True):
    """Newest first, those that are over too, as long as they are remembered."""

    silences: list[SilenceDocument]


class MaintenanceDocument(Maintenance, frozen=True, kw_only=True):
    """Announced work, and where it stands now."""

    status: Literal["coming", "in_force", "over"]


class MaintenanceList(msgspec.Struct, frozen=True, kw_only=True):
    """Newest first."""

    maintenances: list[MaintenanceDocument]


class OnDuty(msgspec.Struct, frozen=True, kw_only=True):
    """person, layer: empty when nobody is. until_ms: when that changes, at most a week ahead."""

    schedule: str
    person: str
    name: str
    layer: str
    until_ms: int


class EscalationDocument(msgspec.Struct, frozen=True, kw_only=True):
    """Who is on duty now, and the chains that are not over, the gravest first."""

    on_duty: list[OnDuty]
    chains: list[Chain]


class QuietDoor:
    """The handlers; the caller's name is the actor in the journal. parts: None where nobody is told of anything."""

    def __init__(self, parts: IncidentParts | None, now_ms: Callable[[], int]) -> None:
        self._held = parts
        self._now_ms = now_ms

    @property
    def _parts(self) -> IncidentParts:
        return door.held(self._held, "Nobody is told of anything from here.")

    async def escalation(self, _: Request) -> Response:
        """Who is on duty, and who is being told of what."""
        now_ms, rules = self._now_ms(), self._parts.escalation()
        duty = []
        for name, schedule in rules.schedules.items():
            person, layer = on_duty(schedule, now_ms)
            shown = rules.people[person].name if person else ""
            until_ms = duties(schedule, now_ms, now_ms + AHEAD_MS)[0].ends_at_ms
            duty.append(OnDuty(schedule=name, person=person, name=shown, layer=layer, until_ms=until_ms))
        chains = [one for one in self._parts.quiet.book.chains.values() if one.state is not ChainState.OVER]
        chains.sort(key=lambda one: (one.severity, one.started_at_ms))
        return door.answer(EscalationDocument(on_duty=duty, chains=chains))

    async def silences(self, _: Request) -> Response:
        """Newest first."""
        told = [self._silence_document(one) for one in reversed(self._parts.quiet.book.silences.values())]
        return door.answer(SilenceList(silences=told))

    async def silence(self, request: Request) -> Response:
        """201 with the silence."""
        wish, actor = await door.body_as(request, SilenceWish), door.caller(request).name
        comment = door.reason_of(wish.comment)
        added = await self._parts.quiet.silence(wish.matchers, wish.ends_at_ms, actor, comment, wish.starts_at_ms)
        return door.answer(self._silence_document(_given(added)), HTTPStatus.CREATED)

    async def expire(self, request: Request) -> Response:
        """200 with the silence that is over now."""
        reason, actor = door.reason_of((await door.body_as(request, QuietEnding)).reason), door.caller(request).name
        ended = await self._parts.quiet.expire(request.path_params["silence_id"], actor, reason)
        return door.answer(self._silence_document(_given(ended)))

    async def maintenances(self, _: Request) -> Response:
        """Newest first."""
        told = [self._maintenance_document(one) for one in reversed(self._parts.quiet.book.maintenances.values())]
        return door.answer(MaintenanceList(maintenances=told))

    async def announce(self, request: Request) -> Response:
        """201 with what was announced."""
        wish, actor = await door.body_as(request, MaintenanceWish), door.caller(request).name
        announced = await self._parts.quiet.announce(
            wish.kind, door.reason_of(wish.what), wish.matchers, wish.starts_at_ms, wish.ends_at_ms, actor
        )
        return door.answer(self._maintenance_document(_given(announced)), HTTPStatus.CREATED)

    async def end(self, request: Request) -> Response:
        """200 with the maintenance that is over now."""
        reason, actor = door.reason_of((await door.body_as(request, QuietEnding)).reason), door.caller(request).name
        ended = await self._parts.quiet.end(request.path_params["maintenance_id"], actor, reason)
        return door.answer(self._maintenance_document(_given(ended)))

    def _silence_document(self, one: Silence) -> SilenceDocument:
        fields = {name: getattr(one, name) for name in one.__struct_fields__}
        return SilenceDocument(**fields, status=_status(one, self._now_ms()))

    def _maintenance_document(self, one: Maintenance) -> MaintenanceDocument:
        fields = {name: getattr(one, name) for name in one.__struct_fields__}
        return MaintenanceDocument(**fields, status=_status(one, self._now_ms()))


def _status(one: Silence | Maintenance, now_ms: int) -> Literal["coming", "in_force", "over"]:
    if one.is_over(now_ms):
        return "over"
    return "in_force" if one.holds(now_ms) else "coming"


def _given(found: Kept | QuietRefused) -> Kept:
    """What was asked for. Raises Refused when the answer was no."""
    if isinstance(found, QuietRefused):
        status = _STATUS_BY_REFUSAL.get(found.refusal, HTTPStatus.UNPROCESSABLE_ENTITY)
        raise door.Refused(status, f"{found.detail}.")
    return found


_STATUS_BY_REFUSAL = {
    QuietRefusal.UNKNOWN: HTTPStatus.NOT_FOUND,
    QuietRefusal.OVER: HTTPStatus.CONFLICT,
    QuietRefusal.TOO_MANY: HTTPStatus.CONFLICT,
    QuietRefusal.NOT_LEADING: HTTPStatus.SERVICE_UNAVAILABLE,
}

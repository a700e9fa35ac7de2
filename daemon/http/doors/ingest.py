"""The ingest door: ``POST /ingest/events`` answers once the facts are on disk."""

from collections.abc import Awaitable, Callable
from http import HTTPStatus

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from daemon.errors import DaemonError, Untranslatable
from daemon.http.doors import door
from daemon.http.problems import problem
from daemon.sources import ingest as source
from daemon.sources.alertmanager import take_alerts
from daemon.sources.sink import FactSink
from daemon.sources.taking import Taken
from daemon.sources.trust import Trust
from daemon.storage.quarantine import Quarantine
from daemon.view.shape import SystemView
from remediation.errors import NotJournaled

BODY_LIMIT_BYTES = 1_048_576
"""1 MiB: four of the largest SQS messages."""

REFUSED_LISTED = 20
"""Refused events that an answer names; the quarantine has all of them."""

CONTENT_TYPES = frozenset({source.JSON, source.CLOUD_EVENT, source.CLOUD_EVENTS})


class UnusableEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One event that gave no fact. index: from 0, within the request."""

    index: int
    what: str


class IngestCounts(msgspec.Struct, frozen=True, kw_only=True):
    """accepted: facts that are on disk. refused: events in quarantine. ignored: sound, but nothing we watch.

    problems: the first REFUSED_LISTED refused events.
    """

    accepted: int
    refused: int
    ignored: int
    problems: list[UnusableEvent]


class IngestDoor:
    """Hands a request's events to the source of the same name."""

    def __init__(self, view: SystemView, sink: FactSink, quarantine: Quarantine, trust: Trust) -> None:
        self._view = view
        self._sink = sink
        self._quarantine = quarantine
        self._trust = trust

    async def take(self, request: Request) -> Response:
        """202 with counts; 400 when no event was usable, 413, 415, and 503 when the facts could not be stored."""
        content_type = request.headers.get("content-type", "")
        if _media_type(request) not in CONTENT_TYPES:
            raise door.Refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"Send one of {', '.join(sorted(CONTENT_TYPES))}.")
        traceparent = request.headers.get("traceparent", "")
        return await self._taken(
            request,
            lambda body: source.ingest(
                body,
                content_type,
                self._sink,
                self._quarantine,
                self._view.now_ms(),
                trust=self._trust,
                traceparent=traceparent,
            ),
        )

    async def take_alerts(self, request: Request) -> Response:
        """The same for a webhook of Alertmanager, version 4, whose alerts are its events."""
        if _media_type(request) != source.JSON:
            raise door.Refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"Send {source.JSON}.")
        return await self._taken(
            request, lambda body: take_alerts(body, self._sink, self._quarantine, self._view.now_ms())
        )

    async def _taken(self, request: Request, take: Callable[[bytes], Awaitable[Taken]]) -> Response:
        path, body = request.url.path, await door.body_of(request, BODY_LIMIT_BYTES, "send smaller batches")
        try:
            return _answer(await take(body))
        except Untranslatable as fault:
            raise door.Refused(HTTPStatus.BAD_REQUEST, fault.detail) from fault
        except (DaemonError, NotJournaled) as fault:
            if isinstance(fault, DaemonError) and not fault.retryable:
                raise
            return problem(503, "The events were not stored; send them again.", instance=path, headers=_RETRY)


_RETRY = {"retry-after": "1"}


def _media_type(request: Request) -> str:
    """What the body says that it is, without parameters."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def _answer(result: Taken) -> Response:
    listed = [UnusableEvent(index=event.index, what=event.what) for event in result.refused[:REFUSED_LISTED]]
    if result.accepted == 0 and not result.ignored:
        first = f" The first: {listed[0].what}" if listed else ""
        raise door.Refused(HTTPStatus.BAD_REQUEST, f"No event of {len(result.refused)} was usable.{first}")
    counts = IngestCounts(
        accepted=result.accepted, refused=len(result.refused), ignored=len(result.ignored), problems=listed
    )
    return door.answer(counts, HTTPStatus.ACCEPTED)

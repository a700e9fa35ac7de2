"""The read API under ``/api/v1``: the view as JSON, every list bounded."""

import re
from collections.abc import Iterable
from http import HTTPStatus
from typing import TypeVar

from starlette.requests import Request
from starlette.responses import Response

from daemon.errors import DaemonError
from daemon.http import resources
from daemon.http.doors import door
from daemon.http.glance import glance
from daemon.http.openapi import openapi_document
from daemon.http.options import HttpOptions
from daemon.view.shape import SystemView
from remediation.journal.port import READ_LIMIT
from remediation.state import IncidentState

Row = TypeVar("Row")

_WHOLE_NUMBER = re.compile(r"^[0-9]{1,16}\Z")

DEFAULT_LIMIT = 100
"""Rows of a list when the caller names no limit; READ_LIMIT is the most."""


class Api:
    """The handlers of ``/api/v1``; one view, no state of its own."""

    def __init__(self, view: SystemView, options: HttpOptions) -> None:
        self._view = view
        self._options = options

    async def status(self, _: Request) -> Response:
        """The daemon at a glance: what broke, what was done, why not more, and whether every cent is accounted for."""
        return door.answer(glance(self._view, self._options))

    async def incidents(self, request: Request) -> Response:
        """Newest first; ``state`` narrows, ``limit`` bounds."""
        limit, wanted = _limit(request), _incident_state(request)
        found = _newest(self._view.state().incidents.values())
        chosen = [incident for incident in found if wanted is None or incident.state is wanted]
        severities, now_ms = self._options.severities, self._view.now_ms()
        told = [resources.incident_document(one, severities, now_ms) for one in chosen[:limit]]
        return door.answer(resources.IncidentList(incidents=told))

    async def deployments(self, request: Request) -> Response:
        """Newest first."""
        limit = _limit(request)
        return door.answer(
            resources.DeploymentList(deployments=_newest(self._view.state().deployments.values())[:limit])
        )

    async def actions(self, request: Request) -> Response:
        """What was carried out, and what was not with its reason; newest first."""
        limit = _limit(request)
        state = self._view.state()
        not_taken = _newest(decision for decision in state.decisions if not decision.act)
        return door.answer(
            resources.ActionList(actions=_newest(state.actions.values())[:limit], not_taken=not_taken[:limit])
        )

    async def journal(self, request: Request) -> Response:
        """Entries above ``after``, oldest first."""
        after, limit = _number(request, "after", 0, 0, 2**53), _limit(request)
        entries = list(await self._view.journal(after, limit))
        next_after = entries[-1].sequence if entries else after
        return door.answer(
            resources.JournalPage(entries=entries, next_after=next_after, head=self._view.state().sequence)
        )

    async def rules(self, _: Request) -> Response:
        """Every rule with its readings."""
        return door.answer(resources.rule_list(self._options.rules, self._view.readings()))

    async def slos(self, _: Request) -> Response:
        """The objectives that the ratio rules of the family sla stand for."""
        return door.answer(resources.slo_list(self._options.rules, self._view.readings()))

    async def costs(self, _: Request) -> Response:
        """The AWS bill beside what payments save; 503 while its files cannot be read."""
        source = door.held(self._options.costs, "No costs are kept here.")
        try:
            return door.answer(await source.costs())
        except DaemonError as fault:
            raise door.Refused(HTTPStatus.SERVICE_UNAVAILABLE, str(fault)) from fault

    async def openapi(self, _: Request) -> Response:
        """This API's description, made from the types that it answers with."""
        return Response(openapi_document(self._options.version), media_type="application/json")


def _newest(rows: Iterable[Row]) -> list[Row]:
    return list(reversed(list(rows)))


def _limit(request: Request) -> int:
    return _number(request, "limit", DEFAULT_LIMIT, 1, READ_LIMIT)


def _number(request: Request, name: str, default: int, least: int, most: int) -> int:
    text = request.query_params.get(name)
    if text is None:
        return default
    if not _WHOLE_NUMBER.match(text) or not least <= int(text) <= most:
        raise door.Refused(HTTPStatus.BAD_REQUEST, f"{name} must be a whole number from {least} to {most}.")
    return int(text)


def _incident_state(request: Request) -> IncidentState | None:
    text = request.query_params.get("state")
    if text is None:
        return None
    if text not in tuple(IncidentState):
        raise door.Refused(HTTPStatus.BAD_REQUEST, f"state must be one of {', '.join(IncidentState)}.")
    return IncidentState(text)

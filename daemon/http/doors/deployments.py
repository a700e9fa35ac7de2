"""The doors through which people bring out versions, and hold, end and look at a deployment."""

from http import HTTPStatus
from typing import TypeVar

import msgspec
from msgspec.structs import replace
from starlette.requests import Request
from starlette.responses import Response

from daemon.deployments.refusals import Refusal, Refused
from daemon.deployments.service import DeploymentDesk, RunView
from daemon.deployments.wanted import Wanted
from daemon.http.doors import door
from remediation.deployment.plan import Plan

Found = TypeVar("Found")


class DeploymentWish(Wanted, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What somebody asks for. dry_run: the plan alone, and nothing is begun."""

    dry_run: bool = False


class Reason(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why somebody does it; the journal keeps it."""

    reason: str


class Ending(Reason, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why somebody ends it. force: nobody was asked whether they mean it."""

    force: bool = False


class PlanDocument(msgspec.Struct, frozen=True, kw_only=True):
    """What would be done, step by step; nothing was begun."""

    plan: Plan


_STATUS_BY_REFUSAL = {
    Refusal.NOT_LEADING: HTTPStatus.SERVICE_UNAVAILABLE,
    Refusal.UNREACHABLE: HTTPStatus.SERVICE_UNAVAILABLE,
    Refusal.BAD_VERSION: HTTPStatus.UNPROCESSABLE_ENTITY,
    Refusal.BAD_REGION: HTTPStatus.UNPROCESSABLE_ENTITY,
    Refusal.BAD_COHORT: HTTPStatus.UNPROCESSABLE_ENTITY,
    Refusal.UNKNOWN: HTTPStatus.NOT_FOUND,
}
"""Every other refusal is 409: it could be, and is not now."""


class DeploymentDoor:
    """The handlers; the caller's name is the actor in the journal. desk: None where nothing is deployed from here."""

    def __init__(self, desk: DeploymentDesk | None) -> None:
        self._held = desk

    @property
    def _desk(self) -> DeploymentDesk:
        return door.held(self._held, "Nothing is deployed from here.")

    async def ask(self, request: Request) -> Response:
        """201 with the deployment that has begun, or 200 with the plan of a dry run."""
        wish = await door.body_as(request, DeploymentWish)
        if wish.reason:
            wish = replace(wish, reason=door.reason_of(wish.reason))
        actor = door.caller(request).name
        if wish.dry_run:
            return door.answer(PlanDocument(plan=_taken(await self._desk.plan(wish, actor))))
        run = _taken(await self._desk.ask(wish, actor))
        return door.answer(self._view(run.id), HTTPStatus.CREATED)

    async def show(self, request: Request) -> Response:
        """One deployment: its plan, what it does, what it waits for, what has ended."""
        return door.answer(self._view(request.path_params["deployment_id"]))

    async def pause(self, request: Request) -> Response:
        """Begin no further step."""
        name, actor, reason = await _said(request)
        return self._told(name, await self._desk.pause(name, actor, reason))

    async def resume(self, request: Request) -> Response:
        """Go on, or give a held step its time once more."""
        name, actor, reason = await _said(request)
        return self._told(name, await self._desk.resume(name, actor, reason))

    async def abort(self, request: Request) -> Response:
        """End it and give its traffic back."""
        body = await door.body_as(request, Ending)
        name, reason = request.path_params["deployment_id"], door.reason_of(body.reason)
        return self._told(name, await self._desk.abort(name, door.caller(request).name, reason, force=body.force))

    def _told(self, name: str, refused: Refused | None) -> Response:
        if refused is not None:
            raise _refusal(refused)
        return door.answer(self._view(name))

    def _view(self, deployment_id: str) -> RunView:
        view = self._desk.show(deployment_id)
        if view is None:
            raise door.Refused(HTTPStatus.NOT_FOUND, f"There is no deployment {deployment_id!r:.100}.")
        return view


async def _said(request: Request) -> tuple[str, str, str]:
    body = await door.body_as(request, Reason)
    return request.path_params["deployment_id"], door.caller(request).name, door.reason_of(body.reason)


def _taken(found: Found | Refused) -> Found:
    if isinstance(found, Refused):
        raise _refusal(found)
    return found


def _refusal(refused: Refused) -> door.Refused:
    status = _STATUS_BY_REFUSAL.get(refused.refusal, HTTPStatus.CONFLICT)
    return door.Refused(status, f"{refused.refusal}: {refused.detail}")

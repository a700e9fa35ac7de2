"""The doors through which people take a release back, and look at what it left behind."""

from collections.abc import Callable
from http import HTTPStatus
from typing import TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from daemon.errors import CheckpointFailed
from daemon.http.doors import door
from daemon.rollbacks.desk import RollbackRefusal, RollbackRefused
from daemon.rollbacks.foresight import RollbackPlan
from daemon.rollbacks.parts import RollbackParts
from remediation.compensation.state import CompensationState
from remediation.errors import WorldRefused, WorldUnreachable
from remediation.journal.aftermath_kinds import RollbackMeasured
from remediation.rollback.model import RollbackKind, RollbackRun
from remediation.state import State

Answered = TypeVar("Answered", RollbackRun, RollbackPlan)


class RollbackWish(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """kind: see RollbackKind. deployment_id: the newest release when empty. force: a client passed a question over.

    dry_run: only say what would be done.
    """

    reason: str
    kind: RollbackKind = RollbackKind.TRAFFIC
    deployment_id: str = ""
    force: bool = False
    dry_run: bool = False


class RollbackList(msgspec.Struct, frozen=True, kw_only=True):
    """rollbacks: that people asked for, newest first. measured: how each went, whoever decided it, newest first."""

    rollbacks: list[RollbackRun]
    measured: list[RollbackMeasured]


class CompensationList(msgspec.Struct, frozen=True, kw_only=True):
    """By release, newest first: its payments that are wrong, what puts each right, and what was done."""

    compensations: list[CompensationState]


class RollbackDoor:
    """The handlers; the caller's name is the actor in the journal. parts: None where nothing is taken back."""

    def __init__(self, parts: RollbackParts | None, state: Callable[[], State]) -> None:
        self._held = parts
        self._state = state

    @property
    def _parts(self) -> RollbackParts:
        return door.held(self._held, "Nothing is taken back from here.")

    async def ask(self, request: Request) -> Response:
        """201 with the rollback, as far as it went without waiting; 200 with what a dry run says would be done."""
        wish = await door.body_as(request, RollbackWish)
        if wish.dry_run:
            actor = door.caller(request).name
            return door.answer(_given(await self._parts.foresight.plan(wish.kind, actor, wish.deployment_id)))
        answered = await self._parts.desk.ask(
            wish.kind,
            door.caller(request).name,
            reason=door.reason_of(wish.reason),
            deployment_id=wish.deployment_id,
            force=wish.force,
        )
        return door.answer(_given(answered), HTTPStatus.CREATED)

    async def rehearse(self, request: Request) -> Response:
        """201 with what a drill measured; 409 when it failed, with why."""
        measured = await self._parts.drill.run(door.caller(request).name)
        if not measured.verified_at_ms:
            raise door.Refused(HTTPStatus.CONFLICT, f"The rehearsal failed: {measured.detail}.")
        return door.answer(measured, HTTPStatus.CREATED)

    async def list(self, _: Request) -> Response:
        """What was asked for, and how every rollback went."""
        measured = list(reversed(self._state().rollbacks.values()))
        return door.answer(RollbackList(rollbacks=self._parts.desk.list(), measured=measured))

    async def show(self, request: Request) -> Response:
        """One rollback with its steps."""
        name = request.path_params["rollback_id"]
        found = self._parts.desk.show(name)
        if found is None:
            raise door.Refused(HTTPStatus.NOT_FOUND, f"There is no rollback {name!r:.100}.")
        return door.answer(found)

    async def compensations(self, _: Request) -> Response:
        """The payments that releases left wrong."""
        return door.answer(CompensationList(compensations=list(reversed(self._state().compensations.values()))))

    async def look_again(self, request: Request) -> Response:
        """Look at a release's payments now, and list those that are wrong."""
        name = request.path_params["deployment_id"]
        deployment = self._state().deployments.get(name)
        if deployment is None:
            raise door.Refused(HTTPStatus.NOT_FOUND, f"There is no deployment {name!r:.100}.")
        try:
            listed = await self._parts.compensations.list_payments(deployment, door.caller(request).name)
        except (CheckpointFailed, WorldUnreachable, WorldRefused) as fault:
            raise door.Refused(HTTPStatus.SERVICE_UNAVAILABLE, f"Its payments cannot be read now: {fault}") from fault
        return door.answer(listed)


def _given(answered: Answered | RollbackRefused) -> Answered:
    """What was asked for. Raises Refused when the answer was no."""
    if isinstance(answered, RollbackRefused):
        raise door.Refused(_status(answered.refusal), f"{answered.refusal}: {answered.detail}")
    return answered


def _status(refusal: RollbackRefusal) -> HTTPStatus:
    match refusal:
        case RollbackRefusal.UNKNOWN:
            return HTTPStatus.NOT_FOUND
        case RollbackRefusal.NOT_LEADING:
            return HTTPStatus.SERVICE_UNAVAILABLE
        case _:
            return HTTPStatus.CONFLICT

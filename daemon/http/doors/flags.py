"""The doors to flags: what they serve and who lags, the signed document that payment cores poll, and changes."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from daemon.flags.parts import FlagParts
from daemon.flags.view import flag_document, flag_history, flag_list
from daemon.flags.wishes import FlagRefusal, FlagRefused, Wish
from daemon.http.doors import door
from payment_core.flags.errors import EnvelopeRefused
from payment_core.flags.targeting.references import DEPTH_MAX
from remediation.flags.document import flags_of
from remediation.flags.model import FlagChange

WISH_BYTES_MAX = 32 * 1024
"""A targeting rule may name hundreds of merchants."""


class FlagReason(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why; the journal keeps it. dry_run: say what would be done. force: a freeze of changes is passed over."""

    reason: str
    dry_run: bool = False
    force: bool = False


class FlagSet(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """variant: for everybody, or with targeting for whom it gives none; null without targeting: as the document says.

    targeting: JsonLogic, in place of the document's.
    """

    reason: str
    variant: str | None = None
    targeting: dict[str, Any] | None = None
    dry_run: bool = False
    force: bool = False


class FlagRamp(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """variant: to ramp to. steps: in percent; those of ``flags.yaml`` when empty."""

    reason: str
    variant: str
    steps: tuple[int, ...] = ()
    dry_run: bool = False
    force: bool = False


class SealedDocument(msgspec.Struct, frozen=True, kw_only=True):
    """The document as payment cores take it: JSON inside, byte for byte as it was signed (Ed25519, in hexadecimal)."""

    version: int
    issued_at_ms: int
    expires_at_ms: int
    key_id: str
    signature: str
    document: msgspec.Raw


class FlagDoor:
    """The handlers; the caller's name is the actor in the journal. parts: None where no flags are kept."""

    def __init__(self, parts: FlagParts | None, now_ms: Callable[[], int]) -> None:
        self._held = parts
        self._now_ms = now_ms

    @property
    def _parts(self) -> FlagParts:
        return door.held(self._held, "No flags are kept here.")

    async def revert(self, request: Request) -> Response:
        """200 with what the flag serves now."""
        return await self._reasoned(request, FlagChange.REVERT)

    async def kill(self, request: Request) -> Response:
        """200 as soon as the kill is on disk and on its way."""
        return await self._reasoned(request, FlagChange.KILL)

    async def revive(self, request: Request) -> Response:
        """200 with what the flag serves now."""
        return await self._reasoned(request, FlagChange.REVIVE)

    async def list(self, _: Request) -> Response:
        """Every flag, every process, and who lags."""
        return door.answer(flag_list(self._parts, self._now_ms()))

    async def show(self, request: Request) -> Response:
        """One flag with its definition."""
        return door.answer(flag_document(self._parts, self._known(request)))

    async def history(self, request: Request) -> Response:
        """Its changes, newest first."""
        return door.answer(flag_history(self._parts, self._known(request)))

    async def document(self, request: Request) -> Response:
        """The newest document under its signature; 304 for who has it."""
        try:
            sealed = self._parts.publisher.sealed()
        except EnvelopeRefused as fault:
            raise door.Refused(HTTPStatus.SERVICE_UNAVAILABLE, f"The document cannot be sent: {fault}") from fault
        if sealed is None:
            raise door.Refused(HTTPStatus.SERVICE_UNAVAILABLE, "There is no document of flags yet.")
        headers = {"etag": sealed.etag, "cache-control": "no-cache"}
        if request.headers.get("if-none-match") == sealed.etag:
            return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
        return Response(sealed.body, media_type="application/json", headers=headers)

    async def set(self, request: Request) -> Response:
        """200 with what the flag serves now."""
        body = await door.body_as(request, FlagSet, WISH_BYTES_MAX)
        if _is_too_deep(body.targeting):
            detail = f"targeting has more than {DEPTH_MAX} levels; split the rule."
            raise door.Refused(HTTPStatus.UNPROCESSABLE_ENTITY, detail)
        wish = Wish(
            what=FlagChange.SET,
            reason=door.reason_of(body.reason),
            variant=body.variant,
            targeting=body.targeting,
            force=body.force,
        )
        return await self._ask(request, wish, dry_run=body.dry_run)

    async def ramp(self, request: Request) -> Response:
        """200 with what the flag serves now."""
        body = await door.body_as(request, FlagRamp)
        wish = Wish(
            what=FlagChange.RAMP,
            reason=door.reason_of(body.reason),
            variant=body.variant,
            steps=body.steps,
            force=body.force,
        )
        return await self._ask(request, wish, dry_run=body.dry_run)

    async def _reasoned(self, request: Request, what: FlagChange) -> Response:
        body = await door.body_as(request, FlagReason)
        wish = Wish(what=what, reason=door.reason_of(body.reason), force=body.force)
        return await self._ask(request, wish, dry_run=body.dry_run)

    async def _ask(self, request: Request, wish: Wish, *, dry_run: bool) -> Response:
        flag, actor = request.path_params["flag"], door.caller(request).name
        answered = await self._parts.desk.ask(flag, wish, actor, dry_run=dry_run)
        if isinstance(answered, FlagRefused):
            raise door.Refused(_status(answered.refusal), f"{answered.refusal}: {answered.detail}")
        return door.answer(answered)

    def _known(self, request: Request) -> str:
        flag: str = request.path_params["flag"]
        if flag not in flags_of(self._parts.changes.book):
            raise door.Refused(HTTPStatus.NOT_FOUND, f"There is no flag {flag!r:.100}.")
        return flag


def _is_too_deep(rule: object) -> bool:
    """Whether it has more levels than any rule may have; asked before anything walks it, level by level."""
    found = [rule]
    for _ in range(DEPTH_MAX + 1):
        found = [
            inner
            for one in found
            if isinstance(one, dict | list)
            for inner in (one.values() if isinstance(one, dict) else one)
        ]
        if not found:
            return False
    return True


def _status(refusal: FlagRefusal) -> HTTPStatus:
    match refusal:
        case FlagRefusal.UNKNOWN:
            return HTTPStatus.NOT_FOUND
        case FlagRefusal.NOT_LEADING:
            return HTTPStatus.SERVICE_UNAVAILABLE
        case FlagRefusal.NO_VARIANT | FlagRefusal.NOT_READABLE:
            return HTTPStatus.UNPROCESSABLE_ENTITY
        case _:
            return HTTPStatus.CONFLICT

"""Answers for acts: GET shows what one would do, POST does it once, if it still would do that."""

import asyncio
import re
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus

import structlog
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from daemon.http.console.acting.forms import CSRF_FIELD, own_fields_of
from daemon.http.console.acting.once import Answer, Once
from daemon.http.console.acts.act import (
    REASON,
    Act,
    Asked,
    Done,
    Field,
    Ground,
    Preview,
    Unusable,
    asked_of,
    digest_of_preview,
    missing_of,
)
from daemon.http.console.acts.permitted import permitted
from daemon.http.console.acts.table import PATH
from daemon.http.console.feed import ConsoleFeed
from daemon.http.console.shell import still
from daemon.http.console.templates import render
from daemon.http.doors import door
from daemon.http.options import HttpOptions
from daemon.http.sessions.guard import FRAGMENT_HEADER
from daemon.view.shape import SystemView
from remediation.errors import JournalError, NotJournaled

log = structlog.get_logger()

LOOKS_AT_A_TIME = 8
"""A look may ask the world; more people than this do not look at the same moment."""
LOOK_SECONDS = 30.0
ENTRIES_LOOKED_AT = 50
"""After an act, for the entry that says who did it; others write between them."""
_KEY = re.compile(r"[A-Za-z0-9_-]{16,64}")
_KEY_BYTES = 18
MOVED = "The world has moved since this was shown, so nothing was done. This is what would happen now:"


@dataclass(frozen=True, slots=True)
class Shown:
    """What a dialog shows. preview: None while fields are missing. fault: what was wrong with what was sent."""

    act: Act
    asked: Asked
    preview: Preview | None
    digest: str
    missing: tuple[str, ...] = ()
    fault: str = ""


class Acts:
    """The handlers of every act of the table."""

    def __init__(self, view: SystemView, options: HttpOptions, feed: ConsoleFeed) -> None:
        self._feed = feed
        self._ground = Ground(options, view)
        self._once = Once()
        self._looking = asyncio.Semaphore(LOOKS_AT_A_TIME)

    def handler(self, act: Act) -> Callable[[Request], Awaitable[Response]]:
        """What answers one act. GET: the dialog. POST: what came of it, the dialog once more, or a problem."""

        async def handle(request: Request) -> Response:
            answer = self._perform if request.method == "POST" else self._look
            return await answer(request, act)

        return handle

    async def _look(self, request: Request, act: Act) -> Response:
        told = dict(request.query_params)
        begun = {one.name: one.begins(self._ground, told) for one in act.fields if one.begins and one.name not in told}
        return await self._dialog(request, await self._shown(act, _asked(act, told | begun, request)))

    async def _perform(self, request: Request, act: Act) -> Response:
        session, fields = await own_fields_of(request)
        key, digest, reason = (fields.pop(name, "") for name in ("key", "digest", REASON))
        if _KEY.fullmatch(key) is None:
            raise door.Refused(HTTPStatus.UNPROCESSABLE_ENTITY, "The form has no key; load it again.")
        reason = door.reason_of(reason) if act.reason == "required" or reason.strip() else ""
        asked = _asked(act, fields, request, reason)
        seen: list[Shown] = []

        async def is_as_shown() -> bool:
            seen.append(await self._shown(act, asked))
            return not seen[0].missing and seen[0].digest == digest and _is_possible(seen[0].preview)

        answer = await self._once.perform(session.reference, key, is_as_shown, lambda: self._do(act, asked))
        if answer is not None:
            return await self._result(request, act, answer)
        shown = seen[0]
        moved = shown.digest != digest
        return await self._dialog(request, replace(shown, fault=MOVED if moved else shown.fault), HTTPStatus.CONFLICT)

    async def _do(self, act: Act, asked: Asked) -> Answer:
        before = self._ground.state.sequence
        try:
            done = await act.perform(self._ground, asked)
        except Unusable as fault:
            return Answer(Done(refusal=fault.why))
        except NotJournaled:
            return Answer(Done(refusal="The journal did not take it, so nothing was changed; open it again."))
        log.info("acted from the console", action="console_act", act=act.name, by=asked.by.name, refusal=done.refusal)
        return Answer(done, await self._entry(before, asked.by.name))

    async def _entry(self, before: int, actor: str) -> int:
        """The first entry of this person since; 0 when they wrote none, or it cannot be read."""
        try:
            entries = await self._ground.view.journal(before, ENTRIES_LOOKED_AT)
        except JournalError:
            return 0
        return next((one.sequence for one in entries if one.actor == actor), 0)

    async def _shown(self, act: Act, asked: Asked) -> Shown:
        missing = missing_of(act, asked)
        if missing:
            return Shown(act, asked, None, "", missing)
        try:
            async with self._looking, asyncio.timeout(LOOK_SECONDS):
                preview = await act.look(self._ground, asked)
        except Unusable as fault:
            preview = Preview(refusal=fault.why)
        except TimeoutError:
            preview = Preview(refusal=f"What it would do could not be seen within {LOOK_SECONDS:g} s.")
        return Shown(act, asked, preview, digest_of_preview(act, asked, preview))

    async def _dialog(self, request: Request, shown: Shown, status: int = HTTPStatus.OK) -> Response:
        values = {
            "shown": shown,
            "act": shown.act,
            "path": PATH + shown.act.name,
            "about": shown.act.title.format(**shown.asked.values),
            "fields": [(field, self._choices(field, shown.asked.values)) for field in shown.act.fields],
            "may": shown.asked.by.may(shown.act.needs),
            "csrf_field": CSRF_FIELD,
            "key": secrets.token_urlsafe(_KEY_BYTES),
        }
        return await self._answer(request, shown.act, "acts/dialog.html", values, status)

    def _choices(self, field: Field, told: Mapping[str, str]) -> Mapping[str, str]:
        try:
            return {} if field.choices is None else field.choices(self._ground, told)
        except Unusable:
            return {}

    async def _result(self, request: Request, act: Act, answer: Answer) -> Response:
        values = {"act": act, "done": answer.done, "sequence": answer.sequence}
        status = HTTPStatus.CONFLICT if answer.done.refusal else HTTPStatus.OK
        return await self._answer(request, act, "acts/result.html", values, status)

    async def _answer(
        self, request: Request, act: Act, template: str, values: Mapping[str, object], status: int
    ) -> Response:
        """A part for the console's script, a whole page for a browser without one."""
        if FRAGMENT_HEADER in request.headers:
            csrf = "" if request.state.session is None else request.state.session.csrf
            part = render(template, principal=request.state.principal, csrf=csrf, **values)
            return HTMLResponse(permitted(part, request.state.principal.role), status)
        page = await still(request, self._feed, "acts/page.html", act.label, "", part=template, **values)
        return HTMLResponse(page, status)


def _asked(act: Act, told: Mapping[str, str], request: Request, reason: str = "") -> Asked:
    try:
        return asked_of(act, told, door.caller(request), reason=reason)
    except Unusable as fault:
        raise door.Refused(HTTPStatus.UNPROCESSABLE_ENTITY, fault.why) from fault


def _is_possible(preview: Preview | None) -> bool:
    return preview is not None and not preview.refusal

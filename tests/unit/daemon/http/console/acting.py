"""A person at the console without a script: signs in, looks at what an act would do, says yes."""

import html
import re
from collections.abc import Sequence
from types import TracebackType
from typing import Self, cast

import httpx
from starlette.applications import Starlette

from config.settings import Role
from daemon.http.app import create_app
from daemon.http.options import HttpOptions
from daemon.sources.sink import FactSink
from daemon.storage.quarantine import Quarantine
from remediation.journal.entry import Entry
from remediation.journal.memory import MemoryJournal
from remediation.journal.writer import JournalWriter
from remediation.state import State
from tests.unit.daemon.http.fake_view import FakeView, token_of, tokens

_HIDDEN = re.compile(r'<input type="hidden" name="([a-z_]+)" value="([^"]*)">')
_DO = re.compile(r"<form[^>]*data-act-do>(.*?)</form>", re.DOTALL)
WHY = "payments are slow"


class LivingView(FakeView):
    """A view whose state is a writer's and whose entries are a journal's."""

    writer: JournalWriter
    kept: MemoryJournal

    def state(self) -> State:
        """As it is at this moment."""
        return self.writer.state

    async def journal(self, after: int, limit: int) -> Sequence[Entry]:
        """What is in the journal."""
        return await self.kept.read(after, limit)


def living_view(writer: JournalWriter, journal: MemoryJournal, now_ms: int) -> LivingView:
    """A view over both."""
    view = LivingView()
    view.writer, view.kept, view.clock.now = writer, journal, now_ms
    return view


def app_of(view: LivingView, **parts: object) -> Starlette:
    """The application over these parts, by their names in HttpOptions."""
    given = {"tokens": tokens(), "current_rules": tuple, "version": "0.1.0", "clock": view.clock, **parts}
    options = HttpOptions(**given)  # type: ignore[arg-type]  # the names are HttpOptions' own
    return create_app(view, cast("FactSink", None), cast("Quarantine", None), options)


def app_over(writer: JournalWriter, journal: MemoryJournal, now_ms: int, **parts: object) -> Starlette:
    """The same over a view of these."""
    return app_of(living_view(writer, journal, now_ms), **parts)


class Person:
    """role: whose token they have. shown: the last dialog, as HTML."""

    def __init__(self, app: Starlette, role: Role) -> None:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        self._client = httpx.AsyncClient(transport=transport, base_url="http://till.test")
        self._role = role
        self.shown = ""

    async def __aenter__(self) -> Self:
        answer = await self._client.post("/console/login", data={"token": token_of(self._role)})
        assert answer.status_code == 303
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.aclose()

    async def look(self, act: str, **values: str) -> str:
        """The dialog, with what is written there as text."""
        answer = await self._client.get(f"/console/acts/{act}", params=values, headers={"x-fragment": "1"})
        assert answer.status_code == 200, answer.text
        self.shown = answer.text
        return html.unescape(re.sub(r"<[^>]+>", " ", answer.text))

    async def page(self, act: str, **values: str) -> str:
        """The whole page, as a browser without a script asks for it."""
        answer = await self._client.get(f"/console/acts/{act}", params=values)
        assert answer.status_code == 200, answer.text
        self.shown = answer.text
        return answer.text

    def form(self) -> dict[str, str]:
        """The hidden fields of the last dialog's own form."""
        found = _DO.search(self.shown)
        assert found is not None, self.shown
        return {name: html.unescape(value) for name, value in _HIDDEN.findall(found.group(1))}

    async def send(self, act: str, form: dict[str, str], **headers: str) -> httpx.Response:
        """POST these fields."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        told = {name: value for name, value in ({"x-fragment": "1"} | given).items() if value}
        return await self._client.post(f"/console/acts/{act}", data=form, headers=told)

    async def do(self, act: str, reason: str = WHY, **values: str) -> httpx.Response:
        """Look, and say yes to what was shown."""
        await self.look(act, **values)
        return await self.send(act, {**self.form(), "reason": reason})

"""A daemon that keeps runs as the real one does, and is away when a test says so."""

from dataclasses import dataclass, field

import httpx
import msgspec
import pytest

from daemon.http.doors.procedures import EntryWish, ProcedureList
from remediation.journal.procedure_kinds import RUN_TYPE_BY_KIND, ContinuityMeasured, RunEntry
from remediation.procedures.fold import Place, place_of, with_procedure
from remediation.procedures.model import ProcedureRun

ACTOR = "ann"


@dataclass
class FakeDaemon:
    """away: connections are refused. swallows: so many answers are lost after the daemon took what was sent.

    declines: the answer to the next entries of these kinds, by status and words.
    """

    away: bool = False
    swallows: int = 0
    declines: dict[str, tuple[int, str]] = field(default_factory=dict)
    runs: dict[str, ProcedureRun] = field(default_factory=dict)
    entries: list[RunEntry] = field(default_factory=list)
    drills: list[ContinuityMeasured] = field(default_factory=list)

    def answer(self, request: httpx.Request) -> httpx.Response:
        """What it says, or what a connection to nobody does."""
        if self.away:
            raise httpx.ConnectError("refused")
        answered = self._answer(request)
        if self.swallows and request.method == "POST":
            self.swallows -= 1
            raise httpx.ReadTimeout("no answer")
        return answered

    def _answer(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix("/api/v1/procedures").strip("/").split("/")
        if path == [""]:
            found = ProcedureList(procedures=[], runs=list(self.runs.values()), drills=self.drills)
            return httpx.Response(200, content=msgspec.json.encode(found))
        if path == ["drills"]:
            self.drills.append(msgspec.json.decode(request.content, type=ContinuityMeasured))
            return httpx.Response(201, content=request.content)
        if request.method == "GET":
            run = self.runs.get(path[1])
            return _no(404, "no such run") if run is None else httpx.Response(200, content=msgspec.json.encode(run))
        return self._take(request)

    def _take(self, request: httpx.Request) -> httpx.Response:
        wish = msgspec.json.decode(request.content, type=EntryWish)
        said = msgspec.json.decode(wish.body, type=RUN_TYPE_BY_KIND[wish.kind])
        if wish.kind in self.declines:
            return _no(*self.declines[wish.kind])
        place = place_of(self.runs.get(said.run_id), said)
        if place not in {Place.NEXT, Place.KNOWN}:
            return _no(409, f"{place}: no")
        if place is Place.NEXT:
            self.entries.append(said)
            self.runs = with_procedure(self.runs, said, ACTOR, said.said_at_ms)
        return httpx.Response(200, content=msgspec.json.encode(self.runs[said.run_id]))


def _no(status: int, detail: str) -> httpx.Response:
    return httpx.Response(status, json={"title": "No", "detail": detail})


def reached(monkeypatch: pytest.MonkeyPatch) -> FakeDaemon:
    """The daemon that every command of the test reaches."""
    daemon, client = FakeDaemon(), httpx.Client
    monkeypatch.setattr(httpx, "Client", lambda **_: client(transport=httpx.MockTransport(daemon.answer)))
    return daemon

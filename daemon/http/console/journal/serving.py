"""The journal's pages: search, one entry, and the proof of the chain."""

import re
from dataclasses import dataclass
from http import HTTPStatus

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from daemon.http.console.feed import ConsoleFeed
from daemon.http.console.journal.proving import PROVED_MAX, Prover
from daemon.http.console.journal.rows import NEIGHBOURS, EntryRow, entry_page, entry_rows
from daemon.http.console.journal.searching import Found, search
from daemon.http.console.journal.wanted import NotUnderstood, Wanted, wanted_from
from daemon.http.console.pages.table import HEADER
from daemon.http.console.shell import framed
from daemon.http.console.templates import render
from daemon.http.options import HttpOptions
from daemon.http.problems import problem
from daemon.http.words.wording import count, duration, moment
from daemon.view.shape import SystemView
from remediation.errors import JournalError
from remediation.journal.kinds import BODY_TYPE_BY_KIND

_WHOLE = re.compile(r"[1-9][0-9]{0,14}\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class SearchPage:
    """What was asked, and what was found. fault: why nothing was, in words; empty when all went well."""

    wanted: Wanted
    rows: tuple[EntryRow, ...]
    looked: str
    older: str
    is_full: bool
    fault: str
    kinds: tuple[str, ...]
    head: str


class JournalPages:
    """``/console/journal``, ``/console/journal/{sequence}`` and ``/console/journal/verification``."""

    def __init__(self, view: SystemView, options: HttpOptions, feed: ConsoleFeed) -> None:
        self._view = view
        self._options = options
        self._feed = feed
        self._prover = Prover(view, options.clock)

    async def search(self, request: Request) -> Response:
        """The form with what it finds; for htmx the part that is found alone."""
        wanted, found, fault = Wanted(), Found((), 0, 0, is_full=False), ""
        try:
            wanted = wanted_from(dict(request.query_params))
            found = await search(self._view, wanted)
        except NotUnderstood as refusal:
            fault = str(refusal)
        except JournalError as broken:
            fault = f"The journal cannot be read: {broken}"
        now_ms = self._view.now_ms()
        page = SearchPage(
            wanted=wanted,
            rows=entry_rows(found.entries, self._options.rules, now_ms),
            looked=count(found.looked),
            older=wanted.address(found.next_before) if found.next_before else "",
            is_full=found.is_full,
            fault=fault,
            kinds=tuple(sorted(BODY_TYPE_BY_KIND)),
            head=count(self._view.state().sequence),
        )
        status = HTTPStatus.BAD_REQUEST if fault and not found.looked else HTTPStatus.OK
        if request.headers.get("hx-request") == "true":
            # htmx shows no answer that says it failed, and what is wrong is in it.
            return HTMLResponse(render("panels/journal-found.html", page=page), headers={"vary": "HX-Request"})
        body = await self._framed(request, "pages/journal.html", "Journal", page=page, proof=self._proof())
        return HTMLResponse(body, status, headers={"vary": "HX-Request"})

    async def entry(self, request: Request) -> Response:
        """One entry with its neighbours; 404 for one that does not exist."""
        text, head = request.path_params["sequence"], self._view.state().sequence
        if not _WHOLE.match(text) or int(text) > head:
            return problem(HTTPStatus.NOT_FOUND, f"The journal has entries 1 to {head}.", instance=request.url.path)
        sequence = int(text)
        try:
            entries = await self._view.journal(max(0, sequence - 1 - NEIGHBOURS), 2 * NEIGHBOURS + 1)
        except JournalError as broken:
            return problem(HTTPStatus.SERVICE_UNAVAILABLE, f"Not read: {broken}", instance=request.url.path)
        page = entry_page(entries, sequence, self._options.rules, self._view.now_ms())
        if page is None:
            detail = f"Entry {sequence} is missing: tillwatch audit verify names the first that is."
            return problem(HTTPStatus.NOT_FOUND, detail, instance=request.url.path)
        return HTMLResponse(await self._framed(request, "pages/entry.html", f"Entry {sequence}", page=page))

    async def verification(self, request: Request) -> Response:
        """Prove the chain now; the whole page, or for htmx the result alone."""
        fault = ""
        try:
            await self._prover.prove()
        except JournalError as broken:
            fault = f"The journal cannot be read: {broken}"
        if request.headers.get("hx-request") == "true":
            return HTMLResponse(render("panels/journal-proof.html", proof=self._proof(), fault=fault))
        body = await self._framed(request, "pages/proof.html", "Proof of the journal", proof=self._proof(), fault=fault)
        return HTMLResponse(body)

    def _proof(self) -> dict[str, object] | None:
        """The newest proof in words; None before the first."""
        proof = self._prover.newest
        if proof is None:
            return None
        return {
            "good": proof.first_bad is None,
            "entries": count(proof.entries),
            "first": proof.first,
            "whole": proof.first == 1,
            "limit": count(PROVED_MAX),
            "head": proof.head,
            "first_bad": proof.first_bad,
            "what": proof.what,
            "took": duration(proof.took_ms),
            "at": moment(proof.at_ms, self._view.now_ms()),
        }

    async def _framed(self, request: Request, template: str, title: str, **values: object) -> str:
        snapshot = await self._feed.snapshot(HEADER, "", 0)
        told = {} if snapshot is None else snapshot.panels
        panels = {name: Markup(html) for name, html in told.items()}  # noqa: S704  # rendered and escaped by our own templates
        return framed(request, template, title, "journal", panels=panels, **values)

"""The console's pages rendered once for everybody who watches, and what changed since for each."""

import asyncio
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import structlog
from markupsafe import Markup

from daemon.errors import DaemonError
from daemon.http.console.incident.entries import IncidentEntries
from daemon.http.console.pages.declared import ConsolePage
from daemon.http.console.pages.incident import IncidentPage
from daemon.http.console.pages.overview import standing
from daemon.http.console.pages.scene import Scene
from daemon.http.console.templates import RenderedRows, render
from daemon.http.console.timeline import timeline_rows
from daemon.http.options import HttpOptions
from daemon.http.words.wording import action_words
from daemon.reports.view import CostsDocument
from daemon.view.shape import SecondOfPayments, SystemView
from remediation.errors import JournalError
from remediation.journal.entry import Entry

log = structlog.get_logger()

TIMELINE_ENTRIES = 60
"""Newest entries on the first page; the journal's page has the rest."""

FRESH_MS = 1000
"""A rendered page is used again for so long when nothing changed; ages on it are in seconds."""

COSTS_FRESH_MS = 30_000
"""Sums of the month are read from a file again after so long."""

MARKS = 20
"""Newest deployments and newest actions on the chart; five minutes hold fewer."""

KEPT_PAGES = 32
"""Renderings that are kept, as many as browsers may watch; the one that was made the longest ago goes."""

TIMELINE = "timeline"
STORY = "incident-story"
STANDING = "standing"
"""On every page: the verdict in the header."""

Row = tuple[int, str, int, int]
"""Second, environment, payments that did not fail, payments."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A vertical line on the chart: an action's first call, or a deployment's start."""

    at_ms: int
    kind: str
    label: str


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One rendering of a page. sequence: of the journal. panels: escaped HTML by name.

    lists: the rows of those panels that are a list of entries, escaped HTML by key, the newest first.
    rows, marks: the chart, None and empty where the page has none.
    """

    version: int
    sequence: int
    now_ms: int
    panels: dict[str, str]
    lists: dict[str, dict[str, str]]
    rows: frozenset[Row] | None
    marks: tuple[Mark, ...]


class ConsoleFeed:
    """Renders a version of a page at most once, however many browsers watch it."""

    def __init__(self, view: SystemView, options: HttpOptions) -> None:
        self.view = view
        self._options = options
        self._entries: deque[Entry] = deque(maxlen=TIMELINE_ENTRIES)
        self._latest: dict[tuple[str, str], Snapshot] = {}
        self._costs: CostsDocument | None = None
        self._costs_read_at_ms = 0
        self._stories = IncidentEntries(view)
        self._timeline: dict[str, str] = {}
        self._timeline_of = (-1, -1)
        self._timeline_rows = RenderedRows("timeline-row.html")
        self._story_rows: dict[str, RenderedRows] = {}
        # Two readers at a time would append the same entries.
        self._one_at_a_time = asyncio.Lock()

    async def snapshot(self, page: ConsolePage, of: str, version: int) -> Snapshot | None:
        """The page as of the version or later; None when there is no such thing. of: which one of many, or empty."""
        async with self._one_at_a_time:
            key = (page.name, of)
            latest, now_ms, sequence = self._latest.get(key), self.view.now_ms(), self.view.state().sequence
            # What a person has just done stands in the journal before anything else says that something has changed.
            known = latest is not None and latest.version >= version and latest.sequence >= sequence
            if latest is not None and known and now_ms - latest.now_ms < FRESH_MS:
                return latest
            await self._read_entries()
            await self._read_costs(now_ms)
            entries = await self._stories.of(of) if page.story else tuple(self._entries)
            made = self._render(page, of, entries, version, sequence, now_ms)
            self._latest.pop(key, None)
            if made is not None:
                self._latest[key] = made
            if len(self._latest) > KEPT_PAGES:
                self._latest.pop(next(iter(self._latest)))
            return made

    async def look_first(self, page: ConsolePage) -> None:
        """Let the cores answer before a page that asks them is shown for the first time, but wait for them not long."""
        books = self._options.books
        if page.asks_cores and books is not None:
            await books.first()

    async def _read_entries(self) -> None:
        head = self.view.state().sequence
        known = self._entries[-1].sequence if self._entries else 0
        if head > known:
            try:
                entries = await self.view.journal(max(known, head - TIMELINE_ENTRIES), TIMELINE_ENTRIES)
            except JournalError as fault:
                # The page is needed most when something is broken; readiness says what.
                log.warning("journal not read for the console", action="console_journal", fault=str(fault))
                return
            self._entries.extend(entry for entry in entries if entry.sequence > known)

    async def _read_costs(self, now_ms: int) -> None:
        """Sums that cannot be read are no data, never the ones of before."""
        if self._options.costs is None or now_ms - self._costs_read_at_ms < COSTS_FRESH_MS:
            return
        self._costs_read_at_ms = now_ms
        try:
            self._costs = await self._options.costs.costs()
        except DaemonError as fault:
            self._costs = None
            log.warning("costs not read for the console", action="console_costs", fault=str(fault))

    def _render(
        self, page: ConsolePage, of: str, entries: Sequence[Entry], version: int, sequence: int, now_ms: int
    ) -> Snapshot | None:
        scene = Scene(view=self.view, options=self._options, now_ms=now_ms, entries=entries, costs=self._costs)
        composed = page.compose(scene, of)
        if composed is None:
            return None
        lists = dict(self._lists(page, composed, of, entries, now_ms))
        items = {name: Markup("".join(rows.values())) for name, rows in lists.items()}  # noqa: S704  # rendered and escaped by our own templates
        panels = {name: render(f"panels/{name}.html", page=composed, items=items.get(name, "")) for name in page.panels}
        panels[STANDING] = render(f"panels/{STANDING}.html", standing=standing(scene))
        return Snapshot(
            version=version,
            sequence=sequence,
            now_ms=now_ms,
            panels=panels,
            lists=lists,
            rows=frozenset(_row(row) for row in self.view.series()) if page.chart else None,
            marks=self._marks() if page.chart else (),
        )

    def _lists(
        self, page: ConsolePage, composed: object, of: str, entries: Sequence[Entry], now_ms: int
    ) -> Iterator[tuple[str, dict[str, str]]]:
        """The panels of the page that are lists, which grow by a row while all others stay as they are."""
        if TIMELINE in page.panels:
            yield TIMELINE, self._timeline_items(entries, now_ms)
        if isinstance(composed, IncidentPage):
            rows = self._story_rows.pop(of, RenderedRows("story-row.html"))
            self._story_rows[of] = rows
            if len(self._story_rows) > KEPT_PAGES:
                self._story_rows.pop(next(iter(self._story_rows)))
            yield STORY, rows.of(composed.story)

    def _timeline_items(self, entries: Sequence[Entry], now_ms: int) -> dict[str, str]:
        """Only a new entry or a new day changes it."""
        of = (entries[-1].sequence if entries else 0, now_ms // 86_400_000)
        if of != self._timeline_of:
            rows = timeline_rows(entries, self._options.rules, now_ms)
            self._timeline, self._timeline_of = self._timeline_rows.of(rows), of
        return self._timeline

    def _marks(self) -> tuple[Mark, ...]:
        state = self.view.state()
        deployments = [
            Mark(deployment.started_at_ms, "deployment", f"{deployment.version} on {deployment.environment}")
            for deployment in state.deployments.values()
        ]
        actions = [
            Mark(action.called_at_ms, "action", action_words(action.action))
            for action in state.actions.values()
            if action.called_at_ms > 0
        ]
        return tuple(deployments[-MARKS:] + actions[-MARKS:])


def _row(row: SecondOfPayments) -> Row:
    good = row.succeeded + row.declined
    return (row.second, row.environment, good, good + row.failed)

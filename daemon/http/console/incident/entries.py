"""Reads what the journal says of incidents that somebody looks at: once from its begin, then only what is new."""

from collections import OrderedDict
from dataclasses import dataclass, field

import structlog

from daemon.http.words.review import BEFORE_MS, concerning
from daemon.view.shape import SystemView
from remediation.errors import JournalError
from remediation.incidents.fold import members_of, root_of
from remediation.journal.entry import Entry
from remediation.journal.port import READ_LIMIT
from remediation.state import Incident

log = structlog.get_logger()

INCIDENTS_KEPT = 16
"""That are looked at, at a time; another one is read anew."""
ENTRIES_MAX = 600
"""The newest of one incident; the journal's page has them all."""
PAGES_MAX = 10
"""Read before one answer; of a longer journal the rest follows with the next one."""


@dataclass(slots=True)
class _Story:
    """after: up to where the journal was read. group: whose entries these are."""

    after: int
    group: frozenset[str]
    entries: list[Entry] = field(default_factory=list)
    whole: bool = False


class IncidentEntries:
    """By incident, oldest first."""

    def __init__(self, view: SystemView) -> None:
        self._view = view
        self._stories: OrderedDict[str, _Story] = OrderedDict()

    async def of(self, incident_id: str) -> tuple[Entry, ...]:
        """What is about it and its group; what was known before while the journal cannot be read."""
        state = self._view.state()
        named = state.incidents.get(incident_id)
        if named is None:
            return ()
        incident = root_of(state, named)
        story = self._story(incident, frozenset(one.id for one in (incident, *members_of(state, incident.id))))
        for _ in range(PAGES_MAX):
            if story.whole or story.after >= state.sequence:
                break
            if not await self._read(story, incident):
                break
        return tuple(story.entries)

    def _story(self, incident: Incident, group: frozenset[str]) -> _Story:
        story = self._stories.get(incident.id)
        # What was merged into it since has a past of its own.
        if story is None or story.group != group or (story.whole and not incident.resolved_at_ms):
            opened = int(incident.id.removeprefix("inc-"))
            story = self._stories[incident.id] = _Story(max(0, opened - READ_LIMIT), group)
        self._stories.move_to_end(incident.id)
        while len(self._stories) > INCIDENTS_KEPT:
            self._stories.popitem(last=False)
        return story

    async def _read(self, story: _Story, incident: Incident) -> bool:
        try:
            page = await self._view.journal(story.after, READ_LIMIT)
        except JournalError as fault:
            # The page is needed most when something is broken; readiness says what.
            log.warning("journal not read for an incident", action="console_journal", fault=str(fault))
            return False
        if not page:
            return False
        story.after = page[-1].sequence
        fresh = [one for one in page if one.at_ms >= incident.opened_at_ms - BEFORE_MS]
        story.entries = list(concerning(self._view.state(), incident, [*story.entries, *fresh]))[-ENTRIES_MAX:]
        story.whole = bool(incident.resolved_at_ms) and page[-1].at_ms > incident.resolved_at_ms + BEFORE_MS
        return True

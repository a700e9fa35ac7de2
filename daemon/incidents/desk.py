"""What people do to incidents: take one on, give it back, close it, say that two are one."""

import asyncio
from enum import StrEnum

import msgspec

from remediation.incidents.fold import root_of
from remediation.journal.incident_kinds import (
    IncidentAcknowledged,
    IncidentMerged,
    IncidentNoted,
    IncidentResolved,
    IncidentUnacknowledged,
)
from remediation.journal.writer import JournalWriter
from remediation.ports import Clock
from remediation.state import Incident, IncidentState


class IncidentRefusal(StrEnum):
    """Why nothing was done, in order of precedence."""

    NOT_LEADING = "not_leading"
    UNKNOWN = "unknown"
    OVER = "over"
    TAKEN = "taken"
    NOT_TAKEN = "not_taken"
    SAME = "same"


class IncidentRefused(msgspec.Struct, frozen=True, kw_only=True):
    """A no. detail: one sentence with what to do."""

    refusal: IncidentRefusal
    detail: str


class IncidentDesk:
    """actor: the name of a person's token. What is done to a part of a group is done to the group.

    dry_run: look at everything and write nothing; the incident is as it was. Journal faults are raised, and nothing has
    changed then.
    """

    def __init__(self, writer: JournalWriter, clock: Clock) -> None:
        self._writer = writer
        self._clock = clock
        # Of two people in one moment the second is held against what the first has done.
        self._one_at_a_time = asyncio.Lock()

    async def acknowledge(
        self, incident_id: str, actor: str, note: str = "", *, dry_run: bool = False, through: str = ""
    ) -> Incident | IncidentRefused:
        """Take it on, which stops telling others; again, to have the whole time again."""
        async with self._one_at_a_time:
            found = self._free_for(incident_id, actor)
            if dry_run or isinstance(found, IncidentRefused):
                return found
            await self._writer.append(IncidentAcknowledged(incident_id=found.id, note=note, through=through), actor)
            # What the daemon wrote while this waited for the journal may have ended it.
            return self._free_for(found.id, actor)

    async def give_back(
        self, incident_id: str, actor: str, note: str = "", *, dry_run: bool = False
    ) -> Incident | IncidentRefused:
        """Nobody is on it any more; people are told from the beginning."""
        async with self._one_at_a_time:
            found = self._open(incident_id)
            if isinstance(found, IncidentRefused):
                return found
            if found.state is not IncidentState.ACKNOWLEDGED:
                return _no(IncidentRefusal.NOT_TAKEN, f"nobody has taken {found.id} on")
            if not dry_run:
                said = IncidentUnacknowledged(incident_id=found.id, cause="person", note=note)
                await self._writer.append(said, actor)
            return self._now(found)

    async def resolve(
        self, incident_id: str, actor: str, note: str, *, dry_run: bool = False, through: str = ""
    ) -> Incident | IncidentRefused:
        """Close it; what is still so after ``reopen_after`` opens it again."""
        async with self._one_at_a_time:
            found = self._open(incident_id)
            if isinstance(found, IncidentRefused):
                return found
            if not dry_run:
                await self._writer.append(IncidentResolved(incident_id=found.id, note=note, through=through), actor)
            return self._now(found)

    async def note(
        self, incident_id: str, actor: str, note: str, *, dry_run: bool = False
    ) -> Incident | IncidentRefused:
        """Write something down about it, also once it is over; nobody is told, and nothing else changes."""
        found = self._known(incident_id)
        if isinstance(found, IncidentRefused):
            return found
        if not dry_run:
            await self._writer.append(IncidentNoted(incident_id=found.id, note=note), actor)
        return self._now(found)

    async def merge(
        self, incident_id: str, into: str, actor: str, why: str, *, dry_run: bool = False
    ) -> Incident | IncidentRefused:
        """The second speaks for both from here on."""
        async with self._one_at_a_time:
            found, root = self._open(incident_id), self._open(into)
            if isinstance(found, IncidentRefused):
                return found
            if isinstance(root, IncidentRefused):
                return root
            if found.id == root.id:
                return _no(IncidentRefusal.SAME, f"{incident_id} and {into} are one incident already, {root.id}")
            if not dry_run:
                await self._writer.append(IncidentMerged(incident_id=found.id, into=root.id, why=why), actor)
            return self._now(root)

    def _open(self, incident_id: str) -> Incident | IncidentRefused:
        """The incident that speaks for this one, if it is not over."""
        found = self._known(incident_id)
        if isinstance(found, Incident) and found.state is IncidentState.RESOLVED:
            return _no(IncidentRefusal.OVER, f"{found.id} is over, resolved by {found.resolved_by}")
        return found

    def _free_for(self, incident_id: str, actor: str) -> Incident | IncidentRefused:
        """The incident that speaks for this one, if it is not over and nobody else is on it."""
        found = self._open(incident_id)
        if isinstance(found, IncidentRefused) or found.state is not IncidentState.ACKNOWLEDGED:
            return found
        if found.acknowledged_by != actor:
            detail = f"{found.id} was taken on by {found.acknowledged_by}; they give it back with incidents unack"
            return _no(IncidentRefusal.TAKEN, detail)
        return found

    def _known(self, incident_id: str) -> Incident | IncidentRefused:
        """The incident that speaks for this one."""
        if self._clock.now_ms() >= self._writer.lease.until_ms:
            return _no(IncidentRefusal.NOT_LEADING, "the lease ran out; ask the daemon that leads")
        state = self._writer.state
        named = state.incidents.get(incident_id)
        if named is None:
            return _no(IncidentRefusal.UNKNOWN, f"there is no incident {incident_id!r:.60}; see incidents list --all")
        return root_of(state, named)

    def _now(self, incident: Incident) -> Incident:
        return self._writer.state.incidents[incident.id]


def _no(refusal: IncidentRefusal, detail: str) -> IncidentRefused:
    return IncidentRefused(refusal=refusal, detail=detail)

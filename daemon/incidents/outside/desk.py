"""Does here what was done in another system: once, in its order, in the name of whoever did it there."""

import asyncio
from collections import Counter
from typing import Literal, assert_never

import structlog

from daemon.incidents.desk import IncidentDesk, IncidentRefusal, IncidentRefused
from daemon.incidents.outside.pagerduty import Done
from remediation.incidents.fold import root_of
from remediation.journal.incident_kinds import IncidentHeardOf
from remediation.journal.writer import JournalWriter
from remediation.state import Incident

log = structlog.get_logger()

Heard = Literal[
    "done", "noted", "refused", "repeated", "stale", "unknown_incident", "unknown_event", "not_ours", "our_own"
]
"""What became of a webhook: the answer says it, and the metric counts it."""


class OutsideDesk:
    """counts: by channel and by what became of it, since the start; ``unsigned`` and ``unusable`` are of its door."""

    def __init__(self, writer: JournalWriter, desk: IncidentDesk) -> None:
        self._writer = writer
        self._desk = desk
        self._one_at_a_time = asyncio.Lock()
        self.counts: Counter[tuple[str, ...]] = Counter()

    async def hear(self, done: Done, channel: str) -> Heard | IncidentRefused:
        """Do it, and write down that it was heard. channel: that told us.

        An IncidentRefused is returned when this daemon does not lead: the same webhook may be sent again. Journal
        faults are raised; what was done by then is known again when the webhook comes a second time.
        """
        # Between looking and writing another webhook would be held against a state that is over by then.
        async with self._one_at_a_time:
            return await self._hear(done, channel)

    async def _hear(self, done: Done, channel: str) -> Heard | IncidentRefused:
        incident = self._incident(done.dedup_key)
        if incident is None:
            return "unknown_incident"
        if done.event_id in incident.heard:
            return "repeated"
        if done.act != "note" and done.occurred_at_ms < incident.heard_at_ms:
            # What overtook it is what holds; the rest of it is over.
            return "stale"
        refused = await self._act(done, incident, channel)
        if isinstance(refused, IncidentRefused) and refused.refusal is IncidentRefusal.NOT_LEADING:
            return refused
        await self._writer.append(
            IncidentHeardOf(
                incident_id=incident.id,
                channel=channel,
                event_id=done.event_id,
                what=done.what,
                acted=done.act != "note",
                occurred_at_ms=done.occurred_at_ms,
                refused="" if refused is None else refused.detail,
            ),
            _actor(done, channel),
        )
        if refused is not None:
            return "refused"
        return "noted" if done.act == "note" else "done"

    def count(self, channel: str, what: str) -> None:
        """One webhook more."""
        self.counts[channel, what] += 1

    async def _act(self, done: Done, incident: Incident, channel: str) -> IncidentRefused | None:
        actor = _actor(done, channel)
        match done.act:
            case "acknowledge":
                found = await self._desk.acknowledge(incident.id, actor, f"{done.what} in PagerDuty", through=channel)
            case "give_back":
                found = await self._desk.give_back(incident.id, actor, f"{done.what} in PagerDuty")
            case "resolve":
                found = await self._desk.resolve(incident.id, actor, f"{done.what} in PagerDuty", through=channel)
            case "note":
                return None
            case _:
                assert_never(done.act)
        return found if isinstance(found, IncidentRefused) else None

    def _incident(self, dedup_key: str) -> Incident | None:
        """The incident whose newest alert has this key; an older alert was resolved when that one began."""
        incident_id, _, generation = dedup_key.partition(":")
        state = self._writer.state
        named = state.incidents.get(incident_id)
        chain = state.escalation.chains.get(incident_id)
        if named is None or chain is None or str(chain.generation) != generation:
            return None
        return root_of(state, named)


def _actor(done: Done, channel: str) -> str:
    """Who it is in the journal; the channel's name keeps anybody from being taken for a person of ours."""
    return f"{done.who} ({channel})" if done.who else channel

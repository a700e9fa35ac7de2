"""Counts the payments that went where an incident was, once it is over: from the log of facts, which holds a day."""

from checks.facts import PaymentAttempted
from daemon.aftermath.payment_log import payments_since
from daemon.storage.checkpoint import Checkpoint
from daemon.storage.fact_log import LATE_MS, reaches
from remediation.incidents.fold import members_of
from remediation.journal.incident_kinds import IncidentExposed
from remediation.journal.writer import JournalWriter
from remediation.ports import Clock
from remediation.state import Incident, IncidentState

SETTLE_MS = 5_000
"""After the end: by then the facts of its last payments have arrived."""
KEPT_MS = 86_400_000
"""What was over before that is no longer in the log."""
PAYMENTS_MAX = 1_000_000
"""That are counted for one incident; with more of them the count is a lower bound, and says so."""
PLACES = ("region", "environment", "version")


class Exposures:
    """Over the journal's state; a count that could not be written is made again."""

    def __init__(self, checkpoint: Checkpoint, writer: JournalWriter, clock: Clock) -> None:
        self._checkpoint = checkpoint
        self._writer = writer
        self._clock = clock

    async def tick(self) -> None:
        """Count for one incident that is over and not counted; others wait. Raises CheckpointFailed."""
        now_ms = self._clock.now_ms()
        for incident in self._writer.state.incidents.values():
            if _is_to_count(incident, now_ms):
                await self._writer.append(await self.of(incident))
                return

    async def of(self, incident: Incident) -> IncidentExposed:
        """What went there until it was mitigated, or else until it was over or now. Raises CheckpointFailed."""
        group = (incident, *members_of(self._writer.state, incident.id))
        began = min(one.began_at_ms if one.began_at_ms else one.opened_at_ms for one in group)
        ended = _ended_at_ms(incident)
        until = ended if ended else self._clock.now_ms()
        places = [_place(one) for one in group]
        amounts: dict[str, tuple[int, bool]] = {}
        async for fact in payments_since(self._checkpoint, began):
            if not isinstance(fact, PaymentAttempted) or not began <= fact.at_ms <= until:
                if fact.at_ms > until + LATE_MS:
                    break
                continue
            if any(all(getattr(fact, name) == value for name, value in place.items()) for place in places):
                amounts[fact.subject] = (fact.amount_cents, fact.outcome == "failed")
            if len(amounts) >= PAYMENTS_MAX:
                break
        whole = await reaches(self._checkpoint, self._checkpoint.newest_sequence, began)
        return IncidentExposed(
            incident_id=incident.id,
            payments=len(amounts),
            failed=sum(failed for _, failed in amounts.values()),
            amount_cents=sum(cents for cents, _ in amounts.values()),
            from_ms=began,
            until_ms=until,
            whole=whole and len(amounts) < PAYMENTS_MAX,
        )


def _is_to_count(incident: Incident, now_ms: int) -> bool:
    over = incident.state is IncidentState.RESOLVED and not incident.merged_into and incident.exposed is None
    return over and SETTLE_MS <= now_ms - incident.resolved_at_ms < KEPT_MS


def _ended_at_ms(incident: Incident) -> int:
    ends = [one for one in (incident.mitigated_at_ms, incident.resolved_at_ms) if one]
    return min(ends, default=0)


def _place(incident: Incident) -> dict[str, str]:
    """Where it was wrong; an incident that names no place concerns every payment."""
    key = incident.findings[-1].key if incident.findings else {}
    return {name: key[name] for name in PLACES if key.get(name)}

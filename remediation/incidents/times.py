"""How long an incident took: to be seen, taken on, mitigated and over; of a group from first begin to last end."""

from collections.abc import Sequence

import msgspec

from remediation.incidents.fold import members_of
from remediation.state import Incident, State


class Times(msgspec.Struct, frozen=True, kw_only=True):
    """In milliseconds, None for what has not happened. detect: from the fact that breached to the incident.

    acknowledge, mitigate, resolve: from the incident until somebody first took it on, until an action about it was seen
    in effect, until it was over.
    """

    detect_ms: int
    acknowledge_ms: int | None
    mitigate_ms: int | None
    resolve_ms: int | None


def times_of(state: State, incident: Incident) -> Times:
    """Of the incident and all that was merged into it."""
    group = (incident, *members_of(state, incident.id))
    first = min(group, key=lambda one: one.opened_at_ms)
    return Times(
        detect_ms=max(0, first.opened_at_ms - first.began_at_ms) if first.began_at_ms else 0,
        acknowledge_ms=_after(first, [one.answered_at_ms for one in group]),
        mitigate_ms=_after(first, [one.mitigated_at_ms for one in group]),
        resolve_ms=None if not incident.resolved_at_ms else incident.resolved_at_ms - first.opened_at_ms,
    )


def _after(first: Incident, moments: Sequence[int]) -> int | None:
    happened = [one for one in moments if one]
    return max(0, min(happened) - first.opened_at_ms) if happened else None

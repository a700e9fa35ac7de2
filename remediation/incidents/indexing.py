"""Keeps the index of incidents in step with the incidents: one that came or was merged, and one that was forgotten."""

from bisect import bisect

from msgspec.structs import replace

from remediation.bounded import with_entry
from remediation.incidents.state import IncidentIndex
from remediation.state import Incident

Names = dict[str, tuple[str, ...]]


def place_of(incident_id: str) -> int:
    """The sequence of the entry that opened it, by which the older of two is known."""
    return int(incident_id.removeprefix("inc-"))


def with_indexed(index: IncidentIndex, before: Incident | None, after: Incident) -> IncidentIndex:
    """The index after an incident came, or became another one; most of what happens to one changes nothing here."""
    if before is None:
        about = _with(index.about, after.fingerprint, after.id)
        return IncidentIndex(about=about, members=_with(index.members, after.merged_into, after.id))
    if before.merged_into == after.merged_into:
        return index
    members = _without(index.members, before.merged_into, after.id)
    return replace(index, members=_with(members, after.merged_into, after.id))


def without_indexed(index: IncidentIndex, forgotten: Incident) -> IncidentIndex:
    """The index after an incident made room; what was merged into it still says so."""
    return IncidentIndex(
        about=_without(index.about, forgotten.fingerprint, forgotten.id),
        members=_without(index.members, forgotten.merged_into, forgotten.id),
    )


def _with(names: Names, key: str, incident_id: str) -> Names:
    known = names.get(key, ())
    # It is merged later than it came, so that others may have come and been merged in between.
    at = bisect(known, place_of(incident_id), key=place_of)
    return with_entry(names, key, (*known[:at], incident_id, *known[at:]))


def _without(names: Names, key: str, incident_id: str) -> Names:
    known = names[key]
    at = known.index(incident_id)
    left = with_entry(names, key, known[:at] + known[at + 1 :])
    if not left[key]:
        del left[key]
    return left

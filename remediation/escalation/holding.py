"""What keeps people from being told of an incident at a moment: another incident, maintenance, a silence."""

from collections.abc import Mapping
from functools import cached_property

from config.calendars.calendar import Calendar
from config.escalation.escalation_file import Escalation
from config.escalation.matchers import all_match
from config.escalation.quiet import Inhibition, WeeklyMaintenance
from remediation.guardrails.calendar import is_open
from remediation.incidents.fold import members_of
from remediation.incidents.labels import labels_of
from remediation.state import Incident, IncidentState, State


class Holding:
    """What keeps people from being told at one moment; what explains others is looked for once."""

    def __init__(self, state: State, escalation: Escalation, now_ms: int) -> None:
        self._state = state
        self._escalation = escalation
        self._now_ms = now_ms
        self._sources: dict[str, list[tuple[str, Mapping[str, str]]]] = {}

    def of(self, incident: Incident) -> str:
        """What keeps it, in words; empty when nothing does.

        A group is kept when each part of it that lasts is: a silence of one alarm keeps no other from being told.
        """
        why = ""
        for one in (incident, *members_of(self._state, incident.id)):
            if _lasts(one):
                held = self._held(one)
                if not held:
                    return ""
                why = why if why else held
        return why

    def _held(self, incident: Incident) -> str:
        labels = labels_of(incident)
        book = self._state.escalation
        inhibited = self._inhibited(incident, labels)
        if inhibited:
            return inhibited
        for announced in book.maintenances.values():
            if announced.holds(self._now_ms) and all_match(announced.matchers, labels):
                return f"{announced.kind} maintenance {announced.id}"
        for weekly in self._under_way:
            if all_match(weekly.matchers, labels):
                return f"maintenance {weekly.name}"
        for silence in book.silences.values():
            if silence.holds(self._now_ms) and all_match(silence.matchers, labels):
                return f"silence {silence.id} of {silence.by}"
        return ""

    @cached_property
    def _under_way(self) -> tuple[WeeklyMaintenance, ...]:
        weekly = self._escalation.maintenance.weekly
        return tuple(one for one in weekly if is_open(_calendar(one), self._now_ms) is None)

    def _inhibited(self, incident: Incident, labels: Mapping[str, str]) -> str:
        for rule in self._escalation.inhibitions:
            if not all_match(rule.target, labels) or all_match(rule.source, labels):
                continue
            for name, theirs in self._explaining(rule):
                same = all(labels.get(label, "") == theirs.get(label, "") for label in rule.equal)
                if same and name != incident.id:
                    return f"{rule.name}: {name} explains it"
        return ""

    def _explaining(self, rule: Inhibition) -> list[tuple[str, Mapping[str, str]]]:
        if rule.name not in self._sources:
            lasting = ((one.id, labels_of(one)) for one in self._state.incidents.values() if _lasts(one))
            self._sources[rule.name] = [one for one in lasting if all_match(rule.source, one[1])]
        return self._sources[rule.name]


def _lasts(incident: Incident) -> bool:
    return incident.state is not IncidentState.RESOLVED and not incident.over


def _calendar(weekly: WeeklyMaintenance) -> Calendar:
    return Calendar(name=weekly.name, kind="maintenance", windows=(weekly.window,))

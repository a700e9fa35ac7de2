"""Facts in, findings out: the rules that want a kind of fact see it, the others cost nothing."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from operator import attrgetter

import msgspec

from checks.compiled_rule import CompiledRule
from checks.expression import Condition
from checks.facts import Deployment, Fact
from checks.findings import Finding
from checks.measures.keyed import Keyed
from checks.measures.releases import place_of
from checks.measures.selection import NARROW, Selection
from checks.measures.single import Single, condition_of, reading_of, single
from checks.measures.watcher import FUTURE_MS_MAX, Observer, Watcher
from checks.measures.windowed.count import count_plan
from checks.measures.windowed.lane import Lane, in_lanes
from checks.measures.windowed.plan import Plan
from checks.measures.windowed.quantile import quantile_plan
from checks.measures.windowed.rate import rate_plan
from checks.measures.windowed.ratio import ratio_plan
from checks.measures.windowed.watching import Windowed
from checks.readings import Reading
from checks.state import VERSION, EngineState, Part, StateUnfit
from config.rules.rule_file import CountMeasure, QuantileMeasure, RateMeasure, RatioMeasure

__all__ = ["Engine", "Reading"]

KEYS_PER_RULE_SHOWN = 100
"""Healthy keys of one rule that current() lists; a page shows no more, and a rule may watch a million."""

_event_time = attrgetter("at_ms")
_TOGETHER: Mapping[str, int] = {}


class Engine:
    """Every rule's windows and states. Pure: no clock, no I/O; one caller at a time.

    Facts are counted as often as they are given: who feeds the engine removes duplicates.
    observed_facts: facts taken. skewed_facts: facts stamped so far in the future that they were counted at now.
    apart: rules by id that share a window only with those of the same number; 0 when a rule is not named.
    """

    def __init__(self, rules: Sequence[CompiledRule], apart: Mapping[str, int] = _TOGETHER) -> None:
        self.rules = tuple(rules)
        self.observed_facts = 0
        self.skewed_facts = 0
        singles, windows = _watchers(self.rules, apart)
        self._observers: dict[type[Fact], list[Observer]] = {}
        for fact_type, observer in (*singles, *_lanes(windows)):
            self._observers.setdefault(fact_type, []).append(observer)
        self._narrow = _narrow(self.rules)
        keyed = [watcher for _, watcher in singles if isinstance(watcher, Keyed)]
        self._windows: list[Windowed | Keyed] = [*(window for _, _, window in windows), *keyed]
        self._watchers: list[Watcher] = [*(watcher for _, watcher in singles), *(window for _, _, window in windows)]
        self._releases: dict[str, str] = {}
        self._resumed_ms = 0

    @property
    def late_facts(self) -> int:
        """Facts older than a window or a reading that wanted them; one counts once per window."""
        return sum(watcher.late for watcher in self._watchers)

    @property
    def evicted_keys(self) -> int:
        """Facts that were not counted because max_keys other keys were held, and episodes that made room."""
        return sum(watcher.refused for watcher in self._watchers)

    def observe(self, facts: Sequence[Fact], now_ms: int) -> list[Finding]:
        """Count the facts; findings where a rule's state for a key changed, in event order.

        The facts of one call are taken in order of event time, whatever their order in it. A release that begins
        empties the windows of its environment in its region: what an earlier one did there is no evidence about it.
        """
        self.observed_facts += len(facts)
        batches: dict[type[Fact], list[Fact]] = {}
        for fact in sorted(facts, key=_event_time):
            batch = batches.get(type(fact))
            if batch is None:
                batch = batches[type(fact)] = []
            batch.append(fact)
        self.skewed_facts += sum(_ahead(batch, now_ms) for batch in batches.values())
        findings: list[Finding] = []
        for fact in batches.get(Deployment, ()):
            if isinstance(fact, Deployment) and self._is_new_release(fact):
                self._begin_anew(fact, findings)
        for fact_type, batch in batches.items():
            selection = Selection(batch, self._narrow.get(fact_type, ()))
            for observer in self._observers.get(fact_type, ()):
                observer.observe(selection, now_ms, findings)
        findings.sort(key=_event_time)
        return findings

    def _is_new_release(self, fact: Deployment) -> bool:
        """Whether a release begins in its place: it says so, or is heard of for the first time while it moves.

        A service's own deployment, which replaces no other environment, counts only when it says that it starts.
        """
        if not fact.environment or self._releases.get(place_of(fact)) == fact.subject:
            return False
        return fact.status == "started" or (fact.status == "in_progress" and bool(fact.previous_environment))

    def _begin_anew(self, deployment: Deployment, findings: list[Finding]) -> None:
        self._releases[place_of(deployment)] = deployment.subject
        for window in self._windows:
            window.begin_anew(deployment, findings)

    def resume(self, now_ms: int) -> None:
        """After replayed facts: what nobody could hear while this program was down is no silence."""
        self._resumed_ms = now_ms
        for watcher in self._watchers:
            watcher.resume(now_ms)

    @property
    def watched(self) -> list[tuple[str, frozenset[str]]]:
        """What each watcher's state is about and counts, in the order of the parts of a snapshot."""
        return [(watcher.about, watcher.counted) for watcher in self._watchers]

    def snapshot(self) -> EngineState:
        """Everything but the rules. Only reads, so it may run in a thread while nothing is observed or ticked."""
        parts = [
            Part(about=watcher.about, counted=watcher.counted, body=watcher.snapshot()) for watcher in self._watchers
        ]
        return EngineState(
            version=VERSION,
            observed_facts=self.observed_facts,
            skewed_facts=self.skewed_facts,
            releases=dict(self._releases),
            resumed_ms=self._resumed_ms,
            parts=tuple(parts),
        )

    def restore(self, state: EngineState) -> None:
        """Fill a new engine; every watcher needs its part, see `checks.continuation` for rules that have changed.

        Raises StateUnfit when a part is missing or does not fit; the engine is of no use then.
        """
        self.observed_facts, self.skewed_facts = state.observed_facts, state.skewed_facts
        self._releases = dict(state.releases)
        left = list(state.parts)
        for watcher in self._watchers:
            about, counted = watcher.about, watcher.counted
            part = next((one for one in left if one.about == about and counted <= one.counted), None)
            if part is None:
                message = f"it has no part about {about}"
                raise StateUnfit(message)
            left.remove(part)
            try:
                watcher.restore(part.body)
            except msgspec.MsgspecError as fault:
                message = f"its part about {about} cannot be read: {fault}"
                raise StateUnfit(message) from fault
        if state.resumed_ms:
            self.resume(state.resumed_ms)

    def tick(self, now_ms: int) -> list[Finding]:
        """Let time pass: absent, stale, clear-after and windows that run empty; findings only for changes."""
        findings: list[Finding] = []
        for watcher in self._watchers:
            watcher.tick(now_ms, findings)
        return findings

    def current(self, keys_per_rule: int = KEYS_PER_RULE_SHOWN) -> list[Reading]:
        """Every rule and key with its latest value; open episodes first, then at most keys_per_rule others a rule."""
        return [reading for watcher in self._watchers for reading in watcher.readings(keys_per_rule)]

    def breached(self) -> list[Finding]:
        """What is beyond its limit now, to be decided on again.

        fact_id is the fact that tipped the rule, so it names the same breach each time; at_ms is the event time of
        the latest fact that confirmed it, so that a breach is no older than its evidence. A key that is back within
        its limit and waits to be clear is not listed.
        """
        return [finding for watcher in self._watchers for finding in watcher.breached()]


def _ahead(facts: Sequence[Fact], now_ms: int) -> int:
    """How many of the facts, which stand in order of event time, are stamped too far in the future."""
    return len(facts) - bisect_right(facts, now_ms + FUTURE_MS_MAX, key=_event_time)


def _narrow(rules: Sequence[CompiledRule]) -> dict[type[Fact], tuple[str, ...]]:
    """Of each kind of fact, the fields of few values by which rules have their keys."""
    fields: dict[type[Fact], set[str]] = {}
    for compiled in rules:
        if NARROW.issuperset(compiled.rule.per):
            fields.setdefault(compiled.fact_type, set()).update(compiled.rule.per)
    return {fact_type: tuple(sorted(found)) for fact_type, found in fields.items()}


def _watchers(
    rules: Sequence[CompiledRule], apart: Mapping[str, int]
) -> tuple[list[tuple[type[Fact], Single]], list[tuple[type[Fact], Condition, Windowed]]]:
    """One watcher for each reading and absence, one for all windows over the same facts, key and length."""
    singles: list[tuple[type[Fact], Single]] = []
    shared: dict[tuple[type[Fact], str, tuple[str, ...], float, int], list[tuple[CompiledRule, Plan]]] = {}
    for compiled in rules:
        measure = compiled.rule.measure
        if not isinstance(measure, CountMeasure | RatioMeasure | RateMeasure | QuantileMeasure):
            singles.append((compiled.fact_type, single(compiled, measure)))
        else:
            number = apart.get(compiled.rule.id, 0)
            window = (compiled.fact_type, compiled.where.canonical, compiled.rule.per, measure.window, number)
            shared.setdefault(window, []).append((compiled, _plan(compiled, measure)))
    windows = [(members[0][0].fact_type, members[0][0].where, Windowed(members)) for members in shared.values()]
    return singles, windows


def _lanes(windows: Sequence[tuple[type[Fact], Condition, Windowed]]) -> list[tuple[type[Fact], Lane]]:
    """The lanes of all windows, by the kind of fact."""
    by_type: dict[type[Fact], list[tuple[Condition, Windowed]]] = {}
    for fact_type, where, window in windows:
        by_type.setdefault(fact_type, []).append((where, window))
    return [(fact_type, lane) for fact_type, members in by_type.items() for lane in in_lanes(members)]


def _plan(compiled: CompiledRule, measure: CountMeasure | RatioMeasure | RateMeasure | QuantileMeasure) -> Plan:
    match measure:
        case CountMeasure():
            return count_plan(compiled, condition_of(compiled))
        case RatioMeasure():
            return ratio_plan(compiled, condition_of(compiled))
        case RateMeasure():
            return rate_plan(compiled, condition_of(compiled), measure.window)
        case QuantileMeasure():
            return quantile_plan(compiled, reading_of(compiled), measure.q)

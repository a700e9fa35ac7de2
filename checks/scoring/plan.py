"""Which windows the rules need, each once, and how every rule reads its own."""

from dataclasses import dataclass, field
from typing import Any, assert_never

from checks.expression.fused import FusedReader, Slots
from checks.facts import FACT_TYPE_BY_KIND, Fact, kind_of
from checks.scoring.compile import CompiledFraudRule, FraudRules
from checks.scoring.model import Decision, HardMatch, Match
from checks.scoring.verdict import Judge
from checks.scoring.windows import (
    DistinctWindow,
    PastWindow,
    RankWindow,
    Read,
    SpeedWindow,
    Tally,
    Window,
    rise_of,
    share_of,
)
from checks.windows.distinct import Distinct
from checks.windows.own_past import OwnPast
from checks.windows.rank import Ranks
from checks.windows.travel import Places
from config.fraud import (
    CountOf,
    DeviationOf,
    DistinctOf,
    HardRule,
    MultipleOf,
    RankOf,
    RatioOf,
    SpeedOf,
    SumOf,
)

Line = tuple[int, int, Read, Any, int | float]
"""A rule with a measure: position, slot of its condition, how it is read, test and threshold."""

Lookup = tuple[int, int, Any, int, Any, int | float]
"""A rule whose measure is a number by key: position, slot of its condition, ``dict.get``, slot of the key, the rest."""


@dataclass(slots=True)
class KindPlan:
    """What happens with one kind of fact. windows: fed by it. foreign: read by its rules, fed by other kinds.

    judges: every rule in the file's order. lookups, lines: those with a measure. plain: those that are a condition
    alone. second: up to which the foreign windows have moved, because no pane is shorter.
    """

    slots: Slots
    windows: list[Window] = field(default_factory=list)
    foreign: list[Window] = field(default_factory=list)
    judges: list[Judge] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    lookups: list[Lookup] = field(default_factory=list)
    plain: list[tuple[int, int]] = field(default_factory=list)
    hard: list[tuple[int, HardMatch, bool]] = field(default_factory=list)
    allow: list[tuple[int, Match]] = field(default_factory=list)
    read: FusedReader = tuple
    rules: tuple[str, ...] = ()
    kind: str = ""
    second: int = -1


class Planner:
    """Builds the plan of every kind of fact that the rules score or measure."""

    def __init__(self, rules: FraudRules) -> None:
        self.plans: dict[type[Fact], KindPlan] = {}
        self._windows: dict[tuple[object, ...], Any] = {}
        self._max_keys: dict[tuple[object, ...], int] = {}
        for kind in ("payment.requested", "payout.requested"):
            self._plan(FACT_TYPE_BY_KIND[kind])
        for compiled in rules.rules:
            self._add(compiled)
        for hard in rules.fraud.hard:
            self._add_hard(hard)
        for allow in rules.fraud.allow:
            plan = self._plan(FACT_TYPE_BY_KIND[allow.on])
            plan.allow.append((plan.slots.condition(allow.where), Match(rule=allow.id, reason=allow.reason)))
        for plan in self.plans.values():
            plan.read = plan.slots.compiled()
            plan.kind = kind_of(plan.slots.fact_type)
            plan.rules = tuple(judge.rule for judge in plan.judges)

    def _plan(self, fact_type: type[Fact]) -> KindPlan:
        plan = self.plans.get(fact_type)
        if plan is None:
            plan = self.plans[fact_type] = KindPlan(Slots(fact_type))
        return plan

    def _add_hard(self, hard: HardRule) -> None:
        plan = self._plan(FACT_TYPE_BY_KIND[hard.on])
        match = HardMatch(rule=hard.id, reason=hard.reason, decision=Decision(hard.decision))
        plan.hard.append((plan.slots.condition(hard.where), match, hard.mode == "enforce"))

    def _add(self, compiled: CompiledFraudRule) -> None:
        plan = self._plan(compiled.on)
        judge = Judge(compiled.rule, compiled.breach)
        position, where = len(plan.judges), plan.slots.condition(compiled.rule.where)
        plan.judges.append(judge)
        measure = compiled.rule.measure
        if measure is None:
            plan.plain.append((position, where))
            return
        key = plan.slots.key(compiled.rule.per)
        if isinstance(measure, CountOf | SumOf | DistinctOf):
            numbers = self._numbers(compiled, measure)
            plan.lookups.append((position, where, numbers.get, key, judge.test, judge.threshold))
        else:
            read = self._reader(compiled, measure, key)
            plan.lines.append((position, where, read, judge.test, judge.threshold))

    def _numbers(self, compiled: CompiledFraudRule, measure: CountOf | SumOf | DistinctOf) -> dict[Any, int]:
        """The numbers by key that the measure is."""
        slots = self._plan(compiled.of).slots
        match measure:
            case CountOf():
                tally = self._tally(compiled, measure.window)
                always = measure.count.strip() in {"true", "True"}
                return (tally.all() if always else tally.counted(slots.condition(measure.count))).totals
            case SumOf():
                return self._tally(compiled, measure.window).summed(slots.number(measure.sum)).totals
            case DistinctOf():
                return self._distinct(compiled, measure).distinct.totals
            case _:
                assert_never(measure)

    def _reader(
        self, compiled: CompiledFraudRule, measure: RatioOf | DeviationOf | MultipleOf | RankOf | SpeedOf, key: int
    ) -> Read:
        match measure:
            case RatioOf():
                now = self._share(compiled, measure, measure.window, key)
                if measure.baseline is None:
                    return now
                return rise_of(now, self._share(compiled, measure, measure.baseline, key))
            case DeviationOf():
                return self._past(compiled, measure.deviation).deviation(measure.min_samples)
            case MultipleOf():
                return self._past(compiled, measure.multiple).multiple(measure.min_samples)
            case RankOf():
                return self._rank(compiled, measure).read
            case SpeedOf():
                return self._speed(compiled, measure).read
            case _:
                assert_never(measure)

    def _share(self, compiled: CompiledFraudRule, measure: RatioOf, seconds: float, key: int) -> Read:
        tally = self._tally(compiled, seconds)
        matches = tally.counted(self._plan(compiled.of).slots.condition(measure.ratio))
        return share_of(tally, matches, key, measure.min_samples)

    def _fed(self, compiled: CompiledFraudRule) -> tuple[int, int]:
        """The slots of the fed fact that say whether it counts, and for which key.

        A rule about its own kind measures what meets its ``where``; about another kind, everything.
        """
        slots = self._plan(compiled.of).slots
        where = compiled.rule.where if compiled.of is compiled.on else "true"
        return slots.condition(where), slots.key(compiled.rule.per)

    def _tally(self, compiled: CompiledFraudRule, seconds: float) -> Tally:
        where, key = self._fed(compiled)
        window_ms = int(seconds * 1000)
        name = ("tally", compiled.of, where, key, window_ms)
        tally = self._windows.get(name)
        if not isinstance(tally, Tally):
            tally = Tally(window_ms, compiled.rule.max_keys, where, key)
        tally.wheel.max_keys = max(tally.wheel.max_keys, compiled.rule.max_keys)
        self._keep(name, tally, compiled)
        return tally

    def _distinct(self, compiled: CompiledFraudRule, measure: DistinctOf) -> DistinctWindow:
        where, key = self._fed(compiled)
        value = self._plan(compiled.of).slots.field(measure.distinct)
        window_ms = int(measure.window * 1000)
        name = ("distinct", compiled.of, where, key, value, window_ms)
        window = self._windows.get(name)
        if not isinstance(window, DistinctWindow):
            window = DistinctWindow(Distinct(window_ms, compiled.rule.max_keys), where, key, value)
        window.distinct.max_pairs = max(window.distinct.max_pairs, compiled.rule.max_keys)
        self._keep(name, window, compiled)
        return window

    def _past(self, compiled: CompiledFraudRule, number: str) -> PastWindow:
        where, key = self._fed(compiled)
        slot = self._plan(compiled.of).slots.number(number)
        name = ("past", compiled.of, where, key, slot)
        window = self._windows.get(name)
        if not isinstance(window, PastWindow):
            window = PastWindow(OwnPast(compiled.rule.max_keys), where, key, slot)
        window.own.max_keys = max(window.own.max_keys, compiled.rule.max_keys)
        self._keep(name, window, compiled)
        return window

    def _rank(self, compiled: CompiledFraudRule, measure: RankOf) -> RankWindow:
        where, key = self._fed(compiled)
        slot = self._plan(compiled.of).slots.number(measure.rank)
        ranks = Ranks(int(measure.window * 1000), compiled.rule.max_keys)
        window = RankWindow(ranks, where, key, slot, measure.min_samples)
        self._keep(("rank", compiled.rule.id), window, compiled)
        return window

    def _speed(self, compiled: CompiledFraudRule, measure: SpeedOf) -> SpeedWindow:
        where, key = self._fed(compiled)
        slots = self._plan(compiled.of).slots
        latitude, longitude = (slots.number(name) for name in measure.speed)
        places = Places(int(measure.window * 1000), measure.min_km, compiled.rule.max_keys)
        window = SpeedWindow(places, where, key, latitude, longitude)
        self._keep(("speed", compiled.rule.id), window, compiled)
        return window

    def _keep(self, name: tuple[object, ...], window: Window, compiled: CompiledFraudRule) -> None:
        if name not in self._windows:
            self._windows[name] = window
            self._plan(compiled.of).windows.append(window)
        foreign = self._plan(compiled.on).foreign
        if compiled.of is not compiled.on and window not in foreign:
            foreign.append(window)

"""Rule files become checked, compiled rules, or every problem in them is reported with its place."""

from collections.abc import Sequence
from fractions import Fraction

from checks.compiled_rule import CompiledRule
from checks.expression import Condition, ExpressionError, ValueExpression, compile_condition, compile_value
from checks.expression.types import Kind, field_types
from checks.facts import FACT_TYPE_BY_KIND, Fact
from checks.limits import RISING, Limit, LimitError, contradicts, parse_limit
from checks.measures.fit import misfit
from checks.windows.cusum import Indistinct, chart
from config.loading.document import Document
from config.loading.loader import Loaded
from config.loading.problems import ConfigurationError, Problem
from config.loading.suggest import closest, listed
from config.model import Model
from config.rules.rule_file import (
    AbsentMeasure,
    AnomalyMeasure,
    CountMeasure,
    DistinctMeasure,
    QuantileMeasure,
    RateMeasure,
    RatioMeasure,
    Rule,
    RuleFile,
    SequentialMeasure,
    SumMeasure,
    ValueMeasure,
)
from config.rules.slo import BurnRateMeasure, exact, share

__all__ = ["CompiledRule", "compile_rules"]

WINDOW_SECONDS_MIN = 1
"""One pane: event times are in milliseconds, and what happens within a second is one moment to a rule."""

WINDOW_SECONDS_MAX = 24 * 3600
"""A window's panes live in memory, and facts wait in queues for hours, not for days."""

PAGE = "page"
"""The one thing to ask for that changes nothing."""

_UNBOUNDED_EVERYWHERE = frozenset({"id", "reason", "detail", "title", "payment_id", "request_digest", "example"})
_UNBOUNDED_SUBJECT = frozenset({"payment.attempted", "payment.captured", "refund", "payout", "security.finding"})


def compile_rules(rule_files: Sequence[Loaded[RuleFile]]) -> tuple[CompiledRule, ...]:
    """Compile every rule; raises ConfigurationError with every problem (file, line, column and caret)."""
    compiled: list[CompiledRule] = []
    problems: list[Problem] = []
    for loaded in rule_files:
        for position, rule in enumerate(loaded.value.rules):
            compilation = _Compilation(loaded.document, position, rule)
            result = compilation.run()
            problems.extend(compilation.problems)
            if result is not None:
                compiled.append(result)
    if problems:
        raise ConfigurationError(tuple(sorted(problems, key=lambda found: (found.file, found.line, found.column))))
    return tuple(compiled)


_CONDITIONS: dict[type[Model], str] = {
    CountMeasure: "count",
    RatioMeasure: "ratio",
    RateMeasure: "rate",
    SequentialMeasure: "sequential",
    BurnRateMeasure: "burn_rate",
}
"""Measures of a condition, and the key that holds it."""

_READINGS: dict[type[Model], tuple[str, Kind | None, str]] = {
    ValueMeasure: ("value", None, ""),
    QuantileMeasure: ("quantile", Kind.NUMBER, "latency_ms or amount_cents"),
    SumMeasure: ("sum", Kind.NUMBER, "amount_cents"),
    AnomalyMeasure: ("anomaly", Kind.NUMBER, "amount_cents or latency_ms"),
    DistinctMeasure: ("distinct", Kind.TEXT, "method_fingerprint or customer_id"),
    AbsentMeasure: ("expected", Kind.NUMBER, "interval_seconds"),
}
"""Measures of a value: the key that holds it, the kind it must be of, and fields that are."""

_COUNTED: dict[type[Model], str] = {
    CountMeasure: "count",
    RateMeasure: "rate",
    SumMeasure: "sum",
    DistinctMeasure: "distinct",
}
"""Measures to which no fact is a value like another, unless they ask for samples."""

_ENDS: dict[type[Model], str] = {
    AbsentMeasure: "absence ends with the next fact",
    SequentialMeasure: "a sequential breach ends when healthy facts have outweighed it, or after clear_after",
    BurnRateMeasure: "a burn ends when no tier fires any more",
}
"""Measures that know by themselves when they are clear."""


class _Compilation:
    """One rule on its way; goes on after a problem as long as the rest can still be checked."""

    def __init__(self, document: Document, position: int, rule: Rule) -> None:
        self.problems: list[Problem] = []
        self._document = document
        self._position = position
        self._rule = rule

    def run(self) -> CompiledRule | None:
        """The compiled rule, or None when there are problems."""
        rule = self._rule
        fact_type = FACT_TYPE_BY_KIND.get(rule.on)
        if fact_type is None:
            meant = closest(rule.on, FACT_TYPE_BY_KIND)
            fix = f"write {meant}" if meant else f"use one of {listed(tuple(FACT_TYPE_BY_KIND))}"
            self._problem(("on",), f"there is no kind of fact {rule.on!r}", fix, 0, len(rule.on))
            return None
        self._check_key(fact_type)
        self._check_length()
        self._check_times()
        self._check_silence()
        where = self._condition(("where",), rule.where, fact_type)
        condition = self._measure_condition(fact_type)
        reading = self._measure_reading(fact_type)
        breach = self._breach(reading)
        clear = self._clear(breach, reading)
        if self.problems or where is None or breach is None:
            return None
        return CompiledRule(
            rule=rule,
            fact_type=fact_type,
            where=where,
            condition=condition,
            reading=reading,
            breach=breach,
            clear=clear,
        )

    def _check_key(self, fact_type: type[Fact]) -> None:
        types = field_types(fact_type)
        for index, field in enumerate(self._rule.per):
            place = ("per", index)
            found = types.get(field)
            if found is None:
                meant = closest(field, types)
                fix = f"write {meant}" if meant else f"its fields are {listed(tuple(types))}"
                self._problem(place, f"{self._rule.on} has no field {field!r}", fix, 0, len(field))
            elif found.kind is Kind.NUMBER:
                self._problem(place, f"{field} is a number and names nothing", "key by a text field", 0, len(field))
            elif field in _UNBOUNDED_EVERYWHERE or (field == "subject" and self._rule.on in _UNBOUNDED_SUBJECT):
                what = f"{field} is different for every {self._rule.on}, so each window would hold one fact"
                self._problem(place, what, "key by a field that facts share", 0, len(field))
            elif field in self._rule.per[:index]:
                self._problem(place, f"{field} is named twice", "name it once", 0, len(field))

    def _check_length(self) -> None:
        measure = self._rule.measure
        if isinstance(measure, AbsentMeasure | ValueMeasure | AnomalyMeasure | SequentialMeasure | BurnRateMeasure):
            return
        if measure.window > WINDOW_SECONDS_MAX:
            self._problem(("measure", "window"), "the window is longer than 24 h", "write at most 24h")
        if measure.window < WINDOW_SECONDS_MIN:
            self._problem(("measure", "window"), "the window is shorter than a second", "write at least 1s")

    def _check_times(self) -> None:
        if not self._rule.hold_for:
            return
        if isinstance(self._rule.measure, AbsentMeasure):
            self._problem(("for",), "how long a silence must hold is the measure's own time", "lengthen absent instead")
        if isinstance(self._rule.measure, SequentialMeasure):
            what = "a sequential rule has held its breach for as many facts as its evidence takes"
            self._problem(("for",), what, "allow fewer false alarms instead")

    def _check_silence(self) -> None:
        rule, place = self._rule, ("no_data",)
        if rule.no_data == "hold":
            return
        if isinstance(rule.measure, AbsentMeasure) and rule.no_data == "clear":
            what = "absent breaches when nothing is heard, which cannot clear it too"
            self._problem(place, what, "write page or breach, or delete the line", 0, len(rule.no_data))
        name = _COUNTED.get(type(rule.measure))
        if name is not None and not getattr(rule.measure, "min_samples", 0):
            what = (
                f"{_article(name)} {name} without min_samples always has data: no fact is {_article(name)} {name} of 0"
            )
            self._problem(place, what, "add min_samples to the measure, or watch with absent", 0, len(rule.no_data))
        if rule.no_data == "breach" and any(name != PAGE for name in rule.do):
            what = "silence would start an action, and no action may start on missing data"
            self._problem(place, what, "write no_data: page, or leave the action out of do", 0, len(rule.no_data))

    def _measure_condition(self, fact_type: type[Fact]) -> Condition | None:
        measure = self._rule.measure
        name = _CONDITIONS.get(type(measure))
        return None if name is None else self._condition(("measure", name), getattr(measure, name), fact_type)

    def _measure_reading(self, fact_type: type[Fact]) -> ValueExpression | None:
        measure = self._rule.measure
        if type(measure) not in _READINGS:
            return None
        name, kind, example = _READINGS[type(measure)]
        text = getattr(measure, name)
        if text == "":
            return None
        reading = self._value(("measure", name), text, fact_type)
        if reading is not None and kind is not None and reading.type.kind is not kind:
            what = f"{_article(name)} {name} needs a {kind}, but this is a {reading.type.kind}"
            self._problem(("measure", name), what, f"use a {kind} such as {example}", 0, len(text))
        return reading

    def _breach(self, reading: ValueExpression | None) -> Limit | None:
        rule = self._rule
        own = self._own_limit()
        if own is not None:
            limit, what = own
            if rule.breach:
                self._problem(("breach",), what, "delete the breach line", 0, len(rule.breach))
            return limit
        if not rule.breach:
            self._problem((), f"rule {rule.id} has no breach", "add a line such as breach: '> 2%'")
            return None
        limit = self._limit("breach", rule.breach, reading)
        if limit is not None and limit.hold_ms:
            start = rule.breach.index("for")
            what = "a limit to breach takes effect at once"
            fix = f"end the limit here, and add the key for: {rule.breach[start + 3 :].strip()} to the rule"
            self._problem(("breach",), what, fix, start, len(rule.breach) - start)
        if limit is not None and isinstance(rule.measure, DistinctMeasure) and limit.operator not in RISING:
            what = "too few different values say nothing about a key that no fact names"
            self._problem(("breach",), what, "write > or >=, or watch with absent", 0, len(rule.breach))
        return limit

    def _own_limit(self) -> tuple[Limit | None, str] | None:
        """The limit of a measure that has it within, and what is wrong with writing another; None for the others."""
        match self._rule.measure:
            case AbsentMeasure() as measure:
                return parse_limit(f">= {measure.absent:.3f}s"), "absent has its limit in the measure"
            case BurnRateMeasure() as measure:
                return Limit(">", exact(measure.tiers[0].factor)), "burn_rate has its limits in the measure's tiers"
            case SequentialMeasure() as measure:
                limit = Limit(">=", Fraction(1)) if self._has_chart(measure) else None
                return limit, "sequential has its limit in the measure: the evidence that false_alarms asks for"
            case _:
                return None

    def _has_chart(self, measure: SequentialMeasure) -> bool:
        try:
            chart(share(measure.healthy), share(measure.faulty), measure.facts_per_false_alarm)
        except Indistinct as error:
            what = f"{measure.healthy} and {measure.faulty} are too close to be told apart fact by fact"
            nearest = error.nearest
            fix = (
                "write them further apart" if nearest is None else f"write faulty: {float(nearest * 100):.4g}% or more"
            )
            self._problem(("measure", "faulty"), what, fix, 0, len(measure.faulty))
            return False
        return True

    def _clear(self, breach: Limit | None, reading: ValueExpression | None) -> Limit | None:
        rule = self._rule
        if not rule.clear:
            return None
        ends = _ENDS.get(type(rule.measure))
        if ends is not None:
            self._problem(("clear",), ends, "delete the clear line", 0, len(rule.clear))
            return None
        limit = self._limit("clear", rule.clear, reading)
        if limit is not None and breach is not None and contradicts(breach, limit):
            what = f"{rule.clear!r} could be clear and in breach ({rule.breach}) at once"
            fix = "write the opposite comparison, with a limit that is not in breach"
            self._problem(("clear",), what, fix, 0, len(rule.clear))
        return limit

    def _limit(self, name: str, text: str, reading: ValueExpression | None) -> Limit | None:
        try:
            limit = parse_limit(text)
        except LimitError as error:
            self._problem((name,), error.what, error.fix, error.offset, error.length)
            return None
        wrong = misfit(self._rule.measure, limit, reading)
        if wrong is not None:
            what, fix = wrong
            self._problem((name,), what, fix, 0, len(text))
        return limit

    def _condition(self, place: tuple[str | int, ...], text: str, fact_type: type[Fact]) -> Condition | None:
        try:
            return compile_condition(text, fact_type)
        except ExpressionError as error:
            self._problem(place, error.what, error.fix, error.offset, error.length)
            return None

    def _value(self, place: tuple[str | int, ...], text: str, fact_type: type[Fact]) -> ValueExpression | None:
        try:
            return compile_value(text, fact_type)
        except ExpressionError as error:
            self._problem(place, error.what, error.fix, error.offset, error.length)
            return None

    def _problem(self, place: tuple[str | int, ...], what: str, fix: str, offset: int = 0, length: int = 1) -> None:
        path = ("rules", self._position, *place)
        self.problems.append(self._document.problem(path, what, fix, offset, length))


def _article(noun: str) -> str:
    return "an" if noun[0] in "aeiou" else "a"

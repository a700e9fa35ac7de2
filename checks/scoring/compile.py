"""fraud.yaml becomes checked rules, or every problem in it is reported with its place."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from checks.expression import ExpressionError, compile_condition, compile_value
from checks.expression.types import Kind, field_types
from checks.facts import FACT_TYPE_BY_KIND, Fact
from checks.limits import Limit, LimitError, parse_limit
from checks.redaction.card_numbers import holds_card_number
from checks.scoring.lists import BadEntry, ListEntry, Lists
from config.fraud import (
    AllowRule,
    DeviationOf,
    DistinctOf,
    Fraud,
    FraudRule,
    HardRule,
    MultipleOf,
    RankOf,
    RatioOf,
    SpeedOf,
)
from config.loading.document import Document
from config.loading.loader import Loaded
from config.loading.problems import ConfigurationError, Problem
from config.loading.suggest import closest, listed

_EXPRESSION_KINDS = {
    "count": Kind.TRUTH,
    "ratio": Kind.TRUTH,
    "sum": Kind.NUMBER,
    "deviation": Kind.NUMBER,
    "multiple": Kind.NUMBER,
    "rank": Kind.NUMBER,
}
"""What the measures that hold an expression want it to be."""

WINDOW_SECONDS_MIN = 1
WINDOW_SECONDS_MAX = 31 * 86_400
"""Windows live in memory; what is older is a count that the store keeps, such as chargeback_count."""


@dataclass(frozen=True, slots=True)
class CompiledFraudRule:
    """A rule that has been checked. of: the type that is measured. breach: None for a plain condition."""

    rule: FraudRule
    on: type[Fact]
    of: type[Fact]
    breach: Limit | None


@dataclass(frozen=True)
class FraudRules:
    """A checked ``fraud.yaml``."""

    fraud: Fraud
    rules: tuple[CompiledFraudRule, ...]

    @cached_property
    def version(self) -> str:
        """Sixteen hexadecimal digits that differ when anything that takes effect differs."""
        return hashlib.sha256(self.fraud.model_dump_json().encode()).hexdigest()[:16]

    @property
    def longest_window_ms(self) -> int:
        """How far back facts must be replayed to fill every window."""
        return max((int(seconds * 1000) for rule in self.rules for seconds, _ in _windows(rule.rule)), default=0)

    def lists(self) -> Lists:
        """The entries that the file names."""
        return Lists(_entries(self.fraud))


def compile_fraud(loaded: Loaded[Fraud]) -> FraudRules:
    """Check every rule and entry; raises ConfigurationError with every problem (file, line, column and caret)."""
    problems: list[Problem] = []
    compiled: list[CompiledFraudRule] = []
    fraud, document = loaded.value, loaded.document
    for position, rule in enumerate(fraud.rules):
        compilation = _Compilation(document, ("rules", position), rule, fraud)
        result = compilation.run()
        problems.extend(compilation.problems)
        if result is not None:
            compiled.append(result)
    problems.extend(_plain_problems(document, "hard", fraud.hard))
    problems.extend(_plain_problems(document, "allow", fraud.allow))
    problems.extend(_duplicates(document, fraud))
    problems.extend(_list_problems(document, fraud))
    if problems:
        raise ConfigurationError(tuple(sorted(problems, key=lambda found: (found.file, found.line, found.column))))
    return FraudRules(fraud, tuple(compiled))


class _Compilation:
    """One rule on its way; goes on after a problem as long as the rest can still be checked."""

    def __init__(self, document: Document, path: tuple[str | int, ...], rule: FraudRule, fraud: Fraud) -> None:
        self.problems: list[Problem] = []
        self._document = document
        self._path = path
        self._rule = rule
        self._families = fraud.families

    def run(self) -> CompiledFraudRule | None:
        """The compiled rule, or None when there are problems."""
        rule = self._rule
        if rule.family not in self._families:
            meant = closest(rule.family, self._families)
            fix = f"write {meant}" if meant else f"add it to families, or use one of {listed(tuple(self._families))}"
            self._problem(("family",), f"there is no family {rule.family!r}", fix, 0, len(rule.family))
        if rule.points == 0:
            self._problem(("points",), "the rule adds no points", "write some points, or set mode: shadow to watch it")
        on = FACT_TYPE_BY_KIND[rule.on]
        self._expression(("where",), rule.where, on, Kind.TRUTH)
        of = FACT_TYPE_BY_KIND.get(rule.of) if rule.of else on
        if of is None:
            meant = closest(rule.of, FACT_TYPE_BY_KIND)
            fix = f"write {meant}" if meant else f"use one of {listed(tuple(FACT_TYPE_BY_KIND))}"
            self._problem(("of",), f"there is no kind of fact {rule.of!r}", fix, 0, len(rule.of))
            return None
        self._check_key(on, of)
        self._check_measure(on, of)
        breach = self._breach()
        if self.problems:
            return None
        return CompiledFraudRule(rule, on, of, breach)

    def _check_key(self, on: type[Fact], of: type[Fact]) -> None:
        if self._rule.measure is None:
            for name, given in (("per", self._rule.per), ("of", self._rule.of)):
                if given:
                    self._problem((name,), f"{name} is for a measure, and this rule has none", f"delete {name}")
            return
        for index, field in enumerate(self._rule.per):
            for fact_type in dict.fromkeys((on, of)):
                self._field(("per", index), field, fact_type, Kind.TEXT)
            if field in self._rule.per[:index]:
                self._problem(("per", index), f"{field} is named twice", "name it once", 0, len(field))

    def _check_measure(self, on: type[Fact], of: type[Fact]) -> None:
        measure = self._rule.measure
        match measure:
            case DistinctOf():
                self._field(("measure", "distinct"), measure.distinct, of, Kind.TEXT)
            case SpeedOf():
                for index, field in enumerate(measure.speed):
                    self._field(("measure", "speed", index), field, of, Kind.NUMBER)
            case _:
                for name in _EXPRESSION_KINDS.keys() & type(measure).model_fields.keys() if measure else ():
                    self._expression(("measure", name), getattr(measure, name), of, _EXPRESSION_KINDS[name])
        if isinstance(measure, DeviationOf | MultipleOf | RankOf | SpeedOf) and of is not on:
            self._problem(("of",), "this measure holds a request against others of its kind", "delete of")
        for seconds, name in _windows(self._rule):
            self._check_length(seconds, name)

    def _check_length(self, seconds: float, name: str) -> None:
        if seconds > WINDOW_SECONDS_MAX:
            self._problem(("measure", name), f"the {name} is longer than 31 d", "write at most 31d")
        if seconds < WINDOW_SECONDS_MIN:
            self._problem(("measure", name), f"the {name} is shorter than a second", "write at least 1s")
        measure = self._rule.measure
        if name == "baseline" and isinstance(measure, RatioOf) and seconds <= measure.window:
            what = "the baseline is not longer than the window"
            self._problem(("measure", name), what, f"write more than {measure.window:g}s")

    def _breach(self) -> Limit | None:
        rule = self._rule
        if rule.measure is None:
            if rule.breach:
                self._problem(("breach",), "there is no measure to hold against the limit", "delete breach")
            return None
        if not rule.breach:
            self._problem((), f"rule {rule.id} has a measure but no breach", "add a line such as breach: '> 10'")
            return None
        try:
            limit = parse_limit(rule.breach)
        except LimitError as error:
            self._problem(("breach",), error.what, error.fix, error.offset, error.length)
            return None
        share = isinstance(rule.measure, RatioOf) and rule.measure.baseline is None
        share = share or isinstance(rule.measure, RankOf)
        length = len(rule.breach)
        if isinstance(limit.setting, str | bool) or limit.operator in {"==", "!="}:
            self._problem(("breach",), "a measure is a number that grows", "write > 10 or >= 10", 0, length)
        elif limit.hold_ms:
            self._problem(("breach",), "a request is scored at once", "delete 'for'", 0, length)
        elif share and limit.unit != "%":
            self._problem(("breach",), "the measure is a share", "write a percentage, such as >= 60%", 0, length)
        elif not share and limit.unit:
            self._problem(("breach",), f"the measure has no unit {limit.unit}", "write the number alone", 0, length)
        return limit

    def _field(self, place: tuple[str | int, ...], field: str, fact_type: type[Fact], kind: Kind) -> None:
        types = field_types(fact_type)
        found = types.get(field)
        name = str(fact_type.__struct_config__.tag)
        if found is None:
            meant = closest(field, types)
            fix = f"write {meant}" if meant else f"its fields are {listed(tuple(types))}"
            self._problem(place, f"{name} has no field {field!r}", fix, 0, len(field))
        elif found.kind is not kind:
            self._problem(place, f"{field} is a {found.kind}, not a {kind}", f"name a {kind}", 0, len(field))

    def _expression(self, place: tuple[str | int, ...], text: str, fact_type: type[Fact], kind: Kind) -> None:
        problem = _expression_problem(self._document, (*self._path, *place), text, fact_type, kind)
        if problem is not None:
            self.problems.append(problem)

    def _problem(self, place: tuple[str | int, ...], what: str, fix: str, offset: int = 0, length: int = 1) -> None:
        self.problems.append(self._document.problem((*self._path, *place), what, fix, offset, length))


def _expression_problem(
    document: Document, path: tuple[str | int, ...], text: str, fact_type: type[Fact], kind: Kind
) -> Problem | None:
    try:
        if kind is Kind.TRUTH:
            compile_condition(text, fact_type)
            return None
        found = compile_value(text, fact_type).type.kind
    except ExpressionError as error:
        return document.problem(path, error.what, error.fix, error.offset, error.length)
    if found is kind:
        return None
    fix = "use a numeric field such as amount_cents"
    return document.problem(path, f"this is a {found}, not a {kind}", fix, 0, len(text))


def _windows(rule: FraudRule) -> Iterator[tuple[float, str]]:
    """The lengths of a rule's windows in seconds, with the key that says so."""
    measure = rule.measure
    if measure is None or isinstance(measure, DeviationOf | MultipleOf):
        return
    yield measure.window, "window"
    if isinstance(measure, RatioOf) and measure.baseline is not None:
        yield measure.baseline, "baseline"


def _plain_problems(document: Document, name: str, rules: Sequence[HardRule | AllowRule]) -> Iterator[Problem]:
    for position, rule in enumerate(rules):
        path = (name, position, "where")
        problem = _expression_problem(document, path, rule.where, FACT_TYPE_BY_KIND[rule.on], Kind.TRUTH)
        if problem is not None:
            yield problem


def _duplicates(document: Document, fraud: Fraud) -> Iterator[Problem]:
    """An id names one rule in every score, so no two may share it."""
    first: dict[str, tuple[str | int, ...]] = {}
    named: tuple[tuple[str, Sequence[FraudRule | HardRule | AllowRule]], ...] = (
        ("rules", fraud.rules),
        ("hard", fraud.hard),
        ("allow", fraud.allow),
    )
    for name, rules in named:
        for position, rule in enumerate(rules):
            path = (name, position, "id")
            if rule.id in first:
                what = f"the id {rule.id!r} is used already, in line {document.places[first[rule.id]].line}"
                yield document.problem(path, what, "give one of the two another id", 0, len(rule.id))
            else:
                first[rule.id] = path


def _entries(fraud: Fraud) -> Iterator[ListEntry]:
    for listed_value in fraud.lists:
        yield ListEntry(
            list=listed_value.list,
            kind=listed_value.kind,
            value=listed_value.value,
            reason=listed_value.reason,
            author=listed_value.author,
            expires_at_ms=int(listed_value.expires.timestamp() * 1000),
        )


def _list_problems(document: Document, fraud: Fraud) -> Iterator[Problem]:
    lists = Lists()
    for position, entry in enumerate(_entries(fraud)):
        path = ("lists", position, "value")
        if holds_card_number(entry.value):
            yield _unrepeated(document, path, "the value is a card number", "write the card's fingerprint instead")
            continue
        if entry.kind == "email" and "@" in entry.value:
            yield _unrepeated(document, path, "the value is an address", "write the address's keyed hash instead")
            continue
        try:
            lists.add(entry)
        except BadEntry as error:
            yield document.problem(path, error.what, error.fix, 0, len(entry.value))


def _unrepeated(document: Document, path: tuple[str | int, ...], what: str, fix: str) -> Problem:
    """A problem whose line is not shown, because it holds what must not be repeated."""
    place = document.places[path]
    return Problem(document.file, place.line, place.column, what, fix)

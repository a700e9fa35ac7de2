"""What is allowed in a rule and still hardly meant: warnings, each with its place."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from checks.compiled_rule import CompiledRule
from checks.limits import FALLING, RISING
from checks.linting.conditions import conditions
from checks.linting.overlap import shadowed
from checks.linting.surroundings import NOTHING_KNOWN, Surroundings, strange
from config.loading.document import Path
from config.loading.loader import Loaded
from config.loading.problems import Problem
from config.rules.rule_file import (
    CountMeasure,
    QuantileMeasure,
    RateMeasure,
    RatioMeasure,
    RuleFile,
    SequentialMeasure,
    SumMeasure,
)
from config.rules.slo import BurnRateMeasure

FACTS_PER_SECOND_MAX = 1_000
"""More facts than this of one key every second is no load that these rules were made for."""

_URGENT = frozenset({"critical", "high"})


def lint(
    rule_files: Sequence[Loaded[RuleFile]], compiled: Sequence[CompiledRule], around: Surroundings = NOTHING_KNOWN
) -> tuple[Problem, ...]:
    """Warn about rules that cannot breach, cannot see enough, breach on one fact, repeat another or do nothing.

    around: what they are held against beside themselves.
    """
    by_id = {rule.rule.id: rule for rule in compiled}
    alike: dict[tuple[object, ...], list[CompiledRule]] = {}
    for one in compiled:
        alike.setdefault(_meaning(one)[:-1], []).append(one)
    warnings: list[Problem] = []
    seen: dict[tuple[object, ...], str] = {}
    for loaded in rule_files:
        for position, rule in enumerate(loaded.value.rules):
            one = by_id[rule.id]
            same = seen.setdefault(_meaning(one), rule.id)
            found = list(_findings(one))
            if same != rule.id:
                found.append(("id", f"{rule.id} measures the same as {same}", "delete one, or tell them apart"))
            more = (*conditions(one), *shadowed(one, alike[_meaning(one)[:-1]]), *strange(one, around))
            found += [(another.key, another.what, another.fix) for another in more]
            for key, what, fix in found:
                path: Path = ("rules", position, *key.split("."))
                warnings.append(replace(loaded.document.problem(path, what, fix), what=f"warning: {what}"))
    return tuple(warnings)


def _findings(one: CompiledRule) -> Iterator[tuple[str, str, str]]:
    rule = one.rule
    if rule.mode == "enforce" and rule.severity in _URGENT and not rule.do:
        yield "severity", f"{rule.id} is {rule.severity} and asks for nothing", "add do: [page], or lower the severity"
    if isinstance(rule.measure, RatioMeasure):
        yield from _ratio(one)
    if isinstance(rule.measure, RatioMeasure | QuantileMeasure | CountMeasure | RateMeasure | SumMeasure):
        needed = rule.measure.min_samples / rule.measure.window
        if needed > FACTS_PER_SECOND_MAX:
            what = f"min_samples needs {needed:,.0f} facts a second of one key, so there is never enough data"
            yield "measure.min_samples", what, "lower min_samples or widen the window"
    counts = isinstance(rule.measure, CountMeasure | RateMeasure | SumMeasure)
    if counts and one.breach.operator in FALLING and not one.min_samples:
        measure = type(rule.measure).__name__.removesuffix("Measure").lower()
        what = f"a {measure} below a limit says nothing about a key that no fact names"
        yield "breach", what, "use absent, which knows silence"


def _ratio(one: CompiledRule) -> Iterator[tuple[str, str, str]]:
    limit, operator = one.breach.number, one.breach.operator
    if (operator == ">" and limit >= 1) or limit > 1 or (operator == "<" and limit <= 0):
        yield (
            "breach",
            f"a share is never {one.rule.breach}, so this rule cannot breach",
            "write a limit within 0% to 100%",
        )
        return
    clear = one.clear
    if clear is not None and (
        (clear.operator == "<" and clear.number <= 0) or (clear.operator == ">" and clear.number >= 1)
    ):
        yield "clear", f"a share is never {one.rule.clear}, so a breach lasts for ever", "write a limit that can be met"
    nearest = limit if operator in RISING else 1 - limit
    smallest = max(1, one.min_samples)
    if operator in RISING | FALLING and nearest * smallest < 1:
        what = f"with {smallest} samples a single fact breaches {one.rule.breach}"
        yield "measure.min_samples", what, f"write at least {int(1 / nearest) if nearest else smallest}"


def _meaning(one: CompiledRule) -> tuple[object, ...]:
    rule = one.rule
    counted = one.condition.canonical if one.condition is not None else ""
    read = one.reading.canonical if one.reading is not None else ""
    measure = rule.measure
    q = measure.q if isinstance(measure, QuantileMeasure) else 0.0
    own = measure if isinstance(measure, SequentialMeasure | BurnRateMeasure) else None
    return (
        rule.on,
        one.where.canonical,
        frozenset(rule.per),
        type(measure),
        one.window_seconds,
        counted,
        read,
        q,
        own,
        one.breach,
    )

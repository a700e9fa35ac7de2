"""What a rule is held against beside itself: traffic, feeds, runbooks, and what an archive has shown."""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from checks.compiled_rule import CompiledRule
from checks.linting.found import Found
from config.loading.suggest import closest
from config.rules.rule_file import AbsentMeasure, AnomalyMeasure, SequentialMeasure, ValueMeasure
from config.rules.slo import BurnRateMeasure


@dataclass(frozen=True, slots=True)
class Seen:
    """What a rule made of an archive. kind: facts of its kind. met: those that met ``where``.

    had_data: whether any key ever had enough. fired: how often. longest_ms: the longest time between two of them.
    """

    kind: int = 0
    met: int = 0
    had_data: bool = False
    fired: int = 0
    longest_ms: int = 0


@dataclass(frozen=True, slots=True)
class Surroundings:
    """facts_per_second: of one key, 0 when nothing is said of it. runbooks: their names; None: nobody knows them.

    intervals: seconds between two facts of a kind, or of a kind and subject, that come by the clock. seen: by rule.
    """

    facts_per_second: float = 0.0
    runbooks: frozenset[str] | None = None
    intervals: Mapping[tuple[str, str], float] = field(default_factory=dict)
    seen: Mapping[str, Seen] | None = None


NOTHING_KNOWN = Surroundings()


def strange(one: CompiledRule, around: Surroundings) -> Iterator[Found]:
    """What does not fit the rule's surroundings."""
    yield from _runbook(one, around)
    yield from _traffic(one, around)
    yield from _silence(one, around)
    if around.seen is not None:
        yield from _archive(one, around.seen.get(one.rule.id, Seen()))


def _runbook(one: CompiledRule, around: Surroundings) -> Iterator[Found]:
    name = one.rule.runbook
    if around.runbooks is None or name in around.runbooks or "://" in name:
        return
    meant = closest(name, around.runbooks)
    fix = (
        f"write {meant}" if meant else f"add a section '## {name}' to runbooks.md beside the rules, or name an address"
    )
    yield Found("runbook", f"there is no runbook {name!r}", fix)


def _traffic(one: CompiledRule, around: Surroundings) -> Iterator[Found]:
    measure = one.rule.measure
    if isinstance(measure, AbsentMeasure | ValueMeasure | AnomalyMeasure | SequentialMeasure | BurnRateMeasure):
        return
    held = around.facts_per_second * measure.window
    if 0 < held < one.min_samples:
        what = (
            f"at {around.facts_per_second:g} facts a second a window of {measure.window:g} s holds {held:.0f}, "
            f"{one.min_samples} are needed: {one.rule.id} never has data"
        )
        yield Found("measure.min_samples", what, f"lower it to at most {int(held)}, or widen the window")


def _silence(one: CompiledRule, around: Surroundings) -> Iterator[Found]:
    measure = one.rule.measure
    if isinstance(measure, AbsentMeasure) and measure.expected:
        return
    if isinstance(measure, AbsentMeasure):
        key, tolerated = "measure.absent", measure.absent
    elif isinstance(measure, ValueMeasure):
        key, tolerated = "measure.stale_after", measure.stale_after
    else:
        return
    interval = _interval(one, around.intervals)
    if interval is not None and tolerated <= interval:
        what = f"these facts come every {interval:g} s, so {tolerated:g} s without one is no silence"
        yield Found(key, what, f"write at least {2 * interval:g}s, twice the interval")


def _interval(one: CompiledRule, intervals: Mapping[tuple[str, str], float]) -> float | None:
    """Of the subject that ``where`` names, or of the kind whatever the subject."""
    subject = next(iter(_subjects(ast.parse(one.where.canonical, mode="eval").body)), "")
    return intervals.get((one.rule.on, subject), intervals.get((one.rule.on, "")))


def _subjects(tree: ast.expr) -> Iterator[str]:
    """Texts that the subject has to equal."""
    for part in tree.values if isinstance(tree, ast.BoolOp) and isinstance(tree.op, ast.And) else [tree]:
        match part:
            case ast.Compare(left=ast.Name(id="subject"), ops=[ast.Eq()], comparators=[ast.Constant(value=str(text))]):
                yield text


def _archive(one: CompiledRule, seen: Seen) -> Iterator[Found]:
    rule, measure = one.rule, one.rule.measure
    if not seen.kind:
        yield Found("on", f"the archive holds no {rule.on}", "is its source connected?")
    elif not seen.met:
        yield Found("where", f"none of the archive's {seen.kind:,} {rule.on} meets this", "is this what was meant?")
    elif not seen.had_data and not seen.fired:
        what = f"of the archive's {seen.met:,} facts no key ever had the {one.min_samples} that are needed"
        yield Found("measure", what, "lower min_samples, widen the window, or key by less")
    elif not seen.fired:
        what = f"{rule.id} never fires on the archive, in {seen.met:,} facts"
        yield Found("breach", what, "replay it with a nearer limit, or keep it for what has not happened yet")
    if isinstance(measure, AbsentMeasure) and not rule.per and seen.longest_ms > measure.absent * 1000:
        what = f"in the archive up to {seen.longest_ms / 1000:.0f} s passed between two of these facts"
        yield Found("measure.absent", what, f"write more than {seen.longest_ms / 1000:.0f}s, or expect to be told")

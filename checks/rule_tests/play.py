"""Plays one test's facts to its rules and holds what they say against what is expected."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import merge
from operator import attrgetter

from checks.compiled_rule import CompiledRule
from checks.engine import Engine
from checks.facts import Fact
from checks.findings import State
from checks.readings import Reading
from checks.rule_tests.series import BEGIN_MS, facts_of
from config.loading.document import Path
from config.rules.rule_tests import Expectation, ExpectedFinding, RuleTest, Series, matches

FACTS_MAX = 1_000_000
"""Of one test: a few seconds of work; more is a load test."""
TICKS_MAX = 200_000
"""Of one test: two days by the second."""
KEYS_MAX = 10_000
"""Readings of one rule that are looked at."""

Identity = tuple[str, tuple[tuple[str, str], ...]]
"""A rule and a key of it."""

_event_time = attrgetter("at_ms")


@dataclass(frozen=True, slots=True)
class Failure:
    """An expectation that was not met. path: of what is to blame, in the test. expected, got: for people."""

    path: Path
    at_seconds: float
    rule_id: str
    expected: str
    got: str


def beyond_limits(test: RuleTest) -> tuple[str, str] | None:
    """Why a test is too large to be played, and what to do about it; None when it is not."""
    if test.size > FACTS_MAX:
        return f"its input has {test.size:,} facts, at most {FACTS_MAX:,} are played", "write a longer every"
    if test.seconds / test.tick > TICKS_MAX:
        return (
            f"it takes {test.seconds / test.tick:,.0f} ticks, at most {TICKS_MAX:,} are played",
            "write a longer tick",
        )
    return None


def play(rules: Sequence[CompiledRule], test: RuleTest) -> tuple[Failure, ...]:
    """Every expectation that is not met, in order of time. Raises nothing for a test without misfits."""
    named = {expectation.rule for expectation in test.expect}
    engine = Engine([one for one in rules if "" in named or one.rule.id in named])
    waiting = merge(*(_series(series, number) for number, series in enumerate(test.input)), key=_event_time)
    ahead = next(waiting, None)
    failures: list[Failure] = []
    told: dict[Identity, bool] = {}
    for moment_ms in _moments(test):
        batch: list[Fact] = []
        while ahead is not None and ahead.at_ms <= moment_ms:
            batch.append(ahead)
            ahead = next(waiting, None)
        for finding in (*engine.observe(batch, moment_ms), *engine.tick(moment_ms)):
            told[_identity(finding.rule_id, finding.key)] = finding.is_alarming
        for position, expectation in enumerate(test.expect):
            if _at_ms(expectation) == moment_ms:
                failures += _unmet(("expect", position), expectation, engine.current(KEYS_MAX), told)
    return tuple(failures)


def _series(series: Series, number: int) -> Iterator[Fact]:
    return facts_of(series, str(number))


def _moments(test: RuleTest) -> Iterator[int]:
    """Every tick, and every time at which something is expected, up to the last of these."""
    tick_ms = max(1, round(test.tick * 1000))
    end_ms = BEGIN_MS + round(test.seconds * 1000)
    asked = sorted({_at_ms(expectation) for expectation in test.expect})
    last = None
    for moment_ms in merge(range(BEGIN_MS, end_ms, tick_ms), asked):
        if moment_ms != last:
            yield moment_ms
        last = moment_ms


def _at_ms(expectation: Expectation) -> int:
    return BEGIN_MS + round(expectation.at * 1000)


def _unmet(
    path: Path, expectation: Expectation, readings: Sequence[Reading], told: Mapping[Identity, bool]
) -> Iterator[Failure]:
    """What is expected and not so, then what fires and is not expected. told: which rules fire for which keys."""
    asked = [one for one in readings if expectation.rule in ("", one.rule_id)]
    for number, finding in enumerate(expectation.findings):
        found = [one for one in asked if matches(finding.key, one.key)]
        if not found or any(one.state is not State(finding.state) for one in found):
            got = "; ".join(_shown(one) for one in found[:5]) if found else _others(asked)
            yield Failure((*path, "findings", number), expectation.at, expectation.rule, _wanted(finding), got)
    for one in asked:
        if told.get(_identity(one.rule_id, one.key)) and not any(
            matches(finding.key, one.key) for finding in expectation.findings
        ):
            yield Failure(path, expectation.at, one.rule_id, f"{_subject(one.key)}: nothing fires", _shown(one))


def _identity(rule_id: str, key: Mapping[str, str]) -> Identity:
    return rule_id, tuple(sorted(key.items()))


def _wanted(finding: ExpectedFinding) -> str:
    return f"{_subject(finding.key)}: {finding.state}"


def _others(readings: Sequence[Reading]) -> str:
    if not readings:
        return "the rule has no reading of any key"
    return "no such key; the rule has " + "; ".join(_shown(one) for one in readings[:5])


def _shown(reading: Reading) -> str:
    samples = f", {reading.samples} samples" if reading.samples or reading.min_samples > 1 else ""
    needed = f" of {reading.min_samples} needed" if samples and reading.samples < reading.min_samples else ""
    value = f", {reading.shown}" if reading.shown else ""
    return f"{_subject(reading.key)}: {reading.state}{value}{samples}{needed}"


def _subject(key: dict[str, str]) -> str:
    return ", ".join(f"{name}={value}" for name, value in key.items()) if key else "all"

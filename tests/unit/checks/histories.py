"""Random histories for tests of an engine's state: facts of several kinds in batches, with ticks between them."""

from collections.abc import Sequence
from dataclasses import dataclass

from hypothesis import strategies as st
from msgspec.structs import replace

from checks.engine import Engine
from checks.facts import AlarmStateChanged, Deployment, Fact, PaymentAttempted
from checks.findings import Finding
from checks.readings import Reading
from tests.unit.checks.rule_text import rule, rules

START_MS = 1_000_000
RULES = rules(
    rule(
        "{ratio: \"outcome == 'failed'\", window: 10s, min_samples: 3}",
        identity="failing",
        per="[environment, rail]",
        breach="> 20%",
        clear="< 15% for 3s",
    ),
    rule("{ratio: \"outcome != 'failed'\", window: 10s, min_samples: 3}", identity="working", breach="< 80%"),
    rule("{count: \"outcome == 'declined'\", window: 10s}", identity="declining", per="[]", breach=">= 2", clear="< 1"),
    rule("{quantile: latency_ms, q: 0.5, window: 20s}", identity="slow", breach="> 2s", clear="< 1s"),
    rule("{count: 'true', window: 120s}", identity="busy", where="rail == 'card'", breach="> 8"),
    rule(
        "{ratio: \"outcome == 'failed'\", window: 10s, min_samples: 2}",
        identity="held",
        breach="> 20%",
        clear="< 15%",
        more="for: 3s",
    ),
    rule(
        "{ratio: \"outcome == 'declined'\", window: 10s, min_samples: 2}",
        identity="kept-up",
        per="[rail]",
        breach="> 30%",
        more="keep_firing_for: 5s",
    ),
    rule(
        "{ratio: \"outcome == 'declined'\", window: 20s, min_samples: 4}",
        identity="paging",
        breach="> 60%",
        more="no_data: page",
    ),
    rule("{sum: amount_cents, window: 20s}", identity="sum", breach="> 500", clear="< 300"),
    rule("{rate: \"outcome == 'failed'\", window: 10s}", identity="rate", breach=">= 0.2"),
    rule("{distinct: outcome, window: 20s}", identity="distinct", breach=">= 3"),
    rule("{anomaly: latency_ms, min_samples: 2}", identity="anomaly", breach="> 1", more="no_data: page"),
    rule(
        "{sequential: \"outcome == 'failed'\", healthy: 5%, faulty: 40%, false_alarms: 1 per 200 facts,"
        " stale_after: 20s}",
        identity="sequential",
    ),
    rule(
        "{burn_rate: \"outcome == 'failed'\", objective: 90%, period: 120s, tiers: ["
        "{long: 20s, short: 5s, factor: 3, severity: high}, {long: 60s, short: 10s, factor: 1.5, severity: low}]}",
        identity="burn-rate",
        more="keep_firing_for: 5s",
    ),
    rule("{absent: 5s}", identity="silent"),
    rule("{absent: 8s}", identity="all-silent", per="[]"),
    rule(
        "{value: state, stale_after: 30s}",
        identity="alarm",
        on="alarm.state_changed",
        per="[subject]",
        breach="== 'ALARM'",
        clear="== 'OK' for 4s",
    ),
)
"""One of every kind of measure, keyed by nothing, by one field and by two."""


@dataclass(frozen=True)
class Step:
    """What happens next: facts arrive, or, when there are none, time is told."""

    at_ms: int
    facts: tuple[Fact, ...]


History = Sequence[Step]


def _fact(draw: st.DrawFn, number: int, now_ms: int) -> Fact:
    kind = draw(st.sampled_from(["payment", "payment", "payment", "payment", "alarm", "release"]))
    at_ms = now_ms - draw(st.sampled_from([0, 0, 0, 400, 3_000, 30_000]))
    environment = draw(st.sampled_from(["blue", "green"]))
    if kind == "alarm":
        alarm = AlarmStateChanged(id=f"a{number}", at_ms=at_ms, subject=environment, state="OK")
        return replace(alarm, state="ALARM") if draw(st.booleans()) else alarm
    if kind == "release" and number % 7 == 0:
        return Deployment(
            id=f"d{number}", at_ms=at_ms, subject=f"r{number}", environment=environment, version="2", status="started"
        )
    return PaymentAttempted(
        id=f"p{number}",
        at_ms=at_ms,
        subject="p",
        environment=environment,
        rail=draw(st.sampled_from(["card", "ach"])),
        outcome=draw(st.sampled_from(["succeeded", "succeeded", "declined", "failed"])),
        amount_cents=100,
        latency_ms=draw(st.sampled_from([10, 900, 1_500, 3_000])),
    )


@st.composite
def histories(draw: st.DrawFn, steps_max: int = 30) -> History:
    """Batches and ticks in order of the clock; facts may be late, out of order and of any kind."""
    now_ms, number = START_MS, 0
    steps = []
    for _ in range(draw(st.integers(1, steps_max))):
        now_ms += draw(st.sampled_from([100, 1_000, 1_000, 4_000, 12_000]))
        facts = []
        for _ in range(draw(st.integers(0, 6))):
            number += 1
            facts.append(_fact(draw, number, now_ms))
        steps.append(Step(now_ms, tuple(facts)))
    return steps


def live(engine: Engine, history: History) -> list[Finding]:
    """Let the engine go through a history; what it announced, in order."""
    found: list[Finding] = []
    for step in history:
        found += engine.observe(step.facts, step.at_ms) if step.facts else engine.tick(step.at_ms)
    return found


def told(engine: Engine) -> tuple[list[Reading], list[Finding], int, int]:
    """Everything that an engine says, in an order that does not depend on how it came to it."""
    readings = sorted(engine.current(), key=str)
    return readings, sorted(engine.breached(), key=str), engine.late_facts, engine.evicted_keys

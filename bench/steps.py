"""From a step in failures to the fact that tips a rule, and false alarms in healthy traffic, for the rules alone."""

import random
from math import exp, lgamma, log
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

from checks.compiled_rule import CompiledRule
from checks.engine import Engine
from checks.facts import Fact, PaymentAttempted
from checks.findings import State
from checks.rules import compile_rules
from config.load import load_configuration
from config.loading.loader import load_yaml
from config.rules.rule_file import RuleFile

SEED = 20_240_115
START_MS = 1_705_320_000_000
PAYMENTS_PER_SECOND = 200
HEALTHY, FAULTY = 0.05, 0.40
STEPS = 40
WARM_SECONDS, STEP_SECONDS = 20, 10
BATCH = 10_000

RATIO = """
rules:
  - id: ratio-over-4-seconds
    family: sla
    on: payment.attempted
    per: [region, environment]
    measure: {ratio: "outcome == 'failed'", window: 4s, min_samples: 600}
    breach: "> PERCENT%"
    severity: critical
    runbook: payment-failures
"""
"""A window of four panes of a second, at least three of them full."""
PEERS_PERCENT, RATIO_FACTS, FACTS_PER_FALSE_ALARM = 20, 600, 2_000_000_000
"""What peers were measured with; the fewest facts of a full window; the budget of the sequential rule."""


def figures(healthy_facts: int) -> dict[str, Any]:
    """How long a step takes to be seen, by the packaged sequential rule and by ratios; false alarms of the first.

    ratio_4s_equal: its limit is the lowest that healthy windows exceed as seldom as the sequential rule alarms.
    """
    sequential, percent = _packaged("payment-failure-step"), equal_percent()
    rules = {
        "sequential": sequential,
        "ratio_4s_equal": _written(RATIO.replace("PERCENT", str(percent))),
        "ratio_4s_20_percent": _written(RATIO.replace("PERCENT", str(PEERS_PERCENT))),
    }
    started = perf_counter()
    alarms = false_alarms(sequential, healthy_facts)
    seconds = perf_counter() - started
    found: dict[str, Any] = {"steps": STEPS, "payments_per_second": PAYMENTS_PER_SECOND}
    for name, rule in rules.items():
        seen = sorted(delay for delay in _delays(rule) if delay is not None)
        found[f"{name}_step_p50_seconds"] = round(median(seen), 3)
        found[f"{name}_step_p95_seconds"] = round(seen[-(-len(seen) * 95 // 100) - 1], 3)
        found[f"{name}_steps_missed"] = STEPS - len(seen)
    return {
        **found,
        "ratio_4s_equal_limit_percent": percent,
        "healthy_facts": healthy_facts,
        "sequential_false_alarms": alarms,
        "healthy_facts_seconds": round(seconds, 1),
        "step_seed": SEED,
    }


def equal_percent() -> int:
    """The lowest limit in whole percent that a full healthy window exceeds at most once in the budget's facts.

    Windows that overlap exceed it together, so each window of its own is counted once: a fact in RATIO_FACTS of them.
    """
    terms = [
        exp(
            lgamma(RATIO_FACTS + 1)
            - lgamma(bad + 1)
            - lgamma(RATIO_FACTS - bad + 1)
            + bad * log(HEALTHY)
            + (RATIO_FACTS - bad) * log(1 - HEALTHY)
        )
        for bad in range(RATIO_FACTS + 1)
    ]
    allowed = RATIO_FACTS / FACTS_PER_FALSE_ALARM
    return next(percent for percent in range(100) if sum(terms[RATIO_FACTS * percent // 100 + 1 :]) <= allowed)


def _delays(rule: CompiledRule) -> list[float | None]:
    """Seconds from each step to the finding, in event time and the computing of the call that found it."""
    delays: list[float | None] = []
    for number in range(STEPS):
        chance = random.Random(SEED + number)  # noqa: S311  # reproducible input, not a secret
        engine = Engine((rule,))
        step_ms = START_MS + WARM_SECONDS * 1000
        delays.append(None)
        for position in range((WARM_SECONDS + STEP_SECONDS) * PAYMENTS_PER_SECOND):
            at_ms = START_MS + position * 1000 // PAYMENTS_PER_SECOND
            share = FAULTY if at_ms >= step_ms else HEALTHY
            fact = _payment(position, at_ms, failed=chance.random() < share)
            started = perf_counter()
            found = engine.observe([fact], at_ms)
            if any(one.state is State.BREACHED for one in found):
                # A finding before the step is a false alarm, which is no detection.
                delays[-1] = (at_ms - step_ms) / 1000 + perf_counter() - started if at_ms >= step_ms else None
                break
    return delays


def false_alarms(rule: CompiledRule, count: int) -> int:
    """Breaches of one key in so many facts of which 5 % fail, as a healthy key's do."""
    chance = random.Random(SEED)  # noqa: S311  # reproducible input, not a secret
    good, bad = (_payment(number, START_MS, failed=bool(number)) for number in (0, 1))
    engine, alarms = Engine((rule,)), 0
    for start in range(0, count, BATCH):
        size = min(BATCH, count - start)
        # A rule of evidence does not look at the time, so the same two facts serve again and again.
        facts: list[Fact] = chance.choices((bad, good), cum_weights=(HEALTHY, 1.0), k=size)
        alarms += sum(one.state is State.BREACHED for one in engine.observe(facts, START_MS))
    return alarms


def _payment(number: int, at_ms: int, *, failed: bool) -> Fact:
    return PaymentAttempted(
        id=f"evt_{number}",
        at_ms=at_ms,
        subject=f"pay_{number}",
        environment="green",
        rail="card",
        outcome="failed" if failed else "succeeded",
        amount_cents=6_400,
    )


def _packaged(rule_id: str) -> CompiledRule:
    return next(one for one in compile_rules(load_configuration(None).rule_files) if one.rule.id == rule_id)


def _written(text: str) -> CompiledRule:
    with TemporaryDirectory(prefix="tillwatch-bench-") as folder:
        file = Path(folder) / "rules.yaml"
        file.write_text(text, encoding="utf-8")
        (rule,) = compile_rules([load_yaml(file, RuleFile)])
    return rule

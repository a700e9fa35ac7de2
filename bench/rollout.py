"""False rollbacks of sound canaries by the packaged rules, and the payments that they take to see a fault."""

import argparse
import json
import random
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from math import log
from typing import Any

from bench.rollout_gates import figures, ranks
from checks.compiled_rule import CompiledRule
from checks.engine import Engine
from checks.facts import PaymentAttempted
from checks.rules import compile_rules
from checks.windows.cusum import Chart, chart
from config.load import load_configuration
from config.rules.rule_file import SequentialMeasure
from config.rules.slo import share

ROLLOUT_SECONDS = 45 * 60
PAYMENTS_PER_SECOND = (1, 5, 20)
"""On the canary."""
HEALTHY = 0.005
FAULTS = (0.03, 0.088)
ALARM_LIMIT, ALARM_SECONDS = 0.02, 60
SPRT_ALPHA, SPRT_BETA, SPRT_FAULTY = 0.001, 0.01, 0.02
AGREEING_ROLLOUTS = 40
DECIDED_WITHIN = 1_000_000
"""Payments after which a fault counts as never seen."""


@dataclass(frozen=True)
class Canary:
    """A rule that rolls back by outcomes, and its chart."""

    rule: CompiledRule
    chart: Chart


def canaries() -> list[Canary]:
    """The packaged rules that roll traffic back for what becomes of payments."""
    found = []
    for one in compile_rules(load_configuration(None, {}).rule_files):
        acts = one.rule.mode == "enforce" and "rollback.traffic" in one.rule.do
        if not acts or one.rule.on != "payment.attempted" or one.condition is None:
            continue
        measure = one.rule.measure
        if not isinstance(measure, SequentialMeasure):
            message = f"{one.rule.id} is not sequential: its rollouts have to be simulated in another way"
            raise TypeError(message)
        steps = chart(share(measure.healthy), share(measure.faulty), measure.facts_per_false_alarm)
        found.append(Canary(one, steps))
    return found


def gaps(chance: random.Random, failing: float) -> Iterator[int]:
    """Good payments before each failed one, for ever."""
    scale = log(1 - failing)
    while True:
        yield int(log(1 - chance.random()) / scale)


def decided_after(steps: Chart, good: Iterator[int], payments: int) -> int | None:
    """The payment, from 1, at which the chart fires; None when it does not within so many."""
    score = seen = 0
    for gap in good:
        seen += gap + 1
        if seen > payments:
            return None
        score = max(0, score - gap) + steps.up
        if score >= steps.threshold:
            return seen
    return None


def by_engine(rule: CompiledRule, good: Iterator[int], payments: int) -> int | None:
    """The same, with whole facts through the engine, one after the other."""
    engine = Engine([rule])
    following = next(good)
    for number in range(1, payments + 1):
        failed = following == 0
        following = next(good) if failed else following - 1
        fact = PaymentAttempted(
            id=str(number),
            at_ms=1_767_225_600_000 + number * 1000,
            subject=str(number),
            environment="green",
            rail="card",
            outcome="failed" if failed else "succeeded",
            amount_cents=6_400,
        )
        if engine.observe([fact], fact.at_ms):
            return number
    return None


def alarmed_after(chance: random.Random, failing: float, per_second: float, seconds: int) -> int | None:
    """Seconds until one whole minute has more than 2 % failed; None when none has."""
    size = round(per_second * ALARM_SECONDS)
    good = gaps(chance, failing)
    ahead = next(good)
    for minute in range(seconds // ALARM_SECONDS):
        failed, left = 0, size
        while ahead < left:
            left -= ahead + 1
            failed += 1
            ahead = next(good)
        ahead -= left
        if failed > ALARM_LIMIT * size:
            return (minute + 1) * ALARM_SECONDS
    return None


def wald(good: Iterator[int]) -> tuple[bool, int]:
    """Whether Wald's test calls the canary faulty, and after how many payments."""
    up, down = log(SPRT_FAULTY / HEALTHY), log((1 - SPRT_FAULTY) / (1 - HEALTHY))
    upper, lower = log((1 - SPRT_BETA) / SPRT_ALPHA), log(SPRT_BETA / (1 - SPRT_ALPHA))
    score, seen = 0.0, 0
    while True:
        for _ in range(next(good)):
            seen, score = seen + 1, score + down
            if score <= lower:
                return False, seen
        seen, score = seen + 1, score + up
        if score >= upper:
            return True, seen


def agreeing(one: Canary, seed: int) -> int:
    """Rollouts in which engine and chart fire at the same payment, or neither does; sound and faulty ones."""
    same = 0
    for number in range(AGREEING_ROLLOUTS):
        failing = (HEALTHY, 0.01, *FAULTS)[number % 4]
        payments = ROLLOUT_SECONDS
        drawn = decided_after(one.chart, gaps(random.Random(seed + number), failing), payments)  # noqa: S311
        fired = by_engine(one.rule, gaps(random.Random(seed + number), failing), payments)  # noqa: S311
        if drawn != fired:
            message = f"rollout {number}: the chart fires at {drawn}, the engine at {fired}"
            raise RuntimeError(message)
        same += 1
    return same


def of_canary(one: Canary, rollouts: int, seed: int) -> dict[str, Any]:
    """False rollbacks and payments to decide of one rule."""
    chance = random.Random(seed)  # noqa: S311  # reproducible
    false = {
        f"at_{rate}_per_second_share": sum(
            decided_after(one.chart, gaps(chance, HEALTHY), rate * ROLLOUT_SECONDS) is not None for _ in range(rollouts)
        )
        / rollouts
        for rate in PAYMENTS_PER_SECOND
    }
    decided = {
        f"fault_{fault * 100:g}_percent": ranks(
            [
                after if after is not None else DECIDED_WITHIN
                for after in (decided_after(one.chart, gaps(chance, fault), DECIDED_WITHIN) for _ in range(rollouts))
            ]
        )
        for fault in FAULTS
    }
    return {
        "up": one.chart.up,
        "threshold": one.chart.threshold,
        "payments_between_false_alarms": round(one.chart.facts_between_false_alarms),
        "false_rollbacks": false,
        "decides": decided,
        "rollouts_checked_in_the_engine": agreeing(one, seed + 10_000),
    }


def of_peers(rollouts: int, seed: int) -> dict[str, Any]:
    """The same figures of a fixed threshold over a minute, and of Wald's test."""
    chance = random.Random(seed + 1)  # noqa: S311  # reproducible
    alarm: dict[str, Any] = {}
    for rate in PAYMENTS_PER_SECOND:
        ended = [alarmed_after(chance, HEALTHY, rate, ROLLOUT_SECONDS) for _ in range(rollouts)]
        alarm[f"at_{rate}_per_second_share"] = sum(after is not None for after in ended) / rollouts
    judged = [wald(gaps(chance, HEALTHY)) for _ in range(rollouts)]
    sprt: dict[str, Any] = {"false_rollbacks_share": sum(faulty for faulty, _ in judged) / rollouts}
    for fault in FAULTS:
        sprt[f"fault_{fault * 100:g}_percent"] = ranks([wald(gaps(chance, fault))[1] for _ in range(rollouts)])
    return {"alarm_over_60_s_false_rollbacks": alarm, "wald_once": sprt}


def main() -> None:
    """Simulate and print the figures.

    The rule's own chart (`checks.windows.cusum`) is fed with outcomes alone: between two failures its score falls by
    one for each payment, so a rollout is as many steps as it has failures. The engine, fed with whole facts, has to
    fire at the very same payment in a sample of rollouts, or the bench fails. Rules about latency and readiness see
    nothing here: a sound canary has no such faults to be drawn. Beside it, on draws of the same shares: a fixed
    threshold over a minute, as CloudWatch alarms have it, and Wald's test, which knows both ratios and stops at
    either. Then the whole set of gates, see `bench.rollout_gates`.
    """
    parser = argparse.ArgumentParser(description="False rollbacks, and payments to see a fault.")
    parser.add_argument("--rollouts", type=int, default=4_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="kept for symmetry: the output is always JSON")
    options = parser.parse_args()
    found = canaries()
    if not found:
        sys.exit("no packaged rule rolls back for what becomes of payments")
    print(
        json.dumps(
            {
                "rollouts": options.rollouts,
                "rollout_seconds": ROLLOUT_SECONDS,
                "healthy_share": HEALTHY,
                **{one.rule.rule.id: of_canary(one, options.rollouts, options.seed) for one in found},
                **of_peers(options.rollouts, options.seed),
                "gates": figures(options.rollouts, PAYMENTS_PER_SECOND, FAULTS, options.seed, gaps),
            }
        )
    )


if __name__ == "__main__":
    main()

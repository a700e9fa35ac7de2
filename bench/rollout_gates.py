"""The gates of a rollout as deployed: false rollbacks of the whole set, and what each sees of a fault."""

import math
import random
from bisect import bisect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Any

from bench.results import figure
from checks.compiled_rule import CompiledRule
from checks.facts import PaymentCaptured, Rail
from checks.rules import compile_rules
from checks.windows.cusum import Chart, chart
from config.load import Configuration, load_configuration
from config.rules.rule_file import SequentialMeasure
from config.rules.slo import ratio, share
from daemon.embedded.marketplace.mix import (
    BANK_SHARE,
    CUSTOMER_OFFSET,
    CUSTOMERS,
    DECLINED_SHARE,
    LEAST_CENTS,
    MEDIAN_CENTS,
    MOST_CENTS,
    PROVIDER_OFFSET,
    PROVIDERS,
    SPREAD,
    Mix,
)
from payment_core.costs.bands import BANDS, band_of
from remediation.deployment.gates.comparison import Contrast, Pane, threshold
from remediation.deployment.gates.costs import Costs
from remediation.deployment.gates.drift import Scores

STAGES = ((0.05, 600), (0.25, 900), (0.50, 1_200))
"""Share of the canary and seconds, as the owner has them; 45 minutes in all."""
HEALTHY = 0.005
SLOW = 0.001
"""Of sound payments, those that take longer than two seconds."""
PANE_SECONDS = 60
"""Longer than the deployed 5 s, for speed: the bound on the error does not depend on it."""
ISSUERS = 40
CHANCE_MEAN_MAX = 30.0
"""Of a count that is drawn one by one; larger ones are drawn as normal."""


@dataclass(frozen=True)
class Outcomes:
    """One sequential rule of outcomes that is a gate, and the shares of its strata: one stratum for all payments."""

    rule: CompiledRule
    chart: Chart
    shares: tuple[float, ...]


def bands() -> tuple[float, ...]:
    """The shares of the ticket bands, by the lognormal amounts of the simulated marketplace."""

    def below(cents: int) -> float:
        held = min(max(cents, LEAST_CENTS), MOST_CENTS)
        return 0.5 * (1 + math.erf(math.log(held / MEDIAN_CENTS) / SPREAD / math.sqrt(2)))

    edges = [0.0, *(below(cents) for _, cents in BANDS), 1.0]
    return tuple(after - before for before, after in pairwise(edges))


def issuers() -> tuple[float, ...]:
    """The shares of card issuers, which fall with their rank."""
    weights = [1 / (rank + 3) for rank in range(ISSUERS)]
    return tuple((1 - BANK_SHARE) * weight / sum(weights) for weight in weights)


def outcome_gates(configuration: Configuration) -> list[Outcomes]:
    """The rules that are gates and weigh outcomes, with their strata."""
    shares = {"bin": issuers(), "rail": (1 - BANK_SHARE, BANK_SHARE), "cohort": bands()}
    gates = configuration.deployment.gates
    named = {gate.rule for gate in gates.rules} - set(gates.shadow)
    found = []
    for one in compile_rules(configuration.rule_files):
        measure = one.rule.measure
        if one.rule.id not in named or one.rule.on != "payment.attempted" or not isinstance(measure, SequentialMeasure):
            continue
        steps = chart(share(measure.healthy), share(measure.faulty), measure.facts_per_false_alarm)
        by = next((field for field in one.rule.per if field in shares), "")
        found.append(Outcomes(one, steps, shares[by] if by else (1.0,)))
    return found


def first_alarm(gates: Sequence[Outcomes], good: Iterator[int], payments: int, chance: random.Random) -> str:
    """The rule that alarms first in so many payments, or nothing; good: sound payments before each failed one.

    All rules see the same failures. Of a stratum's sound payments between two of its failures, the mean is taken.
    """
    scores = [[0.0] * len(gate.shares) for gate in gates]
    seen = [[0] * len(gate.shares) for gate in gates]
    uppers = [list(accumulate(gate.shares)) for gate in gates]
    place = 0
    for gap in good:
        place += gap + 1
        if place > payments:
            return ""
        for number, gate in enumerate(gates):
            stratum = bisect(uppers[number], chance.random())
            if stratum == len(gate.shares):
                # A bank account has no issuer.
                continue
            sound = (place - seen[number][stratum] - 1) * gate.shares[stratum]
            score = max(0.0, scores[number][stratum] - sound) + gate.chart.up
            if score >= gate.chart.threshold:
                return gate.rule.rule.id
            scores[number][stratum], seen[number][stratum] = score, place
    return ""


def count(chance: random.Random, of: int, bad: float) -> int:
    """How many of so many are bad."""
    mean = of * bad
    if mean > CHANCE_MEAN_MAX:
        return min(of, max(0, round(chance.gauss(mean, math.sqrt(mean * (1 - bad))))))
    drawn, left = 0, math.log(1 - chance.random()) / math.log1p(-bad)
    while left < of:
        drawn += 1
        left += 1 + math.log(1 - chance.random()) / math.log1p(-bad)
    return drawn


def compared(
    chance: random.Random, per_second: float, bad: float, needed: float, part: float = 1.0, stages: int = len(STAGES)
) -> bool:
    """Whether a sound canary with so many payments a second is told from its baseline in any stage."""
    for canary, seconds in STAGES[:stages]:
        contrast = Contrast(HEALTHY)
        rate = per_second * part * PANE_SECONDS
        for _ in range(seconds // PANE_SECONDS):
            new, old = round(chance.gauss(rate, math.sqrt(rate))), round(rate * (1 - canary) / canary)
            pane = Pane(max(0, new), 0, old, count(chance, old, bad))
            pane.new_bad = count(chance, pane.new, bad)
            if contrast.fold(pane) >= needed:
                return True
    return False


def needed_evidence(configuration: Configuration, *, by: bool) -> float:
    """What a comparison takes in each of the three stages."""
    gates = configuration.deployment.gates
    strata = gates.strata if by else 1
    return threshold(ratio(gates.false_alarm), len(gates.comparisons), len(STAGES), strata)


def priced(configuration: Configuration, chance: random.Random, captures: int) -> list[PaymentCaptured]:
    """Captures of the simulated marketplace, as its price sheet prices them."""
    mix, sheet = Mix(chance.randrange(1 << 30)), configuration.prices.at(1_790_000_000_000)
    found = []
    for number in range(captures):
        order = mix.next_order()
        rail: Rail = "ach" if order.token.startswith("bank") else "card"
        found.append(
            PaymentCaptured(
                id=str(number),
                at_ms=1,
                subject=str(number),
                rail=rail,
                amount_cents=order.amount_cents,
                cost_microcents=sheet.pay_in(rail).microcents(order.amount_cents),
                cohort=band_of(order.amount_cents)[1],
            )
        )
    return found


def dear(configuration: Configuration, chance: random.Random, pool: Sequence[PaymentCaptured]) -> bool:
    """Whether a sound canary costs more than allowed at its first look, which is the least certain one."""
    gate, costs = configuration.deployment.gates.cost, Costs()
    for is_new, captures in ((True, gate.samples), (False, 5 * gate.samples)):
        for capture in chance.choices(pool, k=captures):
            costs.take(capture, is_new=is_new)
    found = costs.compared()
    return found is not None and found.variance > ratio(gate.variance)


def drifted(configuration: Configuration, chance: random.Random) -> bool:
    """Whether a sound canary's scores are taken for others, in three looks."""
    gates = configuration.deployment.gates
    scores = Scores()
    for _ in range(5 * gates.drift.samples):
        scores.take(min(1_000, int(chance.expovariate(1 / 120))), is_new=False)
    for _ in range(4 * gates.drift.samples):
        scores.take(min(1_000, int(chance.expovariate(1 / 120))), is_new=True)
        found = scores.drift(gates.drift.samples, ratio(gates.false_alarm) / 10)
        if found is not None and found.distance > max(ratio(gates.drift.distance), found.chance):
            return True
    return False


def twins(configuration: Configuration, per_second: float) -> float:
    """The mean number of twins across versions that chance makes in a rollout of the simulated marketplace.

    Two payments are twins when customer, provider and amount are the same: the sums of the squared shares.
    """
    same = 1.0
    for people, offset in ((CUSTOMERS, CUSTOMER_OFFSET), (PROVIDERS, PROVIDER_OFFSET)):
        weights = [1 / (rank + offset) for rank in range(1, people + 1)]
        same *= sum(weight * weight for weight in weights) / sum(weights) ** 2
    same *= math.exp(SPREAD**2 / 4) / (2 * SPREAD * math.sqrt(math.pi) * MEDIAN_CENTS)
    window = 2 * configuration.deployment.gates.twins_within
    pairs = sum(per_second * seconds * window * per_second * (1 - canary) / canary for canary, seconds in STAGES)
    return pairs * same


def decided_as_deployed(
    steps: Chart, failing: float, per_second: float, needed: float, good: Iterator[int], chance: random.Random
) -> int:
    """Canary payments until the rule or the comparison tells a fault, at five percent and panes of five seconds."""
    rule = after_chart(steps, good)
    contrast, seen = Contrast(HEALTHY), 0
    rate = per_second * 5
    while seen < rule:
        new, old = max(0, round(chance.gauss(rate, math.sqrt(rate)))), round(rate * 19)
        seen += new
        pane = Pane(new, count(chance, new, failing), old, count(chance, old, HEALTHY))
        if contrast.fold(pane) >= needed:
            return min(seen, rule)
    return rule


def after_chart(steps: Chart, good: Iterator[int]) -> int:
    """Payments until a chart fires."""
    score = seen = 0
    for gap in good:
        seen += gap + 1
        score = max(0, score - gap) + steps.up
        if score >= steps.threshold:
            return seen
    raise StopIteration


def broken_issuer(configuration: Configuration, chance: random.Random, part: float) -> int:
    """Canary payments until an issuer with this share, whose cards all fail, is told from 8 % refusals before."""
    needed = needed_evidence(configuration, by=True)
    contrast, seen = Contrast(HEALTHY), 0
    while True:
        size = round(1 / part)
        seen += size
        # One card of the issuer on the canary, nineteen on the old version beside it.
        if contrast.fold(Pane(1, 1, 19, count(chance, 19, DECLINED_SHARE))) >= needed:
            return seen


def figures(rollouts: int, rates: Sequence[int], faults: Sequence[float], seed: int, gaps: Any) -> dict[str, Any]:  # noqa: ANN401
    """Everything, as one mapping. gaps: draws the sound payments before each failed one."""
    configuration = load_configuration(None, {})
    gates = outcome_gates(configuration)
    chance = random.Random(seed)  # noqa: S311  # reproducible
    pool = priced(configuration, chance, 20_000)
    seconds = sum(stage for _, stage in STAGES)
    single, strata = needed_evidence(configuration, by=False), needed_evidence(configuration, by=True)
    false: dict[str, Any] = {}
    for rate in rates:
        alarms = [first_alarm(gates, gaps(chance, HEALTHY), rate * seconds, chance) for _ in range(rollouts)]
        failures = sum(compared(chance, rate, HEALTHY, single) for _ in range(rollouts))
        latency = sum(compared(chance, rate, SLOW, single) for _ in range(rollouts))
        by_issuer = sum(
            any(compared(chance, rate, DECLINED_SHARE, strata, part, 1) for part in issuers()[:10])
            for _ in range(rollouts // 20)
        )
        by_gate = {
            **{gate.rule.rule.id: alarms.count(gate.rule.rule.id) / rollouts for gate in gates},
            "failures-against-baseline": failures / rollouts,
            "latency-against-baseline": latency / rollouts,
            "refusals-by-bin-against-baseline": by_issuer / (rollouts // 20),
            "double-charge_expected": round(twins(configuration, rate), 6),
        }
        false[f"at_{rate}_per_second"] = by_gate
    costs = sum(dear(configuration, chance, pool) for _ in range(rollouts // 4)) / (rollouts // 4)
    drift = sum(drifted(configuration, chance) for _ in range(rollouts // 10)) / (rollouts // 10)
    for by_gate in false.values():
        by_gate |= {"cost-per-100": costs, "fraud-score-drift": drift}
        # No more than this: one that two gates would roll back counts twice.
        by_gate["whole_set_share"] = round(sum(by_gate.values()), 6)
    main = next(gate for gate in gates if gate.shares == (1.0,))
    return {
        "false_rollbacks": false,
        "decides": {
            f"fault_{fault * 100:g}_percent": ranks(
                [
                    decided_as_deployed(main.chart, fault, 5, single, gaps(chance, fault), chance)
                    for _ in range(rollouts // 10)
                ]
            )
            for fault in faults
        },
        "broken_issuer_of_3_percent": ranks([broken_issuer(configuration, chance, 0.03) for _ in range(200)]),
        "fault_to_command": command(main.chart, gaps, chance),
    }


def command(steps: Chart, gaps: Any, chance: random.Random) -> dict[str, Any]:  # noqa: ANN401
    """Seconds from the first payment of a faulty canary to the call: 100 payments a second, 5 % of them, 8.8 % fail."""
    # From the deciding payment to the call, over the whole system.
    call_ms, seconds = figure("detect", "cause_to_call_p95_ms"), []
    for _ in range(200):
        payments = after_chart(steps, gaps(chance, 0.088))
        seconds.append(chance.gammavariate(payments, 1 / 5) + call_ms / 1000)
    ordered = sorted(seconds)
    return {
        "rollouts": len(ordered),
        "cause_to_call_ms": call_ms,
        "p50_seconds": round(ordered[99], 1),
        "p95_seconds": round(ordered[189], 1),
    }


def ranks(values: Sequence[int]) -> dict[str, int]:
    """Nearest ranks."""
    ordered = sorted(values)
    return {
        "p50_payments": ordered[(len(ordered) + 1) // 2 - 1],
        "p95_payments": ordered[-(-len(ordered) * 95 // 100) - 1],
    }

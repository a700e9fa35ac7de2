"""Experiments that are looked at all the time: how often alike variants are called different, and what one takes."""

import argparse
import json
import math
import random
from bisect import bisect
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from itertools import accumulate
from statistics import NormalDist
from time import process_time

from checks.facts import PaymentAttempted
from config.delivery.deployment import Deployments
from config.flags import FlagPolicy
from remediation.deployment.gates.comparison import Contrast, Pane
from remediation.flags.experiments.difference import Difference, threshold
from remediation.flags.experiments.needed import LEARNING, payments_to_see
from remediation.flags.experiments.outcomes import ALPHA, METRICS, POWER
from remediation.flags.experiments.run import Run
from remediation.flags.experiments.sample_ratio import SampleRatio
from remediation.flags.experiments.splits import Split
from remediation.flags.model import RampPlan, RampStep
from remediation.flags.ramp_gates import FULL, RampPolicy, comparison_evidence, customers_needed

SEED = 20_261_127
PANE = 20
"""Payments between two looks, half of them of each variant unless something else is said."""
LOOKS = 1_000
ONLY_NONE = (0.0,)
COMPARISONS = len(METRICS)
CONVERSION, FEWER = 0.92, 0.90
"""An everyday share of card payments that succeed, and two points fewer, the difference that matters."""
CUSTOMERS = 2_000
PERSONAL = 0.3
"""Of customers whose payments fail much more often than others', such as those with a dying card."""
STEPS = (5, 25, 50, 100)
INTERVAL_RUNS, INTERVAL_LOOKS, INTERVAL_PANE = 300, 40, 200


def main() -> None:
    """Simulate and print; the same seed gives the same payments."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=2_000, help="experiments between alike variants")
    parser.add_argument("--json", action="store_true", help="kept for symmetry: the output is always JSON")
    print(json.dumps(measure(parser.parse_args().runs)))


def measure(runs: int) -> dict[str, object]:
    """Every figure."""
    chance = random.Random(SEED)  # noqa: S311  # reproducible outcomes
    return {
        "alpha": ALPHA,
        "runs": runs,
        "looks_per_run": LOOKS,
        "payments_per_run": LOOKS * PANE,
        "false_alarms": false_alarms(chance, runs),
        "sizes": sizes(chance),
        "intervals": intervals(chance),
        "sample_ratio": sample_ratio(chance, runs),
        "ramps": ramps(chance, max(1, runs // 4)),
        "cost": costs(chance),
        "seed": SEED,
    }


def false_alarms(chance: random.Random, runs: int) -> dict[str, object]:
    """Shares of experiments between alike variants that are called different at one of LOOKS looks.

    still: one ratio. drifting: the ratio swings by the hour while the new variant's share goes from 5 to 50 %.
    repeating: customers who differ and pay again; with the first payment of each, and with every payment.
    fixed_z: a test made for one look, at the same alpha, looked at as often.
    """
    needed = threshold(ALPHA, 1)
    ours = fixed = drifting = first = every = 0
    for _ in range(runs):
        told, fooled = _peeked(chance, needed)
        ours, fixed = ours + told, fixed + fooled
        drifting += _any(_drifting(chance), needed)
    few = max(1, runs // 4)
    for _ in range(few):
        once, always = _repeating(chance, needed)
        first, every = first + once, every + always
    return {
        "still_percent": _percent(ours, runs),
        "drifting_percent": _percent(drifting, runs),
        "repeating_first_payments_percent": _percent(first, few),
        "repeating_every_payment_percent": _percent(every, few),
        "fixed_z_percent": _percent(fixed, runs),
    }


def sizes(chance: random.Random) -> dict[str, object]:
    """Payments of both variants until a difference is told, where three metrics share alpha; 200 experiments each."""
    return {
        name: _sizes(chance, old, new, share)
        for name, old, new, share in (
            ("conversion_92_90", 1 - CONVERSION, 1 - FEWER, 0.5),
            ("failed_05_15", 0.005, 0.015, 0.5),
            ("failed_05_20_at_5_percent", 0.005, 0.02, 0.05),
        )
    }


def intervals(chance: random.Random) -> dict[str, object]:
    """How often the true difference of two points was ever outside, and how wide the interval is in the end."""
    missed, widths = 0, []
    for _ in range(INTERVAL_RUNS):
        difference = Difference()
        for _ in range(INTERVAL_LOOKS):
            difference.fold(_pane(chance, 1 - CONVERSION, 1 - FEWER, INTERVAL_PANE // 2, INTERVAL_PANE // 2))
        left = difference.interval(threshold(ALPHA, 1))
        true = CONVERSION - FEWER
        missed += left is None or not left.low <= true <= left.high
        widths.append(1.0 if left is None else left.high - left.low)
    return {
        "runs": INTERVAL_RUNS,
        "payments": INTERVAL_LOOKS * INTERVAL_PANE,
        "missed_percent": _percent(missed, INTERVAL_RUNS),
        "median_width_points": round(sorted(widths)[INTERVAL_RUNS // 2] * 100, 2),
    }


def sample_ratio(chance: random.Random, runs: int) -> dict[str, object]:
    """Right splits that are called wrong at one of many looks, and customers until 48 : 52 is, asked for 50 : 50."""
    wrong = sum(_mismatch(chance, 0.5, 10_000) is not None for _ in range(runs))
    found = sorted(_mismatch(chance, 0.52, 200_000) or math.inf for _ in range(100))
    return {
        "false_alarm_percent": _percent(wrong, runs),
        "found_48_52_customers_median": found[50],
        "found_48_52_customers_p95": found[95],
    }


def ramps(chance: random.Random, runs: int) -> dict[str, object]:
    """Sound ramps that a comparison takes back, and customers of the new variant at 5 % until a faulty one is."""
    policy = RampPolicy.of(FlagPolicy(), Deployments())
    steps = tuple(RampStep(percent=one, samples=0, hold_seconds=0, within_seconds=86_400) for one in STEPS)
    plan = RampPlan(id="bench", flag="bench", to_variant="on", from_variant="off", steps=steps)
    needed = comparison_evidence(plan, policy)
    false = 0
    for _ in range(runs):
        false += any(_step(chance, policy, percent, policy.healthy, needed) for percent in STEPS if percent < FULL)
    found = {
        name: [_step(chance, policy, STEPS[0], failed, needed) for _ in range(100)]
        for name, failed in (("20", policy.faulty), ("88", 0.088))
    }
    new, old = customers_needed(STEPS[0], policy, needed)
    return {
        "runs": runs,
        "sound_taken_back_percent": _percent(false, runs),
        "evidence_customers_new_at_5_percent": new,
        "evidence_customers_old_at_5_percent": old,
        **{
            f"failed_{name}_found_percent": _percent(sum(one is not None for one in ends), len(ends))
            for name, ends in found.items()
        },
        **{
            f"failed_{name}_customers_new_median": sorted(one if one is not None else math.inf for one in ends)[50]
            for name, ends in found.items()
        },
    }


def costs(chance: random.Random) -> dict[str, object]:
    """What a pane of one metric takes with its 115 differences, and a payment of an experiment."""
    difference = Difference()
    panes = [_pane(chance, 0.08, 0.10, 10, 10) for _ in range(500)]
    started = process_time()
    for pane in panes:
        difference.fold(pane)
    fold_us = (process_time() - started) / len(panes) * 1e6
    run = Run.begun("bench", Split(shares={"on": 0.5, "off": 0.5}, control="off"), 0)
    attempts = [_attempt(number) for number in range(20_000)]
    started = process_time()
    for number, attempt in enumerate(attempts):
        run.take(attempt, "on" if number % 2 else "off", attempt.at_ms)
    take_us = (process_time() - started) / len(attempts) * 1e6
    return {"fold_us": round(fold_us), "take_us": round(take_us, 1)}


def _attempt(number: int) -> PaymentAttempted:
    return PaymentAttempted(
        id=f"evt_{number}",
        at_ms=1_000 + number,
        subject=f"pay_{number}",
        rail="card",
        outcome="succeeded",
        amount_cents=5_000,
        latency_ms=120.0,
        customer_id=f"cus_{number}",
    )


def _peeked(chance: random.Random, needed: float) -> tuple[bool, bool]:
    """Whether alike variants were called different: by ours, and by the test for one look."""
    difference, whole = Difference(differences=ONLY_NONE), Pane()
    limit = NormalDist().inv_cdf(1 - ALPHA / 2)
    fooled = False
    for _ in range(LOOKS):
        pane = _pane(chance, 1 - CONVERSION, 1 - CONVERSION, PANE // 2, PANE // 2)
        difference.fold(pane)
        whole.add(pane)
        fooled = fooled or abs(_z(whole)) > limit
    return difference.evidence >= needed, fooled


def _drifting(chance: random.Random) -> Iterator[Pane]:
    for look in range(LOOKS):
        ratio = 0.08 + 0.06 * math.sin(2 * math.pi * look / (LOOKS / 2))
        new = 1 if look < LOOKS / 2 else PANE // 2
        yield _pane(chance, round(ratio, 2), round(ratio, 2), new, PANE - new)


def _repeating(chance: random.Random, needed: float) -> tuple[bool, bool]:
    """CUSTOMERS who stay with their variant and pay ten times each, in any order."""
    once, always = Difference(differences=ONLY_NONE), Difference(differences=ONLY_NONE)
    people = [(chance.random() < 0.5, 0.5 if chance.random() < PERSONAL else 0.01) for _ in range(CUSTOMERS)]
    seen: set[int] = set()
    first, every = Pane(), Pane()
    for number in range(CUSTOMERS * 10):
        customer = chance.randrange(CUSTOMERS)
        is_new, failed = people[customer]
        is_bad = chance.random() < failed
        every.count(is_new=is_new, is_bad=is_bad)
        if customer not in seen:
            seen.add(customer)
            first.count(is_new=is_new, is_bad=is_bad)
        if number % PANE == PANE - 1:
            once.fold(first)
            always.fold(every)
            first, every = Pane(), Pane()
    return once.evidence >= needed, always.evidence >= needed


def _sizes(chance: random.Random, old: float, new: float, share: float) -> dict[str, object]:
    needed = threshold(ALPHA, COMPARISONS)
    many = 1 if share < 0.5 else PANE // 2
    ends = []
    for _ in range(200):
        difference, payments = Difference(differences=ONLY_NONE), 0
        while difference.evidence < needed:
            difference.fold(_pane(chance, old, new, many, PANE - many))
            payments += PANE
        ends.append(payments)
    ends.sort()
    return {
        "payments_median": ends[100],
        "payments_p80": ends[160],
        "payments_p95": ends[190],
        "told_beforehand": payments_to_see(old, new, share, needed + LEARNING, POWER),
        "one_look_payments": _one_look(old, new, share),
    }


def _one_look(old: float, new: float, share: float) -> int:
    """Payments of both that a test takes which is looked at once, with the same alpha and power."""
    both = share * new + (1 - share) * old
    normal = NormalDist()
    reach = normal.inv_cdf(1 - ALPHA / COMPARISONS / 2) + normal.inv_cdf(POWER)
    return math.ceil(reach**2 * both * (1 - both) / (share * (1 - share)) / (new - old) ** 2)


def _mismatch(chance: random.Random, true: float, customers: int) -> int | None:
    """Customers until the split is called wrong, looked at after every 50th."""
    ratio = SampleRatio({"on": 0.5, "off": 0.5})
    drawn = _draw(50, true)
    for look in range(customers // 50):
        on = drawn(chance)
        for variant, many in (("on", on), ("off", 50 - on)):
            for _ in range(many):
                ratio.count(variant)
        ratio.weigh()
        if ratio.is_wrong:
            return (look + 1) * 50
    return None


def _step(chance: random.Random, policy: RampPolicy, percent: int, failed: float, needed: float) -> int | None:
    """Customers of the new variant until the step is taken back; None when it ends with its evidence before."""
    new, _ = customers_needed(percent, policy, needed)
    contrast, seen = Contrast(policy.healthy), 0
    many = PANE * percent // FULL
    while seen < new:
        seen += many
        if contrast.fold(_pane(chance, policy.healthy, failed, many, PANE - many)) >= needed:
            return seen
    return None


def _any(panes: Iterator[Pane], needed: float) -> bool:
    difference = Difference(differences=ONLY_NONE)
    for pane in panes:
        difference.fold(pane)
    return difference.evidence >= needed


def _pane(chance: random.Random, old: float, new: float, of_new: int, of_old: int) -> Pane:
    return Pane(of_new, _draw(of_new, new)(chance), of_old, _draw(of_old, old)(chance))


@lru_cache(maxsize=512)
def _draw(payments: int, ratio: float) -> Callable[[random.Random], int]:
    """Draws how many of so many payments count, by the table of the binomial distribution."""
    likely = [math.comb(payments, bad) * ratio**bad * (1 - ratio) ** (payments - bad) for bad in range(payments + 1)]
    table: Sequence[float] = list(accumulate(likely))[:-1]
    return lambda chance: bisect(table, chance.random())


def _z(whole: Pane) -> float:
    both = (whole.new_bad + whole.old_bad) / (whole.new + whole.old)
    spread = math.sqrt(both * (1 - both) * (1 / whole.new + 1 / whole.old))
    return (whole.new_bad / whole.new - whole.old_bad / whole.old) / spread if spread else 0.0


def _percent(many: int, of: int) -> float:
    return round(many / of * 100, 2)


if __name__ == "__main__":
    main()

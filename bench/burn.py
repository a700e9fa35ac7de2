"""Burning budgets: one second's tick over 10,000 objectives of four window pairs, and what each of them takes."""

import argparse
import gc
import json
import random
import tracemalloc
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time

from checks.facts import Fact, PaymentAttempted
from checks.findings import Finding
from checks.measures.burn_rate import BurnRate
from checks.measures.selection import Selection
from checks.measures.single import single
from checks.rules import compile_rules
from config.loading.loader import load_yaml
from config.rules.rule_file import RuleFile
from config.rules.slo import BurnRateMeasure

SEED = 20_240_115
START_MS = 1_705_320_000_000
HOUR_MS = 3_600_000
TICKS = 120
FACTS_PER_BATCH = 2_000
LIVE_FACTS, LIVE_SECONDS = 100_000, 50
BAD_SHARE, BURNING_SHARE, BURNING_BAD_SHARE = 0.0005, 0.02, 0.05
RULE = """
rules:
  - id: availability
    family: sla
    on: payment.attempted
    per: [provider_id]
    measure:
      burn_rate: "outcome == 'failed'"
      objective: 99.9%
      period: 30d
      tiers:
        - {long: 1h, short: 5m, factor: 14.4, severity: critical}
        - {long: 6h, short: 30m, factor: 6, severity: high}
        - {long: 1d, short: 2h, factor: 3, severity: medium}
        - {long: 3d, short: 6h, factor: 1, severity: medium}
    severity: critical
    runbook: availability
    max_keys: 1000000
"""


def main() -> None:
    """Measure and print; the same seed gives the same facts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--slos", type=int, default=10_000)
    parser.add_argument("--facts-per-slo", type=int, default=20, help="spread over the three days before")
    parser.add_argument("--json", action="store_true", help="kept for symmetry: the output is always JSON")
    arguments = parser.parse_args()
    print(json.dumps(measure(arguments.slos, arguments.facts_per_slo)))


def measure(slos: int, facts_per_slo: int) -> dict[str, object]:
    """Fill the windows, then let second after second pass; the slowest tick turns the panes of several windows."""
    watcher, chance = _watcher(), random.Random(SEED)  # noqa: S311  # reproducible input, not a secret
    end_ms = START_MS + 72 * HOUR_MS
    tracemalloc.start()
    _count(watcher, chance, slos, slos * facts_per_slo, 72 * HOUR_MS, end_ms)
    gc.collect()
    held_bytes, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    end_ms += LIVE_SECONDS * 1000
    fill_seconds = _count(watcher, chance, slos, LIVE_FACTS, LIVE_SECONDS * 1000, end_ms)
    found: list[Finding] = []
    ticks: list[float] = []
    for second in range(1, TICKS + 1):
        started = process_time()
        watcher.tick(end_ms + second * 1000, found)
        ticks.append((process_time() - started) * 1000)
    keys = list(watcher.keys())
    started = process_time()
    for key in keys:
        watcher.verdict(key)
    verdict_us = (process_time() - started) / slos * 1e6
    ordered = sorted(ticks)
    return {
        "slos": len(keys),
        "window_pairs": 4,
        "facts": slos * facts_per_slo + LIVE_FACTS,
        f"slos_{slos}_tick_ms": round(ordered[len(ordered) // 2], 2),
        f"slos_{slos}_slowest_tick_ms": round(ordered[-1], 2),
        "burn_rate_us_per_slo": round(verdict_us, 2),
        "facts_per_second": round(LIVE_FACTS / fill_seconds),
        "bytes_per_slo": round(held_bytes / slos),
        "burning": len(watcher.breached()),
        "seed": SEED,
    }


def _watcher() -> BurnRate:
    with TemporaryDirectory(prefix="tillwatch-bench-") as folder:
        file = Path(folder) / "rules.yaml"
        file.write_text(RULE, encoding="utf-8")
        (compiled,) = compile_rules([load_yaml(file, RuleFile)])
    measured = compiled.rule.measure
    watcher = single(compiled, measured) if isinstance(measured, BurnRateMeasure) else None
    if not isinstance(watcher, BurnRate):
        message = "the rule above measures no burn rate"
        raise TypeError(message)
    return watcher


def _count(watcher: BurnRate, chance: random.Random, slos: int, count: int, span_ms: int, end_ms: int) -> float:
    """Count so many facts of all objectives, spread evenly over the span; a few burn. Returns the seconds it took."""
    seconds, burning = 0.0, max(1, int(slos * BURNING_SHARE))
    for start in range(0, count, FACTS_PER_BATCH):
        facts: list[Fact] = []
        for number in range(start, min(start + FACTS_PER_BATCH, count)):
            slo = chance.randrange(slos)
            bad = chance.random() < (BURNING_BAD_SHARE if slo < burning else BAD_SHARE)
            facts.append(
                PaymentAttempted(
                    id=f"evt_{number}",
                    at_ms=end_ms - span_ms + number * span_ms // count,
                    subject="pay",
                    provider_id=f"prv_{slo:05d}",
                    rail="card",
                    outcome="failed" if bad else "succeeded",
                    amount_cents=100,
                )
            )
        found: list[Finding] = []
        started = process_time()
        watcher.observe(Selection(facts), facts[-1].at_ms, found)
        seconds += process_time() - started
    return seconds


if __name__ == "__main__":
    main()

"""Facts per second of processor time from JSON bytes to findings on one core, with the default rules."""

import argparse
import gc
import json
import resource
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from time import perf_counter, process_time

from bench.workloads.rules import ONE_KEY, padded
from bench.workloads.stream import SEED, batches, facts_of, messages
from checks.compiled_rule import CompiledRule
from checks.engine import Engine

FACTS = 1_000_000
OTHER_FACTS = 200_000
"""For what is only held against the main run."""
PAUSE_ROUNDS = 5
TURN_BATCHES = 5
"""json.loads, decoding and rules take turns after so many batches, so that a busy machine slows all three alike."""
SECONDS_MIN = 1e-9
"""Keeps a rate finite on an empty run."""


@dataclass(slots=True)
class Run:
    """Seconds of processor time for the same messages; wall_seconds: of decoding and rules.

    second: of the last tick.
    """

    facts: int = 0
    findings: int = 0
    json_loads: float = SECONDS_MIN
    decode: float = SECONDS_MIN
    rules: float = SECONDS_MIN
    wall_seconds: float = SECONDS_MIN
    second: int = 0
    engine: Engine = field(default_factory=lambda: Engine(()))

    @property
    def facts_per_second(self) -> int:
        """From JSON bytes to findings."""
        return round(self.facts / (self.decode + self.rules))

    @property
    def json_loads_time_ratio(self) -> float:
        """Times the time of json.loads over the same bytes."""
        return round((self.decode + self.rules) / self.json_loads, 3)


def main() -> None:
    """Measure and print; the same seed gives the same facts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--facts", type=int, default=FACTS, help="facts to generate")
    parser.add_argument("--rules", type=int, default=50, help="rules: the packaged ones, and by card, customer, ...")
    parser.add_argument("--json", action="store_true", help="print the result alone")
    arguments = parser.parse_args()
    result = measure(arguments.facts, arguments.rules)
    if not arguments.json:
        for name, value in result.items():
            print(f"{name:>40}: {value:,}" if isinstance(value, int | float) else f"{name:>40}: {value}")
    print(json.dumps(result))


def measure(count: int, rule_count: int) -> dict[str, float | int | str]:
    """The stream under the rules; the same with few keys, and with every field of a payment filled."""
    sent, rules = messages(count), padded(rule_count)
    gc.collect()
    gc.freeze()  # As the daemon does after it has loaded: what is never freed is not scanned again.
    run = timed(sent, rules)
    pauses = [_pause_ms() for _ in range(PAUSE_ROUNDS)]
    other = min(count, OTHER_FACTS)
    gc.freeze()
    by_merchant = timed(messages(other), padded(rule_count, ONE_KEY))
    no_rules = timed(messages(other), ())
    devices = timed(messages(other, devices=True), rules)
    return {
        "facts": run.facts,
        "rules": len(rules),
        "bytes_per_fact": round(sum(map(len, sent)) / run.facts),
        "facts_per_second": run.facts_per_second,
        "wall_facts_per_second": round(run.facts / run.wall_seconds),
        "json_loads_time_ratio": run.json_loads_time_ratio,
        "json_loads_facts_per_second": round(run.facts / run.json_loads),
        "decode_facts_per_second": round(run.facts / run.decode),
        "decode_json_loads_time_ratio": round(run.decode / run.json_loads, 3),
        "rules_facts_per_second": round(run.facts / run.rules),
        "by_merchant_alone_facts_per_second": by_merchant.facts_per_second,
        "by_merchant_alone_json_loads_time_ratio": by_merchant.json_loads_time_ratio,
        "no_rules_json_loads_time_ratio": no_rules.json_loads_time_ratio,
        "with_devices_facts_per_second": devices.facts_per_second,
        "with_devices_json_loads_time_ratio": devices.json_loads_time_ratio,
        "findings": run.findings,
        "late_facts": run.engine.late_facts,
        "gc_pause_ms": round(pauses[0], 3),
        "gc_pause_again_ms": round(max(pauses[1:]), 3),
        "rss_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
        "seed": SEED,
        "python": sys.version.split()[0],
    }


def timed(sent: Sequence[bytes], rules: Sequence[CompiledRule]) -> Run:
    """Take the messages in turns: json.loads, then decoding as the daemon does it, then the rules."""
    run, waiting = Run(engine=Engine(rules)), list[Sequence[bytes]]()
    for batch in batches(sent):
        waiting.append(batch)
        if len(waiting) == TURN_BATCHES:
            _take(run, waiting)
            waiting.clear()
    _take(run, waiting)
    return run


def _take(run: Run, waiting: Sequence[Sequence[bytes]]) -> None:
    started = process_time()
    for batch in waiting:
        for message in batch:
            json.loads(message)
    run.json_loads += process_time() - started
    wall, started = perf_counter(), process_time()
    decoded = [facts_of(batch) for batch in waiting]
    run.decode += process_time() - started
    started = process_time()
    for facts in decoded:
        now_ms = max([fact.at_ms for fact in facts])  # The daemon's clock, about.
        run.findings += len(run.engine.observe(facts, now_ms))
        run.findings += len(run.engine.tick(now_ms)) if now_ms // 1000 != run.second else 0
        run.second = now_ms // 1000
    run.rules += process_time() - started
    run.wall_seconds += perf_counter() - wall
    run.facts += sum(map(len, decoded))


def _pause_ms() -> float:
    """A full collection with the engine's windows alive."""
    started = process_time()
    gc.collect()
    return (process_time() - started) * 1000


if __name__ == "__main__":
    main()

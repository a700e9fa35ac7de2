"""What one key costs a rule of each measure: memory, and how long a full collection looks at 100,000 of them."""

import argparse
import gc
import json
import tracemalloc
from collections.abc import Iterator
from time import process_time

from bench.workloads.rules import by_customer
from bench.workloads.stream import START_MS
from checks.engine import Engine
from checks.facts import Fact, PaymentAttempted

KEYS = 100_000
TRACED_KEYS = 4_000
PANES = 10
"""Facts of each key in the longer run, each in a pane of its own."""
PANE_MS = 1_000
BATCH = 1_000
ROUNDS = 3
BAD = "outcome == 'failed'"
MEASURES: dict[str, tuple[dict[str, object], str]] = {
    "count": ({"count": BAD, "window": "60s"}, "> 50"),
    "ratio": ({"ratio": BAD, "window": "60s", "min_samples": 20}, "> 90%"),
    "rate": ({"rate": BAD, "window": "60s"}, "> 50"),
    "quantile": ({"quantile": "latency_ms", "q": 0.95, "window": "60s", "min_samples": 20}, "> 9s"),
    "sum": ({"sum": "amount_cents", "window": "60s"}, "> 1000000"),
    "distinct": ({"distinct": "method_fingerprint", "window": "60s"}, "> 50"),
    "anomaly": ({"anomaly": "amount_cents", "min_samples": 20}, "> 9"),
    "value": ({"value": "amount_cents", "stale_after": "1h"}, "> 1000000"),
    "absent": ({"absent": "1h"}, ""),
    "sequential": ({"sequential": BAD, "healthy": "1%", "faulty": "20%", "false_alarms": "1 per 1 million facts"}, ""),
    "burn_rate": (
        {
            "burn_rate": BAD,
            "objective": "99%",
            "period": "30d",
            "tiers": [{"long": "1h", "short": "5m", "factor": 90, "severity": "high"}],
        },
        "",
    ),
}
"""Each measure, and a limit that no key comes near: an open episode costs more, and there are few of them."""


def main() -> None:
    """Measure and print the figures last."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keys", type=int, default=KEYS, help="keys that a collection looks at")
    parser.add_argument("--json", action="store_true", help="kept for all benches: JSON is what is printed")
    keys = parser.parse_args().keys
    print(json.dumps({"keys": keys, **{name: figures(name, keys) for name in MEASURES}}))


def figures(name: str, keys: int) -> dict[str, float]:
    """Bytes for a key with one fact, and for each further fact in a pane of its own; milliseconds of a collection."""
    one, more = traced_bytes(name, 1), traced_bytes(name, PANES)
    return {
        "bytes_per_key": round(one / TRACED_KEYS),
        "bytes_per_further_fact": round((more - one) / TRACED_KEYS / (PANES - 1)),
        "gc_pause_ms": round(pause_ms(name, keys), 2),
    }


def traced_bytes(name: str, panes: int) -> int:
    """What an engine holds after every key had this many facts, the texts of the keys with it."""
    engine = Engine(by_customer(*MEASURES[name]))
    gc.collect()
    tracemalloc.start()
    for batch in _batches(TRACED_KEYS, panes):
        engine.observe(batch, batch[-1].at_ms)
    del batch
    gc.collect()
    held = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    return held


def pause_ms(name: str, keys: int) -> float:
    """The longest of a few full collections with so many keys alive; what was there before is frozen, as in daemons."""
    gc.collect()
    gc.freeze()
    engine = Engine(by_customer(*MEASURES[name]))
    for batch in _batches(keys, 1):
        engine.observe(batch, batch[-1].at_ms)
    longest = 0.0
    for _ in range(ROUNDS):
        started = process_time()
        gc.collect()
        longest = max(longest, process_time() - started)
    gc.unfreeze()
    return longest * 1000


def _batches(keys: int, panes: int) -> Iterator[list[Fact]]:
    for pane in range(panes):
        for start in range(0, keys, BATCH):
            yield [_fact(key, START_MS + pane * PANE_MS) for key in range(start, min(start + BATCH, keys))]


def _fact(key: int, at_ms: int) -> Fact:
    return PaymentAttempted(
        id=f"evt_{key}_{at_ms}",
        at_ms=at_ms,
        subject="pay",
        customer_id=f"cus_{key:06d}",
        method_fingerprint=f"fp_{key:06d}_{at_ms % 3}",
        rail="card",
        outcome="failed" if key % 10 == 0 else "succeeded",
        amount_cents=6_400 + key % 100,
        latency_ms=50.0 + key % 300,
    )


if __name__ == "__main__":
    main()

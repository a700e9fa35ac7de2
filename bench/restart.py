"""What a snapshot of the rules' windows costs while the daemon runs, and a restart or a change of rules after it."""

import argparse
import asyncio
import json
import resource
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import TypeVar

import msgspec

from bench.workloads.rules import padded
from bench.workloads.stream import START_MS, facts_of, messages
from checks.continuation import continued
from checks.engine import Engine
from daemon.storage.checkpoint import Restored, StoredBatch
from daemon.storage.restart import rebuilt
from daemon.storage.state_store import Found, Snapshot, StateStore

TAIL_MESSAGES = 500
"""50,000 facts: as many as the daemon takes between two snapshots at the most."""
Answer = TypeVar("Answer")
LAG_LOOKS_SECONDS = 0.0005


def main() -> None:
    """Measure and print; the same facts and rules as the bench of the engine."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--facts", type=int, default=200_000, help="facts to generate")
    parser.add_argument("--rules", type=int, default=50, help="rules: the packaged ones, and by card, customer, ...")
    parser.add_argument("--json", action="store_true", help="print the result alone")
    arguments = parser.parse_args()
    result = asyncio.run(measure(arguments.facts, arguments.rules))
    if not arguments.json:
        for name, value in result.items():
            print(f"{name:>32}: {value}")
    print(json.dumps(result))


async def measure(count: int, rule_count: int) -> dict[str, float | int | str]:
    """Fill an engine, keep it, read it back, and replay a tail of facts, with and without the snapshot."""
    rules = padded(rule_count)
    now_ms = START_MS + 3_600_000
    log = [
        StoredBatch(place, "queue", now_ms, msgspec.msgpack.encode(facts_of([message])))
        for place, message in enumerate(messages(count), 1)
    ]
    engine = Engine(rules)
    tail = max(0, len(log) - TAIL_MESSAGES)
    for batch in log[:tail]:
        engine.observe(batch.facts, now_ms)
    snapshot_seconds, lag_seconds, state = await _beside_a_loop(engine.snapshot)
    with tempfile.TemporaryDirectory() as folder:
        store = StateStore(Path(folder))
        start = perf_counter()
        size_bytes = await store.keep(Snapshot("log", tail, now_ms, state))
        written = perf_counter()
        found = await store.read()
        read = perf_counter()
    continued(rules, found.snapshots[0].engine)
    restored_at = perf_counter()
    restored = Restored(tuple(log), "log", 0)
    rebuilt(rules, found, restored, now_ms)
    restarted = perf_counter()
    rebuilt(rules, Found((), ()), restored, now_ms)
    replayed = perf_counter()
    return {
        "facts": count,
        "rules": len(rules),
        "snapshot_ms": round(snapshot_seconds * 1000, 1),
        "loop_lag_ms": round(lag_seconds * 1000, 1),
        "snapshot_mib": round(size_bytes / 2**20, 2),
        "write_ms": round((written - start) * 1000, 1),
        "read_ms": round((read - written) * 1000, 1),
        "restore_ms": round((restored_at - read) * 1000, 1),
        "restart_with_snapshot_ms": round((restarted - restored_at) * 1000, 1),
        "restart_without_ms": round((replayed - restarted) * 1000, 1),
        "rss_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
        "python": sys.version.split()[0],
    }


async def _beside_a_loop(work: Callable[[], Answer]) -> tuple[float, float, Answer]:
    """How long the work takes in a thread, by how much it holds up the loop at most, and its answer."""
    loop = asyncio.get_running_loop()
    longest = 0.0
    start = loop.time()
    async with asyncio.TaskGroup() as group:
        working = group.create_task(asyncio.to_thread(work), name="work")
        while not working.done():
            before = loop.time()
            await asyncio.wait({working}, timeout=LAG_LOOKS_SECONDS)
            longest = max(longest, loop.time() - before - LAG_LOOKS_SECONDS)
    return loop.time() - start, longest, working.result()


if __name__ == "__main__":
    main()

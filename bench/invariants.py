"""Operations at random over the whole payment core with deaths at any await, until the invariants I1 to I16 break."""

import argparse
import asyncio
import json
import os
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.contract.store.emulators import ministack
from tests.simulation.core.driver import BrokenInvariants, Driver
from tests.simulation.core.episode import episode
from tests.simulation.stores import OpenStore, dynamodb_store, memory_store, sqlite_store

EPISODE_OPERATIONS = {"memory": 400, "sqlite": 400, "dynamodb": 500}
"""By store: opening and ending a table takes a minute, so it is used for longer."""
FAKE_CREDENTIALS = {"AWS_ACCESS_KEY_ID": "bench", "AWS_SECRET_ACCESS_KEY": "bench"}


@contextmanager
def opener(store: str) -> Iterator[OpenStore]:
    """How an episode opens its store; for DynamoDB, a stand-in on loopback is started first."""
    if store == "memory":
        yield memory_store
    elif store == "sqlite":
        yield sqlite_store
    else:
        os.environ.update(FAKE_CREDENTIALS)
        with tempfile.TemporaryDirectory() as folder, ministack(Path(folder)) as url:
            yield dynamodb_store(url, (f"core-{number}" for number in range(1_000_000)))


class Tally:
    """What the episodes came to. kinds: of operations by name and answer."""

    def __init__(self) -> None:
        self.operations = 0
        self.deaths = 0
        self.episodes = 0
        self.places: set[tuple[str, int]] = set()
        self.kinds: set[str] = set()
        self.changes = 0
        self.journals = 0
        self.violations: list[str] = []

    def add(self, driver: Driver) -> None:
        """One more episode."""
        self.episodes += 1
        self.operations += driver.operations
        self.deaths += driver.deaths
        self.places |= driver.places
        self.kinds |= set(driver.outcomes)
        self.changes += driver.world.observed.changed
        self.journals += driver.world.observed.posted


def run(store: str, operations: int, seed: int) -> Tally:
    """Episodes with seeds from this one on, until so many operations were done. A broken one is told and left."""
    tally = Tally()
    with opener(store) as open_store:
        while tally.operations < operations and len(tally.violations) < 20:
            number = seed + tally.episodes + len(tally.violations)
            left = min(EPISODE_OPERATIONS[store], operations - tally.operations)
            try:
                tally.add(asyncio.run(episode(open_store, number, left, incremental=store != "dynamodb")))
            except BrokenInvariants as broken:
                tally.violations.append(f"seed {number}: {str(broken).splitlines()[0]}")
                print(f"seed {number}: {broken}", file=sys.stderr, flush=True)
            except Exception as error:  # noqa: BLE001 - whatever a handler raises is an answer of 500, and is counted
                tally.violations.append(f"seed {number}: {type(error).__name__}: {error}")
                traceback.print_exc(limit=-8)
            if tally.episodes % 50 == 0:
                print(f"{tally.operations} operations", file=sys.stderr, flush=True)
    return tally


def main() -> None:
    """Print what was done as one object, and end with 1 when an invariant broke."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--operations", type=int, default=10_000)
    parser.add_argument("--store", choices=tuple(EPISODE_OPERATIONS), default="memory")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="print the figures as one line")
    arguments = parser.parse_args()
    started = time.perf_counter()
    tally = run(arguments.store, arguments.operations, arguments.seed)
    figures = {
        "store": arguments.store,
        "operations": tally.operations,
        "crashes": tally.deaths,
        "crash_places": len(tally.places),
        "episodes": tally.episodes,
        "kinds_of_answers": len(tally.kinds),
        "changes": tally.changes,
        "journals": tally.journals,
        "seconds": round(time.perf_counter() - started, 1),
        "seed": arguments.seed,
        "violations": tally.violations,
    }
    print(json.dumps(figures, indent=None if arguments.json else 2))
    sys.exit(1 if tally.violations else 0)


if __name__ == "__main__":
    main()

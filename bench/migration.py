"""An invented export moved into a payment core: speed and memory by job, kills at random, a second run, DynamoDB."""

import argparse
import asyncio
import hashlib
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from daemon.embedded.exports.generating import write_export
from daemon.embedded.exports.plan import ExportPlan
from payment_core.aws.dynamodb import DynamoTable
from payment_core.clock import SystemClock
from payment_core.migration.names import JobName
from payment_core.registry import core_registry
from payment_core.store.dynamodb.store import DynamoStore
from payment_core.store.sqlite.store import SqliteStore
from tests.contract.store.emulators import ministack

METHODS, KILLS, DYNAMO_METHODS = 20_000, 20, 2_000
"""About five minutes on two quiet cores: 20,000 cards and 60,000 transactions."""

FULL_METHODS, FULL_KILLS, FULL_DYNAMO_METHODS = 1_000_000, 100, 100_000
"""A million cards and three million transactions: hours. Parts of it are asked for by numbers."""

CHARGES_PER_HUNDRED_METHODS, DYNAMO_CHARGES_PER_HUNDRED_METHODS = 66, 5
"""A charge comes with some 3.5 others, so that a card has three transactions; fewer on a stand-in, which is slow."""

KILLED_METHODS, KILLED_BATCH = 1_000, 20
DIRT_PERCENT = 5
SECONDS_BEFORE_KILL = (1.2, 3.0)
"""A command needs a second to begin; a kill comes at any moment after that."""

MOVED_KINDS = (
    "bank_account",
    "customer",
    "hold",
    "migration_history",
    "migration_moved",
    "migration_quarantined",
    "migration_sealed",
    "migration_trail",
    "payment_method",
    "provider",
    "token_link",
    "vault_key",
    "vault_record",
)
"""Everything that a migration leaves, but its own batches and acts."""


def main() -> None:
    """Measure and print the figures last."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="kept for all benches: JSON is what is printed")
    parser.add_argument("--full", action="store_true", help="a million cards and three million transactions")
    parser.add_argument("--methods", type=int, help="customers with a card each, on SQLite; 0 leaves it out")
    parser.add_argument("--kills", type=int, help="kill -9 at random moments")
    parser.add_argument("--dynamo-methods", type=int, help="the same on DynamoDB in ministack; 0 leaves it out")
    full = bool(parser.parse_args().full)
    parser.set_defaults(
        methods=FULL_METHODS if full else METHODS,
        kills=FULL_KILLS if full else KILLS,
        dynamo_methods=FULL_DYNAMO_METHODS if full else DYNAMO_METHODS,
    )
    given = parser.parse_args()
    figures: dict[str, object] = {}
    with tempfile.TemporaryDirectory(prefix="till-migration-") as name:
        folder = Path(name)
        if given.methods > 0:
            figures["sqlite"] = on_sqlite(folder, given.methods)
        if given.kills > 0:
            figures["kills"] = killed(folder, given.kills)
        if given.dynamo_methods > 0:
            figures["dynamodb"] = on_dynamodb(folder, given.dynamo_methods)
    print(json.dumps(figures))


def on_sqlite(folder: Path, methods: int) -> dict[str, object]:
    """Every job into a file, the proof, and all of it a second time."""
    export, data = folder / "export", folder / "data"
    exported(export, methods, CHARGES_PER_HUNDRED_METHODS)
    asyncio.run(new_file(data))
    where = ["--data-dir", str(data)]
    figures = moved_and_verified(export, where)
    before = fingerprint(data / "payments.db")
    _, seconds, _ = run("run", str(export), "--again", *where)
    figures["second_run"] = {
        "changed": int(fingerprint(data / "payments.db") != before),
        "seconds": round(seconds, 1),
    }
    figures["database_mib"] = round((data / "payments.db").stat().st_size / 2**20)
    return {"payment_methods": methods, **figures}


def moved_and_verified(export: Path, where: Sequence[str]) -> dict[str, object]:
    """Each job, then the proof, in a process of its own: records a second, and the most memory that it had."""
    jobs: dict[str, object] = {}
    transactions = 0
    for job in JobName:
        answer, seconds, rss_mib = run("run", str(export), "--job", job.value, *where)
        (status,) = answer["jobs"]
        read = status["counts"]["read"]
        transactions += read if job is JobName.TRANSACTION_HISTORY else 0
        jobs[job.value] = {
            "records": read,
            "quarantined": status["counts"].get("quarantined", 0),
            "seconds": round(seconds, 1),
            "records_per_second": round(read / seconds),
            "rss_mib": rss_mib,
        }
        print(job.value, json.dumps(jobs[job.value]), file=sys.stderr, flush=True)
    found, seconds, rss_mib = run("verify", str(export), *where)
    proof = {
        "right": found["right"],
        "differences": found["difference_count"],
        "seconds": round(seconds, 1),
        "rss_mib": rss_mib,
    }
    return {"transactions": transactions, "jobs": jobs, "verify": proof}


def killed(folder: Path, kills: int) -> dict[str, object]:
    """Kill a run at random moments and resume it, over and over; nothing is done twice, and all of it is right."""
    export = folder / "small"
    exported(export, KILLED_METHODS, CHARGES_PER_HUNDRED_METHODS)
    smooth = folder / "smooth"
    asyncio.run(new_file(smooth))
    run("run", str(export), "--batch", str(KILLED_BATCH), "--data-dir", str(smooth))
    wanted = outcomes(smooth)
    chance = random.Random(1)  # noqa: S311  # moments of a bench
    done = rounds = twice = wrong = 0
    while done < kills:
        rounds += 1
        data = folder / f"killed-{rounds}"
        asyncio.run(new_file(data))
        words = ["run", str(export), "--batch", str(KILLED_BATCH), "--resume", "--data-dir", str(data)]
        while done < kills and kill_at_random(words, chance):
            done += 1
        run(*words)
        twice += int(outcomes(data) != wanted)
        found, _, _ = run("verify", str(export), "--data-dir", str(data))
        wrong += int(not found["right"])
    return {"kills": done, "migrations": rounds, "with_other_counts": twice, "not_right": wrong, "batch": KILLED_BATCH}


def kill_at_random(words: Sequence[str], chance: random.Random) -> bool:
    """Whether the run was killed, and had not ended before."""
    command = [sys.executable, "-m", "daemon", "migrate", *words, "--json"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:  # noqa: S603
        try:
            process.wait(chance.uniform(*SECONDS_BEFORE_KILL))
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            return True
    return False


def outcomes(data: Path) -> dict[str, object]:
    """What became of the records by job: a batch that was done twice would show as records that were here before."""
    answer, _, _ = run("status", "--data-dir", str(data))
    return {one["job"]: one["counts"] for one in answer["jobs"]}


def on_dynamodb(folder: Path, methods: int) -> dict[str, object]:
    """Every job into a table of ministack, and the proof."""
    export, data = folder / "dynamo-export", folder / "dynamo-data"
    exported(export, methods, DYNAMO_CHARGES_PER_HUNDRED_METHODS)
    data.mkdir()
    with credentials(), ministack(folder) as url:
        asyncio.run(new_table(url))
        where = ["--store", "dynamodb", "--endpoint-url", url, "--data-dir", str(data)]
        return {"payment_methods": methods, **moved_and_verified(export, where)}


def exported(directory: Path, methods: int, charges_percent: int) -> None:
    """An export with dirt."""
    charges = methods * charges_percent // 100
    plan = ExportPlan(customers=methods, accounts=max(1, methods // 100), charges=charges, dirt_percent=DIRT_PERCENT)
    write_export(directory, plan)


async def new_file(data: Path) -> None:
    """An empty store, as a core that was started once leaves it."""
    store = SqliteStore(path=data / "payments.db", registry=core_registry(), producer="bench", clock=SystemClock())
    await store.open()
    await store.close()


async def new_table(url: str) -> None:
    """The same in DynamoDB."""
    async with DynamoTable(name="till-core", region="us-east-1", endpoint_url=url) as table:
        await table.create()
        await DynamoStore(table=table, registry=core_registry(), producer="bench", clock=SystemClock()).open()


@contextmanager
def credentials() -> Iterator[None]:
    """Of nobody, for a stand-in."""
    kept = dict(os.environ)
    os.environ.update({"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"})
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(kept)


def run(*words: str) -> tuple[Mapping[str, Any], float, int]:
    """A command's answer, its seconds, and the most memory that it had in MiB."""
    command = [sys.executable, "-m", "daemon", "migrate", *words, "--json"]
    started = time.monotonic()
    with tempfile.TemporaryFile("w+") as out:
        process = subprocess.Popen(command, stdout=out)  # noqa: S603
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.monotonic() - started
        out.seek(0)
        lines = out.read().splitlines()
    if process.returncode not in ({0, 1} if words[0] == "verify" else {0}):
        message = f"{' '.join(words)} ended with {process.returncode}"
        raise RuntimeError(message)
    return json.loads(lines[-1]), seconds, round(usage.ru_maxrss / 1024)


def fingerprint(database: Path) -> str:
    """A hash over everything that was moved, and every account."""
    digest = hashlib.sha256()
    with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as connection:
        for kind in MOVED_KINDS:
            for row in connection.execute("SELECT id, body FROM records WHERE kind = ? ORDER BY id", (kind,)):
                digest.update(repr((kind, *row)).encode())
        for row in connection.execute("SELECT * FROM accounts ORDER BY id, currency"):
            digest.update(repr(row).encode())
    return digest.hexdigest()


if __name__ == "__main__":
    main()

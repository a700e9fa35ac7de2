"""Cards tokenized and read back per second with data keys in memory, and what a cold vault costs in calls of KMS."""

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from pathlib import Path

from payment_core.clock import SystemClock
from payment_core.vault.access import Grant, Purpose
from payment_core.vault.fingerprint import Fingerprints
from payment_core.vault.keys.cache import DataKeyCache
from payment_core.vault.keys.local_keys import LocalKeyService
from payment_core.vault.keys.port import DATA_KEY_BYTES, DataKey, KeyService
from payment_core.vault.memory import MemoryAuditTrail, MemoryDataKeyRows, MemoryKeyService, MemoryRecords
from payment_core.vault.numbers.instruments import Card
from payment_core.vault.numbers.sensitive import Pan
from payment_core.vault.records import StoredToken
from payment_core.vault.reencryption import Reencryption
from payment_core.vault.sealing import open_instrument, seal_instrument
from payment_core.vault.vault import Vault

CARDS = 20_000
SEALS = 10_000
COLD_MISSES = 1_000
LOCAL_KEYS = 200
ROUNDS = 3
"""The best round counts; in the others the machine did something else as well."""


class Process:
    """One process's vault over rows in memory, so that what is measured is the vault."""

    def __init__(self, service: KeyService, records: MemoryRecords) -> None:
        clock = SystemClock()
        rows = MemoryDataKeyRows(records)
        self.cache = DataKeyCache(tenant="bench", service=service, rows=rows, clock=clock)
        fingerprints = Fingerprints(tenant="bench", service=service, rows=rows, cache=self.cache, clock=clock)
        self.vault = Vault(
            tenant="bench",
            cache=self.cache,
            fingerprints=fingerprints,
            records=records,
            rows=rows,
            audit=MemoryAuditTrail(),
            clock=clock,
            grants={"bench": Grant(frozenset({Purpose.EXPORT}), CARDS * 100, 1_000)},
        )
        self.reencryption = Reencryption(
            tenant="bench", cache=self.cache, service=service, rows=rows, inventory=records, on_batch=_ignore
        )


def cards(count: int) -> list[Card]:
    """Different card numbers that pass every check."""
    return [Card(Pan(_number(serial)), 12, 2099) for serial in range(count)]


async def tokenize_and_read(sample: list[Card]) -> dict[str, float]:
    """Cards per second through the whole vault, one after the other, and keys moved per second by a re-encryption."""
    service, records = MemoryKeyService(), MemoryRecords()
    process = Process(service, records)
    started = time.perf_counter()
    made = [await process.vault.tokenize_card(card) for card in sample]
    tokenized = time.perf_counter() - started
    reading = {"role": "bench", "reason": "measure", "actor": "bench"}
    started = time.perf_counter()
    for token in made:
        await process.vault.detokenize(token.token, purpose=Purpose.EXPORT, **reading)
    read = time.perf_counter() - started
    return {"tokens_per_second": len(made) / tokenized, "detokens_per_second": len(made) / read}


async def move_keys(sample: list[Card]) -> dict[str, float]:
    """Record keys per second that a re-encryption moves to another data key."""
    service, records = MemoryKeyService(), MemoryRecords()
    process = Process(service, records)
    for card in sample:
        await process.vault.tokenize_card(card)
    old = next(iter(records.keys.values())).data_key_id
    started = time.perf_counter()
    done = await process.reencryption.empty_data_key("bench", old)
    return {"moved_keys_per_second": done.moved / (time.perf_counter() - started)}


async def cold_misses() -> dict[str, float]:
    """Calls of the key service when many callers meet a cold cache at once: for sealing, and for reading."""
    service, records = MemoryKeyService(), MemoryRecords()
    writer = Process(service, records)
    await asyncio.gather(*(writer.cache.sealing_key(DATA_KEY_BYTES) for _ in range(COLD_MISSES)))
    reader = Process(service, records)
    [row] = records.rows.values()
    await asyncio.gather(*(reader.cache.opening_key(row) for _ in range(COLD_MISSES)))
    return {"cold_misses": COLD_MISSES, "kms_calls": service.made, "kms_decrypt_calls": service.opened}


def seal_alone(card: Card) -> dict[str, float]:
    """Microseconds of sealing one card, and of opening it again, without anything around it."""
    key = DataKey("dek_bench", bytearray(range(DATA_KEY_BYTES)))
    opener = DataKey("dek_bench", bytearray(range(DATA_KEY_BYTES)))
    sealing, opening = [], []
    for number in range(SEALS):
        began = time.perf_counter_ns()
        record, record_key = seal_instrument(
            card, token=f"tok_{number}", tenant="bench", data_key=key, fingerprint="fp", now_ms=0
        )
        sealed = time.perf_counter_ns()
        open_instrument(StoredToken(record, record_key, None), opener)
        opening.append((time.perf_counter_ns() - sealed) / 1000)
        sealing.append((sealed - began) / 1000)
    return {**_quantiles("seal", sealing), **_quantiles("open", opening)}


async def local_keys() -> dict[str, float]:
    """Milliseconds of one data key from the file of master keys, which is read at every call."""
    with tempfile.TemporaryDirectory() as folder:
        service = LocalKeyService(Path(folder) / "master-keys.json", SystemClock())
        await service.open(create=True)
        waits = []
        for _ in range(LOCAL_KEYS):
            began = time.perf_counter()
            await service.generate_data_key({"purpose": "records", "tenant": "bench"})
            waits.append((time.perf_counter() - began) * 1000)
    return {"local_data_key_p50_ms": statistics.median(waits)}


async def measure() -> dict[str, float]:
    """Every figure by its name."""
    sample = cards(CARDS)
    figures: dict[str, float] = {"cards": CARDS}
    for _ in range(ROUNDS):
        for name, value in {**await tokenize_and_read(sample), **await move_keys(sample[:2_000])}.items():
            figures[name] = max(figures.get(name, 0), value)
    return {**figures, **await cold_misses(), **seal_alone(sample[0]), **await local_keys()}


def main() -> None:
    """Print the figures; with --json as one object."""
    parser = argparse.ArgumentParser(prog="python -m bench.vault", description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object on the last line")
    options = parser.parse_args()
    figures = {name: round(value, 2) for name, value in asyncio.run(measure()).items()}
    if options.json:
        print(json.dumps(figures))
        return
    for name, value in figures.items():
        print(f"{name:24} {value:>14,}")


def _quantiles(name: str, values: list[float]) -> dict[str, float]:
    hundredths = statistics.quantiles(values, n=100)
    return {f"{name}_p50_us": hundredths[49], f"{name}_p99_us": hundredths[98]}


def _number(serial: int) -> str:
    body = f"400000{serial:09d}"
    doubled = sum((0, 2, 4, 6, 8, 1, 3, 5, 7, 9)[int(digit)] for digit in body[::2])
    return f"{body}{-(doubled + sum(map(int, body[1::2]))) % 10}"


def _ignore(progress: object) -> None:
    del progress


if __name__ == "__main__":
    main()

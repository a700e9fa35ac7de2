"""Seconds to write and to read 100,000 entries on one core, beside bare slicing of the same bytes; also a fuzzer."""

import argparse
import gc
import json
import random
import resource
import subprocess
import sys
import tempfile
from datetime import date, datetime
from pathlib import Path
from time import process_time

from payment_core.ach.building.builder import build_file
from payment_core.ach.building.specs import BatchSpec, EntrySpec, FileSpec
from payment_core.ach.building.writer import write
from payment_core.ach.codes.routing import check_digit
from payment_core.ach.reading.profiles import Profile
from payment_core.ach.reading.reader import read

SEED = 20_240_115
ENTRIES = 100_000
ENTRIES_PER_BATCH = 2_500
INSTITUTIONS = 9_000
"""About as many as take part in ACH: each routing number is checked once a file."""
PREFIXES = (*range(1, 13), *range(21, 33))
BANK = "12104288"
FUZZ_BYTES_MAX = 4_096
SAMPLES = Path(__file__).resolve().parent.parent / "tests" / "data" / "ach"
SECONDS_MIN = 1e-9
"""Keeps a ratio finite on an empty run."""


def main() -> None:
    """Measure and print, or fuzz the reader."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=ENTRIES, help="entries to write and read")
    parser.add_argument("--json", action="store_true", help="print the result alone")
    parser.add_argument("--fuzz-runs", type=int, default=0, help="read so many mutated files instead of measuring")
    parser.add_argument("--in-process", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.fuzz_runs:
        fuzz(arguments.fuzz_runs)
        return
    result = measure(arguments.entries) if arguments.in_process else measured_alone(arguments.entries)
    if not arguments.json:
        for name, value in result.items():
            print(f"{name:>32}: {value:,}" if isinstance(value, int | float) else f"{name:>32}: {value}")
    print(json.dumps(result))


def measured_alone(entries: int) -> dict[str, float | int | str]:
    """Measure in a fresh process, so that the peak of memory is the codec's alone."""
    command = [sys.executable, "-m", "bench.ach", "--json", "--in-process", "--entries", str(entries)]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603  # our own module
    result: dict[str, float | int | str] = json.loads(output.splitlines()[-1])
    return result


def measure(count: int) -> dict[str, float | int | str]:
    """Build and write, then read and validate, then slice the same bytes by hand."""
    spec, items = synthetic(count)
    gc.collect()
    started = process_time()
    file = build_file(spec, items)
    build_seconds = process_time() - started
    started = process_time()
    data = write(file)
    format_seconds = process_time() - started
    del file, items
    started = process_time()
    reading = read(data, Profile.STRICT)
    read_seconds = process_time() - started
    started = process_time()
    sliced = naive(data)
    naive_seconds = max(process_time() - started, SECONDS_MIN)
    control = reading.file.control
    if reading.errors or sliced != (control.entry_hash, control.debit_cents + control.credit_cents):
        message = f"the file is not what was built: {reading.errors[:1]}"
        raise ValueError(message)
    return {
        "entries": count,
        "file_bytes": len(data),
        "write_seconds": round(build_seconds + format_seconds, 3),
        "build_seconds": round(build_seconds, 3),
        "format_seconds": round(format_seconds, 3),
        "parse_validate_seconds": round(read_seconds, 3),
        "naive_slice_seconds": round(naive_seconds, 3),
        "parse_validate_time_ratio": round(read_seconds / naive_seconds, 2),
        "rss_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
        "seed": SEED,
        "python": sys.version.split()[0],
    }


def naive(data: bytes) -> tuple[int, int]:
    """The least a reader can do: cut every entry into its fields and add up; it checks nothing."""
    hashed = cents = 0
    for line in data.decode("ascii").splitlines():
        if line[0] == "6":
            fields = {
                "code": line[1:3],
                "rdfi": line[3:11],
                "check": line[11],
                "account": line[12:29].strip(),
                "amount": int(line[29:39]),
                "id": line[39:54].strip(),
                "name": line[54:76].strip(),
                "discretionary": line[76:78].strip(),
                "indicator": line[78],
                "trace": line[79:94],
            }
            hashed += int(line[3:11])
            cents += int(line[29:39])
            fields.clear()
    return hashed % 10**10, cents


def synthetic(count: int) -> tuple[FileSpec, list[tuple[BatchSpec, EntrySpec]]]:
    """Payouts of one originator to many banks, one batch for each effective date and description."""
    chance = random.Random(SEED)  # noqa: S311  # reproducible input, not a secret
    banks = [f"{chance.choice(PREFIXES):02d}{chance.randrange(10**6):06d}" for _ in range(INSTITUTIONS)]
    routing_numbers = [bank + check_digit(bank) for bank in banks]
    created_at = datetime(2026, 11, 27, 9, 5)  # noqa: DTZ001  # wall clock in New York, as the header has it
    spec = FileSpec("231380104", f"{BANK}2", BANK, created_at, "A", "FEDERAL RESERVE", "TILLWATCH")
    batches = [
        BatchSpec("TILLWATCH", "1234567890", "PPD", f"PAY {number:06d}", date(2026, 11, 30), 220)
        for number in range(-(-count // ENTRIES_PER_BATCH))
    ]
    items = [
        (
            batches[number // ENTRIES_PER_BATCH],
            EntrySpec(
                transaction_code=chance.choice((22, 22, 22, 32)),
                routing_number=chance.choice(routing_numbers),
                account_number=str(chance.randrange(10**8, 10**12)),
                amount_cents=chance.randrange(1, 500_000),
                receiver_name=f"PROVIDER {chance.randrange(10**6)}",
                trace_sequence=number + 1,
                identification=f"PO{number:08d}",
            ),
        )
        for number in range(count)
    ]
    return spec, items


def fuzz(runs: int) -> None:
    """Read mutations of the golden files under coverage guidance; an exception, or bytes that change, end the run."""
    import atheris  # type: ignore[import-untyped]  # noqa: PLC0415  # publishes no types; not needed to measure

    with atheris.instrument_imports(include=["payment_core.ach"], enable_loader_override=False):
        for name in [name for name in sys.modules if name.startswith("payment_core.ach")]:
            del sys.modules[name]
        from payment_core.ach import views  # noqa: PLC0415  # again, with coverage
        from payment_core.ach.building import writer  # noqa: PLC0415  # again, with coverage
        from payment_core.ach.reading import profiles, reader  # noqa: PLC0415  # again, with coverage

    def one(data: bytes) -> None:
        # The profiles find the same and differ in what they call it, so one reading goes everywhere.
        reading = reader.read(data, profiles.Profile.LENIENT)
        views.file_view(reading.file)
        if reading.valid:
            written = writer.write(reading.file)
            again = reader.read(written, profiles.Profile.LENIENT)
            if again.file != reading.file or writer.write(again.file) != written:
                message = "a valid file did not come back as it was"
                raise ValueError(message)

    # The first folder takes what the fuzzer finds, so that the golden files stay as they are.
    with tempfile.TemporaryDirectory() as found:
        options = [f"-runs={runs}", f"-max_len={FUZZ_BYTES_MAX}", "-print_final_stats=1", f"-artifact_prefix={found}/"]
        atheris.Setup([sys.argv[0], *options, found, str(SAMPLES)], one)
        atheris.Fuzz()


if __name__ == "__main__":
    main()

"""``tillwatch ach``: is this NACHA file right, what is in it, and how would we write it."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from daemon.amounts import money
from daemon.cli.options import Json
from daemon.cli.output import Exit, fail, note, print_json, say
from daemon.http.words.wording import counted
from payment_core.ach.building.normalizing import normalize
from payment_core.ach.building.totals import DEBIT_CODES
from payment_core.ach.building.writer import write
from payment_core.ach.codes.returns import return_code
from payment_core.ach.model import AchFile, Batch, Entry
from payment_core.ach.problems import Problem
from payment_core.ach.reading.lines import FILE_BYTES_MAX
from payment_core.ach.reading.profiles import Profile
from payment_core.ach.reading.reader import Reading, read
from payment_core.ach.views import entry_view, file_view, masked, summarize

ach_app = typer.Typer(no_args_is_help=True, help="NACHA files: validate, show, format.")

File = Annotated[Path, typer.Argument(metavar="FILE", help="A NACHA file.")]
ProfileOption = Annotated[
    Profile, typer.Option("--profile", help="strict: what we send. lenient: what banks commonly send.")
]


@ach_app.command("validate")
def validate_command(file: File, *, profile: ProfileOption = Profile.STRICT, as_json: Json = False) -> None:
    """Check a file; exit 0 when it is valid, 1 with every error by line, 2 when it cannot be read."""
    reading = read(_bytes_of(file), profile)
    summary = summarize(reading.file)
    if as_json:
        print_json({"valid": reading.valid, "errors": reading.errors, "file": summary})
    else:
        word = "valid" if reading.valid else "NOT valid"
        say(f"{file}: {word} ({profile}); {_batches(summary.batches)}, {_entries(summary.entries)}")
        say(f"  debits {money(summary.debit_cents)}, credits {money(summary.credit_cents)}")
        if summary.returns or summary.notifications_of_change:
            changes = counted(summary.notifications_of_change, "notification of change", "notifications of change")
            say(f"  {counted(summary.returns, 'return')}, {changes}")
        for problem in reading.errors:
            say(f"  {_sentence(problem)}")
    _note_warnings(reading)
    if not reading.valid:
        raise typer.Exit(Exit.NO)


@ach_app.command("format")
def format_command(file: File, *, profile: ProfileOption = Profile.LENIENT, as_json: Json = False) -> None:
    """Write the file as we would: full lines, LF, padded blocks. Exit 1 with the errors on stderr, 2 if unreadable."""
    reading = read(_bytes_of(file), profile)
    if not reading.valid:
        if as_json:
            print_json({"valid": False, "errors": reading.errors, "normalized": None})
        for problem in reading.errors:
            note(_sentence(problem))
        raise typer.Exit(Exit.NO)
    normalized = write(normalize(reading.file))
    if as_json:
        print_json({"valid": True, "errors": (), "normalized": normalized.decode("ascii")})
        return
    sys.stdout.buffer.write(normalized)
    sys.stdout.buffer.flush()


@ach_app.command("show")
def show_command(file: File, *, profile: ProfileOption = Profile.LENIENT, as_json: Json = False) -> None:
    """Print a file for a person, account numbers masked; exit 1 when it is not valid, 2 when it cannot be read."""
    reading = read(_bytes_of(file), profile)
    if as_json:
        print_json({"valid": reading.valid, "errors": reading.errors, "file": file_view(reading.file)})
    else:
        _show(reading.file)
        for problem in reading.errors:
            note(_sentence(problem))
    _note_warnings(reading)
    if not reading.valid:
        raise typer.Exit(Exit.NO)


def _bytes_of(file: Path) -> bytes:
    """The file's bytes; ends the command when there are none to read."""
    try:
        with file.open("rb") as source:
            return source.read(FILE_BYTES_MAX + 1)
    except FileNotFoundError:
        fail(f"{file}: there is no such file\n  fix: name a NACHA file", Exit.BAD_INPUT)
    except IsADirectoryError:
        fail(f"{file}: this is a directory\n  fix: name the file in it", Exit.BAD_INPUT)
    except (OSError, ValueError) as fault:
        fail(f"{file!s:.300}: cannot be read: {fault}\n  fix: name a NACHA file that you may read", Exit.BAD_INPUT)


def _note_warnings(reading: Reading) -> None:
    """On stderr, so that stdout stays the answer alone."""
    for problem in reading.warnings:
        note(f"tolerated: {_sentence(problem)}")


def _sentence(problem: Problem) -> str:
    where = f"line {problem.line}" if problem.line else "file"
    return f"{where}, {problem.field}: {problem.message} [{problem.code}]"


def _batches(number: int) -> str:
    return counted(number, "batch", "batches")


def _entries(number: int) -> str:
    return counted(number, "entry", "entries")


def _show(file: AchFile) -> None:
    header = file.header
    say(f"from {header.immediate_origin} {header.origin_name}")
    say(f"to {header.immediate_destination} {header.destination_name}")
    say(f"made {header.creation_date} {header.creation_time}, modifier {header.file_id_modifier}")
    for batch in file.batches:
        _show_batch(batch)
    control = file.control
    say(
        f"{_batches(control.batch_count)}, {control.entry_addenda_count} entries and addenda, "
        f"hash {control.entry_hash}, debits {money(control.debit_cents)}, credits {money(control.credit_cents)}"
    )


def _show_batch(batch: Batch) -> None:
    header = batch.header
    say(
        f"batch {header.batch_number}: {header.sec_code} {header.description}, class {header.service_class}, "
        f"{header.company_name} {header.company_id}, effective {header.effective_date}"
    )
    for entry in batch.entries:
        side = "debit " if entry.transaction_code in DEBIT_CODES else "credit"
        say(
            f"  {entry.trace_number} {entry.transaction_code:02d} {side} {money(entry.amount_cents):>16} "
            f"{entry.rdfi_id}{entry.check_digit} {masked(entry.account_number):<8} {entry.receiver_name}"
        )
        _show_addenda(entry)


def _show_addenda(entry: Entry) -> None:
    answers = [addenda for addenda in entry_view(entry)["addenda"] if addenda["type"] != "05"]
    if len(entry.addenda) > len(answers):
        say(f"      {len(entry.addenda) - len(answers)} addenda with payment information")
    for addenda in answers:
        if "return_code" in addenda:
            known = return_code(addenda["return_code"])
            say(f"      {known.code} {known.title}: {known.action}; original trace {addenda['original_trace']}")
        elif "change_code" in addenda:
            data = addenda["corrected_data"]
            say(f"      {addenda['change_code']} corrects to {data}; original trace {addenda['original_trace']}")
        else:
            say(f"      addenda of type {addenda['type']}")

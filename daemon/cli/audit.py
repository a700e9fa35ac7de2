"""`tillwatch audit`: read the journal and prove that nobody changed it."""

import re
import sqlite3
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from daemon.cli.core.audit import verify_core
from daemon.cli.options import DataDir, Json
from daemon.cli.output import Exit, fail, print_json, say
from daemon.http.words.sentences import sentence
from daemon.http.words.wording import moment
from remediation.errors import JournalError
from remediation.journal.entry import Entry, Head
from remediation.journal.offline import following, newest, open_read_only
from remediation.journal.verify import Verification, verify

FILE_NAME = "journal.db"

FOLLOW_SECONDS = 0.5
"""How often --follow looks for new entries."""

TAIL_MAX = 100_000

audit_app = typer.Typer(help="Read the journal and prove that nobody changed it.", no_args_is_help=True)


@audit_app.command("tail")
def tail(
    count: Annotated[int, typer.Option("--count", "-n", min=0, max=TAIL_MAX, help="Entries to show.")] = 20,
    *,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with new entries until Ctrl-C.")] = False,
    as_json: Json = False,
    data_dir: DataDir = Path("data"),
) -> None:
    """Show the newest entries, oldest of them first."""
    path = data_dir / FILE_NAME
    try:
        with closing(open_read_only(path)) as connection:
            entries = newest(connection, count)
            _show(entries, as_json=as_json)
            last = entries[-1].sequence if entries else _last(connection)
            while follow:
                time.sleep(FOLLOW_SECONDS)
                entries = following(connection, last)
                _show(entries, as_json=as_json)
                last = entries[-1].sequence if entries else last
    except FileNotFoundError:
        fail(_no_journal(path), Exit.BAD_INPUT)
    except (JournalError, sqlite3.DatabaseError) as fault:
        fail(f"{fault}\n  fix: `tillwatch audit verify --data-dir {data_dir}` names the first bad entry", Exit.NO)


@audit_app.command("verify")
def verify_journal(
    *,
    expect_head: Annotated[
        str, typer.Option("--expect-head", metavar="SEQ:HASH", help="A head noted elsewhere that must be in it.")
    ] = "",
    core: Annotated[
        bool, typer.Option("--core", help="Check the payment core's audit trail, documents and journals instead.")
    ] = False,
    roots: Annotated[
        Path | None,
        typer.Option("--roots", help="With --core: the daily roots; DATA_DIR/payments.audit-roots if there."),
    ] = None,
    root_key: Annotated[
        Path | None, typer.Option("--root-key", help="With --roots: a file with the public key of their signatures.")
    ] = None,
    as_json: Json = False,
    data_dir: DataDir = Path("data"),
) -> None:
    """Check every entry's hash and link; exit 1 and name the first bad entry when one was changed.

    The hash has no secret, so whoever can write the file could rebuild all of it. Note the head that this command
    prints somewhere else, and give it back with --expect-head: then that is found as well. With --core the payment
    core's own trail is checked, with its documents and journals; daily roots do there what a noted head does.
    """
    if core:
        if expect_head:
            fail("--expect-head is for the journal\n  fix: give --core the daily roots with --roots", Exit.BAD_INPUT)
        verify_core(data_dir, roots, root_key, as_json=as_json)
        return
    if roots is not None or root_key is not None:
        fail("--roots and --root-key are for the payment core\n  fix: add --core", Exit.BAD_INPUT)
    path = data_dir / FILE_NAME
    try:
        verification = verify(path, _head(expect_head))
    except FileNotFoundError:
        fail(_no_journal(path), Exit.BAD_INPUT)
    except (JournalError, sqlite3.DatabaseError) as fault:
        fail(str(fault), Exit.BAD_INPUT)
    if as_json:
        print_json(verification)
    else:
        _tell(verification)
    if verification.first_bad is not None:
        raise typer.Exit(Exit.NO)


def _tell(verification: Verification) -> None:
    head = verification.head
    if verification.first_bad is None:
        say(f"{verification.entries} entries, none changed; head {head.sequence}:{head.hash}")
        return
    say(f"first bad entry: {verification.first_bad}")
    say(f"  {verification.what}")
    say(f"  good up to {head.sequence}:{head.hash}")


def _show(entries: Sequence[Entry], *, as_json: bool) -> None:
    for entry in entries:
        if as_json:
            print_json(entry)
        else:
            at, said = moment(entry.at_ms).iso, sentence(entry, {})
            say(f"{entry.sequence:>6} {at} {entry.kind:<14} {entry.actor:<8} {said.text} {said.detail}".rstrip())


def _last(connection: sqlite3.Connection) -> int:
    entries = newest(connection, 1)
    return entries[-1].sequence if entries else 0


def _head(text: str) -> Head | None:
    if not text:
        return None
    match = re.fullmatch(r"(\d+):([0-9a-f]{64})", text)
    if match is None:
        fail(f"--expect-head {text!r} is not SEQ:HASH\n  fix: give it as `audit verify` printed it", Exit.BAD_INPUT)
    return Head(int(match[1]), match[2])


def _no_journal(path: Path) -> str:
    return f"{path}: there is no journal\n  fix: name the data directory with --data-dir"

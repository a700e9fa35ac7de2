"""``tillwatch audit verify --core``: proves the payment core's audit trail, documents and journals from its file."""

import asyncio
from pathlib import Path

import typer

from daemon.cli.output import Exit, fail, print_json, say
from payment_core.audit.errors import ArchiveUnavailable, KeyUnusable, RootUnreadable
from payment_core.audit.folder import FolderRoots
from payment_core.audit.roots import read_roots
from payment_core.audit.signing import Checker, Ed25519Checker, read_key
from payment_core.audit.verify import AuditReport, verify_audit
from payment_core.errors import DatabaseUnusable
from payment_core.ledger.file_books import FileBooks, file_books
from payment_core.store.stage import Registry

DATABASE_NAME = "payments.db"
ROOTS_NAME = "payments.audit-roots"
"""Where a core without a bucket puts its daily roots."""


def verify_core(data_dir: Path, roots: Path | None, public_key: Path | None, *, as_json: bool) -> None:
    """Check the file against itself and against the daily roots; ends with 0, 1 when something was changed, or 2.

    roots: None for those that lie beside the file, if there are any.
    """
    path = data_dir / DATABASE_NAME
    if roots is None and (data_dir / ROOTS_NAME).is_dir():
        roots = data_dir / ROOTS_NAME
    if not path.is_file():
        fail(f"{path}: there is no payment core's file\n  fix: name its directory with --data-dir", Exit.BAD_INPUT)
    if roots is not None and not roots.is_dir():
        fail(
            f"{roots}: there is no such directory of daily roots\n  fix: name one with --roots, or leave it out",
            Exit.BAD_INPUT,
        )
    if public_key is not None and roots is None:
        fail("--root-key checks the signatures of daily roots\n  fix: name them with --roots", Exit.BAD_INPUT)
    try:
        checker = None if public_key is None else Ed25519Checker(read_key(public_key, secret=False))
        with file_books(path, Registry(())) as books:
            report = asyncio.run(_verify(books, roots, checker))
    except RootUnreadable as error:
        fail(str(error), Exit.NO)
    except (ArchiveUnavailable, DatabaseUnusable, KeyUnusable) as error:
        fail(str(error), Exit.BAD_INPUT)
    if as_json:
        print_json(report)
    else:
        _tell(report)
    if not report.intact:
        raise typer.Exit(Exit.NO)


async def _verify(books: FileBooks, roots: Path | None, checker: Checker | None) -> AuditReport:
    noted = [] if roots is None else await read_roots(FolderRoots(roots))
    return await verify_audit(books, noted, checker=checker)


def _tell(report: AuditReport) -> None:
    if report.intact:
        say(
            f"{report.rows} audit rows, {report.documents} documents and {report.events} events, none changed; "
            f"{report.roots} daily roots hold; head {' '.join(report.heads)}"
        )
        if report.roots == 0:
            say("  without daily roots (--roots) a trail that was rebuilt or cut off as a whole is not found")
        return
    say(f"first bad: {report.first_bad}")
    for finding in report.findings:
        say(f"  {finding.place}: {finding.what}")
    if not report.contents_checked:
        say("  documents and journals were not checked, since the trail itself is broken")

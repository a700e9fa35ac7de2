"""``tillwatch status-page``: what customers see, from a running daemon or from its journal."""

import asyncio
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from config.load import load_configuration
from config.loading.problems import ConfigurationError
from daemon.cli.asking_daemon import BESIDE, ask
from daemon.cli.options import DataDir, Json, Token, Url, directory_with
from daemon.cli.output import Exit, fail, print_json, say
from daemon.clock import SystemClock
from daemon.status_page.document import ItemDocument, StatusDocument, document_of
from daemon.status_page.places import Folder, PageNotWritten
from daemon.status_page.rendering import CONTENT_TYPES, HEADLINES, STATUS_WORDS, Renderer, moment, phase_words
from remediation.errors import RemediationError
from remediation.folds import fold
from remediation.journal.offline import following, open_read_only
from remediation.state import State

status_page_app = typer.Typer(no_args_is_help=True, help="The public status page: show it, or build it from a journal.")


@status_page_app.command("show")
def show(url: Url = "", token: Token = "", as_json: Json = False) -> None:  # noqa: FBT002 - a flag.
    """What the page says now. Exit 0, also when it tells of an outage."""
    found: StatusDocument = ask("GET", url, token, "status-page", StatusDocument)
    if as_json:
        print_json(found)
        return
    for line in _lines(found):
        say(line)


@status_page_app.command("build")
def build(
    out: Annotated[Path, typer.Option(help="The directory to write the page into.")],
    config: Annotated[Path | None, directory_with("status-page.yaml")] = None,
    data_dir: DataDir = BESIDE,
    as_json: Json = False,  # noqa: FBT002 - a flag.
) -> None:
    """Write the page from the journal alone, also while no daemon runs; it says then that nobody watches."""
    try:
        page = load_configuration(config).public.page
    except ConfigurationError as error:
        fail(str(error), Exit.BAD_INPUT)
    state = _folded(data_dir / "journal.db")
    document = document_of(page, state.public, watched=False, now_ms=SystemClock().now_ms())
    try:
        asyncio.run(_write(out, Renderer().files(document)))
    except PageNotWritten as fault:
        fail(f"{fault}\n  fix: give another folder by --out", Exit.BAD_INPUT)
    if as_json:
        print_json({"place": str(out), "files": sorted(CONTENT_TYPES), "status": document.status})
    else:
        say(f"{len(CONTENT_TYPES)} files are in {out}; open {out / 'index.html'}")


async def _write(out: Path, files: dict[str, bytes]) -> None:
    folder = Folder(out)
    for name, content in files.items():
        await folder.write(name, content, CONTENT_TYPES[name])


def _folded(path: Path) -> State:
    try:
        connection = open_read_only(path)
    except FileNotFoundError:
        fail(f"{path} is not there\n  fix: give the daemon's folder by --data-dir", Exit.BAD_INPUT)
    except (RemediationError, sqlite3.DatabaseError) as fault:
        fail(f"{fault}\n  fix: give the daemon's folder by --data-dir", Exit.BAD_INPUT)
    state = State()
    try:
        while entries := following(connection, state.sequence):
            state = fold(entries, state)
    except (RemediationError, sqlite3.DatabaseError) as fault:
        fail(f"{path}: {fault}\n  fix: tillwatch audit verify says where", Exit.BAD_INPUT)
    finally:
        connection.close()
    return state


def _lines(page: StatusDocument) -> Iterator[str]:
    yield f"{page.company}: {HEADLINES[page.status]} (written {moment(page.written_at)})"
    for part in page.components:
        uptime = "no data" if part.uptime_percent is None else f"{part.uptime_percent:.2f} %"
        yield f"  {part.name}: {STATUS_WORDS[part.status]}, {uptime} in {len(part.days)} days"
    for name, items in (("now", page.open), ("planned", page.scheduled), ("past", page.past)):
        for item in items:
            yield from _item(name, item)


def _item(name: str, item: ItemDocument) -> Iterator[str]:
    yield f"{name}: {item.title} ({', '.join(item.components)}), since {moment(item.began)}"
    for one in item.updates:
        yield f"  {moment(one.at)}  {phase_words(one.phase)}: {one.text}"

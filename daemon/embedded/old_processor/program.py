"""The simulated old processor as a program on loopback; at its first start it exports itself into a folder."""

import argparse
import asyncio
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

import httpx
import msgspec

from daemon.clock import SystemClock
from daemon.embedded.old_processor.book import Book
from daemon.embedded.old_processor.keeping import keep, kept_book
from daemon.embedded.old_processor.papers import Papers
from daemon.embedded.old_processor.pushing import Pushing
from daemon.embedded.old_processor.seeding import make_export, seeded
from daemon.embedded.old_processor.service import OldProcessorApi
from daemon.embedded.processes.process import Program
from daemon.embedded.processes.readiness import answers
from daemon.errors import DaemonError
from daemon.server import bind, serve
from payment_core.errors import CoreError
from payment_core.migration.export.manifest import NAME as NAME_OF_MANIFEST

HOST = "127.0.0.1"
NAME = "old-processor"
FOLDER = "old-processor"
EXPORT = "old-processor-export"
"""The folder of the export, below the one of all exports."""


class Listening(msgspec.Struct, frozen=True):
    """The line that is printed when calls are answered."""

    listening: str
    customers: int


def program(  # what it is started with
    port: int,
    papers: Papers,
    logs: Path,
    surroundings: Mapping[str, str],
    *,
    customers: int,
    push_to: tuple[str, ...],
) -> Program:
    """It on the loopback port."""
    return Program(
        name=NAME,
        command=(
            sys.executable,
            "-m",
            "daemon.embedded.old_processor.program",
            "--port",
            str(port),
            "--folder",
            str(papers.root),
            "--customers",
            str(customers),
            *(part for url in push_to for part in ("--push-to", url)),
        ),
        environment=dict(surroundings),
        log=logs / f"{NAME}.log",
    )


def url_of(port: int) -> str:
    """Where its API answers."""
    return f"http://{HOST}:{port}"


async def is_healthy(client: httpx.AsyncClient, port: int) -> bool:
    """Whether it answers."""
    return await answers(client, f"{url_of(port)}/health")


async def opened_book(papers: Papers, customers: int, at_seconds: int) -> Book:
    """The book of a former run, or a new one that begins as its export says."""
    directory = papers.exports / EXPORT
    if not (directory / NAME_OF_MANIFEST).is_file():
        await asyncio.to_thread(make_export, directory, papers.receiver_key, customers, at_seconds)
    return kept_book(papers.state, Book(await seeded(directory, papers.receiver_key)))


async def run(port: int, papers: Papers, customers: int, push_to: tuple[str, ...]) -> None:
    """Serve until SIGTERM or SIGINT; port 0 takes any. Raises NotUsable."""
    clock = SystemClock()

    def now_seconds() -> int:
        return clock.now_ms() // 1000

    key = papers.key.read_text("ascii").strip()
    secret = papers.secret.read_text("ascii").strip()
    book = await opened_book(papers, customers, now_seconds())
    pushing = Pushing(book, push_to, secret, now_seconds)
    changed = asyncio.Event()

    def on_event() -> None:
        pushing.wake()
        changed.set()

    api = OldProcessorApi(book, key, now_seconds, on_event)
    listening = bind(HOST, port)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    line = Listening(url_of(int(listening.getsockname()[1])), customers)
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(serve(api.app(), listening), name="api"),
            group.create_task(pushing.run(), name="push"),
            group.create_task(keep(papers.state, book, changed), name="keep"),
        ]
        sys.stdout.write(msgspec.json.encode(line).decode() + "\n")
        sys.stdout.flush()
        await stop.wait()
        for task in tasks:
            task.cancel()


def main() -> int:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(prog="python -m daemon.embedded.old_processor.program", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="on 127.0.0.1; 0 takes any")
    parser.add_argument("--folder", type=Path, required=True, help="where its keys, its book and its export are")
    parser.add_argument("--customers", type=int, default=60, help="whom it has at its first start")
    parser.add_argument("--push-to", action="append", default=[], help="an address that takes its webhooks")
    options = parser.parse_args()
    papers = Papers(options.folder)
    try:
        asyncio.run(run(options.port, papers, options.customers, tuple(options.push_to)))
    except (OSError, DaemonError, CoreError) as error:
        sys.stderr.write(f"{error}\n")
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main())

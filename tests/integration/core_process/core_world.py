"""A payment core over a folder: starts, dies and starts again, while the test remembers everything it was answered."""

import asyncio
import itertools
import json
import os
import signal
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.forked import Forked

WAIT_SECONDS = 60.0
POLL_SECONDS = 0.05
NUMBERS = itertools.count(1)

# A JSON document as httpx gives it.
Json = dict[str, Any]

TERMS = """
odfi:
  routing_number: "231380104"
  name: EXAMPLE BANK
  immediate_destination: "231380104"
  immediate_origin: "1210428826"
  origin_name: TILLWATCH
company: {id: "1210428826", name: TILLWATCH}
hours:
  same_day_windows: []
  buffer_minutes: 0
  standard_cutoff: "17:00"
  standard_settlement: "08:30"
  build_ahead_minutes: 10080
same_day_amount_cents_max: 100000000
files: {acknowledgement: required}
payouts:
  minimum_cents: 100
  daily_limit_cents: 1000000
  monthly_limit_cents: 5000000
  approval_from_cents: 500000
  approvals: 2
  bank_change_hold: 1ms
  schedule_at: "23:59"
  weekly_on: 1
"""
"""Files are built whenever something waits, and a new bank account is paid at once."""


class CoreWorld:
    """One folder with its database; answers: the body of every answer that was given, refusals too."""

    def __init__(self, folder: Path, *flags: str) -> None:
        self.folder = folder
        self.flags = flags
        self.url = ""
        self.answers: list[bytes] = []
        self._starts = itertools.count(1)
        self._process: Forked | None = None
        self.client = httpx.AsyncClient(timeout=30, trust_env=False, limits=httpx.Limits(max_connections=64))

    @property
    def database(self) -> Path:
        """The core's file."""
        return self.folder / "payments.db"

    @property
    def running(self) -> bool:
        """Whether the process lives."""
        return self._process is not None and self._process.poll() is None

    @property
    def process(self) -> Forked:
        """The newest process."""
        if self._process is None:
            raise LookupError("nothing was started")
        return self._process

    def start(self, *flags: str, place: str = "") -> None:
        """Start a core and wait until it listens. place: see hurried_core; empty for the core as it is sold."""
        module = ["payment_core"] if place == "" else ["tests.integration.core_process.hurried_core", place]
        config = self.folder / "config"
        config.mkdir(parents=True, exist_ok=True)
        (config / "ach.yaml").write_text(TERMS)
        command = [*module, "--database", str(self.database), "--config", str(config)]
        command += ["--rail-latency-ms", "0", *self.flags, *flags]
        environment = {**os.environ, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
        logs = self.folder / "logs"
        logs.mkdir(exist_ok=True)
        with (logs / f"core-{next(self._starts)}.log").open("w") as log:
            self._process = Forked(command, stderr=log, environment=environment)
        line = self.process.stdout.readline() if self.process.stdout is not None else ""
        if line == "":
            raise AssertionError(f"the core ended with {self.process.wait()}: {self.logs()[-2000:]}")
        (logs / "listening.json").write_text(line)
        self.url = json.loads(line)["listening"]
        key = self.database.with_suffix(".key").read_text().strip()
        self.client.headers["Authorization"] = f"Bearer {key}"

    def kill(self) -> None:
        """End it as ``kill -9`` does."""
        if self._process is not None:
            self._process.kill()
            self.ended()

    def stop(self) -> int:
        """End it as an operator does; its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.ended()

    def ended(self) -> int:
        """Wait for its end; its exit code."""
        code = self.process.wait(timeout=30)
        if self.process.stdout is not None:
            self.process.stdout.close()
        return code

    async def close(self) -> None:
        """End everything."""
        self.kill()
        await self.client.aclose()

    def logs(self) -> str:
        """What every start wrote to stderr."""
        return "".join(path.read_text() for path in sorted((self.folder / "logs").glob("*.log")))

    async def post(self, path: str, body: object = None, *, key: str = "") -> httpx.Response:
        """Ask for something once."""
        headers = {"Idempotency-Key": key if key != "" else f"key-{next(NUMBERS)}"}
        content = b"" if body is None else json.dumps(body).encode()
        return await self.send("POST", path, content, {**headers, "Content-Type": "application/json"})

    async def send(self, method: str, path: str, content: bytes, headers: dict[str, str]) -> httpx.Response:
        """Any request."""
        answer = await self.client.request(method, f"{self.url}{path}", content=content, headers=headers)
        self.answers.append(answer.content)
        return answer

    async def get(self, path: str, **query: str | int) -> httpx.Response:
        """Look at something."""
        answer = await self.client.get(f"{self.url}{path}", params=query)
        self.answers.append(answer.content)
        return answer

    async def made(self, path: str, body: object = None, *, key: str = "") -> Json:
        """Ask for something that has to be done."""
        answer = await self.post(path, body, key=key)
        assert answer.status_code in {200, 201, 202}, (path, answer.status_code, answer.text)
        return dict(answer.json())

    async def all(self, path: str, **query: str | int) -> list[Json]:
        """Every object of a list, over all its pages."""
        found: list[Json] = []
        after = ""
        while True:
            page = (await self.get(path, **query, after=after, limit=100)).json()
            found += page["data"]
            after = page["next_after"]
            if after == "":
                return found

    async def events(self) -> list[Json]:
        """Everything in the outbox."""
        found: list[Json] = []
        while True:
            after = found[-1]["sequence"] if found else 0
            page = (await self.get("/v1/events", after=after, limit=1000)).json()["events"]
            if not page:
                return found
            found += page

    async def balances(self) -> dict[str, int]:
        """Every account."""
        accounts = (await self.get("/v1/ledger")).json()["accounts"]
        return {account["account"]: account["balance_cents"] for account in accounts}


# Whatever is waited for.
async def until(condition: Callable[[], Any], what: str, seconds: float = WAIT_SECONDS) -> Any:  # noqa: ANN401 - see above
    """Ask until the answer is true; gives the answer. condition: may give a coroutine."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    while True:
        answer = condition()
        if asyncio.iscoroutine(answer):
            answer = await answer
        if answer:
            return answer
        if loop.time() > deadline:
            pytest.fail(f"not within {seconds:g} s: {what}")
        turn = asyncio.Event()
        loop.call_later(POLL_SECONDS, turn.set)
        await turn.wait()


def rows(database: Path, statement: str, *values: object) -> list[tuple[Any, ...]]:
    """What a file holds."""
    with closing(sqlite3.connect(database)) as connection:
        return connection.execute(statement, values).fetchall()


def rail_rows(world: CoreWorld) -> list[tuple[Any, ...]]:
    """reference, order, method, cents, verdict of everything that the rail was told, as the rail has it."""
    return rows(
        world.folder / "payments.rail.db",
        'SELECT reference, "order", method, amount_cents, verdict FROM instructions ORDER BY reference',
    )


def outbound(world: CoreWorld) -> Iterator[Path]:
    """The files that the bank has."""
    return iter(sorted((world.folder / "payments.ach" / "outbound").glob("*")))

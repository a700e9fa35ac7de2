"""A stand-in for card and bank rails with documented answers, realistic latency and a memory that survives."""

import asyncio
import math
import random
import sqlite3
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import cast

from payment_core.acquirer.port import Instruction, RailAnswer, Verdict
from payment_core.acquirer.tokens import SLOW_SECONDS, TOKEN_BY_NAME, UNDECIDED_SECONDS
from payment_core.clock import Clock
from payment_core.errors import DatabaseUnusable
from payment_core.store.writer import GroupWriter

LATENCY_SIGMA = 0.35
"""Spread of the lognormal answer time: with a median of 60 ms, 95 % lie between 30 and 119 ms."""

_SCHEMA = """CREATE TABLE IF NOT EXISTS instructions (
    reference TEXT PRIMARY KEY, "order" TEXT NOT NULL, method TEXT NOT NULL, amount_cents INTEGER NOT NULL,
    verdict TEXT NOT NULL, code TEXT NOT NULL, decided_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID"""


class _Records:
    """One transaction on the rail's own file; nothing is gathered."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection

    def flush(self) -> None:
        """Every record was written at once."""


class SimulatedAcquirer:
    """Answers the sandbox tokens as documented and remembers every instruction by its reference.

    The records lie in a file of their own, so all processes see one rail and a restart forgets nothing. A reference
    that is not there was never seen, so nothing was charged. They survive a crash of the process, not of the machine.
    """

    def __init__(self, *, path: Path, clock: Clock, latency_ms: int, seed: int) -> None:
        self._path = path
        self._clock = clock
        self._latency_ms = latency_ms
        self._random = random.Random(seed)  # noqa: S311 - spreads simulated answer times, protects nothing
        self._writer = GroupWriter(
            connect=self._connect,
            open_batch=_Records,
            on_commit=_ignore_commit,
            clock=clock,
            name="rail-writer",
        )

    async def open(self) -> None:
        """Create the records if they are missing and start the thread that keeps them."""
        await asyncio.get_running_loop().run_in_executor(None, self._prepare)
        self._writer.start()

    async def close(self) -> None:
        """Stop the thread that keeps the records."""
        await self._writer.close()

    async def submit(self, instruction: Instruction) -> RailAnswer:
        """Record the instruction at once, answer after the token's latency; tok_timeout never answers."""
        token = TOKEN_BY_NAME[instruction.method]
        acts_up = instruction.order in {"authorize", "purchase"}
        answer = await self._write(partial(_record, instruction=instruction, now_ms=self._clock.now_ms()))
        if acts_up and token.behaviour == "timeout":
            await asyncio.Event().wait()
        if acts_up and token.behaviour == "slow":
            await asyncio.sleep(SLOW_SECONDS)
        elif self._latency_ms > 0:
            await asyncio.sleep(self._random.lognormvariate(math.log(self._latency_ms), LATENCY_SIGMA) / 1000)
        return answer

    async def status(self, reference: str) -> RailAnswer:
        """What became of an instruction, from the records."""
        return await self._write(partial(_look_up, reference=reference, now_ms=self._clock.now_ms()))

    async def _write(self, work: Callable[[_Records], RailAnswer]) -> RailAnswer:
        return cast("RailAnswer", await self._writer.write(work))

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA busy_timeout=1000")
        connection.execute("PRAGMA journal_mode=WAL")
        # Written data survives the process without a sync, and this file stands for another company's computer.
        connection.execute("PRAGMA synchronous=OFF")
        return connection

    def _prepare(self) -> None:
        try:
            connection = self._connect()
            connection.execute(_SCHEMA)
            connection.close()
        except sqlite3.Error as error:
            raise DatabaseUnusable(f"{self._path}: {error}") from error


def _record(records: _Records, *, instruction: Instruction, now_ms: int) -> RailAnswer:
    """Decide and remember, unless the reference is known: then the remembered answer stands."""
    known = _look_up(records, reference=instruction.reference, now_ms=now_ms)
    if known.verdict is not Verdict.NOT_FOUND:
        return known
    answer = _decide(instruction)
    timeout = TOKEN_BY_NAME[instruction.method].behaviour == "timeout"
    undecided = timeout and instruction.order in {"authorize", "purchase"}
    decided_at_ms = now_ms + round(UNDECIDED_SECONDS * 1000) if undecided else now_ms
    records.connection.execute(
        "INSERT INTO instructions VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            instruction.reference,
            instruction.order,
            instruction.method,
            instruction.amount_cents,
            answer.verdict.value,
            answer.code,
            decided_at_ms,
        ),
    )
    return answer


def _look_up(records: _Records, *, reference: str, now_ms: int) -> RailAnswer:
    row = records.connection.execute(
        "SELECT verdict, code, decided_at_ms FROM instructions WHERE reference = ?", (reference,)
    ).fetchone()
    if row is None:
        return RailAnswer(Verdict.NOT_FOUND)
    if row[2] > now_ms:
        return RailAnswer(Verdict.UNKNOWN)
    return RailAnswer(Verdict(row[0]), row[1])


def _decide(instruction: Instruction) -> RailAnswer:
    """The token's documented answer; what follows an authorization is approved."""
    token = TOKEN_BY_NAME[instruction.method]
    if instruction.order in {"capture", "void", "refund"}:
        return RailAnswer(Verdict.APPROVED)
    match token.behaviour:
        case "decline":
            return RailAnswer(Verdict.DECLINED, token.code)
        case "error":
            return RailAnswer(Verdict.FAILED, token.code)
        case "approve" | "slow" | "timeout":
            return RailAnswer(Verdict.APPROVED)


def _ignore_commit(_records: _Records, _writes: int, _commit_ms: float) -> None:
    """The rail's own commits are not measured."""

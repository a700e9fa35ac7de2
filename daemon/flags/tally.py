"""Counts experiments and ramps from the log of facts, each fact once, and keeps the counts over a restart."""

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Self, TypeVar

import msgspec
import structlog

from daemon.errors import CheckpointFailed, ExperimentsNotKept
from daemon.storage.checkpoint import StoredBatch
from daemon.storage.durable_file import DurableFile
from daemon.storage.fact_log import FollowedLog
from remediation.flags.experiments.findings import FlagReport
from remediation.flags.experiments.run import RunState
from remediation.flags.exposures import Exposures, Policies
from remediation.flags.state import FlagBook
from remediation.flags.step_watch import RampReadings, StepState
from remediation.ports import Clock

log = structlog.get_logger()

FILE = "experiments.db"
VERSION = 1
"""Of the shapes of states; those of another version are not read, and counting begins anew."""
BATCHES_PER_READ = 200
"""Some 100,000 facts at most, decoded in a thread."""
KEEP_EVERY_MS = 60_000
"""A restart counts at most a minute again; a run that goes on is a mebibyte to write."""

State = TypeVar("State", RunState, StepState)

_SCHEMA = """
CREATE TABLE IF NOT EXISTS place (
    one INTEGER PRIMARY KEY CHECK (one = 1), version INTEGER NOT NULL, log_id TEXT NOT NULL, sequence INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS states (
    kind TEXT NOT NULL, flag TEXT NOT NULL, state BLOB NOT NULL, PRIMARY KEY (kind, flag)
) WITHOUT ROWID;
"""
_RUN, _STEP = "run", "step"


class ExperimentTally:
    """One reader of the log. Counts and the place up to which they go are kept together, in one transaction.

    book: the flags at this moment. policies: what ramps are held against.
    """

    def __init__(
        self, path: Path, facts: FollowedLog, book: Callable[[], FlagBook], policies: Policies, clock: Clock
    ) -> None:
        self._file = DurableFile(path, ExperimentsNotKept)
        self._facts = facts
        self._book = book
        self._policies = policies
        self._clock = clock
        self._exposures = Exposures()
        self._place: int | None = None
        self._kept_ms = clock.now_ms()
        # Two who catch up at once would both count what neither has.
        self._turn = asyncio.Lock()
        self._counting: asyncio.Future[None] | None = None

    @classmethod
    async def open(
        cls, path: Path, facts: FollowedLog, book: Callable[[], FlagBook], policies: Policies, clock: Clock
    ) -> Self:
        """Open or begin the file. Raises ExperimentsNotKept."""
        tally = cls(path, facts, book, policies, clock)
        await tally._file.open(_SCHEMA)
        return tally

    async def close(self) -> None:
        """Keep what was counted, and close the file."""
        async with self._turn:
            if self._place is not None:
                await self._settled()
                await self._keep()
        await self._file.close()

    async def tick(self) -> None:
        """Count what was recorded since, and keep it when that is due; a disk that fails costs a log line."""
        async with self._turn:
            await self._caught_up()
            if self._place is not None and self._clock.now_ms() - self._kept_ms >= KEEP_EVERY_MS:
                await self._keep()

    async def ramp(self, flag: str, plan_id: str) -> RampReadings | None:
        """What was seen of the step that is under way; None when nothing was counted, or the log cannot be read."""
        async with self._turn:
            return self._exposures.readings(flag, plan_id) if await self._caught_up() else None

    async def reports(self, flag: str = "") -> list[FlagReport]:
        """What each experiment says, or that of one flag; none for a flag that has none."""
        async with self._turn:
            await self._caught_up()
            if flag:
                found = await asyncio.to_thread(self._exposures.report, flag)
                return [] if found is None else [found]
            return await asyncio.to_thread(self._exposures.reports)

    async def _caught_up(self) -> bool:
        """Whether everything is counted that was recorded by now."""
        try:
            await self._settled()
            if self._place is None:
                await self._resume()
            self._exposures.follow(self._book(), self._policies, self._clock.now_ms())
            await self._count_through(self._facts.newest_sequence)
        except (CheckpointFailed, ExperimentsNotKept) as fault:
            log.error("experiments not counted", action="experiments_failed", fault=str(fault))
            return False
        return True

    async def _count_through(self, through: int) -> None:
        if not self._exposures.is_counting:
            # Nobody is exposed to anything, so that there is nothing to read.
            self._place = through
            return
        while self._place is not None and self._place < through:
            batches = await self._facts.read(self._place, through, BATCHES_PER_READ)
            if not batches:
                self._place = through
                return
            self._counting = asyncio.get_running_loop().run_in_executor(None, self._count, batches)
            await self._settled()

    async def _settled(self) -> None:
        """Wait for what is counted in a thread, also when whoever began it did not wait to its end."""
        if self._counting is not None:
            await asyncio.shield(self._counting)
            self._counting = None

    def _count(self, batches: Sequence[StoredBatch]) -> None:
        for batch in batches:
            self._exposures.take(batch.facts, batch.arrived_at_ms)
        self._place = batches[-1].sequence

    async def _resume(self) -> None:
        """Go on from what was kept; in another log from its beginning, and without counts that cannot be read."""
        version, log_id, place, rows = await self._file.run(self._read)
        if version not in {0, VERSION}:
            log.error("kept counts not used", action="experiments_unusable", version=version)
            rows = []
        runs = _states([state for kind, state in rows if kind == _RUN], RunState)
        steps = _states([state for kind, state in rows if kind == _STEP], StepState)
        self._exposures = Exposures(runs, steps)
        self._place = place if log_id == self._facts.log_id and version == VERSION else 0

    async def _keep(self) -> None:
        states = [(_RUN, one.flag, one) for one in self._exposures.runs]
        rows = [*states, *((_STEP, one.ramp.plan.flag, one) for one in self._exposures.steps)]
        place = self._place
        try:
            await self._file.run(partial(self._write, rows, place))
            self._kept_ms = self._clock.now_ms()
        except ExperimentsNotKept as fault:
            log.error("counts of experiments not kept", action="experiments_failed", fault=str(fault))

    # What follows runs in the file's thread.

    def _read(self) -> tuple[int, str, int, list[tuple[str, bytes]]]:
        row = self._file.database.execute("SELECT version, log_id, sequence FROM place").fetchone()
        version, log_id, place = (0, "", 0) if row is None else row
        return version, log_id, place, self._file.database.execute("SELECT kind, state FROM states").fetchall()

    def _write(self, rows: Sequence[tuple[str, str, msgspec.Struct]], place: int | None) -> None:
        encoded = [(kind, flag, msgspec.msgpack.encode(state)) for kind, flag, state in rows]
        with self._file.transaction():
            self._file.database.execute("DELETE FROM states")
            self._file.database.executemany("INSERT INTO states VALUES (?, ?, ?)", encoded)
            values = (VERSION, self._facts.log_id, place)
            self._file.database.execute("INSERT OR REPLACE INTO place VALUES (1, ?, ?, ?)", values)


def _states(blobs: Sequence[bytes], shape: type[State]) -> list[State]:
    """Those that can be read; what cannot begins anew."""
    found = []
    for blob in blobs:
        try:
            found.append(msgspec.msgpack.decode(blob, type=shape))
        except msgspec.MsgspecError as fault:
            log.error("kept counts not used", action="experiments_unusable", fault=str(fault))
    return found

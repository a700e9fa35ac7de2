"""Facts of an archive, handed over once more: to fill the windows of a new daemon, or to try rules on the past."""

import asyncio
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from random import Random

import structlog

from checks.facts import Deployment, Fact
from daemon.archive.reading import Unread, archive_files, read_facts
from daemon.sources.backoff import Backoff
from daemon.sources.parquet import SUFFIX, parquet_files, read_parquet
from daemon.sources.sink import FactSink
from daemon.translate.soundness import unsound
from remediation.ports import Clock

log = structlog.get_logger()

SOURCE = "replay"
"""What these facts are counted under."""
BATCH = 500
"""Facts in one write to disk."""
FIRST_BACKOFF_SECONDS = 0.5
LONGEST_BACKOFF_SECONDS = 15.0


class ReplaySource:
    """Hands the facts of an archive over in its order, with their own ids and times, then waits for its end.

    A fact that is known counts once. Nothing is acted on: a breach of old facts is stale evidence. Deployments are
    passed over, because one whose end the archive does not hold would look as if it were still under way.
    """

    name = SOURCE
    """What the facts of this source are counted under."""
    silent_after_ms = 60_000
    """Never reached."""

    def __init__(self, place: Path, sink: FactSink, clock: Clock, *, random: Random | None = None) -> None:
        self._place = place
        self._sink = sink
        self._clock = clock
        self._backoff = Backoff(FIRST_BACKOFF_SECONDS, LONGEST_BACKOFF_SECONDS, random)
        self._unread = Unread()

    @property
    def heard_at_ms(self) -> int:
        """Always now: an archive that was read has nothing more to say, and that is no silence."""
        return self._clock.now_ms()

    async def run(self) -> None:
        """Replay, then wait until cancelled; an archive that cannot be read is logged and ends nothing."""
        try:
            await self.replay()
        except OSError as fault:
            log.error("the archive cannot be read", action="replay_failed", place=str(self._place), error=str(fault))
        await asyncio.Event().wait()

    async def replay(self) -> int:
        """Hand every fact over; returns how many. Raises OSError when a file cannot be read."""
        handed, passed_over = 0, 0
        facts = _facts(await asyncio.to_thread(_files, self._place), self._unread)
        while batch := await asyncio.to_thread(lambda: list(islice(facts, BATCH))):
            usable = [fact for fact in batch if not isinstance(fact, Deployment) and not unsound(fact)]
            passed_over += len(batch) - len(usable)
            if usable:
                await self._hand_over(usable)
                handed += len(usable)
        log.info(
            "the archive was replayed",
            action="replayed",
            place=str(self._place),
            facts=handed,
            passed_over=passed_over,
            unread=self._unread.lines,
            first_unread=list(self._unread.shown),
        )
        return handed

    async def _hand_over(self, facts: Sequence[Fact]) -> None:
        failures = 0
        while True:
            try:
                await self._sink.accept(facts, SOURCE)
            except Exception as fault:  # noqa: BLE001  # the sink may fail in any way; the same facts are tried again
                failures += 1
                log.warning("facts were not taken over", action="accept_failed", source=SOURCE, error=str(fault))
                await self._clock.sleep(self._backoff.seconds(failures))
            else:
                return


def _files(place: Path) -> list[Path]:
    parquet = parquet_files(place)
    return parquet if parquet else archive_files(place)


def _facts(files: Sequence[Path], unread: Unread) -> Iterator[Fact]:
    for path in files:
        if path.suffix == SUFFIX:
            yield from read_parquet(path, unread)
        else:
            yield from read_facts(path, unread, lambda _read: None)

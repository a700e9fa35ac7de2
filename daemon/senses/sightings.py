"""When the daemon last saw what comes rarely or goes round: heartbeats, costs, the ends of queues; kept in a file."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import msgspec
import structlog

from checks.facts import CostLine, Fact, Heartbeat, PaymentCaptured
from daemon.sources.sink import FactSink
from daemon.storage.whole_file import write_whole
from remediation.ports import Clock

log = structlog.get_logger()

FILE = "sightings.json"
HEART = "tillwatch-daemon"
"""The subject of the daemon's own heartbeats."""
BEAT_SECONDS = 10.0
"""Between two heartbeats, which say so: the rule heartbeat-lost pages after twice as long."""


class Sightings(msgspec.Struct):
    """Unix milliseconds, 0 for never. costs: by where the figure comes from.

    beat_sent_at_ms: the newest heartbeat that was given to EventBridge. beat_back_at_ms: when one came back through the
    queue; beat_trip_ms: how long that one had been under way. caught_up: by source, since when nothing can be waiting.
    """

    beat_sent_at_ms: int = 0
    beat_back_at_ms: int = 0
    beat_trip_ms: int = 0
    costs: dict[str, int] = msgspec.field(default_factory=dict)
    caught_up: dict[str, int] = msgspec.field(default_factory=dict)

    def note(self, facts: Iterable[Fact], now_ms: int) -> None:
        """Remember what matters of these facts, which were taken over just now."""
        for fact in facts:
            if isinstance(fact, Heartbeat) and fact.subject == HEART:
                self.beat_back_at_ms = max(self.beat_back_at_ms, now_ms)
                self.beat_trip_ms = max(0, now_ms - fact.at_ms)
            elif isinstance(fact, CostLine):
                self._cost(fact.source, fact.at_ms)
            elif isinstance(fact, PaymentCaptured) and fact.baseline_microcents > 0:
                self._cost("measured", fact.at_ms)

    async def see(self) -> "Sightings":
        """Itself, as probes ask for it."""
        return self

    def note_queues(self, caught_up: Mapping[str, int]) -> None:
        """Remember up to when the queue of each source was seen to its end."""
        for source, at_ms in caught_up.items():
            self.caught_up[source] = max(at_ms, self.caught_up.get(source, 0))

    def _cost(self, source: str, at_ms: int) -> None:
        self.costs[source] = max(at_ms, self.costs.get(source, 0))


class SeeingSink:
    """A FactSink that notes what passes through, once the sink behind it has taken it over."""

    def __init__(self, sink: FactSink, sightings: Sightings, clock: Clock) -> None:
        self._sink = sink
        self._sightings = sightings
        self._clock = clock

    async def accept(self, facts: Sequence[Fact], source: str) -> None:
        """See Sink."""
        await self._sink.accept(facts, source)
        self._sightings.note(facts, self._clock.now_ms())


async def read_sightings(directory: Path) -> Sightings:
    """What a daemon on this folder last wrote; nothing seen when there is no usable file."""
    return await asyncio.to_thread(_read, directory / FILE)


async def outliving_sightings(directory: Path) -> Sightings:
    """What a daemon that starts on this folder still knows: costs. A former heart says nothing about its own."""
    return Sightings(costs=(await read_sightings(directory)).costs)


async def write_sightings(directory: Path, sightings: Sightings) -> None:
    """Replace the file at once; a full disk costs a log line, because every sighting comes again."""
    content = msgspec.json.encode(sightings)
    try:
        await asyncio.to_thread(write_whole, directory / FILE, content, durable=False)
    except OSError as fault:
        log.warning("sightings not written", action="sightings_not_written", fault=str(fault))


def _read(path: Path) -> Sightings:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Sightings)
    except FileNotFoundError:
        return Sightings()
    except (OSError, msgspec.MsgspecError, UnicodeError) as fault:
        log.warning("sightings not read", action="sightings_not_read", fault=str(fault))
        return Sightings()

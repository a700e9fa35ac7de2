"""Takes messages over: each gives facts or is put aside with its reason, and a bad one does not hold up the others."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from checks.facts import Fact
from daemon.errors import Untranslatable
from daemon.sources.sink import FactSink
from daemon.storage.quarantine import Quarantine
from daemon.traces.causes import arriving
from daemon.translate.message import Translation

TURN = 100
"""Messages translated before others get their turn."""
Body = TypeVar("Body", bytes, str)


@dataclass(frozen=True, slots=True)
class RefusedEvent:
    """One event that cannot be used; index counts from 0 within what came together. It is in the quarantine."""

    index: int
    what: str


@dataclass(frozen=True, slots=True)
class Taken:
    """accepted: facts that are on disk. ignored: sound events that no fact exists for, by index."""

    accepted: int
    refused: tuple[RefusedEvent, ...] = ()
    ignored: tuple[RefusedEvent, ...] = ()


async def take(
    messages: Iterable[Body],
    read: Callable[[Body], Awaitable[Translation]],
    source: str,
    sink: FactSink,
    quarantine: Quarantine,
    now_ms: int,
    traceparent: str = "",
) -> Taken:
    """Read each, put aside what cannot be used, and hand all facts over at once.

    source: what they are counted and quarantined under. traceparent: of the carrier, for what has none of its own.
    Raises whatever the sink raises: then nothing was taken, and all of it has to come again.
    """
    facts: list[Fact] = []
    traceparents: dict[str, str] = {}
    refused: list[RefusedEvent] = []
    ignored: list[RefusedEvent] = []
    for index, message in enumerate(messages):
        if index % TURN == TURN - 1:
            await asyncio.sleep(0)
        try:
            translation = await read(message)
        except Untranslatable as fault:
            refused.append(RefusedEvent(index, fault.detail))
            await quarantine.put(source, message, fault.detail, now_ms)
            continue
        facts.extend(translation.facts)
        traceparents |= translation.traceparents(traceparent)
        for part in translation.refused:
            refused.append(RefusedEvent(index, part.what))
            await quarantine.put(source, part.body, part.what, now_ms)
        if translation.ignored:
            ignored.append(RefusedEvent(index, translation.ignored))
    if facts:
        with arriving(traceparents):
            await sink.accept(facts, source)
    return Taken(len(facts), tuple(refused), tuple(ignored))

"""Records of a source in batches that never cross a kind, from a checkpoint on."""

from collections import deque
from collections.abc import AsyncGenerator, Callable, Collection, Sequence
from contextlib import aclosing

from payment_core.migration.engine.quarantine import origin_id, quarantine_id
from payment_core.migration.engine.source import Source
from payment_core.migration.export.kinds import Kind
from payment_core.migration.export.records import START, Position, Read

Wanted = Callable[[Read], bool]


async def batches(
    source: Source, kinds: Sequence[Kind], at: Kind | None, position: Position, size: int, wanted: Wanted
) -> AsyncGenerator[list[Read], None]:
    """At most ``size`` records at once. at, position: what was read last; None for nothing yet."""
    remaining = kinds if at is None else kinds[kinds.index(at) :]
    for kind in remaining:
        after = position if kind is at else START
        batch: list[Read] = []
        async with aclosing(source.read(kind, after)) as records:
            async for read in records:
                if not wanted(read):
                    continue
                batch.append(read)
                if len(batch) >= size:
                    yield batch
                    batch = []
        if batch:
            yield batch


def everything(_read: Read) -> bool:
    """All of them."""
    return True


def waiting(names: Collection[str]) -> Wanted:
    """Those that were put aside under these names, and what stands now where something without an id stood."""
    return lambda read: quarantine_id(read) in names or origin_id(read) in names


class Parts:
    """What was read and is not written yet, in pieces that fit into one transaction. size: records that fit."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._waiting: deque[Read] = deque()

    def add(self, reads: Sequence[Read]) -> None:
        """These come next."""
        self._waiting.extend(reads)

    def next(self) -> list[Read]:
        """The next piece; empty when nothing waits."""
        return [self._waiting.popleft() for _ in range(min(self._size, len(self._waiting)))]

    def halve(self, part: Sequence[Read]) -> None:
        """It did not fit: pieces are smaller from now on."""
        self._size = max(1, len(part) // 2)
        self._waiting.extendleft(reversed(part))

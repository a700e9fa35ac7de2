"""What engines have counted about themselves, over changes of rules: a counter never goes down."""

from dataclasses import dataclass
from typing import Self

from checks.engine import Engine


@dataclass(frozen=True, slots=True)
class EngineCounts:
    """late: facts older than a window that wanted them. skewed: facts from the future. evicted: for want of room.

    See the properties of `checks.engine.Engine` of these names.
    """

    late: int = 0
    skewed: int = 0
    evicted: int = 0

    @classmethod
    def of(cls, engine: Engine) -> Self:
        """As the engine says now."""
        return cls(engine.late_facts, engine.skewed_facts, engine.evicted_keys)


class EngineTally:
    """Adds what an engine had counted that is not in the one after it."""

    def __init__(self) -> None:
        self._lost = EngineCounts()

    def follow(self, before: Engine, after: Engine) -> None:
        """Another engine takes over; it may have left windows behind."""
        old, new, lost = EngineCounts.of(before), EngineCounts.of(after), self._lost
        self._lost = EngineCounts(
            late=lost.late + max(0, old.late - new.late),
            skewed=lost.skewed + max(0, old.skewed - new.skewed),
            evicted=lost.evicted + max(0, old.evicted - new.evicted),
        )

    def counts(self, engine: Engine) -> EngineCounts:
        """Everything so far."""
        now, lost = EngineCounts.of(engine), self._lost
        return EngineCounts(now.late + lost.late, now.skewed + lost.skewed, now.evicted + lost.evicted)

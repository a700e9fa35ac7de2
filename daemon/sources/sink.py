"""Where every source hands over its facts."""

from collections.abc import Sequence
from typing import Protocol

from checks.facts import Fact


class FactSink(Protocol):
    """Takes facts over for good."""

    async def accept(self, facts: Sequence[Fact], source: str) -> None:
        """Return once a checkpoint on disk holds the facts; an error means that they must be delivered again."""

"""One turn at a time for whoever changes a target, within this process; the state's targets say it across restarts."""

import asyncio

TURNS_MAX = 1000
"""As many targets as the state keeps."""


class TargetTurns:
    """A lock for each target that somebody changes or waits to change."""

    def __init__(self) -> None:
        self._turns: dict[str, asyncio.Lock] = {}

    def of(self, target: str) -> asyncio.Lock:
        """The target's lock; whoever has it reads the state again before it acts."""
        if len(self._turns) >= TURNS_MAX:
            self._turns = {name: lock for name, lock in self._turns.items() if lock.locked()}
        return self._turns.setdefault(target, asyncio.Lock())

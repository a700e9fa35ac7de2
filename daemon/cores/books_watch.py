"""Remembers what the cores' books say, with its age; asks only while somebody looks."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Generic, Protocol, TypeVar

from daemon.cores.books import FraudLists, TrialBalance
from remediation.errors import RemediationError
from remediation.ports import Clock

EVERY_SECONDS = 10.0
"""A person sees no difference between this and sooner; a core with many accounts adds them up less often."""

FIRST_SECONDS = 1.0
"""How long a page waits for what was never asked for; after that it says that there is no data."""

Told = TypeVar("Told")


@dataclass(frozen=True, slots=True)
class Known(Generic[Told]):
    """value: None before the first answer. read_at_ms: of which moment it is. fault: why there is nothing newer."""

    value: Told | None = None
    read_at_ms: int = 0
    fault: str = ""


@dataclass(frozen=True, slots=True)
class BooksKnown:
    """Everything that is remembered."""

    accounts: Known[TrialBalance] = Known()
    lists: Known[FraudLists] = Known()
    mode: Known[str] = Known()


class Books(Protocol):
    """See CoreBooks."""

    async def trial_balance(self) -> TrialBalance:
        """The chart with its totals."""

    async def fraud_lists(self) -> FraudLists:
        """The live entries."""

    async def mode(self) -> str:
        """Whether payments wait."""


class BooksWatch:
    """changed: called when there is something new to show."""

    def __init__(self, books: Books, clock: Clock, changed: Callable[[], None]) -> None:
        self._books = books
        self._clock = clock
        self._changed = changed
        self._wanted = asyncio.Event()
        self._asked = asyncio.Event()
        self._known = BooksKnown()

    def look(self) -> BooksKnown:
        """What is known, at once; whoever looks has it asked for again."""
        self._wanted.set()
        return self._known

    async def first(self) -> None:
        """Wait until the cores were asked once, but not for long."""
        if self._asked.is_set():
            return
        self._wanted.set()
        try:
            async with asyncio.timeout(FIRST_SECONDS):
                await self._asked.wait()
        except TimeoutError:
            return

    async def run(self) -> None:
        """Ask while somebody looks; never ends."""
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            await self.refresh()
            await self._clock.sleep(EVERY_SECONDS)

    async def refresh(self) -> None:
        """Ask for all of it once."""
        before = self._known
        self._known = BooksKnown(
            _as_of(await self._ask(self._books.trial_balance, before.accounts)),
            await self._ask(self._books.fraud_lists, before.lists),
            await self._ask(self._books.mode, before.mode),
        )
        self._asked.set()
        self._changed()

    async def _ask(self, question: Callable[[], Awaitable[Told]], before: Known[Told]) -> Known[Told]:
        """What was known stays with its age when there is no answer."""
        try:
            return Known(await question(), self._clock.now_ms())
        except RemediationError as fault:
            return Known(before.value, before.read_at_ms, str(fault))


def _as_of(known: Known[TrialBalance]) -> Known[TrialBalance]:
    """What a core read some time ago is of that time, and not of when it was asked."""
    if known.value is None or known.value.ended_at_ms == 0:
        return known
    return replace(known, read_at_ms=known.value.ended_at_ms)

"""Lets each dialog act once: a second click, or the same form again, gets the first one's answer."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from daemon.http.console.acts.act import Done

KEPT_MAX = 512
"""Answers that are remembered: more than people give in the hours that a session lasts."""
INTERRUPTED = "It was begun before and nobody knows how far it came: look at the journal before you do it again."


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of it. sequence: of the journal's entry that says so; 0 for none."""

    done: Done
    sequence: int = 0


@dataclass(slots=True)
class _Turn:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    begun: bool = False
    answer: Answer | None = None


class Once:
    """By session and the key that the dialog came with."""

    def __init__(self) -> None:
        self._turns: OrderedDict[tuple[str, str], _Turn] = OrderedDict()

    async def perform(
        self, session: str, key: str, look: Callable[[], Awaitable[bool]], act: Callable[[], Awaitable[Answer]]
    ) -> Answer | None:
        """The answer of the one time that it is done; None when ``look`` says that it is not to be done."""
        turn = self._turns.setdefault((session, key), _Turn())
        self._turns.move_to_end((session, key))
        while len(self._turns) > KEPT_MAX:
            self._turns.popitem(last=False)
        async with turn.lock:
            if turn.answer is not None:
                return turn.answer
            if turn.begun:
                return Answer(Done(refusal=INTERRUPTED))
            if not await look():
                return None
            turn.begun = True
            turn.answer = await act()
            return turn.answer

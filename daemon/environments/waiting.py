"""Waits, for a while, until AWS has done what it said yes to."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from remediation.errors import WorldUnreachable
from remediation.ports import Clock

WAIT_SECONDS = 8.0
"""New code and a change set take one to some ten seconds; a longer one is found where it is at the next try."""
POLL_SECONDS = 0.5

T = TypeVar("T")


async def until(is_done: Callable[[T], bool], look: Callable[[], Awaitable[T]], clock: Clock, otherwise: str) -> T:
    """What the look shows once it is done. Raises WorldUnreachable, with ``otherwise``, when the time is over."""
    deadline_ms = clock.monotonic_ms() + WAIT_SECONDS * 1000
    while not is_done(seen := await look()):
        if clock.monotonic_ms() >= deadline_ms:
            raise WorldUnreachable(f"{otherwise} after {WAIT_SECONDS:g} s.")
        await clock.sleep(POLL_SECONDS)
    return seen

"""The event loop of a process that commits in a thread beside it."""

import asyncio
import sys
from collections.abc import Coroutine
from typing import TypeVar

import uvloop

SWITCH_INTERVAL_SECONDS = 0.0001
"""Python's 5 ms would let the event loop starve the thread that commits."""

Answer = TypeVar("Answer")


def run_loop(main: Coroutine[object, object, Answer]) -> Answer:
    """Run it to its end on a loop of its own; from then on the process's threads take turns as often as said above."""
    sys.setswitchinterval(SWITCH_INTERVAL_SECONDS)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(main)

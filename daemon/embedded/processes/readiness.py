"""Waits until a child answers, dies or has had its time."""

from collections.abc import Awaitable, Callable

import httpx

from daemon.embedded.faults import NotReady
from daemon.embedded.processes.process import Child
from remediation.ports import Clock

POLL_SECONDS = 0.05
"""A start takes one to three seconds; looking more often would slow it down."""

READY_SECONDS = 30.0
"""Ten times what a start takes on two idle cores."""

LOOK_SECONDS = 2.0
"""One look may take this long."""


async def until_ready(
    child: Child, looks: Callable[[], Awaitable[bool]], clock: Clock, within_seconds: float = READY_SECONDS
) -> None:
    """Return when looks says so. Raises ChildDied when the child ended, NotReady when the time is over."""
    deadline_ms = clock.monotonic_ms() + within_seconds * 1000
    while not await looks():
        if not child.running:
            raise child.obituary(await child.wait())
        if clock.monotonic_ms() >= deadline_ms:
            fix = f"look into {child.log}; on a machine that is busy, start it again when it is not"
            raise NotReady(f"{child.name} (pid {child.pid}) within {within_seconds:g} s\n  fix: {fix}")
        await clock.sleep(POLL_SECONDS)


async def answers(client: httpx.AsyncClient, url: str) -> bool:
    """Whether a GET is answered with 200."""
    try:
        response = await client.get(url, timeout=LOOK_SECONDS)
    except httpx.TransportError:
        return False
    return response.status_code == httpx.codes.OK

"""Tells services of changes, after everything that calls somebody, within limits, and no later than they help."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Protocol

import structlog

from daemon.channels.change_words import Change, change_of
from daemon.channels.outbox import Outbox
from daemon.channels.pace import Pace
from daemon.channels.ports import ATTEMPT_SECONDS, ChannelDown, NotDelivered, Receipt
from daemon.channels.setbacks import wait_ms
from remediation.errors import NotJournaled
from remediation.journal.entry import Entry
from remediation.journal.escalation_kinds import ChangeTold
from remediation.journal.writer import JournalWriter
from remediation.ports import Clock

log = structlog.get_logger()

PER_MINUTE = 20
"""A sixth of what PagerDuty takes for a key: a flood of changes leaves alerts their room."""
WAITING_MAX = 200
"""More at once is no explanation of anything; the oldest go."""
KEPT_MS = 3_600_000
"""A change is told for this long after it was made: later it explains no alert."""
LOOK_SECONDS = 1.0


class ChangeTeller(Protocol):
    """A service that wants to know of changes."""

    async def tell(self, change: Change) -> Receipt:
        """Hand it over. Raises NotDelivered."""


Reading = Callable[[int, int], Awaitable[Sequence[Entry]]]
"""Entries of the journal with a sequence above the first number, at most so many, oldest first."""


class ChangeFeed:
    """tellers: by the channel that they share a limit with. share: draws from 0 to 1."""

    def __init__(
        self,
        writer: JournalWriter,
        clock: Clock,
        outbox: Outbox,
        tellers: Mapping[str, ChangeTeller],
        share: Callable[[], float],
    ) -> None:
        self._writer = writer
        self._clock = clock
        self._outbox = outbox
        self._tellers = tellers
        self._share = share
        self._waiting: dict[str, deque[Change]] = {name: deque(maxlen=WAITING_MAX) for name in tellers}
        self._paces = {name: Pace(PER_MINUTE) for name in tellers}
        self._failures = dict.fromkeys(tellers, 0)
        self._until_ms = dict.fromkeys(tellers, 0)
        self._woken = asyncio.Event()
        writer.heard_by(self._heard)

    async def resume(self, read: Reading) -> None:
        """Take up what an earlier process did not come to tell; before anything new is written."""
        state = self._writer.state
        for name, waiting in self._waiting.items():
            told = state.escalation.changes_told.get(name)
            if told is None:
                continue
            for entry in await read(max(told, state.sequence - 5 * WAITING_MAX), 5 * WAITING_MAX):
                change = change_of(entry)
                if change is not None:
                    waiting.append(change)

    async def run(self) -> None:
        """Tell for ever."""
        while True:
            self._woken.clear()
            seconds = min([await self.step(name) for name in self._tellers], default=LOOK_SECONDS)
            try:
                async with asyncio.timeout(seconds):
                    await self._woken.wait()
            except TimeoutError:
                continue

    async def step(self, name: str) -> float:
        """Tell what may be told now; seconds until there may be more, unless something wakes it."""
        waiting = self._waiting[name]
        while waiting:
            now_ms = self._clock.now_ms()
            wait = self._wait_ms(name, now_ms)
            if wait:
                return min(wait / 1000, LOOK_SECONDS)
            change = waiting[0]
            if now_ms - change.at_ms > KEPT_MS:
                await self._over(name, change, "", "too old to explain anything")
                continue
            self._paces[name].took(now_ms)
            self._outbox.took(name, now_ms)
            await self._attempt(name, change, now_ms)
        return LOOK_SECONDS

    def _wait_ms(self, name: str, now_ms: int) -> int:
        if now_ms >= self._writer.lease.until_ms or self._outbox.owes(name):
            return round(LOOK_SECONDS * 1000)
        own = max(self._until_ms[name] - now_ms, self._paces[name].wait_ms(now_ms, critical=False))
        return max(own, self._outbox.lesser_wait_ms(name, now_ms))

    async def _attempt(self, name: str, change: Change, now_ms: int) -> None:
        try:
            async with asyncio.timeout(ATTEMPT_SECONDS):
                receipt = await self._tellers[name].tell(change)
        except NotDelivered as fault:
            await self._failed(name, change, fault, now_ms)
        except TimeoutError:
            await self._failed(name, change, ChannelDown(f"no answer within {ATTEMPT_SECONDS:g} s"), now_ms)
        else:
            self._failures[name] = 0
            await self._over(name, change, receipt.detail, "")

    async def _failed(self, name: str, change: Change, fault: NotDelivered, now_ms: int) -> None:
        if not fault.retryable:
            await self._over(name, change, "", fault.detail)
            return
        self._failures[name] += 1
        asked_ms = round(fault.retry_after_seconds * 1000)
        self._until_ms[name] = now_ms + max(wait_ms(self._failures[name], self._share()), min(asked_ms, 60_000))
        log.warning("change not told", action="change_failed", channel=name, fault=fault.detail)

    async def _over(self, name: str, change: Change, detail: str, fault: str) -> None:
        waiting = self._waiting[name]
        if waiting and waiting[0].sequence == change.sequence:
            waiting.popleft()
        try:
            await self._writer.append(
                ChangeTold(channel=name, entry=change.sequence, summary=change.summary, detail=detail, refused=fault)
            )
        except NotJournaled as unwritten:
            # It was told; a process that starts now tells it once more.
            log.error("a told change is not recorded", action="journal_fault", fault=str(unwritten))

    def _heard(self, entry: Entry) -> None:
        change = change_of(entry)
        if change is not None:
            for waiting in self._waiting.values():
                waiting.append(change)
            self._woken.set()

"""The slow second way: asks the daemon's address for the newest document, with what is known already."""

import asyncio
from collections.abc import Mapping
from typing import Protocol, Self

import httpx
import msgspec
import structlog

from payment_core.clock import Clock
from payment_core.flags.arriving.taking_over import TakingOver
from payment_core.flags.envelope import BYTES_MAX
from payment_core.flags.errors import DocumentOutOfReach
from payment_core.flags.serving import FlagCounts
from payment_core.outgoing.client import HttpClient

log = structlog.get_logger()

POLL_SECONDS = 15.0
"""How often; a document that no broker brought is served after this, and what it takes to fetch it."""

TIMEOUT_SECONDS = 5.0
"""Of a whole look."""

FIRST_LOOK_SECONDS = 2.0
"""A start without anything kept waits for so long, lest it does what was killed; longer would hold up a whole start."""

OK, NOT_MODIFIED = 200, 304


class Fetched(msgspec.Struct, frozen=True):
    """body: None when there is nothing newer than the tag that was sent. tag: of what was sent back."""

    body: bytes | None
    tag: str


class Origin(Protocol):
    """Where the newest document can be asked for."""

    async def fetch(self, tag: str) -> Fetched:
        """What is newer than this tag. Raises DocumentOutOfReach."""
        ...


class HttpOrigin:
    """An address that answers with an envelope, a tag, and 304 for what is known. token: sent as a bearer's."""

    def __init__(self, url: str, token: str) -> None:
        self._url = url
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._http = HttpClient(headers=headers, timeout=TIMEOUT_SECONDS, trust_env=False)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *fault: object) -> None:
        await self._http.aclose()

    async def fetch(self, tag: str) -> Fetched:
        """See Origin."""
        headers: Mapping[str, str] = {"If-None-Match": tag} if tag else {}
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS), self._http.stream("GET", self._url, headers=headers) as answer:
                if answer.status_code == NOT_MODIFIED:
                    return Fetched(None, tag)
                if answer.status_code != OK:
                    raise DocumentOutOfReach(f"{self._url} answers {answer.status_code}.")
                body = bytearray()
                async for part in answer.aiter_bytes():
                    body += part
                    if len(body) > BYTES_MAX:
                        break
                return Fetched(bytes(body), answer.headers.get("ETag", ""))
        except (httpx.HTTPError, TimeoutError) as fault:
            raise DocumentOutOfReach(f"{self._url}: {type(fault).__name__} {fault}.") from fault


class Polling:
    """Job: one look each; a fault is counted and the next look tries again."""

    def __init__(self, *, origin: Origin, taking_over: TakingOver, counts: FlagCounts, clock: Clock) -> None:
        self._origin = origin
        self._taking_over = taking_over
        self._counts = counts
        self._clock = clock
        self._tag = ""
        self._looked_at_ms: float | None = None
        self._turn = asyncio.Lock()
        self._fault = ""

    async def run_once(self, now_ms: int) -> int:  # noqa: ARG002 - the port's name
        """Take over what is newer than what was last fetched; returns how many documents came."""
        async with self._turn:
            return await self._look()

    async def run_if_due(self) -> None:
        """Look if the last look is longer ago than POLL_SECONDS: for a process that is frozen between requests.

        A look that is under way is waited for.
        """
        async with self._turn:
            looked_at_ms = self._looked_at_ms
            if looked_at_ms is None or self._clock.monotonic_ms() >= looked_at_ms + POLL_SECONDS * 1000:
                await self._look()

    async def look_before_answering(self) -> None:
        """One look that is given up soon: a process that kept nothing would begin with the packaged document."""
        try:
            async with asyncio.timeout(FIRST_LOOK_SECONDS):
                await self.run_if_due()
        except TimeoutError:
            self._counts.polls["failed"] += 1
            self._complain(f"no answer within {FIRST_LOOK_SECONDS:g} s, at the start")

    async def _look(self) -> int:
        self._looked_at_ms = self._clock.monotonic_ms()
        try:
            fetched = await self._origin.fetch(self._tag)
        except DocumentOutOfReach as fault:
            self._counts.polls["failed"] += 1
            self._complain(str(fault))
            return 0
        self._fault = ""
        if fetched.body is None:
            self._counts.polls["unchanged"] += 1
            return 0
        self._counts.polls["fetched"] += 1
        await self._taking_over.offer([fetched.body], "http")
        self._tag = fetched.tag
        return 1

    def _complain(self, fault: str) -> None:
        """Once for each fault; the metric says how often it comes."""
        if fault != self._fault:
            self._fault = fault
            log.warning("no flags over HTTP", action="flags_poll_failed", fault=fault)

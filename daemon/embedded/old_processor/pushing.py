"""Pushes what happened at the simulated old processor to an address, signed as its webhooks are."""

import asyncio
from collections.abc import Callable, Sequence

import httpx
import msgspec

from daemon.embedded.old_processor.book import Book
from payment_core.migration.feed.signatures import signature_header
from payment_core.outgoing.client import HttpClient

TIMEOUT_SECONDS = 5.0
RETRY_SECONDS = 1.0
"""The real one waits for minutes; here nobody would."""


class Pushing:
    """Sends each event in order, and again until somebody takes it. urls: any of them may take it.

    secret: shared with the receiver.
    """

    def __init__(self, book: Book, urls: Sequence[str], secret: str, now_seconds: Callable[[], int]) -> None:
        self._book = book
        self._urls = tuple(urls)
        self._secret = secret
        self._now_seconds = now_seconds
        self._news = asyncio.Event()
        self._pushed = book.events[-1]["id"] if book.events else ""

    def wake(self) -> None:
        """Something happened."""
        self._news.set()

    async def run(self) -> None:
        """Push for ever."""
        async with HttpClient(timeout=TIMEOUT_SECONDS, trust_env=False) as http:
            while True:
                await self._news.wait()
                self._news.clear()
                for event in [one for one in self._book.events if one["id"] > self._pushed]:
                    if not await self._push(http, msgspec.json.encode(event)):
                        await asyncio.sleep(RETRY_SECONDS)
                        self._news.set()
                        break
                    self._pushed = event["id"]

    async def _push(self, http: httpx.AsyncClient, body: bytes) -> bool:
        headers = {
            "Content-Type": "application/json",
            "Stripe-Signature": signature_header(body, self._secret, self._now_seconds()),
        }
        for url in self._urls:
            try:
                response = await http.post(url, content=body, headers=headers)
            except httpx.HTTPError:
                continue
            if response.is_success:
                return True
        return False

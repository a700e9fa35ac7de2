"""The public keys of load balancers: asked for at the region's address, kept, and asked for as seldom as can be."""

import asyncio
import re
from collections import OrderedDict
from collections.abc import Callable
from typing import TypeVar

import httpx
import structlog

from config.console import LoadBalancerSettings
from payment_core.outgoing.client import HttpClient

log = structlog.get_logger()

Kept = TypeVar("Kept")

TIMEOUT_SECONDS = 3.0
KEYS_MAX = 16
"""A load balancer changes its key now and then; more than these at a time are not its own."""
ABSENT_MS = 60_000
"""A key that was not there is not asked for again so soon: whoever makes names up costs one request a minute."""
UNREACHED_MS = 2_000
"""Where nobody answered it is tried again soon: a person waits."""
MISSES_MAX = 64
KEY_LENGTH_MAX = 4096
_KEY_ID = re.compile(r"[A-Za-z0-9-]{1,64}")
"""It becomes a part of an address, so it may be no path."""


class PublicKeys:
    """By their names. transport: of a test; None for the network."""

    def __init__(
        self,
        settings: LoadBalancerSettings,
        monotonic_ms: Callable[[], float],
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        of_aws = f"https://public-keys.auth.elb.{settings.region}.amazonaws.com"
        self._url = of_aws if settings.keys_url is None else settings.keys_url.rstrip("/")
        self._monotonic_ms = monotonic_ms
        self._transport = transport
        self._keys: OrderedDict[str, str] = OrderedDict()
        self._not_before_ms: OrderedDict[str, float] = OrderedDict()
        self._one_at_a_time = asyncio.Lock()

    async def get(self, key_id: str) -> str | None:
        """The key as PEM; None when there is none of this name, or it cannot be had now."""
        if _KEY_ID.fullmatch(key_id) is None:
            return None
        if key_id not in self._keys:
            async with self._one_at_a_time:
                await self._ask(key_id)
        return self._keys.get(key_id)

    async def _ask(self, key_id: str) -> None:
        now_ms = self._monotonic_ms()
        awaited = sum(at_ms > now_ms for at_ms in self._not_before_ms.values())
        if key_id in self._keys or awaited >= MISSES_MAX or self._not_before_ms.get(key_id, 0.0) > now_ms:
            return
        key, pause_ms = await self._fetch(key_id)
        if key is None:
            _keep(self._not_before_ms, key_id, now_ms + pause_ms, MISSES_MAX)
        else:
            _keep(self._keys, key_id, key, KEYS_MAX)

    async def _fetch(self, key_id: str) -> tuple[str | None, float]:
        """Ask once, by a connection of its own, because keys change seldom; the key, or how long not to ask again."""
        try:
            async with HttpClient(transport=self._transport, timeout=TIMEOUT_SECONDS, trust_env=False) as client:
                answer = await client.get(f"{self._url}/{key_id}")
        except httpx.HTTPError as fault:
            log.warning("key not read", action="load_balancer_key", fault=type(fault).__name__)
            return None, UNREACHED_MS
        if answer.status_code != httpx.codes.OK or len(answer.content) > KEY_LENGTH_MAX:
            log.warning("key not read", action="load_balancer_key", status=answer.status_code)
            return None, UNREACHED_MS if answer.is_server_error else ABSENT_MS
        return answer.text, 0.0


def _keep(kept: OrderedDict[str, Kept], name: str, value: Kept, most: int) -> None:
    kept[name] = value
    kept.move_to_end(name)
    while len(kept) > most:
        kept.popitem(last=False)

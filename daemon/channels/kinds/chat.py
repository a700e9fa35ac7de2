"""Any chat system that Apprise knows: in a thread, because Apprise waits, and at most one attempt at a time."""

import asyncio
import importlib
import logging
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from typing import Protocol

from daemon.channels.cutting import cut, cut_bytes, in_one_line, readable
from daemon.channels.ports import ATTEMPT_SECONDS, ChannelDown, Receipt
from daemon.errors import NotUsable
from remediation.escalation.notices import Notice

TITLE_LENGTH_MAX = 250
BODY_BYTES_MAX = 32 * 1024
"""Apprise cuts to what each service takes; this bounds what it is given."""
_FIX = "install tillwatch with the extra chat: pip install 'tillwatch[chat]'"


class Teller(Protocol):
    """Apprise with one service. Blocks."""

    def notify(self, body: str, title: str, *, body_format: str, interpret_escapes: bool) -> object:
        """Whether the service took it, by its truth."""


class Chat:
    """Channel. Apprise says neither why something failed nor knows a key, so one sent twice is seen twice.

    pool: one thread of its own, so that a service which hangs can neither pile up attempts nor take anybody's thread.
    """

    def __init__(self, teller: Teller, pool: ThreadPoolExecutor, attempt_seconds: float = ATTEMPT_SECONDS) -> None:
        self._teller = teller
        self._pool = pool
        self._attempt_seconds = attempt_seconds
        self._under_way: asyncio.Future[bool] | None = None

    async def send(self, notice: Notice, key: str, address: str, at_ms: int) -> Receipt:
        """See Channel; whom it reaches is in Apprise's URL, so that the address is not used."""
        del key, address, at_ms
        if self._under_way is not None and not self._under_way.done():
            raise ChannelDown("the attempt before still hangs")
        title, body = words_of(notice)
        self._under_way = asyncio.get_running_loop().run_in_executor(self._pool, self._told, title, body)
        self._under_way.add_done_callback(_seen)
        done, _ = await asyncio.wait({self._under_way}, timeout=self._attempt_seconds)
        if not done:
            raise ChannelDown(f"no answer within {self._attempt_seconds:g} s")
        if not self._under_way.result():
            raise ChannelDown("Apprise did not deliver it")
        return Receipt("Apprise delivered it")

    def _told(self, title: str, body: str) -> bool:
        return bool(self._teller.notify(body, title, body_format="text", interpret_escapes=False))


def words_of(notice: Notice) -> tuple[str, str]:
    """Title and text; the alert's key ends the text."""
    title = cut(in_one_line(readable(notice.title)), TITLE_LENGTH_MAX)
    return title, cut_bytes(f"{readable(notice.body)}\n{notice.dedup_key}", BODY_BYTES_MAX)


async def open_chat(stack: AsyncExitStack, name: str, url: str) -> Chat:
    """name: of the channel. Raises NotUsable without Apprise, or when it knows no such service; never with the URL."""
    pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"channel-{name}")
    # A thread that hangs must not hold up the stop; what it had was not delivered, and is sent again.
    stack.callback(pool.shutdown, wait=False, cancel_futures=True)
    return Chat(await asyncio.get_running_loop().run_in_executor(pool, _teller, name, url), pool)


def _seen(ended: asyncio.Future[bool]) -> None:
    """Nobody may be there any more to ask how a thread ended that hung."""
    if not ended.cancelled():
        ended.exception()


def _teller(name: str, url: str) -> Teller:
    try:
        apprise = importlib.import_module("apprise")
    except ImportError as fault:
        raise NotUsable(f"channels.via.{name}: the kind apprise needs Apprise; {_FIX}.") from fault
    # What Apprise logs holds the URLs that it calls, and with them their secrets.
    logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)
    teller: Teller = apprise.Apprise()
    if not teller.add(url):  # type: ignore[attr-defined]  # to open alone
        raise NotUsable(
            f"channels.via.{name}.url: Apprise knows no such service; its list of services says how each is written."
        )
    return teller

"""Opens what reads the cores' books for people."""

from collections.abc import Callable
from contextlib import AsyncExitStack

from config.settings import Settings
from daemon.cores.api import CoreApi
from daemon.cores.books import CoreBooks
from daemon.cores.books_watch import BooksWatch
from daemon.cores.token import read_core_token
from remediation.ports import Clock


async def open_books(
    stack: AsyncExitStack, settings: Settings, clock: Clock, changed: Callable[[], None]
) -> BooksWatch:
    """Connections are closed when the stack is. Raises NotUsable."""
    urls = [target.url for target in settings.cores.values()]
    api = await stack.enter_async_context(CoreApi(urls, await read_core_token(settings)))
    return BooksWatch(CoreBooks(api), clock, changed)

"""A page of the console as it is rendered, for tests of what it says."""

from daemon.http.console.feed import ConsoleFeed, Snapshot
from daemon.http.console.pages.declared import ConsolePage
from daemon.http.console.pages.overview import OVERVIEW


async def rendered(feed: ConsoleFeed, page: ConsolePage = OVERVIEW, of: str = "", version: int = 1) -> Snapshot:
    """The page, which there has to be."""
    snapshot = await feed.snapshot(page, of, version)
    assert snapshot is not None
    return snapshot

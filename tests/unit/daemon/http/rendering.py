"""A page of the console as it is composed and rendered, for tests of what it says."""

from daemon.http.console.feed import ConsoleFeed, Snapshot
from daemon.http.console.pages.declared import ConsolePage
from daemon.http.console.pages.overview import OVERVIEW
from daemon.http.console.pages.rules import RulesPage
from daemon.http.console.pages.rules import compose_list as rules_page
from daemon.http.console.pages.scene import Scene
from daemon.http.options import HttpOptions
from tests.unit.daemon.http.fake_view import FakeView


async def rendered(feed: ConsoleFeed, page: ConsolePage = OVERVIEW, of: str = "", version: int = 1) -> Snapshot:
    """The page, which there has to be."""
    snapshot = await feed.snapshot(page, of, version)
    assert snapshot is not None
    return snapshot


def scene_of(view: FakeView, options: HttpOptions) -> Scene:
    """What pages are composed from at the view's moment."""
    return Scene(view=view, options=options, now_ms=view.now_ms(), entries=tuple(view.entries))


def rules_of(view: FakeView, options: HttpOptions) -> RulesPage:
    """The page of rules."""
    return rules_page(scene_of(view, options), "")

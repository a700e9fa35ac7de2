"""Every page of the console and the navigation between them."""

from types import MappingProxyType

from daemon.http.console.pages.declared import ConsolePage, Section
from daemon.http.console.pages.overview import OVERVIEW

PAGES: tuple[ConsolePage, ...] = (OVERVIEW,)
"""Each is live, has a route of its own and needs a viewer."""

HEADER = ConsolePage(name="header", title="", path="", section="", panels=(), compose=lambda scene, _of: scene)
"""What a page follows that shows one answer to one question: nothing but the verdict in its header is live."""

PAGE_BY_NAME = MappingProxyType({page.name: page for page in (*PAGES, HEADER)})

SECTIONS = (Section("overview", "Overview", "/console"),)
"""In the order in which somebody at 03:00 asks."""

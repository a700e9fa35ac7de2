"""What a page of the console declares of itself: its address, its panels, and what fills them."""

from collections.abc import Callable
from dataclasses import dataclass

from daemon.http.console.pages.scene import Scene


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsolePage:
    """A live page. path: its route, with ``{of}`` when it shows one thing of many.

    section: the entry of the navigation that it belongs to. panels: each is a template ``panels/NAME.html`` and an
    element with the id ``panel-NAME``. compose: what the templates get as ``page``; None when there is no such thing.
    chart: whether it draws payments by the second. asks_cores: whether it shows what only the cores know.
    story: whether it is composed from what the journal says of the incident that it is of.
    """

    name: str
    title: str
    path: str
    section: str
    panels: tuple[str, ...]
    compose: Callable[[Scene, str], object | None]
    chart: bool = False
    asks_cores: bool = False
    story: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """An entry of the navigation."""

    name: str
    title: str
    href: str

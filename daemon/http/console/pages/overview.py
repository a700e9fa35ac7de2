"""The first page: am I safe, and if not, what broke, what was done about it, and why not more."""

from daemon.http.console.compose import build_page
from daemon.http.console.page import Page
from daemon.http.console.pages.declared import ConsolePage
from daemon.http.console.pages.scene import Scene


def compose(scene: Scene, _of: str) -> Page:
    """Everything on it but the timeline."""
    return build_page(scene.view, scene.options, () if scene.costs is None else scene.costs.savings)


OVERVIEW = ConsolePage(
    name="overview",
    title="Overview",
    path="/console",
    section="overview",
    panels=(
        "verdict",
        "traffic",
        "deployment",
        "incidents",
        "rules",
        "timeline",
        "why-not",
        "sources",
        "components",
        "flags",
        "capacity",
        "costs",
    ),
    compose=compose,
    chart=True,
)

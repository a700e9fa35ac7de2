"""Whether all is well, in three words on every page."""

from daemon.http.console.compose import source_rows
from daemon.http.console.page import Verdict
from daemon.http.console.pages.scene import Scene
from daemon.http.console.verdict import verdict


def standing(scene: Scene) -> Verdict:
    """The overview's verdict."""
    return verdict(scene.view, scene.view.readings(), source_rows(scene.view, scene.now_ms))

"""What pages are composed from: the view, the parts beside it, and what had to be read before."""

from collections.abc import Sequence
from dataclasses import dataclass

from daemon.http.options import HttpOptions
from daemon.reports.view import CostsDocument
from daemon.view.shape import SystemView
from remediation.journal.entry import Entry
from remediation.state import State


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One moment of the daemon. entries: the journal's newest, oldest first. costs: None while they cannot be read."""

    view: SystemView
    options: HttpOptions
    now_ms: int
    entries: Sequence[Entry] = ()
    costs: CostsDocument | None = None

    @property
    def state(self) -> State:
        """What the journal says."""
        return self.view.state()

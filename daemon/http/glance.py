"""The four questions of 03:00 in one answer, in the words of the console's first page."""

from daemon.http import resources
from daemon.http.console.compose import build_page
from daemon.http.console.page import IncidentRow, LedgerRow, NotTaken, Verdict
from daemon.http.console.waiting_rows import WaitingRow
from daemon.http.options import HttpOptions
from daemon.view.shape import SystemView
from remediation.state import HOUR_MS, ActionState

RECENT_MS = 24 * HOUR_MS
"""What was done longer ago is no answer to whoever has just been woken."""
ACTIONS_MAX = 10


class Glance(resources.StatusDocument, frozen=True, kw_only=True):
    """The daemon at a glance. incidents: those that are open first, each group newest first.

    done: actions of the last day, newest first. not_taken: what was held back, and why; waiting: questions to people.
    ledger: the last proof that every cent is accounted for; one that is too old is no data.
    """

    verdict: Verdict
    incidents: tuple[IncidentRow, ...]
    done: tuple[ActionState, ...]
    not_taken: tuple[NotTaken, ...]
    waiting: tuple[WaitingRow, ...]
    ledger: LedgerRow


def glance(view: SystemView, options: HttpOptions) -> Glance:
    """Everything as it is now."""
    page, status = build_page(view, options), resources.status_document(view, options.version)
    recent = [one for one in view.state().actions.values() if one.decided_at_ms > status.now_ms - RECENT_MS]
    return Glance(
        **{name: getattr(status, name) for name in status.__struct_fields__},
        verdict=page.verdict,
        incidents=page.incidents,
        done=tuple(reversed(recent[-ACTIONS_MAX:])),
        not_taken=page.not_taken,
        waiting=page.waiting,
        ledger=page.ledger,
    )

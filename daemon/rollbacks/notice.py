"""What customers are told after a complete rollback, written where the reports are."""

import asyncio
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from remediation.compensation.model import Fix
from remediation.compensation.state import CompensationState, FixState
from remediation.errors import WorldRefused
from remediation.rollback.model import RollbackRun
from remediation.state import DeploymentState

_ONCE = "once people of ours have looked at it and agreed"
_CHARGED = "were charged although they were shown as failed"
_PARTS = {
    (Fix.REFUND, True): f"{_CHARGED}; the money was returned",
    (Fix.REFUND, False): f"{_CHARGED}; the money will be returned {_ONCE}",
    (Fix.VOID, True): "left an amount reserved; it was released",
    (Fix.VOID, False): f"left an amount reserved; it will be released {_ONCE}",
    (Fix.RESEND, True): "failed without a charge; they were tried again once",
    (Fix.RESEND, False): f"failed without a charge; they will be tried again once, {_ONCE}",
    (Fix.WAIT, False): "are still being settled with the bank",
    (Fix.INVESTIGATE, False): "are being looked at by a person",
}
"""What is said of payments with this fix, and whether it is in effect: before people approved it, it is no fact."""


class Notices:
    """One Markdown file for each rollback; writing it again changes nothing. It names no customer and no payment."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    async def write(self, run: RollbackRun, deployment: DeploymentState, listed: CompensationState | None) -> Path:
        """The file's place. Raises WorldRefused when the disk does not take it."""
        place = self._directory / f"customers-{run.id}.md"
        text = notice(run, deployment, listed)
        try:
            await asyncio.to_thread(_write, place, text)
        except OSError as fault:
            raise WorldRefused(f"{place} cannot be written: {fault.strerror}") from fault
        return place


def notice(run: RollbackRun, deployment: DeploymentState, listed: CompensationState | None) -> str:
    """What happened, from when to when, and what became or becomes of the payments; nothing is promised too early."""
    counts = _counts(listed) if listed is not None else Counter()
    lines = [
        "# Some payments were disturbed",
        "",
        f"Between {_moment(deployment.started_at_ms)} and {_moment(run.asked_at_ms)} a part of the payments to this",
        "marketplace failed or took longer than they should. The cause is a change of ours, and it was taken back.",
        "",
    ]
    said = [f"- {counts[key]} payments {words}." for key, words in _PARTS.items() if counts[key]]
    return "\n".join([*lines, *(said or ["No payment was left in a wrong state."]), ""])


def _counts(listed: CompensationState) -> Counter[tuple[Fix, bool]]:
    """How many payments have which fix, and whether it is in effect; one that ended without effect is for a person."""
    counts: Counter[tuple[Fix, bool]] = Counter()
    for one in listed.payments:
        fix = listed.fixes.get(one.payment_id, FixState())
        counts[Fix.INVESTIGATE if fix.ended and not fix.done else one.fix, fix.done] += 1
    return counts


def _moment(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, tz=UTC).strftime("%Y-%m-%d %H:%M UTC")


def _write(place: Path, text: str) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text, encoding="utf-8")

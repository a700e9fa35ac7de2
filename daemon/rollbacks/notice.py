"""What customers are told after a complete rollback, written where the reports are."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

from remediation.compensation.model import Fix
from remediation.compensation.state import CompensationState
from remediation.errors import WorldRefused
from remediation.rollback.model import RollbackRun
from remediation.state import DeploymentState


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
    """What happened, from when to when, and what becomes of the payments."""
    fixes = [one.fix for one in listed.payments] if listed is not None else []
    lines = [
        "# Some payments were disturbed",
        "",
        f"Between {_moment(deployment.started_at_ms)} and {_moment(run.asked_at_ms)} a part of the payments to this",
        "marketplace failed or took longer than they should. The cause is a change of ours, and it was taken back.",
        "",
    ]
    parts = (
        (Fix.REFUND, "were charged although they were shown as failed; the money is being returned"),
        (Fix.VOID, "left an amount reserved; it is being released"),
        (Fix.RESEND, "failed without a charge; they are being tried again once"),
        (Fix.WAIT, "are still being settled with the bank"),
        (Fix.INVESTIGATE, "are being looked at by a person"),
    )
    said = [f"- {fixes.count(fix)} payments {words}." for fix, words in parts if fixes.count(fix)]
    return "\n".join([*lines, *(said or ["No payment was left in a wrong state."]), ""])


def _moment(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, tz=UTC).strftime("%Y-%m-%d %H:%M UTC")


def _write(place: Path, text: str) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text, encoding="utf-8")

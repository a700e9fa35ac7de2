"""Capacity as it is told over HTTP and asked for there, and how each reason is said."""

import msgspec

from daemon.scaling.desk import ComponentStatus, ScalingDesk
from remediation.decisions import Outcome
from remediation.scaling.model import ScalingDecision


class ScalingDocument(msgspec.Struct, frozen=True, kw_only=True):
    """mode: ``off``, ``observe`` or ``act``. Amounts: microdollars an hour, of the components whose size is known."""

    mode: str
    hourly_microdollars: int
    hourly_cap_microdollars: int
    components: list[ComponentStatus]


class UnitsWish(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """So many units by hand for so long. units: null lets load decide again. dry_run: only say what would be done.

    skipped: confirmations that the client passed over.
    """

    reason: str
    units: int | None
    lasts_ms: int = 3_600_000
    dry_run: bool = False
    skipped: tuple[str, ...] = ()


class UnitsAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What became of it. decision: with its dollars. outcome: None where nothing had to be sent to the world."""

    detail: str
    dry_run: bool
    decision: ScalingDecision | None
    outcome: Outcome | None = None


def document_of(desk: ScalingDesk) -> ScalingDocument:
    """All of it as one document."""
    components = desk.status()
    decided = [one.decision for one in components if one.decision is not None]
    return ScalingDocument(
        mode=desk.mode,
        hourly_microdollars=sum(one.hourly_before_microdollars for one in decided),
        hourly_cap_microdollars=desk.cap_microdollars,
        components=components,
    )

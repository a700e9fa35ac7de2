"""What people keep quiet: silences, which always end, and maintenance, which is announced before it begins."""

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Literal

import msgspec

from config.escalation.escalation_file import Escalation
from config.escalation.matchers import MatcherUnusable, check_matchers
from remediation.escalation.state import MAINTENANCES_MAX, EscalationBook, Maintenance, Silence
from remediation.journal.escalation_kinds import MaintenanceAnnounced, MaintenanceEnded, SilenceAdded, SilenceExpired
from remediation.journal.writer import JournalWriter
from remediation.ports import Clock


class QuietRefusal(StrEnum):
    """Why nothing is kept quiet, or goes on being so, in order of precedence."""

    NOT_LEADING = "not_leading"
    UNKNOWN = "unknown"
    OVER = "over"
    MATCHERS = "matchers"
    TIMES = "times"
    TOO_LONG = "too_long"
    NOTICE = "notice"
    TOO_MANY = "too_many"


class QuietRefused(msgspec.Struct, frozen=True, kw_only=True):
    """A no. detail: one sentence with what to do."""

    refusal: QuietRefusal
    detail: str


class QuietDesk:
    """actor: the name of a person's token. rules: of this moment. A journal fault is raised, and changes nothing."""

    def __init__(self, writer: JournalWriter, clock: Clock, rules: Callable[[], Escalation]) -> None:
        self._writer = writer
        self._clock = clock
        self._rules = rules

    @property
    def book(self) -> EscalationBook:
        """What the journal says."""
        return self._writer.state.escalation

    async def silence(
        self, matchers: Sequence[str], ends_at_ms: int, actor: str, comment: str, starts_at_ms: int = 0
    ) -> Silence | QuietRefused:
        """Tell nobody of what matches all of these. starts_at_ms: now when 0, or when it is past."""
        starts_at_ms = max(starts_at_ms, self._clock.now_ms())
        refused = self.silence_refused(matchers, ends_at_ms, starts_at_ms)
        if refused is not None:
            return refused
        entry = await self._writer.append(
            SilenceAdded(matchers=tuple(matchers), starts_at_ms=starts_at_ms, ends_at_ms=ends_at_ms, comment=comment),
            actor,
        )
        return self.book.silences[f"sil-{entry.sequence}"]

    def silence_refused(self, matchers: Sequence[str], ends_at_ms: int, starts_at_ms: int = 0) -> QuietRefused | None:
        """Why no such silence is added; None when nothing stands in its way. Nothing is written."""
        rules, now_ms = self._rules().silences, self._clock.now_ms()
        starts_at_ms = max(starts_at_ms, now_ms)
        times = _times(starts_at_ms, ends_at_ms, rules.longest)
        refused = _first(self._not_leading(), _unusable(matchers), times)
        if refused is not None:
            return refused
        if sum(not one.is_over(now_ms) for one in self.book.silences.values()) >= rules.most:
            return _no(QuietRefusal.TOO_MANY, f"{rules.most} silences are in force; expire one first")
        return None

    async def expire(self, silence_id: str, actor: str, comment: str) -> Silence | QuietRefused:
        """End a silence now; what still burns is told at once."""
        refused = self.expire_refused(silence_id)
        if refused is not None:
            return refused
        await self._writer.append(SilenceExpired(silence_id=silence_id, comment=comment), actor)
        return self.book.silences[silence_id]

    def expire_refused(self, silence_id: str) -> QuietRefused | None:
        """Why this silence is not ended. Nothing is written."""
        return _first(self._not_leading(), self._ended(self.book.silences.get(silence_id), silence_id, "silence"))

    async def announce(
        self,
        kind: Literal["emergency", "planned"],
        what: str,
        matchers: Sequence[str],
        starts_at_ms: int,
        ends_at_ms: int,
        actor: str,
    ) -> Maintenance | QuietRefused:
        """Say that work begins later; without matchers it is about everything."""
        refused = self.announce_refused(kind, matchers, starts_at_ms, ends_at_ms)
        if refused is not None:
            return refused
        entry = await self._writer.append(
            MaintenanceAnnounced(
                kind=kind, what=what, matchers=tuple(matchers), starts_at_ms=starts_at_ms, ends_at_ms=ends_at_ms
            ),
            actor,
        )
        return self.book.maintenances[f"mnt-{entry.sequence}"]

    def announce_refused(
        self, kind: Literal["emergency", "planned"], matchers: Sequence[str], starts_at_ms: int, ends_at_ms: int
    ) -> QuietRefused | None:
        """Why no such work is announced. Nothing is written."""
        rules, now_ms = self._rules().maintenance, self._clock.now_ms()
        notice = rules.emergency_notice if kind == "emergency" else rules.planned_notice
        refused = _first(
            self._not_leading(),
            _unusable(matchers) if matchers else None,
            _times(starts_at_ms, ends_at_ms, rules.longest),
        )
        if refused is not None:
            return refused
        if starts_at_ms < now_ms + round(notice * 1000):
            detail = f"{kind} maintenance is announced at least {_span(notice)} before it begins"
            return _no(QuietRefusal.NOTICE, detail)
        if sum(not one.is_over(now_ms) for one in self.book.maintenances.values()) >= MAINTENANCES_MAX:
            return _no(QuietRefusal.TOO_MANY, f"{MAINTENANCES_MAX} are announced; end one first")
        return None

    async def end(self, maintenance_id: str, actor: str, comment: str) -> Maintenance | QuietRefused:
        """End announced work now, or take it back; what still burns is told at once."""
        refused = self.end_refused(maintenance_id)
        if refused is not None:
            return refused
        await self._writer.append(MaintenanceEnded(maintenance_id=maintenance_id, comment=comment), actor)
        return self.book.maintenances[maintenance_id]

    def end_refused(self, maintenance_id: str) -> QuietRefused | None:
        """Why this maintenance is not ended. Nothing is written."""
        known = self.book.maintenances.get(maintenance_id)
        return _first(self._not_leading(), self._ended(known, maintenance_id, "maintenance"))

    def _not_leading(self) -> QuietRefused | None:
        if self._clock.now_ms() < self._writer.lease.until_ms:
            return None
        return _no(QuietRefusal.NOT_LEADING, "the lease ran out; ask the daemon that leads")

    def _ended(self, known: Silence | Maintenance | None, name: str, what: str) -> QuietRefused | None:
        if known is None:
            return _no(QuietRefusal.UNKNOWN, f"there is no {what} {name!r:.60}")
        return _no(QuietRefusal.OVER, f"{name} is over") if known.is_over(self._clock.now_ms()) else None


def _first(*refusals: QuietRefused | None) -> QuietRefused | None:
    return next((one for one in refusals if one is not None), None)


def _unusable(matchers: Sequence[str]) -> QuietRefused | None:
    try:
        check_matchers(matchers)
    except MatcherUnusable as fault:
        return _no(QuietRefusal.MATCHERS, str(fault))
    return None


def _times(starts_at_ms: int, ends_at_ms: int, longest: float) -> QuietRefused | None:
    if ends_at_ms <= starts_at_ms:
        return _no(QuietRefusal.TIMES, "it ends before it starts, or is over already")
    if ends_at_ms - starts_at_ms > round(longest * 1000):
        return _no(
            QuietRefusal.TOO_LONG, f"it lasts longer than {_span(longest)}; what lasts longer is a rule to change"
        )
    return None


def _span(seconds: float) -> str:
    return f"{seconds / 3600:g} h" if seconds >= 3600 else f"{seconds / 60:g} min"  # noqa: PLR2004 - an hour.


def _no(refusal: QuietRefusal, detail: str) -> QuietRefused:
    return QuietRefused(refusal=refusal, detail=detail)

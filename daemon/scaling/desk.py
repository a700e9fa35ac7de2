"""What people ask about capacity: how it stands, what comes next, and so many units by hand."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import msgspec

from config.policy import Policy
from config.scaling import MICRODOLLARS_PER_CENT
from daemon.scaling.kinds.auto_scaling import AutoScaling
from daemon.scaling.scaler import Scaler
from daemon.scaling.watched import Watched
from remediation.decide import decide
from remediation.decisions import Outcome
from remediation.executor import Executor
from remediation.journal.scaling_kinds import ScalingPinned
from remediation.journal.writer import JournalWriter
from remediation.ports import Clock
from remediation.scaling import peaks
from remediation.scaling.bookkeeping import in_emergency, pinned
from remediation.scaling.costs import spent_microdollars
from remediation.scaling.model import Direction, Pin, Reading, ScalingDecision
from remediation.scaling_findings import finding_of

LASTS_MS_MAX = 7 * 86_400_000
"""What somebody set by hand and forgot is over within a week."""


class SetRefusal(StrEnum):
    """Why units are not set by hand."""

    OFF = "off"
    UNKNOWN = "unknown"
    OUT_OF_RANGE = "out_of_range"
    HELD = "held"


class PeakAhead(msgspec.Struct, frozen=True, kw_only=True):
    """A plan that holds or comes: when its units are ordered, when it is over, and how many there will be at least."""

    name: str
    from_ms: int
    until_ms: int
    min: int
    max: int


class ComponentStatus(msgspec.Struct, frozen=True, kw_only=True):
    """A component at this moment. Amounts: microdollars. None: not known.

    least, most: what configuration allows now. cap, spent: of the hour, spent in the last 3,600 s. outlook: requests a
    second that are expected, with why there are none. drift: at Application Auto Scaling, in words.
    """

    place: str
    component: str
    region: str
    kind: str
    least: int
    most: int
    reading: Reading | None
    decision: ScalingDecision | None
    pin: Pin | None
    emergency: bool
    changing: str
    cap_microdollars: int
    spent_microdollars: int
    outlook: float | None = None
    outlook_words: str = ""
    peaks: tuple[PeakAhead, ...] = ()
    drift: tuple[str, ...] = ()
    fault: str = ""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What a person asks for. units: None lets load decide again. dry_run: only says what would be done."""

    units: int | None
    lasts_ms: int
    reason: str
    skipped: tuple[str, ...] = ()
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """decision: about the units. refusal: why nothing was set; None when it was, or would be. outcome: of the world."""

    decision: ScalingDecision | None
    refusal: SetRefusal | None
    detail: str
    outcome: Outcome | None = None


class ScalingDesk:
    """policy: as it is at this moment. auto_scaling: what AWS follows by itself. Journal faults are raised."""

    def __init__(
        self,
        scaler: Scaler,
        writer: JournalWriter,
        executor: Executor,
        policy: Callable[[], Policy],
        auto_scaling: Sequence[AutoScaling],
        clock: Clock,
    ) -> None:
        self._scaler = scaler
        self._writer = writer
        self._executor = executor
        self._policy = policy
        self._drift = {one.component.target: one for one in auto_scaling}
        self._clock = clock

    @property
    def mode(self) -> str:
        """``off``, ``observe`` or ``act``."""
        return self._scaler.policy.mode

    @property
    def cap_microdollars(self) -> int:
        """What all components may cost in an hour; where nothing is said of all, the sum of their own caps."""
        policy = self._scaler.policy
        if policy.hourly_cap_cents is None:
            return sum(one.component.scaled.cap_microdollars for one in self._scaler.watched)
        return policy.hourly_cap_cents * MICRODOLLARS_PER_CENT

    def status(self) -> list[ComponentStatus]:
        """Every component, in the order of the file."""
        return [self._status(one) for one in self._scaler.watched]

    async def set(self, place: str, asked: Asked, actor: str) -> Answer:
        """Give a component so many units by hand, through every guard that holds for people."""
        one = next((one for one in self._scaler.watched if place in {one.place, one.component.name}), None)
        if self.mode == "off":
            return Answer(None, SetRefusal.OFF, "scaling is switched off (mode in scaling.yaml)")
        if one is None:
            known = ", ".join(one.place for one in self._scaler.watched)
            return Answer(None, SetRefusal.UNKNOWN, f"there is no component {place:.60}; known: {known}")
        await self._scaler.look_at(one)
        if asked.units is None:
            return await self._let_go(one, asked, actor)
        now_ms = self._clock.now_ms()
        least, most = one.component.scaled.min, one.most(now_ms)
        if not least <= asked.units <= most:
            detail = f"{asked.units} is not between min and max of {one.place}, {least} and {most} at this moment"
            return Answer(None, SetRefusal.OUT_OF_RANGE, detail)
        pin = Pin(units=asked.units, until_ms=now_ms + asked.lasts_ms, by=actor, why=asked.reason)
        decision = self._scaler.as_if(one, pinned(one.book, pin))
        refusal = _held(one, decision, asked.units)
        if refusal or asked.dry_run:
            return Answer(decision, SetRefusal.HELD if refusal else None, refusal if refusal else decision.words)
        return await self._carry_out(one, pin, decision, asked, actor)

    async def _carry_out(self, one: Watched, pin: Pin, decision: ScalingDecision, asked: Asked, actor: str) -> Answer:
        before = self._writer.state.pins.get(one.component.target)
        pinned_now = ScalingPinned(target=one.component.target, pin=pin, skipped=asked.skipped)
        await self._writer.append(pinned_now, actor)
        await self._writer.append(decision)
        if decision.direction is Direction.NONE:
            return Answer(decision, None, decision.words)
        finding = finding_of(decision, self._clock.now_ms(), asked_by=actor)
        wanted = decide(finding, self._writer.state, self._policy(), self._clock.now_ms())
        acted, outcome = await self._executor.decide_and_carry_out(wanted)
        if outcome is None or outcome.refusal:
            # Whoever is told that it is not set must not find it done an hour later.
            await self._writer.append(ScalingPinned(target=one.component.target, pin=before), actor)
        if outcome is None:
            return Answer(decision, SetRefusal.HELD, acted.detail)
        return Answer(decision, None, outcome.refusal if outcome.refusal else outcome.detail, outcome)

    async def _let_go(self, one: Watched, asked: Asked, actor: str) -> Answer:
        decision = self._scaler.as_if(one, pinned(one.book, None))
        if not asked.dry_run:
            let_go = ScalingPinned(target=one.component.target, pin=None, skipped=asked.skipped)
            await self._writer.append(let_go, actor)
        return Answer(decision, None, f"load decides again: {decision.words}")

    def _status(self, one: Watched) -> ComponentStatus:
        now_ms, scaled = self._clock.now_ms(), one.component.scaled
        outlook, drift = one.book.outlook, self._drift.get(one.component.target)
        return ComponentStatus(
            place=one.place,
            component=one.component.name,
            region=scaled.region,
            kind=scaled.kind,
            least=scaled.min,
            most=one.most(now_ms),
            reading=one.newest,
            decision=one.decision,
            pin=self._writer.state.pins.get(one.component.target),
            emergency=in_emergency(one.book, one.component, now_ms),
            changing=self._scaler.changing(one),
            cap_microdollars=scaled.cap_microdollars,
            spent_microdollars=spent_microdollars(one.component, one.book.spells, now_ms),
            outlook=None if outlook is None else outlook.requests_per_second,
            outlook_words="" if outlook is None else outlook.why,
            peaks=_ahead(one, now_ms),
            drift=() if drift is None else drift.drift,
            fault=one.fault,
        )


def _held(one: Watched, decision: ScalingDecision, units: int) -> str:
    """Why a person does not get what they ask for: caps and what is under way hold for people, too."""
    if decision.current is None:
        return f"it cannot be told how many units {one.place} has: {one.fault if one.fault else 'no look yet'}"
    return "" if decision.target == units else f"{decision.reason.value}: {decision.words}"


def _ahead(one: Watched, now_ms: int) -> tuple[PeakAhead, ...]:
    return tuple(
        PeakAhead(
            name=peak.plan.name,
            from_ms=peak.from_ms,
            until_ms=peak.until_ms,
            min=peak.plan.min,
            max=one.component.scaled.max if peak.plan.max is None else peak.plan.max,
        )
        for peak in peaks.peaks(one.component)
        if peak.until_ms > now_ms
    )

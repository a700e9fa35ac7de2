"""One component between two looks: what was read of it, what is remembered, and what was decided last."""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import msgspec
import structlog

from config.scaling import EcsService, Processes, Scaling
from daemon.scaling.load import UNKNOWN, Gauge, Load, reading_of
from remediation.aiming.capacity import SCALE_ACTIONS
from remediation.decisions import OutcomeStatus
from remediation.errors import RemediationError
from remediation.ports import Capacity, Scalable
from remediation.scaling.bookkeeping import ordered, pinned, seen, undone
from remediation.scaling.limits import ceiling
from remediation.scaling.model import Book, Component, Direction, Reading, ScalingDecision, ScalingReason, Source
from remediation.state import ActionState, State

log = structlog.get_logger()

READINGS_MAX = 2_000
"""Of the longest cool-down that is of use, a look each second for half an hour."""


@dataclass(slots=True)
class Watched:
    """scalable: None for what nobody sizes. gauge: None where nobody tells a load. fault: why it was not read.

    short_ms: when somebody had to know of it last, 0 for never since the start. known_ms: when its units and its load
    were told last; before they ever were, when it was looked at first.
    """

    component: Component
    scalable: Scalable | None
    gauge: Gauge | None
    book: Book = field(init=False)
    readings: deque[Reading] = field(default_factory=lambda: deque(maxlen=READINGS_MAX))
    decision: ScalingDecision | None = None
    fault: str = ""
    short_ms: int = 0
    known_ms: int = 0
    _ended: set[str] = field(default_factory=set)
    _ordered: int = 0

    def __post_init__(self) -> None:
        self.book = Book(component=self.component.name)

    @property
    def blind_ms(self) -> int:
        """How long nobody has told what it has and how busy it is; 0 when the last look did."""
        return self.readings[-1].at_ms - self.known_ms if self.readings else 0

    @property
    def place(self) -> str:
        """``region/component``."""
        return f"{self.component.scaled.region}/{self.component.name}"

    @property
    def newest(self) -> Reading | None:
        """The newest look; None before the first."""
        return self.readings[-1] if self.readings else None

    async def look(self, now_ms: Callable[[], int], policy: Scaling) -> Reading:
        """Read what it has and what it is busy with; what cannot be read is missing."""
        self.fault = ""
        capacity = await self._capacity()
        load = await self._load(capacity)
        reading = reading_of(self.component.name, now_ms(), capacity, load)
        self.readings.append(reading)
        self.known_ms = reading.at_ms if _is_told(self.component, reading) or not self.known_ms else self.known_ms
        kept_ms = round((self.component.scaled.cool_down.scale_in + 2 * policy.stale) * 1000)
        while self.readings[0].at_ms < reading.at_ms - kept_ms:
            self.readings.popleft()
        self.book = seen(self.book, self.component, reading)
        return reading

    def catch_up(self, state: State, now_ms: int) -> None:
        """Take over from the journal what was sent to the world since, and what people set."""
        mine = (one for one in state.actions.values() if one.target == self.component.target)
        self.book = self._after(mine)
        pin = state.pins.get(self.component.target)
        self.book = pinned(self.book, pin if pin is not None and now_ms < pin.until_ms else None)

    def most(self, now_ms: int) -> int:
        """The most units that configuration allows at this moment."""
        return ceiling(self.component, self.book, now_ms)

    def _after(self, actions: Iterable[ActionState]) -> Book:
        book = self.book
        for one in sorted(actions, key=lambda act: act.intent_sequence):
            if not one.intent_sequence:
                continue
            if one.intent_sequence > self._ordered:
                self._ordered = one.intent_sequence
                book = ordered(book, self.component, _order(self.component, one))
            if one.status is OutcomeStatus.FAILED and one.decision_id not in self._ended:
                self._ended.add(one.decision_id)
                book = undone(book, self.component, _units(one, "before"), one.ended_at_ms)
        return book

    async def _capacity(self) -> Capacity | None:
        if self.scalable is None:
            return None
        try:
            return await self.scalable.read()
        except RemediationError as fault:
            self.fault = str(fault)
            log.warning("capacity not read", action="capacity_not_read", component=self.place, fault=str(fault))
            return None

    async def _load(self, capacity: Capacity | None) -> Load:
        if self.gauge is None:
            return UNKNOWN
        try:
            return await self.gauge.read(capacity)
        except RemediationError as fault:
            self.fault = self.fault if self.fault else str(fault)
            log.warning("load not read", action="load_not_read", component=self.place, fault=str(fault))
            return UNKNOWN


def needed_units(component: Component, in_flight: int | None) -> int | None:
    """Units that the requests under way fill; None when that is asked for and nobody knows."""
    per_unit = component.scaled.unit.concurrency
    if in_flight is None:
        return 0 if per_unit is None else None
    return -(-in_flight // (1 if per_unit is None else per_unit))


def _is_told(component: Component, reading: Reading) -> bool:
    """Whether it is known what it has and how busy it is.

    AWS tells nothing of functions, tables and balancers that have nothing to do; a processor is told while it runs.
    """
    scaled = component.scaled
    if reading.desired is None:
        return False
    if not isinstance(scaled, EcsService | Processes) or "utilization" not in scaled.signals:
        return True
    return reading.utilization is not None or reading.desired == 0


def _order(component: Component, one: ActionState) -> ScalingDecision:
    """What was sent, as a decision: what is remembered after a restart is what is remembered without one."""
    before, after = _units(one, "before"), _units(one, "after")
    source = one.arguments.get("source", "")
    return ScalingDecision(
        component=component.name,
        target_name=component.target,
        at_ms=one.intended_at_ms,
        current=before,
        wanted=after,
        target=after,
        direction=Direction.OUT if after > before else Direction.IN,
        reason=ScalingReason.WANTED,
        source=Source(source) if source in tuple(Source) and one.action in SCALE_ACTIONS else Source.PERSON,
        hourly_before_microdollars=before * component.scaled.unit.hour_microdollars,
        hourly_after_microdollars=after * component.scaled.unit.hour_microdollars,
    )


def _units(one: ActionState, when: str) -> int:
    """Before and after the action; taking one back ends where that one began."""
    undoes = bool(one.undoes)
    text = one.arguments.get("units", "0") if (when == "after") is not undoes else one.before.get("units", "0")
    return int(text) if text.isdigit() else 0


def with_surroundings(
    book: Book, *, rollout: str, volume_cents_per_hour: int | None, others_microdollars_per_hour: int
) -> Book:
    """The book with what is so around the component at this moment."""
    return msgspec.structs.replace(
        book,
        rollout=rollout,
        volume_cents_per_hour=volume_cents_per_hour,
        others_microdollars_per_hour=others_microdollars_per_hour,
    )

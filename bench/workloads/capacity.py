"""Random lives of a component: load that jumps, swings and falls silent, orders that half fail, peaks, emergencies."""

from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import sin
from random import Random

import msgspec

from config.calendars.peak import PeakPlan
from config.scaling import (
    MICRODOLLARS_PER_CENT,
    CoolDown,
    EcsService,
    Emergency,
    Savings,
    Scaling,
    ScheduleEntry,
    StepPolicy,
    Unit,
)
from remediation.scaling.bookkeeping import ordered, pinned, seen, undone
from remediation.scaling.deciding import decide
from remediation.scaling.model import (
    Book,
    Component,
    Direction,
    Outlook,
    Pin,
    Reading,
    ScalingDecision,
    Source,
)

START_MS = 1_795_000_000_000 // 3_600_000 * 3_600_000
TICK_MS = 20_000
HOUR_MS = 3_600_000
CARRIES, AT_ONCE = 10.0, 4


@dataclass(slots=True)
class Ledger:
    """What was paid for, kept apart from the book that decisions are made with."""

    spans: list[tuple[int, int, int]] = field(default_factory=list)
    running: int = 0
    since_ms: int = START_MS

    def resize(self, units: int, now_ms: int, drain_ms: int) -> None:
        """So many run from now on; what goes is paid for until it has drained."""
        self.spans.append((self.running, self.since_ms, now_ms))
        if units < self.running:
            self.spans.append((self.running - units, now_ms, now_ms + drain_ms))
        self.running, self.since_ms = units, now_ms

    def hour_microdollars(self, at_ms: int, price: int) -> float:
        """What the hour that ends at this moment cost."""
        spans = (*self.spans, (self.running, self.since_ms, at_ms))
        start_ms = at_ms - HOUR_MS
        total = sum(units * max(0, min(until, at_ms) - max(begin, start_ms)) for units, begin, until in spans)
        return total * price / HOUR_MS


class Life:
    """One component, its world, and every decision that was made. dark: how often a reading has a hole."""

    def __init__(self, chance: Random, *, dark: float = 0.02) -> None:
        self._chance, self._dark = chance, dark
        self.policy = Scaling(
            every=TICK_MS / 1000,
            stale=60.0,
            savings=Savings(breach=chance.choice(("page", "refuse"))),
            hourly_cap_cents=chance.choice((None, 400)),
        )
        self.component = Component("core", _component(chance))
        scaled = self.component.scaled
        self.now_ms = START_MS
        self.book = Book(
            component="core", volume_cents_per_hour=chance.choice((None, 1_000_000, 100_000_000, 10_000_000_000))
        )
        self.serving = scaled.min
        self.warming: deque[tuple[int, int]] = deque()
        self.readings: deque[Reading] = deque(maxlen=2 + round((scaled.cool_down.scale_in + 60) * 1000 / TICK_MS))
        self.ledger = Ledger()
        self.ledger.resize(scaled.min, START_MS, 0)
        self.decisions: list[ScalingDecision] = []
        self.emergencies: list[int] = []
        self._load = chance.uniform(0, scaled.max * CARRIES)
        self._swing = (0.0, 1.0)

    @property
    def desired(self) -> int:
        """Units that serve or warm up."""
        return self.serving + sum(units for _, units in self.warming)

    def tick(self) -> ScalingDecision:
        """The world goes on, is looked at, and decided on; what is decided mostly comes about."""
        chance = self._chance
        self.now_ms += TICK_MS
        while self.warming and self.warming[0][0] <= self.now_ms:
            self.serving += self.warming.popleft()[1]
        reading = self._reading(self._next_load())
        self.readings.append(reading)
        self.book = seen(self.book, self.component, reading)
        if chance.random() < 0.01:
            self.book = msgspec.structs.replace(self.book, rollout=chance.choice(("", "2.0.0")))
        if chance.random() < 0.01:
            units = chance.randint(0, self.component.scaled.max + 2)
            until_ms = self.now_ms + chance.choice((0, 60_000, 900_000))
            self.book = pinned(self.book, Pin(units=units, until_ms=until_ms, by="ann", why="a test"))
        outlook = Outlook(requests_per_second=chance.choice((None, chance.uniform(0, 80 * CARRIES))))
        self.book = msgspec.structs.replace(self.book, outlook=chance.choice((None, outlook)))
        decision = decide(self.component, self.readings, self.book, self.policy, self.now_ms)
        self.decisions.append(decision)
        if decision.direction is not Direction.NONE:
            self._carry_out(decision)
        return decision

    def cap_microdollars(self) -> int:
        """The highest cap in force in the hour that ends now, told from the configuration and what has happened."""
        scaled = self.component.scaled
        drain_ms = round(scaled.unit.drain * 1000)
        raised = []
        for plan in scaled.peaks:
            begins_ms = round((plan.starts.replace(tzinfo=UTC).timestamp() - plan.pre_warm) * 1000)
            ends_ms = round(plan.ends.replace(tzinfo=UTC).timestamp() * 1000)
            cap = 0 if plan.hourly_cap_cents is None else plan.hourly_cap_cents
            raised.append((begins_ms, ends_ms, cap))
        if scaled.emergency is not None:
            lasts_ms = round(scaled.emergency.lasts * 1000)
            raised += [(one, one + lasts_ms, scaled.emergency.hourly_cap_cents) for one in self.emergencies]
        caps = [
            cap
            for begins_ms, ends_ms, cap in raised
            if begins_ms <= self.now_ms and self.now_ms - HOUR_MS < ends_ms + drain_ms
        ]
        return max(scaled.hourly_cap_cents, *caps, 0) * MICRODOLLARS_PER_CENT

    def spent_microdollars(self) -> float:
        """What the hour that ends now cost."""
        return self.ledger.hour_microdollars(self.now_ms, self.component.scaled.unit.hour_microdollars)

    def _next_load(self) -> float:
        chance, most = self._chance, self.component.scaled.max * CARRIES * 1.6
        turn = chance.random()
        if turn < 0.03:
            self._load = chance.uniform(0, most)
        elif turn < 0.04:
            self._swing = (chance.uniform(0, most / 2), chance.uniform(0.05, 3))
        elif turn < 0.05:
            self._load, self._swing = 0.0, (0.0, 1.0)
        height, speed = self._swing
        swing = height * sin(speed * (self.now_ms - START_MS) / TICK_MS)
        return max(0.0, self._load + swing) * chance.uniform(0.95, 1.05)

    def _reading(self, load: float) -> Reading:
        capacity = self.serving * CARRIES
        served = min(load, capacity)
        hole = "" if self._chance.random() >= self._dark else self._chance.choice(("desired", "load", "in_flight"))
        at_once = round(served / CARRIES * AT_ONCE)
        known = hole != "load"
        return Reading(
            component="core",
            at_ms=self.now_ms,
            desired=None if hole == "desired" else self.desired,
            in_service=self.serving if known else None,
            utilization=(served / capacity if capacity else 1.0) if known else None,
            throttled=round((load - served) * TICK_MS / 1000) if known else None,
            in_flight=None if hole == "in_flight" else at_once,
            requests_per_second=load if known else None,
        )

    def _carry_out(self, decision: ScalingDecision) -> None:
        scaled, target = self.component.scaled, decision.target
        emergency = scaled.emergency
        running = (
            self.emergencies
            and emergency is not None
            and decision.at_ms < self.emergencies[-1] + round(emergency.lasts * 1000)
        )
        if decision.source is Source.EMERGENCY and not running:
            self.emergencies.append(decision.at_ms)
        self.book = ordered(self.book, self.component, decision)
        if target > self.desired and self._chance.random() < 0.1:
            target = self._chance.randint(self.desired, target)
            self.book = undone(self.book, self.component, target, self.now_ms)
        if target > self.desired:
            self.warming.append((self.now_ms + round(scaled.unit.warm_up * 1000), target - self.desired))
        fewer = self.desired - target
        while fewer > 0 and self.warming:
            ready_ms, units = self.warming.pop()
            if units > fewer:
                self.warming.append((ready_ms, units - fewer))
            fewer -= min(units, fewer)
        self.serving -= max(0, fewer)
        self.ledger.resize(target, self.now_ms, round(scaled.unit.drain * 1000))


def _component(chance: Random) -> EcsService:
    """A component whose limits fit together, drawn at random."""
    least = chance.randint(0, 3)
    most = least + chance.randint(1, 20)
    price = chance.choice((1_000, 39_500, 300_000))
    affordable = chance.randint(max(least, 1), most + 5)
    cap = max(1, -(-affordable * price // MICRODOLLARS_PER_CENT))
    starts = datetime.fromtimestamp(START_MS / 1000, UTC).replace(tzinfo=None)
    peak = PeakPlan(
        name="sale",
        starts=starts.replace(hour=(starts.hour + 1) % 24),
        ends=starts.replace(hour=(starts.hour + 1) % 24, minute=40),
        zone="UTC",
        pre_warm=300.0,
        min=least + 1,
        max=most + chance.randint(0, 10),
        hourly_cap_cents=cap * 2,
    )
    emergency = Emergency(max=most + 5, hourly_cap_cents=cap + 40, after=chance.choice((0.0, 60.0)), lasts=900.0)
    return EcsService(
        kind="ecs_service",
        cluster="a",
        service="b",
        region="us-east-1",
        min=least,
        max=most,
        unit=Unit(
            requests_per_second=CARRIES,
            concurrency=AT_ONCE,
            hour_microdollars=price,
            source="a test",
            warm_up=chance.choice((0.0, 60.0, 180.0)),
            drain=chance.choice((20.0, 60.0)),
        ),
        target_percent=chance.choice((50, 70, 90)),
        signals=chance.choice((("utilization",), ("utilization", "requests"), ("requests", "throttles"))),
        steps=chance.choice(((), (StepPolicy(above_percent=90, add_percent=100),))),
        cool_down=CoolDown(scale_out=chance.choice((0.0, 60.0)), scale_in=chance.choice((60.0, 300.0))),
        schedule=chance.choice(((), (ScheduleEntry(cron="*/30 * * * *", zone="UTC", desired=most),))),
        hourly_cap_cents=cap,
        emergency=chance.choice((None, emergency)),
        peaks=chance.choice(((), (peak,))),
    )

"""One way of scaling under recorded load: units warm up, serve, drain and cost, and what is too much is turned away."""

from collections import deque

import msgspec

from config.scaling import Scaling
from remediation.scaling.backtest.trace import Trace
from remediation.scaling.bookkeeping import HOUR_MS, ordered, seen
from remediation.scaling.deciding import decide
from remediation.scaling.model import Book, Component, Direction, Outlook, Reading, ScalingDecision
from remediation.scaling.needs import whole_units


class Unmeasured(Exception):
    """Nothing says how many requests a unit of the component carries, so load cannot be held against it."""


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it. seconds: that were played. throttled_requests: turned away. microdollars: of all units.

    changes: of capacity. most_units, least_units: at any moment. held: decisions that left everything as it was, by
    their reason.
    """

    seconds: float
    throttled_seconds: float
    throttled_requests: int
    microdollars: int
    changes: int
    most_units: int
    least_units: int
    held: dict[str, int]


class Run:
    """Begins with as many units as the first load needs. Decisions are made by `decide`, as they are in the daemon.

    A unit serves ``warm_up`` after it was ordered and costs from the order on; one that is taken away serves nothing
    more, and costs until it has drained. Load above what serves is turned away at once. late_ms: how old the load is
    that a look tells of; how many units there are it tells at once. Raises Unmeasured.
    """

    def __init__(
        self, component: Component, policy: Scaling, first_ms: int, requests_per_second: float, *, late_ms: int = 0
    ) -> None:
        carries = component.scaled.unit.requests_per_second
        if carries is None:
            raise Unmeasured(component.name)
        scaled = component.scaled
        self._component, self._policy, self._carries = component, policy, carries
        needed = whole_units(requests_per_second / (carries * scaled.target_percent / 100))
        self._serving = max(scaled.min, min(scaled.max, needed))
        self._warming: deque[tuple[int, int]] = deque()
        self._at_ms = self._looked_ms = self._first_ms = first_ms
        self._asked = self._turned_away = 0.0
        self._readings: deque[Reading] = deque()
        self._measured: deque[Reading] = deque()
        self._late_ms = late_ms
        self._kept_ms = round((scaled.cool_down.scale_in + policy.stale) * 1000)
        self.book = seen(Book(component=component.name), component, self._reading(first_ms))
        self.trace = Trace(first_ms)
        self._throttled_ms = self._unit_ms = self._changes = 0
        self._throttled_requests = 0.0
        self._most = self._least = self._serving
        self._held: dict[str, int] = {}

    @property
    def desired(self) -> int:
        """Units that serve or warm up."""
        return self._serving + sum(units for _, units in self._warming)

    def advance(self, until_ms: int, requests_per_second: float) -> None:
        """Live until then under a load that does not change."""
        while self._at_ms < until_ms:
            ready_ms = self._warming[0][0] if self._warming else until_ms
            to_ms = max(self._at_ms, min(until_ms, ready_ms))
            self._live(to_ms, requests_per_second)
            while self._warming and self._warming[0][0] <= to_ms:
                self._serving += self._warming.popleft()[1]

    def look(self, outlook: Outlook | None) -> ScalingDecision:
        """Decide at this moment, by what was seen since the last look, and do it."""
        reading = self._told(self._reading(self._at_ms))
        self._readings.append(reading)
        while self._readings[0].at_ms < self._at_ms - self._kept_ms:
            self._readings.popleft()
        self._asked = self._turned_away = 0.0
        self._looked_ms = self._at_ms
        self.book = msgspec.structs.replace(seen(self.book, self._component, reading), outlook=outlook)
        decision = decide(self._component, self._readings, self.book, self._policy, self._at_ms)
        if decision.direction is Direction.NONE:
            name = decision.reason.value
            self._held[name] = self._held.get(name, 0) + 1
        else:
            self._carry_out(decision)
        return decision

    def result(self) -> Result:
        """What came of it so far."""
        price = self._component.scaled.unit.hour_microdollars
        return Result(
            seconds=(self._at_ms - self._first_ms) / 1000,
            throttled_seconds=self._throttled_ms / 1000,
            throttled_requests=round(self._throttled_requests),
            microdollars=-(-self._unit_ms * price // HOUR_MS),
            changes=self._changes,
            most_units=self._most,
            least_units=self._least,
            held=dict(sorted(self._held.items())),
        )

    def _live(self, to_ms: int, requests_per_second: float) -> None:
        length_ms, capacity = to_ms - self._at_ms, self._serving * self._carries
        if not length_ms:
            return
        over = max(0.0, requests_per_second - capacity) * length_ms / 1000
        self._asked += requests_per_second * length_ms / 1000
        self._turned_away += over
        self._throttled_requests += over
        self._throttled_ms += length_ms if over else 0
        self._unit_ms += self.desired * length_ms
        self.trace.take(self._at_ms, to_ms, requests_per_second, capacity)
        self._at_ms = to_ms

    def _told(self, measured: Reading) -> Reading:
        """What is known now of the load of a while ago; nothing before so much time has passed."""
        self._measured.append(measured)
        while len(self._measured) > 1 and self._measured[1].at_ms <= measured.at_ms - self._late_ms:
            self._measured.popleft()
        known, at_ms = self._measured[0], measured.at_ms
        if known.at_ms > at_ms - self._late_ms:
            known = Reading(component=measured.component, at_ms=at_ms)
        units = {"desired": measured.desired, "in_service": measured.in_service}
        return msgspec.structs.replace(known, at_ms=at_ms, **units)

    def _reading(self, at_ms: int) -> Reading:
        """What a daemon would have measured since the last look; nothing at the first."""
        scaled, seconds = self._component.scaled, (at_ms - self._looked_ms) / 1000
        if not seconds:
            return Reading(component=self._component.name, at_ms=at_ms, desired=self.desired, in_service=self._serving)
        served = (self._asked - self._turned_away) / seconds
        capacity = self._serving * self._carries
        per_unit = 1 if scaled.unit.concurrency is None else scaled.unit.concurrency
        at_once = whole_units(served / self._carries * per_unit)
        waits = 2 * scaled.queue_age if scaled.queue_age is not None and self._turned_away else 0.0
        return Reading(
            component=self._component.name,
            at_ms=at_ms,
            desired=self.desired,
            in_service=self._serving,
            utilization=min(1.0, served / capacity) if capacity else (1.0 if self._asked else 0.0),
            queue_age_seconds=waits,
            concurrency=at_once,
            throttled=whole_units(self._turned_away),
            in_flight=at_once,
            requests_per_second=self._asked / seconds,
        )

    def _carry_out(self, decision: ScalingDecision) -> None:
        scaled = self._component.scaled
        more = decision.target - self.desired
        if more > 0:
            self._warming.append((self._at_ms + round(scaled.unit.warm_up * 1000), more))
        fewer = -more
        while fewer > 0 and self._warming:
            ready_ms, units = self._warming.pop()
            if units > fewer:
                self._warming.append((ready_ms, units - fewer))
            fewer -= min(units, fewer)
        self._serving -= max(0, fewer)
        self._unit_ms += max(0, -more) * round(scaled.unit.drain * 1000)
        self.book = ordered(self.book, self._component, decision)
        self._changes += 1
        self._most, self._least = max(self._most, decision.target), min(self._least, decision.target)

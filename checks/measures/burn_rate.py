"""``burn_rate``: how fast the error budget of an objective is spent, over several pairs of windows."""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby

import msgspec
from msgspec.structs import replace

from checks import shown
from checks.compiled_rule import CompiledRule
from checks.expression import Condition
from checks.facts import Deployment
from checks.findings import Finding, State
from checks.measures.judging.verdict import Verdict
from checks.measures.keyed import NOTHING, Described, Keyed
from checks.measures.selection import Selection
from checks.readings import Reading
from checks.state import KeyRead
from checks.windows.columns import Columns
from checks.windows.panes import Key, pane_length_ms
from config.rules.slo import BurnRateMeasure, Tier, exact

_GRAVEST_FIRST = ("critical", "high", "medium", "low")


class BurnRateState(msgspec.Struct, frozen=True, kw_only=True):
    """places: the key at each place. windows: by length, the newest pane and the panes. told: severity by open key."""

    places: list[KeyRead]
    windows: dict[int, tuple[int, dict[int, tuple[bytes, bytes]]]]
    told: dict[KeyRead, str]
    fired: dict[KeyRead, list[int]]


@dataclass(frozen=True, slots=True)
class _Pair:
    """A tier over its windows. It fires when bad * denominator > numerator * total in both.

    least, least_bad: the facts and the bad ones that it takes in the long one.
    """

    tier: Tier
    long: Columns
    short: Columns
    numerator: int
    denominator: int
    least: int
    least_bad: int

    def fires(self, place: int) -> bool:
        return (
            self.long.total[place] >= self.least
            and self.long.bad[place] >= self.least_bad
            and self.long.bad[place] * self.denominator > self.numerator * self.long.total[place]
            and self.short.bad[place] * self.denominator > self.numerator * self.short.total[place]
        )

    def firing(self) -> list[int]:
        """Every place at which it fires."""
        numerator, denominator, least = self.numerator, self.denominator, self.least
        columns = zip(self.long.bad, self.long.total, self.short.bad, self.short.total, strict=True)
        return [
            place
            for place, (bad, total, lately_bad, lately) in enumerate(columns)
            if bad * denominator > numerator * total
            and total >= least
            and bad >= self.least_bad
            and lately_bad * denominator > numerator * lately
        ]


class BurnRate(Keyed):
    """One ``burn_rate`` rule.

    The burn rate over a window is the share of bad facts in it divided by the share that may be bad, 1 - objective; at
    1 the budget lasts exactly the period. A tier fires while the burn rate of its long and of its short window is above
    its factor (Google, The Site Reliability Workbook, chapter 5, "Multiwindow, Multi-Burn-Rate Alerts"). Facts are
    counted, not minutes: a quiet bad minute weighs no more than its few facts. All comparisons are of whole numbers.

    Keys are judged when bad facts of them came, at the end of a batch, and at every tick.

    A release does not empty its windows: the budget is the service's, whoever spends it. While a key is in breach, its
    severity is that of the gravest tier that has fired; a graver one is told again.
    """

    def __init__(self, compiled: CompiledRule, condition: Condition, measure: BurnRateMeasure) -> None:
        super().__init__(compiled)
        self._condition = condition
        self._measure = measure
        self._budget = measure.budget
        lengths = {round(seconds * 1000) for tier in measure.tiers for seconds in (tier.long, tier.short)}
        self._base_ms = pane_length_ms(min(lengths))
        period_ms = round(measure.period * 1000)
        self._windows = {length: Columns(length, self._base_ms) for length in sorted(lengths | {period_ms})}
        self._period = self._windows[period_ms]
        tiers = sorted(measure.tiers, key=lambda tier: (_GRAVEST_FIRST.index(tier.severity), -tier.factor))
        self._pairs = [self._pair(tier) for tier in tiers]
        self._quickest = min(self._pairs, key=lambda pair: pair.long.window_ms)
        self.silence_ms = self._quickest.long.window_ms
        self._places: dict[Key, int] = {}
        self._free: list[int] = []
        self._told: dict[Key, str] = {}
        self._fired: dict[Key, list[int]] = {}

    def take(self, batch: Selection, now_ms: int, findings: list[Finding]) -> None:
        """Count the facts, pane by pane, and judge the keys that have new bad ones or are open."""
        keys, facts = batch.keys(self.per), batch.facts
        bad = set(map(id, batch.matching(self._condition).facts))
        times = [self.event_time(fact, now_ms) for fact in facts]
        self._advance()
        whole = zip(keys, facts, times, strict=True)
        for _, pane in groupby(whole, key=lambda one: one[2] // self._base_ms):
            piece = list(pane)
            totals = Counter(key for key, _, _ in piece)
            bads = Counter(key for key, fact, _ in piece if id(fact) in bad) if bad else Counter[Key]()
            for key, total in totals.items():
                self._count(key, piece[0][2], bads[key], total)
        latest = {
            key: (fact, at_ms)
            for key, fact, at_ms in zip(keys, facts, times, strict=True)
            if id(fact) in bad or key in self.episodes.open
        }
        for key, (fact, at_ms) in latest.items():
            if key in self._places:
                self.settle(key, at_ms, fact.id, findings)

    def elapse(self, findings: list[Finding]) -> None:
        """Move the windows, and find the keys at which a tier fires now; the base class judges those that are open."""
        if self._advance():
            self._free_places()
        firing = {place for pair in self._pairs for place in pair.firing()}
        if firing:
            opened = self.episodes.open
            found = [key for key, place in self._places.items() if place in firing and key not in opened]
            for key in found:
                self.settle(key, self.moment_ms, "", findings)

    def begin_anew(self, release: Deployment, findings: list[Finding]) -> None:
        """Nothing: what is spent stays spent."""

    def verdict(self, key: Key) -> Verdict:
        """Whether a tier fires; no data when the windows of what fired are empty, or all are for a healthy key."""
        place = self._places.get(key)
        if place is None:
            return Verdict.NO_DATA
        if any(pair.fires(place) for pair in self._pairs):
            return Verdict.BREACHING
        if key in self.episodes.open:
            silent = any(not self._pairs[number].short.total[place] for number in self._fired.get(key, ()))
        else:
            silent = self._quickest.long.total[place] < self._measure.min_samples
        return Verdict.NO_DATA if silent else Verdict.CLEAR

    def described(self, key: Key) -> Described:
        """The burn rate over the long window of the tier that is nearest to firing, and what is left of the budget."""
        place = self._places.get(key)
        if place is None or self.verdict(key) is Verdict.NO_DATA:
            return NOTHING
        pair = self._leading(place)
        burn, left = self._burn(pair.long, place), self.budget_left(key)
        spent = f"{burn:.3g} times over {shown.length(pair.tier.long)}"
        budget = (
            "" if left is None else f", {shown.share(left)} of the {shown.length(self._measure.period)} budget left"
        )
        return Described(burn, spent + budget, pair.long.total[place])

    def budget_left(self, key: Key) -> float | None:
        """The share of the period's budget that is left, below 0 when it is overspent; None without facts."""
        place = self._places.get(key)
        if place is None or not self._period.total[place]:
            return None
        return float(1 - Fraction(self._period.bad[place]) / (self._period.total[place] * self._budget))

    def keys(self) -> Iterable[Key]:
        """Keys with facts in the period."""
        return self._places

    def drop(self, keys: Collection[Key]) -> None:
        """Forget all facts of these keys."""
        for key in keys:
            place = self._places.pop(key, None)
            if place is not None:
                for columns in self._windows.values():
                    columns.empty(place)
                self._free.append(place)

    def meaning(self) -> dict[str, object]:
        """What is bad, over which windows; factors and objective change no count."""
        return {"measure": "burn_rate", "bad": self._condition.canonical, "windows_ms": list(self._windows)}

    def keep(self) -> bytes:
        """Every window's panes."""
        by_place: list[KeyRead] = [None] * len(self._period.total)
        for key, place in self._places.items():
            by_place[place] = key
        windows = {length: (columns.newest, columns.kept()) for length, columns in self._windows.items()}
        told: dict[KeyRead, str] = dict(self._told)
        fired: dict[KeyRead, list[int]] = dict(self._fired)
        return msgspec.msgpack.encode(BurnRateState(places=by_place, windows=windows, told=told, fired=fired))

    def take_back(self, body: bytes) -> None:
        """Fill every window."""
        state = msgspec.msgpack.decode(body, type=BurnRateState)
        if state.windows.keys() != self._windows.keys():
            message = "it holds other windows"
            raise msgspec.ValidationError(message)
        # In a list, unlike as a key of a mapping, a key of several fields comes back as a list.
        keys = [tuple(key) if isinstance(key, list) else key for key in state.places]
        self._places = {key: place for place, key in enumerate(keys) if key is not None}
        self._free = [place for place, key in enumerate(keys) if key is None]
        for length, (newest, panes) in state.windows.items():
            self._windows[length].grow(len(state.places))
            self._windows[length].refill(newest, panes.items())
        self._told = dict(state.told)
        self._fired = {
            key: [number for number in numbers if number < len(self._pairs)] for key, numbers in state.fired.items()
        }

    def _pair(self, tier: Tier) -> _Pair:
        limit = exact(tier.factor) * self._budget
        long, short = (self._windows[round(seconds * 1000)] for seconds in (tier.long, tier.short))
        return _Pair(
            tier, long, short, limit.numerator, limit.denominator, self._measure.min_samples, self._measure.min_bad
        )

    def _count(self, key: Key, at_ms: int, bad: int, total: int) -> None:
        place = self._places.get(key)
        if place is None:
            if len(self._places) >= self.compiled.rule.max_keys:
                self.refused_facts += total
                return
            place = self._places[key] = self._free.pop() if self._free else len(self._period.total)
            for columns in self._windows.values():
                columns.grow(place + 1)
        for columns in self._windows.values():
            if not columns.add(place, at_ms, bad, total) and columns is self._period:
                self.late += total

    def _advance(self) -> bool:
        left = [columns.advance(self.moment_ms) for columns in self._windows.values()]
        return any(left)

    def _free_places(self) -> None:
        """Give up the places of keys that have no fact in any window."""
        longest = self._period.total
        for key in [key for key, place in self._places.items() if not longest[place]]:
            place = self._places[key]
            if key not in self.episodes.open and not any(one.total[place] for one in self._windows.values()):
                self._free.append(self._places.pop(key))

    def _judge(self, key: Key, verdict: Verdict, at_ms: int, fact_id: str, findings: list[Finding]) -> None:
        """Judge as every rule does; a graver tier than was told is news."""
        if verdict is Verdict.BREACHING:
            place = self._places[key]
            self._fired[key] = [number for number, pair in enumerate(self._pairs) if pair.fires(place)]
        super()._judge(key, verdict, at_ms, fact_id, findings)
        episode = self.episodes.open.get(key)
        if episode is None:
            self._told.pop(key, None)
            self._fired.pop(key, None)
        elif episode.state is State.BREACHED and episode.breaching:
            severity, told = self._severity(key), self._told.get(key)
            if told is None or _GRAVEST_FIRST.index(severity) < _GRAVEST_FIRST.index(told):
                self._told[key] = severity
                if told is not None:
                    findings.append(self._finding(key, State.BREACHED, at_ms, fact_id))

    def _severity(self, key: Key) -> str:
        """Of the gravest tier that fires, or fired last; of the rule when none ever did."""
        numbers = self._fired.get(key)
        return self._pairs[min(numbers)].tier.severity if numbers else self.compiled.rule.severity

    def _leading(self, place: int) -> _Pair:
        """The gravest pair that fires, or else the one whose long window is nearest to its factor."""
        firing = next((pair for pair in self._pairs if pair.fires(place)), None)
        if firing is not None:
            return firing
        return max(self._pairs, key=lambda pair: self._burn(pair.long, place) / pair.tier.factor)

    def _burn(self, columns: Columns, place: int) -> float:
        total = columns.total[place]
        return float(Fraction(columns.bad[place], total) / self._budget) if total else 0.0

    def _finding(self, key: Key, state: State, at_ms: int, fact_id: str) -> Finding:
        finding = super()._finding(key, state, at_ms, fact_id)
        numbers = self._fired.get(key)
        if not numbers:
            return finding
        tier = self._pairs[min(numbers)].tier
        told = self._told.get(key, tier.severity)
        severity = min(told, tier.severity, key=_GRAVEST_FIRST.index)
        return replace(finding, severity=severity, breach=shown.tier(tier), window_seconds=tier.long)

    def _row(self, key: Key) -> Reading:
        return replace(super()._row(key), budget_left=self.budget_left(key))

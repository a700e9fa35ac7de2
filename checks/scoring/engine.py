"""Scores requests against the rules' windows, and feeds the windows with requests and their outcomes."""

from collections.abc import Iterable
from typing import Any, assert_never

from checks.facts import Fact, kind_of
from checks.scoring.compile import FraudRules
from checks.scoring.lists import ListEntry, Lists
from checks.scoring.model import Decision, HardMatch, Match, Reading, Score
from checks.scoring.plan import KindPlan, Planner
from checks.scoring.verdict import Scale, decide
from checks.scoring.windows import Window
from checks.windows.panes import PANE_MS_MIN


class NotScored(Exception):
    """No rule scores facts of this kind; give a payment.requested or a payout.requested."""


class ScoringEngine:
    """Deterministic: the same facts at the same times, in the same order, give the same scores.

    All state is in memory, bounded by each rule's max_keys, and grows from facts alone: after a restart ``rebuild``
    takes the facts of the last ``longest_window_ms`` again. lists: those of the rules' file when None.
    version: digest of the rules.
    clamped: facts from further ahead than the clock skew, which were counted at the present.
    """

    def __init__(self, rules: FraudRules, lists: Lists | None = None) -> None:
        self.lists = rules.lists() if lists is None else lists
        self.clamped = 0
        self.scored = 0
        self.version = rules.version
        self._skew_ms = int(rules.fraud.clock_skew * 1000)
        self._scale = Scale(dict(rules.fraud.families), rules.fraud.bands)
        self._plans = Planner(rules).plans
        self.longest_window_ms = rules.longest_window_ms

    def score(self, fact: Fact, now_ms: int) -> Score:
        """Count the request in the windows and score it, itself included; raises NotScored for another kind."""
        plan = self._plans.get(type(fact))
        if plan is None or not plan.rules:
            raise NotScored(kind_of(type(fact)))
        slots = self._take(plan, fact, now_ms)
        self.scored += 1
        return self._scored(plan, slots, fact, now_ms)

    def assess(self, fact: Fact, now_ms: int) -> Score:
        """The score that a request would get from what was counted before it, itself not included; counts nothing.

        Raises NotScored for another kind.
        """
        plan = self._plans.get(type(fact))
        if plan is None or not plan.rules:
            raise NotScored(kind_of(type(fact)))
        return self._scored(plan, plan.read(fact), fact, now_ms)

    def _scored(self, plan: KindPlan, slots: tuple[Any, ...], fact: Fact, now_ms: int) -> Score:
        readings, matched = _judged(plan, slots)
        reasons: list[Match] = []
        shadow: list[Match] = []
        for position in matched:
            judge = plan.judges[position]
            (reasons if judge.enforced else shadow).append(judge.match(readings[position]))
        entries = self.lists.lookup(fact, now_ms)
        hard, allowed = self._exceptions(plan, slots, entries, shadow)
        families = self._scale.families(reasons)
        value = self._scale.value(families)
        band = self._scale.band(value)
        hard += self._demanded(entries, value, band)
        return Score(
            fact_id=fact.id,
            kind=plan.kind,
            subject=fact.subject,
            at_ms=fact.at_ms,
            now_ms=now_ms,
            value=value,
            band=band,
            decision=decide(band, hard, allowed=bool(allowed)),
            reasons=tuple(reasons),
            hard=tuple(hard),
            allowed=tuple(allowed),
            shadow=tuple(shadow),
            families=families,
            rules=plan.rules,
            readings=tuple(readings),
            version=self.version,
        )

    def observe(self, fact: Fact, now_ms: int) -> None:
        """Count a fact without scoring it: an outcome, or on ``rebuild`` a request; other kinds are passed over."""
        plan = self._plans.get(type(fact))
        if plan is not None:
            self._take(plan, fact, now_ms)

    def rebuild(self, facts: Iterable[tuple[Fact, int]]) -> int:
        """Fill the windows of a new engine from recorded facts and the times they were taken; returns how many."""
        count = 0
        for fact, now_ms in facts:
            self.observe(fact, now_ms)
            count += 1
        return count

    @property
    def late(self) -> int:
        """Times a fact came after a window had passed it."""
        return sum(window.late for window in self._windows())

    @property
    def evicted(self) -> int:
        """Keys that were forgotten, or refused, because a window held max_keys."""
        return sum(window.evicted for window in self._windows())

    def _windows(self) -> Iterable[Window]:
        return (window for plan in self._plans.values() for window in plan.windows)

    def _take(self, plan: KindPlan, fact: Fact, now_ms: int) -> tuple[Any, ...]:
        """Feed the windows of the fact's kind, and let time pass in those that its rules read."""
        at_ms = self._event_time(fact.at_ms, now_ms)
        slots = plan.read(fact)
        for window in plan.windows:
            window.feed(slots, at_ms)
        if at_ms // PANE_MS_MIN > plan.second:
            plan.second = at_ms // PANE_MS_MIN
            for window in plan.foreign:
                window.advance_to(at_ms)
        return slots

    def _event_time(self, at_ms: int, now_ms: int) -> int:
        if at_ms <= now_ms + self._skew_ms:
            return at_ms
        self.clamped += 1
        return now_ms

    def _exceptions(
        self, plan: KindPlan, slots: tuple[Any, ...], entries: tuple[ListEntry, ...], shadow: list[Match]
    ) -> tuple[list[HardMatch], list[Match]]:
        """What goes beyond points: hard rules and the block list, allow rules and the allow list."""
        hard: list[HardMatch] = []
        for where, match, enforced in plan.hard:
            if not slots[where]:
                continue
            if enforced:
                hard.append(match)
            else:
                shadow.append(Match(rule=match.rule, reason=match.reason, reading=True))
        allowed = [match for where, match in plan.allow if slots[where]]
        allowed += [Match(rule=entry.name, reason=entry.name) for entry in entries if entry.list == "allow"]
        return hard, allowed

    def _demanded(self, entries: tuple[ListEntry, ...], value: int, band: Decision) -> list[HardMatch]:
        """What the entries demand beyond the score: a refusal, a review, or a stricter band."""
        demanded = []
        for entry in entries:
            decision = self._demand(entry, value, band)
            if decision is not None:
                demanded.append(HardMatch(rule=entry.name, reason=entry.name, decision=decision))
        return demanded

    def _demand(self, entry: ListEntry, value: int, band: Decision) -> Decision | None:
        match entry.list:
            case "block":
                return Decision.BLOCK
            case "review":
                return Decision.REVIEW
            case "stricter":
                raised = self._scale.band(value + entry.points)
                # Freezing lists the payer for a day; a stricter hour is no ground for that.
                raised = Decision.BLOCK if raised is Decision.FREEZE else raised
                return raised if raised.severity > band.severity else None
            case "allow":
                return None
            case _:
                assert_never(entry.list)


def _judged(plan: KindPlan, slots: tuple[Any, ...]) -> tuple[list[Reading], list[int]]:
    """Every rule's reading, position by position, and the positions of those that matched, in the rules' order."""
    readings: list[Reading] = [None] * len(plan.judges)
    matched: list[int] = []
    for position, where, get, key_slot, test, threshold in plan.lookups:
        key = slots[key_slot]
        if key and slots[where]:
            number = readings[position] = get(key, 0)
            if test(number, threshold):
                matched.append(position)
    for position, where, read, test, threshold in plan.lines:
        if slots[where]:
            reading = readings[position] = read(slots)
            if reading is not None and test(reading, threshold):
                matched.append(position)
    for position, where in plan.plain:
        if slots[where]:
            readings[position] = True
            matched.append(position)
    matched.sort()
    return readings, matched

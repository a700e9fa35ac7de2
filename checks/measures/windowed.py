"""Every windowed rule over the same facts, key and length: one wheel, filled by the batch, judged by the fact."""

from collections import Counter
from collections.abc import Collection, Sequence
from itertools import islice

from checks.compiled_rule import CompiledRule
from checks.expression import Condition
from checks.facts import Fact
from checks.findings import Finding, State
from checks.measures import windowed_state
from checks.measures.buckets import Buckets
from checks.measures.piece import Piece
from checks.measures.plan import Plan, Test
from checks.measures.verdict import Verdict
from checks.measures.watcher import FUTURE_MS_MAX, key_reader
from checks.measures.windowed_rule import Gained, WindowedRule
from checks.readings import Reading
from checks.state import about
from checks.windows import Counts, Key, Wheel

_NEVER_ENOUGH = 2**62
"""Matches that no key has: of a track that no rule holds against a limit to breach."""


class Windowed:
    """The rules that share a wheel: equal fact kind, ``where``, ``per`` and window.

    Facts are counted by the batch. Only where a verdict could change within the batch, for some order of its facts, are
    the facts of that key counted one by one; so the fact that tips a rule is named exactly.
    """

    def __init__(self, members: Sequence[tuple[CompiledRule, Plan]]) -> None:
        first, _ = members[0]
        self._per = first.rule.per
        self._key_of = key_reader(self._per)
        self._environment = self._per.index("environment") if "environment" in self._per else None
        self._window_seconds = first.window_seconds
        minimums = {compiled.min_samples for compiled, _ in members}
        self._minimums = frozenset(minimums)
        self._fewest, self._most = min(minimums), max(minimums)
        max_keys = max(compiled.rule.max_keys for compiled, _ in members)
        self._wheel = Wheel(round(first.window_seconds * 1000), max_keys, least=max(1, self._fewest))
        bucketed = {plan.bucketed[0]: plan.bucketed[1] for _, plan in members if plan.bucketed}
        self._buckets = {canonical: Buckets() for canonical in bucketed}
        self._bucketed = [(read_all, self._buckets[canonical]) for canonical, read_all in bucketed.items()]
        self._tracks: dict[str, Counts] = {}
        self._conditions: list[Condition] = []
        self._rules = [self._joined(compiled, plan) for compiled, plan in members]
        self._least_matches = [
            min((rule.least_matches for rule in self._rules if rule.breach_counts is track), default=_NEVER_ENOUGH)
            for track in self._wheel.tracks
        ]
        totals = [track.totals for track in self._wheel.tracks]
        self._enough_matches = list(zip(totals, self._least_matches, strict=True))
        self._only_rises = all(plan.breach.rises for _, plan in members) and min(self._least_matches) > 0
        self._open: set[Key] = set()
        self._since_ms: dict[str, int] = {}
        self._deaf_until_ms = 0

    @property
    def pane_ms(self) -> int:
        """The length of its panes in event time."""
        return self._wheel.pane_ms

    @property
    def late(self) -> int:
        """Facts that came after their window had passed."""
        return self._wheel.late

    @property
    def refused(self) -> int:
        """Facts of new keys beyond max_keys, and episodes that made room."""
        return self._wheel.refused + sum(rule.episodes.forgotten for rule in self._rules)

    def fill(self, pane: int, piece: Piece, now_ms: int, findings: list[Finding]) -> None:
        """Count the facts of one pane, and judge what they can tip."""
        if self._since_ms:
            since = self._since_ms
            piece = Piece([fact for fact in piece.facts if fact.at_ms >= since.get(fact.environment, 0)])
        wheel = self._wheel
        if wheel.is_late(pane):
            wheel.late += len(piece.facts)
            return
        if pane != wheel.current:
            self._turn(pane, findings)
        keys = piece.keys(self._per, self._key_of)
        if wheel.is_full_for(keys):
            piece = self._admitted(piece, keys)
            keys = piece.keys(self._per, self._key_of)
        arrived = piece.counted(self._per, self._key_of)
        matched = [piece.matches(condition, self._per, self._key_of) for condition in self._conditions]
        wheel.all_facts.add(keys, arrived)
        for track, matches in zip(wheel.tracks, matched, strict=True):
            if matches:
                track.add(matches, Counter(matches))
        for read_all, buckets in self._bucketed:
            _add_values(buckets, keys, read_all(piece.facts))
        watched = self._watched(piece, arrived, matched)
        if watched:
            self._count_singly(piece, keys, watched, now_ms, findings)
        if self._open:
            self._confirm(piece.facts, keys, self._open & arrived.keys() - watched, now_ms, findings)

    @property
    def about(self) -> str:
        """The facts, their key, and how the window is cut."""
        window = {"measure": "window", "seconds": self._window_seconds, "pane_ms": self._wheel.pane_ms}
        return about(self._rules[0].episodes.compiled, window)

    @property
    def counted(self) -> frozenset[str]:
        """The conditions that are counted, and the values that are shown."""
        return frozenset({*self._tracks, *(f"values of {read}" for read in self._buckets)})

    def snapshot(self) -> bytes:
        """See Watcher."""
        return windowed_state.kept(self._wheel, self._tracks, self._buckets, self._rules, self._since_ms)

    def restore(self, saved: bytes) -> None:
        """See Watcher."""
        self._since_ms = windowed_state.take_back(saved, self._wheel, self._tracks, self._buckets, self._rules)
        self._open = {key for rule in self._rules for key in rule.episodes.open}

    def tick(self, now_ms: int, findings: list[Finding]) -> None:
        """Move the windows to now, judge what lost facts, and what waits to be clear or fell silent."""
        self._shrink(self._wheel.advance(now_ms // self._wheel.pane_ms), now_ms, findings)
        totals = self._wheel.all_facts.totals
        for rule in self._rules:
            for key in (*rule.episodes.open, *rule.fallen_silent(totals, deaf=now_ms < self._deaf_until_ms)):
                self._settle(rule, key, totals.get(key, 0), now_ms, "", findings)
        self._open = {key for rule in self._rules for key in rule.episodes.open}

    def resume(self, now_ms: int) -> None:
        """See Watcher: a silence that a rule minds begins now."""
        self._deaf_until_ms = now_ms + round(self._window_seconds * 1000)

    def forget(self, environment: str, at_ms: int, fact_id: str, findings: list[Finding]) -> None:
        """Empty the windows of every key that names the environment; what was breached there has no data now."""
        if self._environment is None:
            return
        self._since_ms[environment] = at_ms
        keys = {*self._wheel.all_facts.totals, *self._open}
        gone = [key for key in keys if self._environment_of(key) == environment]
        self._wheel.forget(gone)
        for buckets in self._buckets.values():
            buckets.forget(gone)
        for rule in self._rules:
            rule.heard.difference_update(gone)
            for key in gone:
                if key in rule.episodes.open:
                    self._settle(rule, key, 0, at_ms, fact_id, findings)

    def _environment_of(self, key: Key) -> str:
        return key[self._environment] if isinstance(key, tuple) and self._environment is not None else str(key)

    def readings(self, keys_per_rule: int) -> list[Reading]:
        """Open episodes first, then at most keys_per_rule other keys that have facts in the window."""
        totals = self._wheel.all_facts.totals
        found: list[Reading] = []
        for rule in self._rules:
            others = (key for key in totals if key not in rule.episodes.open)
            found.extend(self._reading(rule, key) for key in (*rule.episodes.open, *islice(others, keys_per_rule)))
        return found

    def breached(self) -> list[Finding]:
        """What is beyond its limit now."""
        return [
            self._finding(rule, key, State.BREACHED, episode.confirmed_ms, episode.fact_id)
            for rule in self._rules
            for key, episode in rule.episodes.open.items()
            if episode.breaching
        ]

    def _joined(self, compiled: CompiledRule, plan: Plan) -> WindowedRule:
        clear = None if plan.clear is None else self._counts(plan.clear)
        buckets = None if plan.bucketed is None else self._buckets[plan.bucketed[0]]
        return WindowedRule(compiled, plan, self._counts(plan.breach), clear, buckets)

    def _counts(self, test: Test) -> Counts:
        condition = test.counted
        if condition.canonical not in self._tracks:
            self._tracks[condition.canonical] = self._wheel.track()
            self._conditions.append(condition)
        return self._tracks[condition.canonical]

    def _watched(self, piece: Piece, arrived: Counter[Key], matched: Sequence[Sequence[Key]]) -> set[Key]:
        """Keys whose verdict some order of the piece's facts, which are counted already, would change in between."""
        candidates = self._candidates(arrived, matched)
        if not candidates:
            return candidates
        gained = {track: Counter(matches) for track, matches in zip(self._wheel.tracks, matched, strict=True)}
        until_ms = max(piece.facts[-1].at_ms, self._wheel.newest * self._wheel.pane_ms)
        watched = {key for key in candidates if not self._is_settled(key, arrived[key], gained, until_ms)}
        for key in watched:
            self._wheel.all_facts.take_back(key, arrived[key])
            for track, matches in gained.items():
                track.take_back(key, matches[key])
        return watched

    def _candidates(self, arrived: Counter[Key], matched: Sequence[Sequence[Key]]) -> set[Key]:
        """Keys whose verdict could change at all: in an episode, with new matches, or now with enough facts."""
        if not self._only_rises:
            return set(arrived)
        candidates = self._open & arrived.keys()
        for track, matches, least in zip(self._wheel.tracks, matched, self._least_matches, strict=True):
            if matches:
                totals = track.totals
                candidates.update([key for key in matches if totals[key] >= least])
        if self._most > 1:
            totals, fewest, most = self._wheel.all_facts.totals, self._fewest, self._most
            ripe = [key for key, count in arrived.items() if fewest <= totals[key] < most + count]
            candidates.update([key for key in ripe if self._has_matches(key)])
        return candidates

    def _has_matches(self, key: Key) -> bool:
        """Whether a key has as many matches as a breach takes."""
        return any(totals.get(key, 0) >= least for totals, least in self._enough_matches)

    def _is_settled(self, key: Key, count: int, gained: Gained, until_ms: int) -> bool:
        total = self._wheel.all_facts.totals[key] - count
        return all(rule.is_settled(key, total, count, gained, until_ms) for rule in self._rules)

    def _confirm(
        self, facts: Sequence[Fact], keys: Sequence[Key], settled: set[Key], now_ms: int, findings: list[Finding]
    ) -> None:
        """Judge keys whose verdict no fact of the batch could change: once, with the latest fact of each."""
        if not settled:
            return
        for key, fact in _latest(facts, keys, settled):
            at_ms = min(fact.at_ms, now_ms + FUTURE_MS_MAX)
            self._judge(key, self._wheel.all_facts.totals[key], at_ms, fact.id, findings)

    def _count_singly(
        self, piece: Piece, keys: Sequence[Key], watched: set[Key], now_ms: int, findings: list[Finding]
    ) -> None:
        # Identity is enough to find a fact again within its batch, and far cheaper than to compare or to test it again.
        chosen = [
            (track, set(map(id, piece.selected(condition))))
            for track, condition in zip(self._wheel.tracks, self._conditions, strict=True)
        ]
        all_facts, minimums = self._wheel.all_facts, self._minimums
        for fact, key in zip(piece.facts, keys, strict=True):
            if key not in watched:
                continue
            all_facts.add_one(key)
            woken = not self._only_rises or key in self._open or all_facts.totals[key] in minimums
            for track, identities in chosen:
                if id(fact) in identities:
                    track.add_one(key)
                    woken = True
            if woken:
                at_ms = min(fact.at_ms, now_ms + FUTURE_MS_MAX)
                self._judge(key, all_facts.totals[key], at_ms, fact.id, findings)

    def _admitted(self, piece: Piece, keys: Sequence[Key]) -> Piece:
        """Only facts whose key is held or still finds room; a refused key stays refused within the batch."""
        admitted = self._wheel.admit(keys)
        return Piece([fact for fact, key in zip(piece.facts, keys, strict=True) if key in admitted])

    def _turn(self, pane: int, findings: list[Finding]) -> None:
        shrunk = self._wheel.enter(pane)
        for buckets in self._buckets.values():
            buckets.enter(pane)
        self._shrink(shrunk, pane * self._wheel.pane_ms, findings)

    def _shrink(self, keys: Collection[Key], moment_ms: int, findings: list[Finding]) -> None:
        """Judge keys that lost facts: a share can rise because its healthy facts have left the window."""
        if not keys:
            return
        wheel = self._wheel
        for buckets in self._buckets.values():
            buckets.drop_before(wheel.newest - wheel.pane_count + 1)
        totals = wheel.all_facts.totals
        for key in keys:
            if not self._only_rises or key in self._open or self._has_matches(key):
                self._judge(key, totals.get(key, 0), moment_ms, "", findings)

    def _judge(self, key: Key, total: int, at_ms: int, fact_id: str, findings: list[Finding]) -> None:
        for rule in self._rules:
            # Too few facts are no verdict here: silence is declared by the tick, not by the first fact after it.
            if total >= rule.minimum:
                self._settle(rule, key, total, at_ms, fact_id, findings)

    def _settle(
        self, rule: WindowedRule, key: Key, total: int, at_ms: int, fact_id: str, findings: list[Finding]
    ) -> None:
        verdict = rule.verdict(key, total)
        minded = verdict is Verdict.BREACHING or (verdict is Verdict.NO_DATA and rule.episodes.heeds_silence)
        if not minded and key not in rule.episodes.open:
            return
        moment_ms = max(at_ms, self._wheel.newest * self._wheel.pane_ms)
        announced = rule.episodes.judge(key, verdict, moment_ms, at_ms, fact_id)
        if key in rule.episodes.open:
            self._open.add(key)
        if announced is not None:
            findings.append(self._finding(rule, key, announced, at_ms, fact_id))

    def _finding(self, rule: WindowedRule, key: Key, state: State, at_ms: int, fact_id: str) -> Finding:
        total = self._wheel.all_facts.totals.get(key, 0)
        value = rule.describe(key, total)[0] if total >= rule.minimum else None
        return rule.episodes.finding(key, state, value, total, at_ms, fact_id, self._window_seconds)

    def _reading(self, rule: WindowedRule, key: Key) -> Reading:
        total = self._wheel.all_facts.totals.get(key, 0)
        enough = total >= rule.minimum
        value, shown = rule.describe(key, total) if enough else (None, "no data")
        state = State.CLEARED if enough else State.NO_DATA
        at_ms = (self._wheel.newest + 1) * self._wheel.pane_ms - 1
        return rule.episodes.reading(key, state, value, shown, total, at_ms)


def _latest(facts: Sequence[Fact], keys: Sequence[Key], wanted: set[Key]) -> list[tuple[Key, Fact]]:
    """The last fact of each wanted key, all of which have one; found from the end, where busy keys are."""
    missing, found = set(wanted), list[tuple[Key, Fact]]()
    for key, fact in zip(reversed(keys), reversed(facts), strict=True):
        if key in missing:
            missing.discard(key)
            found.append((key, fact))
            if not missing:
                break
    return found


def _add_values(buckets: Buckets, keys: Sequence[Key], values: Sequence[float | None]) -> None:
    """Count the values that could be read; a division by zero is no value."""
    if None in values:
        keys = [key for key, value in zip(keys, values, strict=True) if value is not None]
    buckets.add(keys, [value for value in values if value is not None])

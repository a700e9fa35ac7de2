"""Every windowed rule over the same facts, key and length: one window, filled by the batch, judged by the fact."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import islice

from checks.compiled_rule import CompiledRule
from checks.expression import Condition
from checks.facts import Deployment
from checks.findings import Finding, State
from checks.measures.buckets import Buckets
from checks.measures.judging.verdict import Verdict
from checks.measures.releases import Releases
from checks.measures.selection import latest
from checks.measures.watcher import FUTURE_MS_MAX
from checks.measures.windowed import state as windowed_state
from checks.measures.windowed.piece import Piece
from checks.measures.windowed.plan import Plan, Test
from checks.measures.windowed.rule import Gained, WindowedRule
from checks.measures.windowed.shared_window import SharedWindow
from checks.readings import Reading
from checks.state import about
from checks.windows.panes import Counts, Key

_NEVER_ENOUGH = 2**62
"""Matches that no key has: of a track that no rule holds against a limit to breach."""


class Windowed:
    """The rules that share a window: equal fact kind, ``where``, ``per`` and length.

    Facts are counted by the batch. Only where a verdict could change within the batch, for some order of its facts, are
    the facts of that key counted one by one; so the fact that tips a rule is named exactly.

    Where only matches bring the limits nearer, only keys with as many matches as a breach takes are looked at: they are
    loaded. Those of them that have too few facts for a verdict are unripe: any fact more can be the one that tips them.
    """

    def __init__(self, members: Sequence[tuple[CompiledRule, Plan]]) -> None:
        first, _ = members[0]
        self.per = first.rule.per
        self._releases = Releases(self.per)
        self._window_seconds = first.window_seconds
        minimums = {compiled.min_samples for compiled, _ in members}
        self._minimums = frozenset(minimums)
        self._least, self._most = max(1, min(minimums)), max(minimums)
        leasts = [plan.breach.least_matches(compiled.min_samples) for compiled, plan in members]
        self._only_rises = all(plan.breach.rises for _, plan in members) and min(leasts) > 0
        max_keys = max(compiled.rule.max_keys for compiled, _ in members)
        every_key = not self._only_rises or any(compiled.rule.no_data in {"page", "breach"} for compiled, _ in members)
        self._window = SharedWindow(round(first.window_seconds * 1000), max_keys, summed=every_key)
        bucketed = {plan.bucketed[0]: plan.bucketed[1] for _, plan in members if plan.bucketed}
        self._buckets = {canonical: Buckets() for canonical in bucketed}
        self._bucketed = [(read_all, self._buckets[canonical]) for canonical, read_all in bucketed.items()]
        self._tracks: dict[str, Counts] = {}
        self._conditions: list[Condition] = []
        self._rules = [self._joined(compiled, plan) for compiled, plan in members]
        self._least_matches = [
            min((rule.least_matches for rule in self._rules if rule.breach_counts is track), default=_NEVER_ENOUGH)
            for track in self._window.tracks
        ]
        self._loaded: set[Key] = set()
        self._unripe: set[Key] = set()
        self._open: set[Key] = set()
        self._deaf_until_ms = 0

    @property
    def pane_ms(self) -> int:
        """The length of its panes in event time."""
        return self._window.pane_ms

    @property
    def late(self) -> int:
        """Facts that came after their window had passed."""
        return self._window.late

    @property
    def refused(self) -> int:
        """Facts of new keys beyond max_keys, and episodes that made room."""
        return self._window.refused + sum(rule.episodes.forgotten for rule in self._rules)

    def fill(self, pane: int, piece: Piece, now_ms: int, findings: list[Finding]) -> None:
        """Count the facts of one pane, and judge what they can tip."""
        if self._releases.since_ms:
            piece = self._of_this_release(piece)
        window = self._window
        if window.is_late(pane):
            window.late += len(piece)
            return
        if pane > window.newest:
            self._move(pane, pane * window.pane_ms, findings)
        piece = self._admitted(piece)
        if not len(piece):
            return
        matched = self._counted(pane, piece)
        watched = self._watched(pane, piece, matched)
        if watched:
            self._count_singly(pane, piece, watched, now_ms, findings)
        if self._open:
            self._confirm(piece, self._open - watched, now_ms, findings)

    @property
    def about(self) -> str:
        """The facts, their key, and how the window is cut."""
        window = {"measure": "window", "seconds": self._window_seconds, "pane_ms": self._window.pane_ms}
        return about(self._rules[0].episodes.compiled, window)

    @property
    def counted(self) -> frozenset[str]:
        """The conditions that are counted, and the values that are shown."""
        return frozenset({*self._tracks, *(f"values of {read}" for read in self._buckets)})

    def snapshot(self) -> bytes:
        """See Watcher."""
        return windowed_state.kept(self._window, self._tracks, self._buckets, self._rules, self._releases.since_ms)

    def restore(self, saved: bytes) -> None:
        """See Watcher."""
        since_ms = windowed_state.take_back(saved, self._window, self._tracks, self._buckets, self._rules)
        self._releases.since_ms = since_ms
        self._open = {key for rule in self._rules for key in rule.episodes.open}
        for track, least in zip(self._window.tracks, self._least_matches, strict=True):
            self._loaded.update([key for key, matches in track.totals.items() if matches >= least])
        self._ripen(self._loaded)

    def tick(self, now_ms: int, findings: list[Finding]) -> None:
        """Move the windows to now, judge what lost facts, and what waits to be clear or fell silent."""
        pane = now_ms // self._window.pane_ms
        if pane > self._window.newest:
            self._move(pane, now_ms, findings)
        for rule in self._rules:
            for key in (*rule.episodes.open, *self._fallen_silent(rule, now_ms)):
                self._settle(rule, key, self._window.all_facts.total(key), now_ms, "", findings)
        self._open = {key for rule in self._rules for key in rule.episodes.open}

    def resume(self, now_ms: int) -> None:
        """See Watcher: a silence that a rule minds begins now."""
        self._deaf_until_ms = now_ms + round(self._window_seconds * 1000)

    def begin_anew(self, release: Deployment, findings: list[Finding]) -> None:
        """Empty the windows of every key that names the release's place; what was breached there has no data now."""
        if not self._releases.are_named:
            return
        gone = self._releases.begin(release, {*self._window.all_facts.each_key(), *self._open})
        self._window.forget(gone)
        self._loaded.difference_update(gone)
        self._unripe.difference_update(gone)
        for buckets in self._buckets.values():
            buckets.forget(gone)
        for rule in self._rules:
            rule.heard.difference_update(gone)
            for key in gone:
                if key in rule.episodes.open:
                    self._settle(rule, key, 0, release.at_ms, release.id, findings)

    def readings(self, keys_per_rule: int) -> list[Reading]:
        """Open episodes first, then at most keys_per_rule other keys that have facts in the window."""
        found: list[Reading] = []
        for rule in self._rules:
            others = (key for key in self._window.all_facts.each_key() if key not in rule.episodes.open)
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
            self._tracks[condition.canonical] = self._window.track()
            self._conditions.append(condition)
        return self._tracks[condition.canonical]

    def _counted(self, pane: int, piece: Piece) -> list[Sequence[Key]]:
        """Count the facts; returns the keys of those that each condition counts."""
        all_facts = self._window.all_facts
        if not self._only_rises or piece.is_narrow(self.per):
            all_facts.add_counted(pane, piece.counted(self.per))
        else:
            all_facts.add(pane, piece.keys(self.per))
        matched = [piece.matches(condition, self.per) for condition in self._conditions]
        for track, matches in zip(self._window.tracks, matched, strict=True):
            if matches:
                self._window.match(track, pane, matches)
        for read_all, buckets in self._bucketed:
            buckets.add(pane, piece.keys(self.per), read_all(piece.facts))
        return matched

    def _of_this_release(self, piece: Piece) -> Piece:
        """Without facts from before the release of their place."""
        if not len(piece) or piece.first_ms >= self._releases.newest_ms:
            return piece
        return piece.only(self._releases.of_newest(piece.facts))

    def _admitted(self, piece: Piece) -> Piece:
        """Only facts whose key is held or still finds room; a refused key stays refused within the batch."""
        all_facts = self._window.all_facts
        if not all_facts.is_full_for(len(piece)):
            return piece
        keys = piece.keys(self.per)
        admitted = all_facts.admit(keys)
        taken = [fact for fact, key in zip(piece.facts, keys, strict=True) if key in admitted]
        self._window.refused += len(piece) - len(taken)
        return piece.only(taken)

    def _watched(self, pane: int, piece: Piece, matched: Sequence[Sequence[Key]]) -> set[Key]:
        """Keys whose verdict some order of the piece's facts, which are counted already, would change in between."""
        candidates = self._candidates(piece, matched)
        if not candidates:
            return candidates
        all_facts, tracks = self._window.all_facts, self._window.tracks
        arrived = piece.counted_of(self.per, candidates)
        gained = {track: Counter(matches) for track, matches in zip(tracks, matched, strict=True)}
        until_ms = max(piece.last_ms, self._window.begins_ms)
        watched = {key for key in candidates if not self._is_settled(key, arrived[key], gained, until_ms)}
        for key in watched:
            all_facts.take_back(pane, key, arrived[key])
            for track, matches in gained.items():
                track.take_back(key, matches[key])
        return watched

    def _candidates(self, piece: Piece, matched: Sequence[Sequence[Key]]) -> set[Key]:
        """Keys whose verdict could change at all: in an episode, with new matches, or soon with enough facts."""
        if not self._only_rises:
            return set(piece.counted(self.per))
        loaded, awaited = set[Key](), self._open | self._unripe
        for track, matches, least in zip(self._window.tracks, matched, self._least_matches, strict=True):
            if matches:
                totals = track.totals
                loaded.update([key for key in matches if totals[key] >= least])
        if awaited:
            awaited = piece.present(self.per, awaited)
        self._loaded |= loaded
        self._ripen(loaded | (awaited & self._unripe))
        return loaded | awaited

    def _ripen(self, keys: Iterable[Key]) -> None:
        """Note which of these loaded keys have too few facts."""
        total, most, unripe = self._window.all_facts.total, self._most, self._unripe
        for key in keys if most > 1 else ():
            if total(key) < most:
                unripe.add(key)
            else:
                unripe.discard(key)

    def _is_settled(self, key: Key, count: int, gained: Gained, until_ms: int) -> bool:
        total = self._window.all_facts.total(key) - count
        return all(rule.is_settled(key, total, count, gained, until_ms) for rule in self._rules)

    def _confirm(self, piece: Piece, settled: set[Key], now_ms: int, findings: list[Finding]) -> None:
        """Judge keys whose verdict no fact of the batch could change: once, with the latest fact of each."""
        settled = piece.present(self.per, settled)
        if not settled:
            return
        for key, fact in latest(piece.facts, piece.keys(self.per), settled).items():
            at_ms = min(fact.at_ms, now_ms + FUTURE_MS_MAX)
            self._judge(key, self._window.all_facts.total(key), at_ms, fact.id, findings)

    def _count_singly(self, pane: int, piece: Piece, watched: set[Key], now_ms: int, findings: list[Finding]) -> None:
        # Identity is enough to find a fact again within its batch, and far cheaper than to compare or to test it again.
        chosen = [
            (track, set(map(id, piece.selected(condition))))
            for track, condition in zip(self._window.tracks, self._conditions, strict=True)
        ]
        all_facts, minimums = self._window.all_facts, self._minimums
        for fact, key in zip(piece.facts, piece.keys(self.per), strict=True):
            if key not in watched:
                continue
            all_facts.add_counted(pane, {key: 1})
            total = all_facts.total(key)
            woken = not self._only_rises or key in self._open or total in minimums
            for track, identities in chosen:
                if id(fact) in identities:
                    track.add_one(key)
                    woken = True
            if woken:
                at_ms = min(fact.at_ms, now_ms + FUTURE_MS_MAX)
                self._judge(key, total, at_ms, fact.id, findings)

    def _move(self, pane: int, moment_ms: int, findings: list[Finding]) -> None:
        """Make this pane the newest."""
        dropped = self._window.advance(pane)
        for buckets in self._buckets.values():
            buckets.turn(pane - self._window.pane_count + 1)
        if dropped:
            self._shrink(dropped, moment_ms, findings)

    def _shrink(self, dropped: Sequence[Mapping[Key, int]], moment_ms: int, findings: list[Finding]) -> None:
        """Judge keys that lost facts: a share can rise because its healthy facts have left the window."""
        shrunk: Iterable[Key]
        if self._only_rises:
            self._loaded = {key for key in self._loaded if self._has_matches(key)}
            self._unripe &= self._loaded
            watched = sorted(self._loaded | self._open)
            shrunk = [key for key in watched if any(key in pane for pane in dropped)]
            self._ripen([key for key in shrunk if key in self._loaded])
        else:
            shrunk = dict.fromkeys([key for pane in dropped for key in pane])
        for key in shrunk:
            total = self._window.all_facts.total(key)
            if total >= self._least:
                self._judge(key, total, moment_ms, "", findings)

    def _has_matches(self, key: Key) -> bool:
        """Whether a key has as many matches as a breach takes."""
        tracks = zip(self._window.tracks, self._least_matches, strict=True)
        return any(track.totals.get(key, 0) >= least for track, least in tracks)

    def _fallen_silent(self, rule: WindowedRule, now_ms: int) -> Collection[Key]:
        if not rule.episodes.heeds_silence:
            return ()
        return rule.fallen_silent(self._window.all_facts.totals(), deaf=now_ms < self._deaf_until_ms)

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
        moment_ms = max(at_ms, self._window.begins_ms)
        announced = rule.episodes.judge(key, verdict, moment_ms, at_ms, fact_id)
        if key in rule.episodes.open:
            self._open.add(key)
        if announced is not None:
            findings.append(self._finding(rule, key, announced, at_ms, fact_id))

    def _finding(self, rule: WindowedRule, key: Key, state: State, at_ms: int, fact_id: str) -> Finding:
        total = self._window.all_facts.total(key)
        value = rule.describe(key, total)[0] if total >= rule.minimum else None
        return rule.episodes.finding(key, state, value, total, at_ms, fact_id, self._window_seconds)

    def _reading(self, rule: WindowedRule, key: Key) -> Reading:
        total = self._window.all_facts.total(key)
        enough = total >= rule.minimum
        value, shown = rule.describe(key, total) if enough else (None, "no data")
        state = State.CLEARED if enough else State.NO_DATA
        at_ms = (self._window.newest + 1) * self._window.pane_ms - 1
        return rule.episodes.reading(key, state, value, shown, total, at_ms)

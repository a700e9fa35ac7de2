"""``sequential``: fact by fact, whether a key looks more like the faulty ratio than like the healthy one."""

from bisect import bisect_left
from collections.abc import Collection, Iterable, Mapping, Sequence

import msgspec

from checks import shown
from checks.compiled_rule import CompiledRule
from checks.expression import Condition
from checks.facts import Fact
from checks.findings import Finding
from checks.measures.judging.verdict import Verdict
from checks.measures.keyed import NOTHING, Described, Keyed
from checks.measures.selection import Selection, latest
from checks.measures.watcher import FUTURE_MS_MAX
from checks.state import KeyRead
from checks.windows.cusum import Chart
from checks.windows.panes import Key
from checks.windows.room import admitted

FEW_KEYS = 50
"""In a batch, whose latest facts are found by looking from its end."""
CALM_FACTS = 20
"""Good facts that a calm needs: the first one after a gap says nothing about what was in the gap."""


class SequentialState(msgspec.Struct, frozen=True, kw_only=True):
    """scores: of keys above 0, with the facts since they were last at 0. heard: when each key was last heard of.

    calm: of keys in breach, when the last bad fact was and how many good ones came since.
    """

    scores: dict[KeyRead, tuple[int, int]]
    heard: dict[KeyRead, int]
    calm: dict[KeyRead, tuple[int, int]] = {}


class Sequential(Keyed):
    """One ``sequential`` rule: a cumulative sum for each key, see `checks.windows.cusum`.

    It breaches at the very fact that brings the score to the threshold, where the score stays at most; it is in breach
    until good facts have outweighed the last bad one, which alone confirms it, and clear when the score is at 0. With
    clear_after the score of a key in breach is put to 0 when no bad fact came for so long and good ones did; a key that
    is not in breach knows nothing of it, so what is detected, and how often falsely, stays as it is.
    """

    def __init__(
        self,
        compiled: CompiledRule,
        condition: Condition,
        chart: Chart,
        stale_after_seconds: float,
        clear_after_seconds: float = 0.0,
    ) -> None:
        super().__init__(compiled)
        self._calm_ms = round(clear_after_seconds * 1000)
        self._calm: dict[Key, tuple[int, int]] = {}
        self._condition = condition
        self._chart = chart
        self._still = max(0, chart.threshold - chart.up)
        self._stale_ms = self.silence_ms = round(stale_after_seconds * 1000)
        self._scores: dict[Key, int] = {}
        self._runs: dict[Key, int] = {}
        self._heard_ms: dict[Key, int] = {}

    def take(self, batch: Selection, now_ms: int, findings: list[Finding]) -> None:
        """Move the scores, of a key in an episode fact by fact, of others from one bad fact to the next."""
        if len(self._heard_ms) + len(batch.facts) > self.compiled.rule.max_keys:
            batch = self._admitted(batch)
        bad: dict[Key, list[int]] = {}
        bad_keys = batch.matching(self._condition).keys(self.per)
        for key, place in zip(bad_keys, batch.places(self._condition), strict=True):
            bad.setdefault(key, []).append(place)
        counts = batch.counted(self.per)
        for key, count in counts.items():
            if key in bad or key in self.episodes.open:
                self._weigh(key, batch, bad.get(key, ()), now_ms, findings)
            elif key in self._scores:
                self._lower(key, count)
        self._hear(batch, counts, now_ms)

    def elapse(self, findings: list[Finding]) -> None:  # noqa: ARG002  # the base class's; nothing can begin here
        """Forget keys that are silent for so long that their evidence is stale, unless they are in an episode."""
        oldest_ms = self.moment_ms - self._stale_ms
        if self._heard_ms and min(self._heard_ms.values()) < oldest_ms:
            opened = self.episodes.open
            self.drop([key for key, at_ms in self._heard_ms.items() if at_ms < oldest_ms and key not in opened])

    def verdict(self, key: Key) -> Verdict:
        """The score against the threshold, or while the key is in breach against what the last bad fact left it at."""
        heard_ms = self._heard_ms.get(key)
        if heard_ms is None or heard_ms < self.moment_ms - self._stale_ms:
            return Verdict.NO_DATA
        score = self._scores.get(key, 0)
        episode = self.episodes.open.get(key)
        fired = episode is not None and episode.was_breached
        if score >= self._chart.threshold or (fired and score > self._still):
            return Verdict.BREACHING
        return Verdict.BETWEEN if score else Verdict.CLEAR

    def described(self, key: Key) -> Described:
        """The evidence as a share of what it takes; samples are the facts since there was none."""
        if self.verdict(key) is Verdict.NO_DATA:
            return NOTHING
        value = self._scores.get(key, 0) / self._chart.threshold
        return Described(value, f"{shown.share(value)} of the evidence", self._runs.get(key, 0))

    def keys(self) -> Iterable[Key]:
        """Keys that were heard of lately."""
        return self._heard_ms

    def drop(self, keys: Collection[Key]) -> None:
        """Forget their scores."""
        for key in keys:
            self._calm.pop(key, None)
            for held in (self._scores, self._runs, self._heard_ms):
                held.pop(key, None)

    def meaning(self) -> dict[str, object]:
        """What counts as bad, and how much it weighs; the threshold changes no score."""
        return {"measure": "sequential", "bad": self._condition.canonical, "up": self._chart.up}

    def keep(self) -> bytes:
        """Scores and when each key was heard of."""
        scores: dict[KeyRead, tuple[int, int]] = {key: (score, self._runs[key]) for key, score in self._scores.items()}
        heard: dict[KeyRead, int] = dict(self._heard_ms)
        calm: dict[KeyRead, tuple[int, int]] = dict(self._calm)
        return msgspec.msgpack.encode(SequentialState(scores=scores, heard=heard, calm=calm))

    def take_back(self, body: bytes) -> None:
        """Fill scores; one above the threshold of today stands at it."""
        state = msgspec.msgpack.decode(body, type=SequentialState)
        self._scores = {key: min(score, self._chart.threshold) for key, (score, _) in state.scores.items()}
        self._runs = {key: run for key, (_, run) in state.scores.items()}
        self._heard_ms = dict(state.heard)
        self._calm = dict(state.calm)

    def _weigh(
        self, key: Key, batch: Selection, bad_places: Sequence[int], now_ms: int, findings: list[Finding]
    ) -> None:
        """Move a key's score by its facts; from the one on that tips it, fact by fact."""
        facts, own = batch.facts, batch.places_by_key(self.per)[key]
        bad, start = [bisect_left(own, place) for place in bad_places], 0
        if key not in self.episodes.open:
            score, run = self._scores.get(key, 0), self._runs.get(key, 0)
            for number in (*bad, len(own)):
                score, run = _lowered(score, run, number - start)
                start = number
                if number == len(own) or score + self._chart.up >= self._chart.threshold:
                    break
                score, run, start = score + self._chart.up, run + 1, number + 1
            self._put(key, score, run)
        for number in (*[number for number in bad if number >= start], len(own)):
            if number - start <= self._unheard(key):
                self._lower(key, number - start)
            else:
                for place in own[start:number]:
                    self._move(key, facts[place], now_ms, findings, is_bad=False)
            if number < len(own):
                self._move(key, facts[own[number]], now_ms, findings, is_bad=True)
            start = number + 1

    def _unheard(self, key: Key) -> int:
        """How many good facts a key in breach can take without anything to be said or noted about it."""
        episode = self.episodes.open.get(key)
        if self._calm_ms or episode is None or not episode.is_steady or self.verdict(key) is not Verdict.BREACHING:
            return 0
        return max(0, self._scores.get(key, 0) - self._still - 1)

    def _move(self, key: Key, fact: Fact, now_ms: int, findings: list[Finding], *, is_bad: bool) -> None:
        """Move a key's score by one fact, and judge the key."""
        score, run = self._scores.get(key, 0), self._runs.get(key, 0)
        if is_bad:
            self._put(key, min(score + self._chart.up, self._chart.threshold), run + 1)
        else:
            self._put(key, *_lowered(score, run, 1))
        at_ms = self._hear_one(key, fact, now_ms)
        if self._calm_ms:
            self._calm_down(key, at_ms, is_bad=is_bad)
        names_it = is_bad or self.verdict(key) is not Verdict.BREACHING
        self.settle(key, at_ms, fact.id if names_it else "", findings)

    def _lower(self, key: Key, good: int) -> None:
        if key in self._scores:
            self._put(key, *_lowered(self._scores[key], self._runs[key], good))

    def _calm_down(self, key: Key, at_ms: int, *, is_bad: bool) -> None:
        """Forget the evidence of a key in breach once it was calm for long enough, in facts as well as in time."""
        episode = self.episodes.open.get(key)
        if is_bad:
            self._calm[key] = (at_ms, 0)
            return
        if episode is None or not episode.was_breached:
            self._calm.pop(key, None)
            return
        since_ms, good = self._calm.get(key, (at_ms, 0))
        self._calm[key] = (since_ms, good + 1)
        if good + 1 >= CALM_FACTS and at_ms - since_ms >= self._calm_ms:
            self._put(key, 0, 0)
            del self._calm[key]

    def _put(self, key: Key, score: int, run: int) -> None:
        if score:
            self._scores[key], self._runs[key] = score, run
        else:
            self._scores.pop(key, None)
            self._runs.pop(key, None)

    def _hear(self, batch: Selection, counts: Mapping[Key, int], now_ms: int) -> None:
        """Note when each key was last heard of."""
        heard, latest_ms = self._heard_ms, batch.times[-1] if batch.times else 0
        if len(counts) > FEW_KEYS and latest_ms <= now_ms + FUTURE_MS_MAX:
            self.moment_ms = max(self.moment_ms, latest_ms)
            for key, at_ms in dict(zip(batch.keys(self.per), batch.times, strict=True)).items():
                known = heard.get(key)
                if known is None or known < at_ms:
                    heard[key] = at_ms
            return
        for key, fact in latest(batch.facts, batch.keys(self.per), counts.keys()).items():
            self._hear_one(key, fact, now_ms)

    def _hear_one(self, key: Key, fact: Fact, now_ms: int) -> int:
        at_ms = self.event_time(fact, now_ms)
        self._heard_ms[key] = max(self._heard_ms.get(key, at_ms), at_ms)
        return at_ms

    def _admitted(self, batch: Selection) -> Selection:
        """Only facts whose key is held or still finds room, first come first served."""
        keys, facts = batch.keys(self.per), batch.facts
        found = admitted(keys, self._heard_ms, self.compiled.rule.max_keys)
        taken = [fact for key, fact in zip(keys, facts, strict=True) if key in found]
        self.refused_facts += len(facts) - len(taken)
        return Selection(taken)


def _lowered(score: int, run: int, good: int) -> tuple[int, int]:
    """Score and facts since it was 0, after so many good facts."""
    return (score - good, run + good) if good < score else (0, 0)

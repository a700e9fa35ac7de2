"""``sequential``: fact by fact, whether a key looks more like the faulty ratio than like the healthy one."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence

import msgspec

from checks.compiled_rule import CompiledRule
from checks.cusum import Chart
from checks.expression import Condition
from checks.facts import Fact
from checks.findings import Finding
from checks.measures import shown
from checks.measures.keyed import NOTHING, Described, Keyed
from checks.measures.verdict import Verdict
from checks.state import KeyRead
from checks.windows import Key


class SequentialState(msgspec.Struct, frozen=True, kw_only=True):
    """scores: of keys above 0, with the facts since they were last at 0. heard: when each key was last heard of."""

    scores: dict[KeyRead, tuple[int, int]]
    heard: dict[KeyRead, int]


class Sequential(Keyed):
    """One ``sequential`` rule: a cumulative sum for each key, see `checks.cusum`.

    It breaches at the very fact that brings the score to the threshold, where the score stays at most; it is in breach
    until good facts have outweighed the last bad one, which alone confirms it, and clear when the score is at 0.
    """

    def __init__(self, compiled: CompiledRule, condition: Condition, chart: Chart, stale_after_seconds: float) -> None:
        super().__init__(compiled)
        self._condition = condition
        self._chart = chart
        self._still = max(0, chart.threshold - chart.up)
        self._stale_ms = self.silence_ms = round(stale_after_seconds * 1000)
        self._scores: dict[Key, int] = {}
        self._runs: dict[Key, int] = {}
        self._heard_ms: dict[Key, int] = {}

    def take(self, keys: Sequence[Key], facts: Sequence[Fact], now_ms: int, findings: list[Finding]) -> None:
        """Move the scores, of a key in an episode fact by fact, of others from one bad fact to the next."""
        if len(self._heard_ms) + len(keys) > self.compiled.rule.max_keys:
            keys, facts = self._admitted(keys, facts)
        bad_facts = self._condition.select(facts)
        if bad_facts or self._scores or self.episodes.open:
            bad = set(map(id, bad_facts))
            bad_keys = set(map(self.key_of, bad_facts))
            counts = Counter(keys)
            for key, count in counts.items():
                if key in bad_keys or key in self.episodes.open:
                    of_key = facts if count == len(facts) else _of(key, keys, facts)
                    self._weigh(key, of_key, bad, now_ms, findings)
                elif key in self._scores:
                    self._put(key, *_lowered(self._scores[key], self._runs[key], count))
        self._hear(keys, facts, now_ms)

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
        for held in (self._scores, self._runs, self._heard_ms):
            for key in keys:
                held.pop(key, None)

    def meaning(self) -> dict[str, object]:
        """What counts as bad, and how much it weighs; the threshold changes no score."""
        return {"measure": "sequential", "bad": self._condition.canonical, "up": self._chart.up}

    def keep(self) -> bytes:
        """Scores and when each key was heard of."""
        scores: dict[KeyRead, tuple[int, int]] = {key: (score, self._runs[key]) for key, score in self._scores.items()}
        heard: dict[KeyRead, int] = dict(self._heard_ms)
        return msgspec.msgpack.encode(SequentialState(scores=scores, heard=heard))

    def take_back(self, body: bytes) -> None:
        """Fill scores; one above the threshold of today stands at it."""
        state = msgspec.msgpack.decode(body, type=SequentialState)
        self._scores = {key: min(score, self._chart.threshold) for key, (score, _) in state.scores.items()}
        self._runs = {key: run for key, (_, run) in state.scores.items()}
        self._heard_ms = dict(state.heard)

    def _weigh(self, key: Key, facts: Sequence[Fact], bad: set[int], now_ms: int, findings: list[Finding]) -> None:
        """Move a key's score by facts of it; from the one on that tips it, fact by fact."""
        start = 0
        if key not in self.episodes.open:
            score, run, start = self._scores.get(key, 0), self._runs.get(key, 0), len(facts)
            weighed = 0
            for position in [place for place, fact in enumerate(facts) if id(fact) in bad]:
                score, run = _lowered(score, run, position - weighed)
                if score + self._chart.up >= self._chart.threshold:
                    start = position
                    break
                score, run, weighed = score + self._chart.up, run + 1, position + 1
            else:
                score, run = _lowered(score, run, len(facts) - weighed)
            self._put(key, score, run)
        for fact in facts[start:]:
            self._move(key, fact, now_ms, findings, is_bad=id(fact) in bad)

    def _move(self, key: Key, fact: Fact, now_ms: int, findings: list[Finding], *, is_bad: bool) -> None:
        """Move a key's score by one fact, and judge the key."""
        score, run = self._scores.get(key, 0), self._runs.get(key, 0)
        if is_bad:
            self._put(key, min(score + self._chart.up, self._chart.threshold), run + 1)
        else:
            self._put(key, *_lowered(score, run, 1))
        at_ms = self.event_time(fact, now_ms)
        self._heard_ms[key] = max(self._heard_ms.get(key, at_ms), at_ms)
        names_it = is_bad or self.verdict(key) is not Verdict.BREACHING
        self.settle(key, at_ms, fact.id if names_it else "", findings)

    def _put(self, key: Key, score: int, run: int) -> None:
        if score:
            self._scores[key], self._runs[key] = score, run
        else:
            self._scores.pop(key, None)
            self._runs.pop(key, None)

    def _hear(self, keys: Sequence[Key], facts: Sequence[Fact], now_ms: int) -> None:
        """Note when each key was last heard of; facts stand in order of event time."""
        heard, latest = self._heard_ms, dict(zip(keys, facts, strict=True))
        for key, fact in latest.items():
            at_ms = self.event_time(fact, now_ms)
            heard[key] = max(heard.get(key, at_ms), at_ms)

    def _admitted(self, keys: Sequence[Key], facts: Sequence[Fact]) -> tuple[list[Key], list[Fact]]:
        """Only facts whose key is held or still finds room, first come first served."""
        held, room = self._heard_ms, self.compiled.rule.max_keys - len(self._heard_ms)
        admitted: set[Key] = set()
        for key in keys:
            if key not in held and key not in admitted and len(admitted) < room:
                admitted.add(key)
        pairs = [(key, fact) for key, fact in zip(keys, facts, strict=True) if key in held or key in admitted]
        self.refused_facts += len(keys) - len(pairs)
        return [key for key, _ in pairs], [fact for _, fact in pairs]


def _lowered(score: int, run: int, good: int) -> tuple[int, int]:
    """Score and facts since it was 0, after so many good facts."""
    return (score - good, run + good) if good < score else (0, 0)


def _of(key: Key, keys: Sequence[Key], facts: Sequence[Fact]) -> list[Fact]:
    return [fact for own, fact in zip(keys, facts, strict=True) if own == key]

"""``absent``: no fact for too long, counted from the first fact that named the key."""

from collections.abc import Iterable
from itertools import islice

import msgspec

from checks import shown
from checks.compiled_rule import CompiledRule
from checks.expression import ValueExpression
from checks.facts import Fact
from checks.findings import Finding, State
from checks.measures.judging.episodes import Episodes
from checks.measures.judging.episodes_state import EpisodesState, keep_episodes, take_back_episodes
from checks.measures.judging.verdict import Verdict
from checks.measures.selection import Selection, latest
from checks.measures.watcher import FUTURE_MS_MAX
from checks.readings import Reading
from checks.state import KeyRead, about, encode
from checks.windows.panes import Key

INTERVALS = 2
"""So many of the intervals that a fact names have to pass: one late fact is no silence."""
ALLOWED_MS_MAX = 2 * 86_400_000
"""What a fact may name at most, so that no key is let go silent for ever by what it once said."""


class AbsentState(msgspec.Struct, frozen=True, kw_only=True):
    """last: when each key was last heard of. now_ms: until when anybody listened.

    allowed: how many milliseconds each key may be silent, by what its own facts said.
    """

    now_ms: int
    last: dict[KeyRead, int]
    refused: int
    episodes: EpisodesState
    allowed: dict[KeyRead, int] = {}


class Absent:
    """One ``absent`` rule; without ``per`` the silence counts from the engine's first tick or fact.

    expected: reads from a fact the seconds after which the next one is due; None: every key may be silent as long.
    """

    def __init__(self, compiled: CompiledRule, absent_seconds: float, expected: ValueExpression | None = None) -> None:
        self._compiled = compiled
        self._absent_seconds = absent_seconds
        self._absent_ms = round(absent_seconds * 1000)
        self._expected = expected
        self._allowed: dict[Key, int] = {}
        self._last: dict[Key, int] = {}
        self._episodes = Episodes(compiled, silence_is_news=False)
        # A page for silence says that nothing is known, which is never a ground to act; else silence is the breach.
        self._silent = Verdict.NO_DATA if compiled.rule.no_data == "page" else Verdict.BREACHING
        self._now_ms = 0
        self._refused = 0
        self.late = 0

    @property
    def refused(self) -> int:
        """Facts of new keys beyond max_keys."""
        return self._refused + self._episodes.forgotten

    def observe(self, batch: Selection, now_ms: int, findings: list[Finding]) -> None:
        """Remember when each key was last heard of; a fresh fact ends the silence."""
        self._started(now_ms)
        last, opened = self._last, self._episodes.open
        latest_ms = now_ms + FUTURE_MS_MAX
        batch = batch.matching(self._compiled.where)
        keys = batch.keys(self._compiled.rule.per)
        heard: Iterable[tuple[Key, Fact]] = zip(keys, batch.facts, strict=True)
        if self._hears_only_known(batch, latest_ms):
            # In order of event time, the latest of each key says everything.
            heard = latest(batch.facts, keys, batch.counted(self._compiled.rule.per)).items()
        for key, fact in heard:
            at_ms = fact.at_ms if fact.at_ms <= latest_ms else now_ms
            known = last.get(key)
            if known is None and len(last) >= self._compiled.rule.max_keys:
                self._refused += 1
                continue
            if known is None or at_ms > known:
                last[key] = at_ms
                if self._expected is not None:
                    self._allow(key, self._expected.read(fact))
            if key in opened and now_ms - last[key] < self._allowed.get(key, self._absent_ms):
                self._settle(key, Verdict.CLEAR, at_ms, fact.id, findings)

    def _hears_only_known(self, batch: Selection, latest_ms: int) -> bool:
        """Whether no fact can end a silence, is refused, or comes from the future."""
        if not batch.facts or self._episodes.open or batch.facts[-1].at_ms > latest_ms:
            return False
        return self._last.keys() >= batch.counted(self._compiled.rule.per).keys()

    def tick(self, now_ms: int, findings: list[Finding]) -> None:
        """Declare absent what has been silent for too long."""
        self._started(now_ms)
        now_ms = self._now_ms  # While a backlog comes in, the tick's time is older than what is left out of silence.
        for key, heard_ms in self._last.items():
            if now_ms - heard_ms >= self._allowed.get(key, self._absent_ms):
                self._settle(key, self._silent, now_ms, "", findings)
            elif key in self._episodes.open:
                self._settle(key, Verdict.CLEAR, now_ms, "", findings)

    def resume(self, now_ms: int) -> None:
        """Leave out of every silence the time in which nobody listened; what was heard as silence before stays."""
        deaf_ms = max(0, now_ms - self._now_ms)
        for key, heard_ms in self._last.items():
            self._last[key] = min(now_ms, heard_ms + deaf_ms)
        self._started(now_ms)

    @property
    def about(self) -> str:
        """When each key was last heard of; how long a silence may be makes no difference to that."""
        return about(self._compiled, {"measure": "absent", "rule": self._compiled.rule.id})

    @property
    def counted(self) -> frozenset[str]:
        """Nothing."""
        return frozenset()

    def snapshot(self) -> bytes:
        """See Watcher."""
        last: dict[Key, int] = dict(self._last)
        return encode(
            AbsentState(
                now_ms=self._now_ms,
                last=last,
                refused=self._refused,
                episodes=keep_episodes(self._episodes),
                allowed=dict(self._allowed),
            )
        )

    def restore(self, saved: bytes) -> None:
        """See Watcher."""
        state = msgspec.msgpack.decode(saved, type=AbsentState)
        self._now_ms, self._refused = state.now_ms, state.refused
        self._last = dict(state.last)
        self._allowed = dict(state.allowed) if self._expected is not None else {}
        take_back_episodes(self._episodes, state.episodes)

    def readings(self, keys_per_rule: int) -> list[Reading]:
        """Silent keys first, then at most keys_per_rule others."""
        others = (key for key in self._last if key not in self._episodes.open)
        return [
            self._episodes.reading(
                key,
                State.CLEARED,
                self._silence_seconds(key),
                shown.milliseconds(self._silence_seconds(key) * shown.SECOND_MS),
                0,
                self._last[key],
            )
            for key in (*self._episodes.open, *islice(others, keys_per_rule))
        ]

    def breached(self) -> list[Finding]:
        """What is silent now; silence is confirmed by every tick, so its time is the last tick's."""
        return [
            self._finding(key, State.BREACHED, self._now_ms, "")
            for key, episode in self._episodes.open.items()
            if episode.breaching
        ]

    def _allow(self, key: Key, seconds: object) -> None:
        """Let the key be silent for twice what its newest fact named; what names nothing usable has the rule's own."""
        if isinstance(seconds, int | float) and 0 < seconds < ALLOWED_MS_MAX:
            self._allowed[key] = min(ALLOWED_MS_MAX, round(INTERVALS * 1000 * seconds))
        else:
            self._allowed.pop(key, None)

    def _started(self, now_ms: int) -> None:
        self._now_ms = max(self._now_ms, now_ms)
        if not self._compiled.rule.per and not self._last:
            self._last[""] = now_ms

    def _silence_seconds(self, key: Key) -> float:
        return max(0, self._now_ms - self._last[key]) / 1000

    def _settle(self, key: Key, verdict: Verdict, at_ms: int, fact_id: str, findings: list[Finding]) -> None:
        announced = self._episodes.judge(key, verdict, self._now_ms, at_ms, fact_id)
        if announced is not None:
            findings.append(self._finding(key, announced, at_ms, fact_id))

    def _finding(self, key: Key, state: State, at_ms: int, fact_id: str) -> Finding:
        silence = self._silence_seconds(key)
        allowed_seconds = self._allowed[key] / 1000 if key in self._allowed else self._absent_seconds
        return self._episodes.finding(key, state, silence, 0, at_ms, fact_id, allowed_seconds)

"""``absent``: no fact for too long, counted from the first fact that named the key."""

from collections.abc import Sequence
from itertools import islice

import msgspec

from checks.compiled_rule import CompiledRule
from checks.facts import Fact
from checks.findings import Finding, State
from checks.measures import shown
from checks.measures.episodes import Episodes
from checks.measures.episodes_state import EpisodesState, keep_episodes, take_back_episodes
from checks.measures.verdict import Verdict
from checks.measures.watcher import FUTURE_MS_MAX, key_reader
from checks.readings import Reading
from checks.state import KeyRead, about, encode
from checks.windows import Key


class AbsentState(msgspec.Struct, frozen=True, kw_only=True):
    """last: when each key was last heard of. now_ms: until when anybody listened."""

    now_ms: int
    last: dict[KeyRead, int]
    refused: int
    episodes: EpisodesState


class Absent:
    """One ``absent`` rule; without ``per`` the silence counts from the engine's first tick or fact."""

    def __init__(self, compiled: CompiledRule, absent_seconds: float) -> None:
        self._compiled = compiled
        self._absent_seconds = absent_seconds
        self._absent_ms = round(absent_seconds * 1000)
        self._select = None if compiled.where.always else compiled.where.select
        self._key_of = key_reader(compiled.rule.per)
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

    def observe(self, facts: Sequence[Fact], now_ms: int, findings: list[Finding]) -> None:
        """Remember when each key was last heard of; a fresh fact ends the silence."""
        self._started(now_ms)
        key_of, last, opened = self._key_of, self._last, self._episodes.open
        latest_ms = now_ms + FUTURE_MS_MAX
        if self._select is not None:
            facts = self._select(facts)
        if not self._compiled.rule.per:
            facts = facts[-1:]  # In order of event time; of a single key only the latest counts.
        for fact in facts:
            key = key_of(fact)
            at_ms = fact.at_ms if fact.at_ms <= latest_ms else now_ms
            known = last.get(key)
            if known is None and len(last) >= self._compiled.rule.max_keys:
                self._refused += 1
                continue
            if known is None or at_ms > known:
                last[key] = at_ms
            if key in opened and now_ms - last[key] < self._absent_ms:
                self._settle(key, Verdict.CLEAR, at_ms, fact.id, findings)

    def tick(self, now_ms: int, findings: list[Finding]) -> None:
        """Declare absent what has been silent for too long."""
        self._started(now_ms)
        now_ms = self._now_ms  # While a backlog comes in, the tick's time is older than what is left out of silence.
        for key, heard_ms in self._last.items():
            if now_ms - heard_ms >= self._absent_ms:
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
            AbsentState(now_ms=self._now_ms, last=last, refused=self._refused, episodes=keep_episodes(self._episodes))
        )

    def restore(self, saved: bytes) -> None:
        """See Watcher."""
        state = msgspec.msgpack.decode(saved, type=AbsentState)
        self._now_ms, self._refused = state.now_ms, state.refused
        self._last = dict(state.last)
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
        return self._episodes.finding(key, state, silence, 0, at_ms, fact_id, self._absent_seconds)

"""A rule of its own that keeps something small for each key, and judges a key with each fact of it."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Iterator
from itertools import islice
from typing import Any

import msgspec

from checks.compiled_rule import CompiledRule
from checks.expression import ValueExpression
from checks.facts import Deployment, Fact
from checks.findings import Finding, State
from checks.measures.judging.episodes import Episodes
from checks.measures.judging.episodes_state import EpisodesState, keep_episodes, take_back_episodes
from checks.measures.judging.verdict import Verdict
from checks.measures.releases import Releases
from checks.measures.selection import Selection
from checks.measures.watcher import FUTURE_MS_MAX
from checks.readings import Reading
from checks.state import about, encode
from checks.windows.panes import Key


class KeyedState(msgspec.Struct, frozen=True, kw_only=True):
    """moment_ms: the rule's time. since_ms: by place, when its release began. body: the measure's own shape."""

    moment_ms: int
    late: int
    refused: int
    since_ms: dict[str, int]
    heard: list[object]
    episodes: EpisodesState
    body: bytes


class Described(msgspec.Struct, frozen=True):
    """What a key reads now: the value in the measure's unit, None without data, as a person reads it, and its facts."""

    value: float | None
    shown: str
    samples: int


NOTHING = Described(None, "no data", 0)


class Keyed(ABC):
    """What such rules have in common. A measure says what a fact changes, what a key reads, and what that means.

    silence_ms: after how long without facts a key has no data.
    """

    def __init__(self, compiled: CompiledRule) -> None:
        per = compiled.rule.per
        self.compiled = compiled
        self.episodes = Episodes(compiled, silence_is_news=False)
        self.moment_ms = 0
        self.late = 0
        self.refused_facts = 0
        self._where = compiled.where
        self.per = per
        self._releases = Releases(per)
        self._heard: set[Key] = set()
        self._deaf_until_ms = 0
        self.silence_ms = round(compiled.window_seconds * 1000)

    @abstractmethod
    def take(self, batch: Selection, now_ms: int, findings: list[Finding]) -> None:
        """Take facts and settle every key that they can tip."""

    @abstractmethod
    def elapse(self, findings: list[Finding]) -> None:
        """Let time pass until ``moment_ms``."""

    @abstractmethod
    def verdict(self, key: Key) -> Verdict:
        """What a key says now; no data for one that is not known."""

    @abstractmethod
    def described(self, key: Key) -> Described:
        """What a key reads now."""

    @abstractmethod
    def keys(self) -> Iterable[Key]:
        """The keys that have something to read."""

    @abstractmethod
    def drop(self, keys: Collection[Key]) -> None:
        """Forget all that is known of these keys."""

    @abstractmethod
    def meaning(self) -> dict[str, object]:
        """What beyond facts and key decides what the state means."""

    @abstractmethod
    def keep(self) -> bytes:
        """The measure's own state."""

    @abstractmethod
    def take_back(self, body: bytes) -> None:
        """Fill a new measure; raises msgspec.MsgspecError, and nothing is filled then."""

    @property
    def refused(self) -> int:
        """Facts of new keys beyond max_keys, and episodes that made room."""
        return self.refused_facts + self.episodes.forgotten

    @property
    def about(self) -> str:
        """What is measured, by which rule."""
        return about(self.compiled, {**self.meaning(), "rule": self.compiled.rule.id})

    @property
    def counted(self) -> frozenset[str]:
        """Nothing beside its own."""
        return frozenset()

    def observe(self, batch: Selection, now_ms: int, findings: list[Finding]) -> None:
        """Take facts of the rule's kind."""
        batch = batch.matching(self._where)
        if batch.facts and batch.facts[0].at_ms < self._releases.newest_ms:
            batch = Selection(self._releases.of_newest(batch.facts))
        if batch.facts:
            self.take(batch, now_ms, findings)

    def tick(self, now_ms: int, findings: list[Finding]) -> None:
        """Let time pass, and judge what is open or fell silent."""
        self.moment_ms = max(self.moment_ms, now_ms)
        self.elapse(findings)
        for key in (*self.episodes.open, *self._fallen_silent()):
            self._judge(key, self.verdict(key), now_ms, "", findings)

    def resume(self, now_ms: int) -> None:
        """See Watcher: a silence that the rule minds begins now."""
        self._deaf_until_ms = now_ms + self.silence_ms

    def begin_anew(self, release: Deployment, findings: list[Finding]) -> None:
        """Forget every key that names the release's place; what was breached there has no data now."""
        if not self._releases.are_named:
            return
        gone = self._releases.begin(release, {*self.keys(), *self.episodes.open})
        self.drop(gone)
        self._heard.difference_update(gone)
        for key in gone:
            if key in self.episodes.open:
                self._judge(key, Verdict.NO_DATA, release.at_ms, release.id, findings)

    def read(self, batch: Selection, reading: ValueExpression) -> Iterator[tuple[Key, Fact, Any]]:
        """Each fact with its key and what is read of it."""
        return zip(batch.keys(self.per), batch.facts, reading.read_all(batch.facts), strict=True)

    def settle(self, key: Key, at_ms: int, fact_id: str, findings: list[Finding]) -> None:
        """Judge a key that has facts, and say so if that changes anything.

        Too few facts are no verdict here: silence is declared by the tick, not by the first fact after it.
        """
        verdict = self.verdict(key)
        if verdict is Verdict.BREACHING or (verdict is not Verdict.NO_DATA and key in self.episodes.open):
            self._judge(key, verdict, at_ms, fact_id, findings)

    def _judge(self, key: Key, verdict: Verdict, at_ms: int, fact_id: str, findings: list[Finding]) -> None:
        announced = self.episodes.judge(key, verdict, max(self.moment_ms, at_ms), at_ms, fact_id)
        if announced is not None:
            findings.append(self._finding(key, announced, at_ms, fact_id))

    def event_time(self, fact: Fact, now_ms: int) -> int:
        """The fact's time, which moves the rule's time on; now for one from too far ahead."""
        at_ms = fact.at_ms if fact.at_ms <= now_ms + FUTURE_MS_MAX else now_ms
        self.moment_ms = max(self.moment_ms, at_ms)
        return at_ms

    def readings(self, keys_per_rule: int) -> list[Reading]:
        """Open episodes first, then at most keys_per_rule other keys."""
        others = (key for key in self.keys() if key not in self.episodes.open)
        return [self._row(key) for key in (*self.episodes.open, *islice(others, keys_per_rule))]

    def breached(self) -> list[Finding]:
        """What is beyond its limit now."""
        return [
            self._finding(key, State.BREACHED, episode.confirmed_ms, episode.fact_id)
            for key, episode in self.episodes.open.items()
            if episode.breaching
        ]

    def snapshot(self) -> bytes:
        """See Watcher."""
        return encode(
            KeyedState(
                moment_ms=self.moment_ms,
                late=self.late,
                refused=self.refused_facts,
                since_ms=dict(self._releases.since_ms),
                heard=list(self._heard),
                episodes=keep_episodes(self.episodes),
                body=self.keep(),
            )
        )

    def restore(self, saved: bytes) -> None:
        """See Watcher."""
        state = msgspec.msgpack.decode(saved, type=KeyedState)
        self.take_back(state.body)
        self.moment_ms, self.late, self.refused_facts = state.moment_ms, state.late, state.refused
        self._releases.since_ms = state.since_ms
        self._heard = {tuple(key) if isinstance(key, list | tuple) else str(key) for key in state.heard}
        take_back_episodes(self.episodes, state.episodes)

    def _fallen_silent(self) -> Collection[Key]:
        """Keys that had data at the last tick and have none now, where the rule minds their silence."""
        if not self.episodes.heeds_silence:
            return ()
        known = {key for key in self.keys() if self.verdict(key) is not Verdict.NO_DATA}
        if self.moment_ms < self._deaf_until_ms:
            self._heard |= known
            return ()
        silent, self._heard = self._heard - known, known
        return silent

    def _finding(self, key: Key, state: State, at_ms: int, fact_id: str) -> Finding:
        read = self.described(key)
        window_seconds = self.compiled.window_seconds
        return self.episodes.finding(key, state, read.value, read.samples, at_ms, fact_id, window_seconds)

    def _row(self, key: Key) -> Reading:
        read = self.described(key)
        state = State.NO_DATA if read.value is None else State.CLEARED
        return self.episodes.reading(key, state, read.value, read.shown, read.samples, self.moment_ms)

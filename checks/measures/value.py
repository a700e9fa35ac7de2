"""``value``: the latest reading of an expression by event time; one that is too old is no data."""

from itertools import islice

import msgspec

from checks import limits, shown
from checks.compiled_rule import CompiledRule
from checks.expression import ValueExpression
from checks.findings import Finding, State
from checks.limits import Limit, holds
from checks.measures.fit import is_time
from checks.measures.judging.episodes import Episodes
from checks.measures.judging.episodes_state import EpisodesState, keep_episodes, take_back_episodes
from checks.measures.judging.verdict import Verdict
from checks.measures.selection import Selection
from checks.measures.watcher import FUTURE_MS_MAX
from checks.readings import Reading
from checks.state import KeyRead, about, encode
from checks.windows.panes import Key

Latest = tuple[int, limits.Reading | None]
"""Event time of the latest reading of a key, and the reading; None where it could not be computed."""


class ValueState(msgspec.Struct, frozen=True, kw_only=True):
    """latest: event time and reading of each key. moment_ms: the rule's time."""

    moment_ms: int
    latest: dict[KeyRead, tuple[int, float | int | str | bool | None]]
    late: int
    refused: int
    episodes: EpisodesState


class LatestValue:
    """One ``value`` rule."""

    def __init__(self, compiled: CompiledRule, reading: ValueExpression, stale_after_seconds: float) -> None:
        self._compiled = compiled
        self._reading = reading
        self._stale_ms = round(stale_after_seconds * 1000)
        self._latest: dict[Key, Latest] = {}
        self._episodes = Episodes(compiled, silence_is_news=True)
        self._moment_ms = 0
        self._deaf_until_ms = 0
        self._refused = 0
        self.late = 0

    @property
    def refused(self) -> int:
        """Facts of new keys beyond max_keys."""
        return self._refused + self._episodes.forgotten

    def observe(self, batch: Selection, now_ms: int, findings: list[Finding]) -> None:
        """Keep the latest reading of each key; one older than what is known is ignored."""
        batch = batch.matching(self._compiled.where)
        for key, fact in zip(batch.keys(self._compiled.rule.per), batch.facts, strict=True):
            at_ms = fact.at_ms if fact.at_ms <= now_ms + FUTURE_MS_MAX else now_ms
            known = self._latest.get(key)
            if known is None and len(self._latest) >= self._compiled.rule.max_keys:
                self._refused += 1
                continue
            if known is not None and at_ms < known[0]:
                self.late += 1
                continue
            self._latest[key] = (at_ms, self._reading.read(fact))
            self._moment_ms = max(self._moment_ms, at_ms)
            self._settle(key, at_ms, fact.id, findings)

    def tick(self, now_ms: int, findings: list[Finding]) -> None:
        """Judge every key again: readings grow stale, and clear limits come of age."""
        self._moment_ms = max(self._moment_ms, now_ms)
        deaf = self._episodes.heeds_silence and now_ms < self._deaf_until_ms
        for key in self._latest:
            if not deaf or key in self._episodes.open or self._verdict(key) is not Verdict.NO_DATA:
                self._settle(key, now_ms, "", findings)

    def resume(self, now_ms: int) -> None:
        """See Watcher: a silence that the rule minds begins now."""
        self._deaf_until_ms = now_ms + self._stale_ms

    @property
    def about(self) -> str:
        """What is read; how old a reading may be makes no difference to what was read."""
        reading = {"measure": "value", "reading": self._reading.canonical, "rule": self._compiled.rule.id}
        return about(self._compiled, reading)

    @property
    def counted(self) -> frozenset[str]:
        """Nothing."""
        return frozenset()

    def snapshot(self) -> bytes:
        """See Watcher."""
        latest: dict[Key, Latest] = dict(self._latest)
        episodes = keep_episodes(self._episodes)
        return encode(
            ValueState(
                moment_ms=self._moment_ms, latest=latest, late=self.late, refused=self._refused, episodes=episodes
            )
        )

    def restore(self, saved: bytes) -> None:
        """See Watcher."""
        state = msgspec.msgpack.decode(saved, type=ValueState)
        self._moment_ms, self.late, self._refused = state.moment_ms, state.late, state.refused
        self._latest = dict(state.latest)
        take_back_episodes(self._episodes, state.episodes)

    def readings(self, keys_per_rule: int) -> list[Reading]:
        """Open episodes first, then at most keys_per_rule other keys."""
        others = (key for key in self._latest if key not in self._episodes.open)
        return [self._row(key) for key in (*self._episodes.open, *islice(others, keys_per_rule))]

    def breached(self) -> list[Finding]:
        """What is beyond its limit now."""
        return [
            self._episodes.finding(
                key, State.BREACHED, self._described(key)[0], 1, episode.confirmed_ms, episode.fact_id, 0.0
            )
            for key, episode in self._episodes.open.items()
            if episode.breaching
        ]

    def _settle(self, key: Key, at_ms: int, fact_id: str, findings: list[Finding]) -> None:
        announced = self._episodes.judge(key, self._verdict(key), self._moment_ms, at_ms, fact_id)
        if announced is None:
            return
        value = self._described(key)[0]
        samples = 0 if announced is State.NO_DATA else 1
        findings.append(self._episodes.finding(key, announced, value, samples, at_ms, fact_id, 0.0))

    def _verdict(self, key: Key) -> Verdict:
        value = self._current(key)
        if value is None:
            return Verdict.NO_DATA
        if _meets(self._compiled.breach, value):
            return Verdict.BREACHING
        if self._compiled.clear is None or _meets(self._compiled.clear, value):
            return Verdict.CLEAR
        return Verdict.BETWEEN

    def _current(self, key: Key) -> limits.Reading | None:
        known = self._latest.get(key)
        if known is None or self._moment_ms - known[0] > self._stale_ms:
            return None
        return known[1]

    def _described(self, key: Key) -> tuple[float | None, str]:
        value = self._current(key)
        if value is None:
            return None, "no data"
        if isinstance(value, str | bool):
            return float(_meets(self._compiled.breach, value)), str(value).lower() if isinstance(value, bool) else value
        if self._compiled.breach.unit == "%":
            return value, shown.share(value)
        return value, shown.milliseconds(value) if is_time(self._reading) else shown.number(value)

    def _row(self, key: Key) -> Reading:
        value, text = self._described(key)
        at_ms = self._latest[key][0] if key in self._latest else self._moment_ms
        state = State.NO_DATA if value is None else State.CLEARED
        return self._episodes.reading(key, state, value, text, int(value is not None), at_ms)


def _meets(limit: Limit, value: limits.Reading) -> bool:
    setting = limit.setting if isinstance(limit.setting, str | bool) else float(limit.number)
    return holds(limit.operator, value, setting)

"""What is wrong with which key, since when: the states of one rule, with hysteresis and without repetition."""

from checks.compiled_rule import CompiledRule
from checks.findings import Finding, State
from checks.measures.judging.verdict import Verdict
from checks.readings import Reading
from checks.windows.panes import Key


class Episode:
    """A time in which one key is not simply healthy.

    state: what was announced last, ``pending`` before anything was. since_ms: when it began. fact_id: the fact that
    tipped it, empty for time. confirmed_ms: event time of the latest fact that was judged beyond the limit.
    pending_since_ms: since when it is beyond the limit and does not fire yet. held_until_ms: when that was last judged.
    silent_since_ms: since when nobody knows. clear_since_ms: since when it meets the clear limit. healed_ms: when it
    was first seen not to breach any more. They are None when it is not so. was_breached: a breach was announced and
    not cleared.
    """

    __slots__ = (
        "breaching",
        "clear_since_ms",
        "confirmed_ms",
        "fact_id",
        "healed_ms",
        "held_until_ms",
        "pending_since_ms",
        "silent_since_ms",
        "since_ms",
        "state",
        "was_breached",
    )

    def __init__(self, since_ms: int) -> None:
        self.state = State.PENDING
        self.since_ms = since_ms
        self.fact_id = ""
        self.confirmed_ms = since_ms
        self.pending_since_ms: int | None = None
        self.held_until_ms = since_ms
        self.silent_since_ms: int | None = None
        self.clear_since_ms: int | None = None
        self.healed_ms: int | None = None
        self.breaching = False
        self.was_breached = False

    @property
    def is_steady(self) -> bool:
        """Whether one more verdict of breach, without a fact that confirms it, would change nothing."""
        waiting = (self.silent_since_ms, self.clear_since_ms, self.healed_ms)
        return self.state is State.BREACHED and self.breaching and waiting == (None, None, None)


class Episodes:
    """The open episodes of one rule by key; a key without one is healthy, or has too little data to say.

    silence_is_news: whether a healthy key that falls silent is an episode of its own. It is for readings, where each
    key is a feed, and for every rule that pages for silence or takes it for a breach.
    """

    def __init__(self, compiled: CompiledRule, *, silence_is_news: bool) -> None:
        rule = compiled.rule
        self.compiled = compiled
        self.open: dict[Key, Episode] = {}
        self.forgotten = 0
        self.heeds_silence = rule.no_data in {"page", "breach"}
        self._silence_is_news = silence_is_news or self.heeds_silence
        self._silence = {"breach": Verdict.BREACHING, "clear": Verdict.CLEAR}.get(rule.no_data, Verdict.NO_DATA)
        self._for_ms = round(rule.hold_for * 1000)
        self._keep_ms = round(rule.keep_firing_for * 1000)
        self._hold_ms = 0 if compiled.clear is None else compiled.clear.hold_ms

    def judge(self, key: Key, verdict: Verdict, moment_ms: int, at_ms: int, fact_id: str) -> State | None:
        """Take a verdict and return the state to announce, None when nothing changed.

        moment_ms: the rule's time, which does not run backwards. at_ms: event time of the fact, or the tick's time.
        fact_id: empty when time alone changed the verdict.
        """
        episode = self.open.get(key)
        if verdict is Verdict.NO_DATA:
            verdict = self._silence
        if verdict is Verdict.NO_DATA:
            return self._silent(key, episode, moment_ms, at_ms)
        if verdict is Verdict.BREACHING:
            return self._breaching(key, episode, moment_ms, at_ms, fact_id)
        return None if episode is None else self._healed(key, episode, verdict, moment_ms)

    def stays(self, key: Key, until_ms: int) -> bool:
        """Whether an open episode that goes on breaching announces nothing until then."""
        episode = self.open[key]
        since_ms = episode.pending_since_ms
        if since_ms is None:
            return episode.state is State.BREACHED
        return episode.silent_since_ms is None and until_ms - since_ms < self._for_ms

    def rests(self, key: Key) -> bool:
        """Whether it makes no difference which of many facts between its limits an open episode meets first."""
        episode = self.open[key]
        if episode.state is State.PENDING:
            return True
        return episode.was_breached and (not self._keep_ms or episode.healed_ms is not None)

    def waits(self, key: Key, until_ms: int) -> bool:
        """Whether an open episode meets its clear limit and will not have met it for long enough by then."""
        episode = self.open[key]
        clear_since_ms, healed_ms = episode.clear_since_ms, episode.healed_ms
        if clear_since_ms is None or healed_ms is None:
            return False
        return until_ms - clear_since_ms < self._hold_ms or until_ms - healed_ms < self._keep_ms

    def finding(
        self, key: Key, state: State, value: float | None, samples: int, at_ms: int, fact_id: str, window_seconds: float
    ) -> Finding:
        """State what is so about a key."""
        rule = self.compiled.rule
        return Finding(
            rule_id=rule.id,
            family=rule.family,
            state=state,
            key=self.named(key),
            value=None if state is State.NO_DATA else value,
            breach=self.compiled.breach_text,
            samples=samples,
            window_seconds=window_seconds,
            at_ms=at_ms,
            fact_id=fact_id,
            severity=rule.severity,
            mode=rule.mode,
            do=rule.do,
            runbook=rule.runbook,
            no_data=rule.no_data,
            flag=rule.flag,
            component=rule.component,
        )

    def reading(self, key: Key, state: State, value: float | None, shown: str, samples: int, at_ms: int) -> Reading:
        """The current answer for a key that is in this state unless an episode says otherwise."""
        rule = self.compiled.rule
        episode = self.open.get(key)
        since_ms, fires_at_ms = 0, 0
        if episode is not None:
            state, since_ms, fires_at_ms = self._shown(episode)
        return Reading(
            rule_id=rule.id,
            family=rule.family,
            key=self.named(key),
            state=state,
            value=value,
            shown=shown,
            breach=self.compiled.breach_text,
            clear=rule.clear,
            samples=samples,
            min_samples=self.compiled.min_samples,
            window_seconds=self.compiled.window_seconds,
            severity=rule.severity,
            mode=rule.mode,
            do=rule.do,
            since_ms=since_ms,
            at_ms=at_ms,
            fires_at_ms=fires_at_ms,
        )

    def named(self, key: Key) -> dict[str, str]:
        """The key as its fields and values, in the rule's order."""
        values = key if isinstance(key, tuple) else (key,)
        return dict(zip(self.compiled.rule.per, map(str, values), strict=False))

    def _shown(self, episode: Episode) -> tuple[State, int, int]:
        """Its state as readings say it, since when, and when it fires if it is pending."""
        if episode.silent_since_ms is not None:
            return State.NO_DATA, episode.silent_since_ms, 0
        if episode.pending_since_ms is not None:
            return State.PENDING, episode.pending_since_ms, episode.pending_since_ms + self._for_ms
        return episode.state, episode.since_ms, 0

    def _breaching(self, key: Key, episode: Episode | None, moment_ms: int, at_ms: int, fact_id: str) -> State | None:
        if episode is None:
            episode = self._begin(key, at_ms)
        silent_ms = 0 if episode.silent_since_ms is None else moment_ms - episode.held_until_ms
        episode.silent_since_ms = None
        episode.clear_since_ms = None
        episode.healed_ms = None
        if episode.state is not State.BREACHED:
            episode.confirmed_ms = at_ms
            if not self._has_held(episode, moment_ms, silent_ms):
                return None
            self._fire(episode, at_ms, fact_id)
            return State.BREACHED
        episode.breaching = True
        if fact_id:
            episode.confirmed_ms = at_ms
        return None

    def _has_held(self, episode: Episode, moment_ms: int, silent_ms: int) -> bool:
        """Whether the breach has held for long enough to fire; one that fired before need not hold again."""
        if episode.was_breached:
            return True
        if episode.pending_since_ms is None:
            episode.pending_since_ms = moment_ms
        else:
            # Nobody knows what held while nothing was heard, so that time counts for nothing.
            episode.pending_since_ms += silent_ms
        episode.held_until_ms = moment_ms
        return moment_ms - episode.pending_since_ms >= self._for_ms

    def _fire(self, episode: Episode, at_ms: int, fact_id: str) -> None:
        episode.state = State.BREACHED
        episode.breaching = True
        episode.was_breached = True
        episode.pending_since_ms = None
        episode.since_ms = at_ms
        episode.fact_id = fact_id

    def _silent(self, key: Key, episode: Episode | None, moment_ms: int, at_ms: int) -> State | None:
        if episode is None:
            if not self._silence_is_news:
                return None
            episode = self._begin(key, at_ms)
        if episode.silent_since_ms is None:
            episode.silent_since_ms = moment_ms
        episode.clear_since_ms = None
        episode.healed_ms = None
        episode.breaching = False
        if episode.state is State.NO_DATA or (episode.state is State.PENDING and not self._silence_is_news):
            return None
        episode.state = State.NO_DATA
        episode.since_ms = at_ms
        return State.NO_DATA

    def _healed(self, key: Key, episode: Episode, verdict: Verdict, moment_ms: int) -> State | None:
        """Take a verdict that is no breach: the episode ends, or waits for its clear limit and its times."""
        episode.breaching = False
        episode.silent_since_ms = None
        episode.pending_since_ms = None
        if not episode.was_breached:
            return self._close(key)
        if episode.healed_ms is None:
            episode.healed_ms = moment_ms
        if verdict is Verdict.BETWEEN:
            episode.clear_since_ms = None
            return None
        if episode.clear_since_ms is None:
            episode.clear_since_ms = moment_ms
        if moment_ms - episode.clear_since_ms < self._hold_ms or moment_ms - episode.healed_ms < self._keep_ms:
            return None
        return self._close(key)

    def _close(self, key: Key) -> State | None:
        """Forget the episode; what was never announced is not taken back either."""
        episode = self.open.pop(key)
        return None if episode.state is State.PENDING else State.CLEARED

    def _begin(self, key: Key, at_ms: int) -> Episode:
        if len(self.open) >= self.compiled.rule.max_keys:
            # As many keys are wrong as may be held: the one that has been wrong longest makes room.
            del self.open[next(iter(self.open))]
            self.forgotten += 1
        episode = self.open[key] = Episode(at_ms)
        return episode

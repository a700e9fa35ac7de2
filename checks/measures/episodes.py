"""What is wrong with which key, since when: the states of one rule, with hysteresis and without repetition."""

from checks.compiled_rule import CompiledRule
from checks.findings import Finding, State
from checks.measures.verdict import Verdict
from checks.readings import Reading
from checks.windows import Key


class Episode:
    """A time in which one key is not simply healthy.

    since_ms: when the state began. fact_id: the fact that tipped it, empty for time. confirmed_ms: event time of the
    latest fact that was judged beyond the limit. clear_since_ms: since when it meets the clear limit, None if not.
    """

    __slots__ = ("breaching", "clear_since_ms", "confirmed_ms", "fact_id", "since_ms", "state", "was_breached")

    def __init__(self, since_ms: int) -> None:
        self.state = State.NO_DATA
        self.since_ms = since_ms
        self.fact_id = ""
        self.confirmed_ms = since_ms
        self.clear_since_ms: int | None = None
        self.breaching = False
        self.was_breached = False


class Episodes:
    """The open episodes of one rule by key; a key without one is healthy, or has too little data to say.

    silence_is_news: whether a healthy key that falls silent is an episode of its own. It is for readings, where each
    key is a feed; for windows over many keys, ``absent`` rules say so instead.
    """

    def __init__(self, compiled: CompiledRule, *, silence_is_news: bool) -> None:
        self.compiled = compiled
        self.open: dict[Key, Episode] = {}
        self.forgotten = 0
        self._silence_is_news = silence_is_news
        self._hold_ms = 0 if compiled.clear is None else compiled.clear.hold_ms

    def judge(self, key: Key, verdict: Verdict, moment_ms: int, at_ms: int, fact_id: str) -> State | None:
        """Take a verdict and return the state to announce, None when nothing changed.

        moment_ms: the rule's time, which does not run backwards. at_ms: event time of the fact, or the tick's time.
        fact_id: empty when time alone changed the verdict.
        """
        episode = self.open.get(key)
        announced: State | None = None
        match verdict:
            case Verdict.BREACHING:
                announced = self._breaching(key, episode, at_ms, fact_id)
            case Verdict.NO_DATA:
                announced = self._silent(key, episode, at_ms)
            case Verdict.BETWEEN:
                if episode is not None:
                    episode.breaching = False
                    episode.clear_since_ms = None
                    announced = None if episode.was_breached else self._close(key)
            case Verdict.CLEAR:
                announced = None if episode is None else self._clear(key, episode, moment_ms)
        return announced

    def waits(self, key: Key, until_ms: int) -> bool:
        """Whether an open episode meets its clear limit and will not have met it for long enough by then."""
        clear_since_ms = self.open[key].clear_since_ms
        return clear_since_ms is not None and until_ms - clear_since_ms < self._hold_ms

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
        )

    def reading(self, key: Key, state: State, value: float | None, shown: str, samples: int, at_ms: int) -> Reading:
        """The current answer for a key that is in this state unless an episode says otherwise."""
        rule = self.compiled.rule
        episode = self.open.get(key)
        state = state if episode is None else episode.state
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
            since_ms=0 if episode is None else episode.since_ms,
            at_ms=at_ms,
        )

    def named(self, key: Key) -> dict[str, str]:
        """The key as its fields and values, in the rule's order."""
        values = key if isinstance(key, tuple) else (key,)
        return dict(zip(self.compiled.rule.per, map(str, values), strict=False))

    def _breaching(self, key: Key, episode: Episode | None, at_ms: int, fact_id: str) -> State | None:
        if episode is None:
            episode = self._begin(key, at_ms)
        episode.clear_since_ms = None
        episode.breaching = True
        if fact_id or episode.state is not State.BREACHED:
            episode.confirmed_ms = at_ms
        if episode.state is State.BREACHED:
            return None
        episode.state = State.BREACHED
        episode.was_breached = True
        episode.since_ms = at_ms
        episode.fact_id = fact_id
        return State.BREACHED

    def _silent(self, key: Key, episode: Episode | None, at_ms: int) -> State | None:
        if episode is None:
            if not self._silence_is_news:
                return None
            self._begin(key, at_ms)
            return State.NO_DATA
        episode.clear_since_ms = None
        episode.breaching = False
        if episode.state is State.NO_DATA:
            return None
        episode.state = State.NO_DATA
        episode.since_ms = at_ms
        return State.NO_DATA

    def _clear(self, key: Key, episode: Episode, moment_ms: int) -> State | None:
        episode.breaching = False
        if not episode.was_breached:
            return self._close(key)
        if episode.clear_since_ms is None:
            episode.clear_since_ms = moment_ms
        if moment_ms - episode.clear_since_ms < self._hold_ms:
            return None
        return self._close(key)

    def _close(self, key: Key) -> State:
        del self.open[key]
        return State.CLEARED

    def _begin(self, key: Key, at_ms: int) -> Episode:
        if len(self.open) >= self.compiled.rule.max_keys:
            # As many keys are wrong as may be held: the one that has been wrong longest makes room.
            del self.open[next(iter(self.open))]
            self.forgotten += 1
        episode = self.open[key] = Episode(at_ms)
        return episode

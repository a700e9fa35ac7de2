"""What each rule makes of an archive, for warnings: whether its facts come, suffice and ever breach it."""

from collections.abc import Iterable, Sequence

from checks.compiled_rule import CompiledRule
from checks.engine import Engine
from checks.facts import Fact
from checks.findings import State
from checks.linting.surroundings import Seen
from checks.replay.firings import Firings
from checks.replay.moments import Moments

TICK_MS = 1000
LOOK_EVERY = 10
"""Ticks between two looks at every reading: a window that had enough for less long is of no use."""
KEYS_LOOKED_AT = 1_000


def seen_on(facts: Iterable[Fact], rules: Sequence[CompiledRule]) -> dict[str, Seen]:
    """Play the facts, which come in about the order of their times, and say what each rule saw, by its id."""
    engine, firings = Engine(rules), Firings()
    watched = [_Watched(compiled) for compiled in rules]
    with_data: set[str] = set()
    for number, (moment_ms, batch) in enumerate(Moments(TICK_MS).of(facts)):
        for one in watched:
            one.see(batch)
        firings.take([*engine.observe(batch, moment_ms), *engine.tick(moment_ms)])
        if number % LOOK_EVERY == 0:
            with_data |= {one.rule_id for one in engine.current(KEYS_LOOKED_AT) if one.state is not State.NO_DATA}
    return {
        one.compiled.rule.id: Seen(
            kind=one.kind,
            met=one.met,
            had_data=one.compiled.rule.id in with_data,
            fired=firings.totals[one.compiled.rule.id].fired if one.compiled.rule.id in firings.totals else 0,
            longest_ms=one.longest_ms,
        )
        for one in watched
    }


class _Watched:
    """Counts the facts of one rule."""

    def __init__(self, compiled: CompiledRule) -> None:
        self.compiled = compiled
        self.kind = 0
        self.met = 0
        self.longest_ms = 0
        self._last_ms = 0

    def see(self, batch: Sequence[Fact]) -> None:
        """Count those of its kind, and of those the ones that its ``where`` takes."""
        of_kind = [fact for fact in batch if isinstance(fact, self.compiled.fact_type)]
        if not of_kind:
            return
        self.kind += len(of_kind)
        where = self.compiled.where
        for fact in of_kind if where.always else where.select(of_kind):
            self.met += 1
            if self._last_ms:
                self.longest_ms = max(self.longest_ms, fact.at_ms - self._last_ms)
            self._last_ms = max(self._last_ms, fact.at_ms)

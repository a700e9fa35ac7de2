"""Plays one archive to one or two sets of rules side by side, in one pass and with bounded memory."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from checks.compiled_rule import CompiledRule
from checks.engine import Engine
from checks.facts import Fact
from checks.replay.firings import Firing, Firings
from checks.replay.moments import Moments
from config.policy import Policy
from daemon.replay.rehearsal import Acted, Rehearsal


@dataclass(frozen=True, slots=True)
class RuleOutcome:
    """What one rule would have done. firing: keys that fire at the end. held: reasons why nothing was done, counted."""

    id: str
    mode: str
    severity: str
    fired: int
    firing_seconds: float
    firing: int
    incidents: int
    acted: int
    held: dict[str, int]


@dataclass(frozen=True, slots=True)
class SideOutcome:
    """One set of rules: every rule of it, what fired, and what would have been done; lists are cut at a limit.

    late: facts that came after their window had passed. left_out: firings that are counted and not listed.
    """

    rules: tuple[RuleOutcome, ...]
    firings: tuple[Firing, ...]
    actions: tuple[Acted, ...]
    late: int
    left_out: int


@dataclass(frozen=True, slots=True)
class Replayed:
    """facts: that were played, from first_ms to last_ms. sides: in the order in which they were given."""

    facts: int
    first_ms: int
    last_ms: int
    sides: tuple[SideOutcome, ...]


class Side:
    """An engine and what is made of its findings."""

    def __init__(self, rules: Sequence[CompiledRule], policy: Policy) -> None:
        self._engine = Engine(rules)
        self._firings = Firings()
        self._rehearsal = Rehearsal(policy)

    def see(self, facts: Sequence[Fact], moment_ms: int) -> None:
        """The facts up to a moment, and then the moment itself; what is still in breach is decided on again."""
        self._rehearsal.see(facts)
        findings = self._engine.observe(facts, moment_ms) if facts else []
        findings += self._engine.tick(moment_ms)
        self._firings.take(findings)
        self._rehearsal.take([*findings, *self._engine.breached()], moment_ms)

    def outcome(self, moment_ms: int) -> SideOutcome:
        """What it came to; once, at the end."""
        self._firings.end(moment_ms)
        return SideOutcome(
            rules=tuple(self._rule(compiled) for compiled in self._engine.rules),
            firings=tuple(self._firings.listed),
            actions=tuple(self._rehearsal.acted),
            late=self._engine.late_facts,
            left_out=self._firings.left_out,
        )

    def _rule(self, compiled: CompiledRule) -> RuleOutcome:
        rule = compiled.rule
        totals, rehearsal = self._firings.totals.get(rule.id), self._rehearsal
        return RuleOutcome(
            id=rule.id,
            mode=rule.mode,
            severity=rule.severity,
            fired=0 if totals is None else totals.fired,
            firing_seconds=0.0 if totals is None else totals.firing_ms / 1000,
            firing=0 if totals is None else totals.now,
            incidents=rehearsal.incidents[rule.id],
            acted=rehearsal.acted_by_rule[rule.id],
            held={reason: count for (name, reason), count in rehearsal.held.items() if name == rule.id},
        )


def replay(facts: Iterable[Fact], sides: Sequence[Side], tick_ms: int) -> Replayed:
    """Play the facts, which come in about the order of their times, to every side. tick_ms: how often time is told."""
    moments = Moments(tick_ms)
    played, last_ms = 0, 0
    for moment_ms, batch in moments.of(facts):
        played += len(batch)
        last_ms = moment_ms
        for side in sides:
            side.see(batch, moment_ms)
    return Replayed(played, moments.first_ms, moments.last_ms, tuple(side.outcome(last_ms) for side in sides))

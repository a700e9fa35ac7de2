"""What fired and for how long, from findings; counted for ever, listed up to a limit."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from checks.findings import Finding, State

EPISODES_MAX = 5_000
"""Of all rules together; a picture with more shows nothing."""


@dataclass(slots=True)
class Firing:
    """One time that a rule fired for one key. ended_ms: 0 while it lasts."""

    rule_id: str
    key: dict[str, str]
    began_ms: int
    ended_ms: int = 0


@dataclass(slots=True)
class RuleTotals:
    """Of one rule. fired: how often, over all keys. firing_ms: how long, added up. now: keys that fire at the end."""

    fired: int = 0
    firing_ms: int = 0
    now: int = 0


@dataclass(slots=True)
class Firings:
    """Findings in, what fired out. left_out: firings that are counted and not listed."""

    listed: list[Firing] = field(default_factory=list)
    totals: dict[str, RuleTotals] = field(default_factory=dict)
    left_out: int = 0
    _open: dict[str, Firing] = field(default_factory=dict)

    def take(self, findings: Iterable[Finding]) -> None:
        """An alarming finding begins a firing, a cleared one ends it; without data it goes on."""
        for finding in findings:
            firing = self._open.get(finding.fingerprint)
            if firing is None and finding.is_alarming:
                self._begin(finding)
            elif firing is not None and finding.state is State.CLEARED:
                del self._open[finding.fingerprint]
                firing.ended_ms = finding.at_ms
                totals = self.totals[finding.rule_id]
                totals.firing_ms += max(0, finding.at_ms - firing.began_ms)
                totals.now -= 1

    def end(self, at_ms: int) -> None:
        """Add up how long what still fires has fired until now."""
        for firing in self._open.values():
            self.totals[firing.rule_id].firing_ms += max(0, at_ms - firing.began_ms)

    def _begin(self, finding: Finding) -> None:
        firing = self._open[finding.fingerprint] = Firing(finding.rule_id, dict(finding.key), finding.at_ms)
        totals = self.totals.setdefault(finding.rule_id, RuleTotals())
        totals.fired += 1
        totals.now += 1
        if len(self.listed) < EPISODES_MAX:
            self.listed.append(firing)
        else:
            self.left_out += 1

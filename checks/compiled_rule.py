"""A rule after it has been checked: the operator's text beside what it compiled to."""

from dataclasses import dataclass

from checks import shown
from checks.expression import Condition, ValueExpression
from checks.facts import Fact
from checks.limits import Limit
from config.rules.rule_file import (
    AbsentMeasure,
    AnomalyMeasure,
    DistinctMeasure,
    Rule,
    SequentialMeasure,
    ValueMeasure,
)
from config.rules.slo import BurnRateMeasure


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledRule:
    """A rule that has been checked against the fact it reads.

    condition: what ``count``, ``ratio`` and ``rate`` count, what is bad for ``sequential`` and ``burn_rate``.
    reading: what the other measures read; of ``absent`` when the next fact is due, None where the rule alone says so.
    breach: its limit; for ``absent`` the time without a fact, for ``sequential`` the whole evidence, for ``burn_rate``
    the factor of the first tier. clear: None means as soon as it is not breached.
    """

    rule: Rule
    fact_type: type[Fact]
    where: Condition
    condition: Condition | None
    reading: ValueExpression | None
    breach: Limit
    clear: Limit | None

    @property
    def window_seconds(self) -> float:
        """The window's length; 0 for measures without one, the tolerated silence for ``absent``, an SLO's period."""
        measure = self.rule.measure
        match measure:
            case ValueMeasure() | AnomalyMeasure() | SequentialMeasure():
                return 0.0
            case AbsentMeasure():
                return measure.absent
            case BurnRateMeasure():
                return measure.period
            case _:
                return measure.window

    @property
    def min_samples(self) -> int:
        """Facts below which there is no data; 1 for a reading, 0 where no number of facts is asked for."""
        measure = self.rule.measure
        match measure:
            case ValueMeasure() | SequentialMeasure():
                return 1
            case AbsentMeasure() | DistinctMeasure():
                return 0
            case _:
                return measure.min_samples

    @property
    def breach_text(self) -> str:
        """The limit as the operator wrote it, or what it means where none is written."""
        measure = self.rule.measure
        match measure:
            case AbsentMeasure():
                if measure.expected:
                    return f"no fact for twice {measure.expected}, {measure.absent:g} s where it is 0"
                return f"no fact for {measure.absent:g} s"
            case SequentialMeasure():
                return f"{measure.faulty} rather than {measure.healthy}"
            case BurnRateMeasure():
                return " or ".join(shown.tier(tier) for tier in measure.tiers)
            case _:
                return self.rule.breach

"""A rule after it has been checked: the operator's text beside what it compiled to."""

from dataclasses import dataclass

from checks.expression import Condition, ValueExpression
from checks.facts import Fact
from checks.limits import Limit
from config.rules import AbsentMeasure, Rule, ValueMeasure


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledRule:
    """A rule that has been checked against the fact it reads.

    condition: what ``count`` and ``ratio`` count. reading: what ``quantile`` and ``value`` read.
    breach: its limit; for ``absent`` the time without a fact. clear: None means as soon as it is not breached.
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
        """The window's length; 0 for ``value``, the tolerated silence for ``absent``."""
        measure = self.rule.measure
        if isinstance(measure, ValueMeasure):
            return 0.0
        return measure.absent if isinstance(measure, AbsentMeasure) else measure.window

    @property
    def min_samples(self) -> int:
        """Facts below which there is no data; 1 for a reading, 0 for absence."""
        measure = self.rule.measure
        if isinstance(measure, ValueMeasure):
            return 1
        return 0 if isinstance(measure, AbsentMeasure) else measure.min_samples

    @property
    def breach_text(self) -> str:
        """The limit as the operator wrote it, or what it means where none is written."""
        measure = self.rule.measure
        if isinstance(measure, AbsentMeasure):
            return f"no fact for {measure.absent:g} s"
        return self.rule.breach

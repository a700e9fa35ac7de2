"""The overview's objectives: how good the service was, what is left of the error budget, and how fast it burns."""

from collections.abc import Sequence
from dataclasses import dataclass

from checks.readings import Reading
from config.rules.rule_file import Rule
from config.rules.slo import BurnRateMeasure
from daemon.http.resources import Slo, slo_list
from daemon.http.words.wording import NO_DATA, key_text, percent, window

OBJECTIVE_ROWS = 8
"""Those that fit a person's attention, the worst first; ``/api/v1/slos`` has them all."""


@dataclass(frozen=True, slots=True)
class ObjectiveRow:
    """One objective and key. state: met, missed or no_data. left_percent: of the budget, 0 to 100; None: unknown.

    burn: how fast the budget goes, in words; empty where the rule has no budget.
    """

    rule_id: str
    key: str
    target: str
    current: str
    over: str
    left: str
    left_percent: int | None
    burn: str
    state: str


def objective_rows(rules: Sequence[Rule], readings: Sequence[Reading]) -> tuple[ObjectiveRow, ...]:
    """Missed first, then those with the least of their budget left; an objective that nothing reached has a row too."""
    slos = slo_list(rules, readings).slos
    burns = {(one.rule_id, key_text(one.key)): one for one in readings}
    heard = {one.rule_id for one in slos}
    rows = [_row(one, burns.get((one.rule_id, key_text(one.key)))) for one in slos]
    rows += [_unheard(rule) for rule in rules if isinstance(rule.measure, BurnRateMeasure) and rule.id not in heard]
    rows.sort(key=lambda row: (("missed", "met", "no_data").index(row.state), _left(row), row.rule_id, row.key))
    return tuple(rows[:OBJECTIVE_ROWS])


def _left(row: ObjectiveRow) -> int:
    return 100 if row.left_percent is None else row.left_percent


def _row(slo: Slo, reading: Reading | None) -> ObjectiveRow:
    left = slo.budget_left
    burn = ""
    if left is not None:
        value = None if reading is None else reading.value
        burn = NO_DATA if value is None else f"{value:.1f} times"
    return ObjectiveRow(
        rule_id=slo.rule_id,
        key=key_text(slo.key),
        target=percent(slo.target),
        current=percent(slo.current),
        over=window(slo.window_seconds),
        left=percent(left) if left is None or left >= 0 else "overspent",
        left_percent=None if left is None else max(0, min(100, round(100 * left))),
        burn=burn,
        state="no_data" if slo.met is None else "met" if slo.met else "missed",
    )


def _unheard(rule: Rule) -> ObjectiveRow:
    return ObjectiveRow(rule.id, "no key yet", "", NO_DATA, "", NO_DATA, None, NO_DATA, "no_data")

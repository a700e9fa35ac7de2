"""The shape of a warning before it has a place in a file."""

from dataclasses import dataclass

from checks.compiled_rule import CompiledRule
from config.rules.rule_file import MEASURES


@dataclass(frozen=True, slots=True)
class Found:
    """key: of the rule, with dots between levels. what: is wrong. fix: what to do about it."""

    key: str
    what: str
    fix: str


def measure_key(one: CompiledRule) -> str:
    """The key that holds what is measured: ``measure.ratio``."""
    measure = one.rule.measure
    return f"measure.{next(name for name in MEASURES if name in type(measure).model_fields)}"

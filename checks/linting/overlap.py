"""Rules that add nothing, because another one breaches whenever they do and is as grave and asks for as much."""

from collections.abc import Iterator, Sequence

from checks.compiled_rule import CompiledRule
from checks.limits import FALLING, RISING
from checks.linting.found import Found

_GRAVITY = {"critical": 0, "high": 1, "medium": 2, "low": 3}


def shadowed(one: CompiledRule, others: Sequence[CompiledRule]) -> Iterator[Found]:
    """The first rule that makes this one needless. others: that measure the same, whatever their limits."""
    for other in others:
        if other is not one and _always_first(other, one) and _says_as_much(other, one):
            what = (
                f"whatever is {one.breach_text} is {other.breach_text} too, so {other.rule.id} says all this rule says"
            )
            yield Found("breach", what, f"delete {one.rule.id}, or make it graver or ask for more than {other.rule.id}")
            return


def _always_first(first: CompiledRule, then: CompiledRule) -> bool:
    """Whether the first breaches whenever the other does, and no later; equal limits are another warning."""
    first_limit, then_limit = first.breach, then.breach
    if first.min_samples > then.min_samples or first.rule.hold_for > then.rule.hold_for:
        return False
    if first_limit.operator in RISING and then_limit.operator in RISING:
        return first_limit.number < then_limit.number
    if first_limit.operator in FALLING and then_limit.operator in FALLING:
        return first_limit.number > then_limit.number
    return False


def _says_as_much(first: CompiledRule, then: CompiledRule) -> bool:
    graver = _GRAVITY[first.rule.severity] <= _GRAVITY[then.rule.severity]
    enforced = first.rule.mode == "enforce" or then.rule.mode == "shadow"
    return graver and enforced and set(then.rule.do) <= set(first.rule.do)

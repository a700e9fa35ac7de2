"""Rules that several flags share: every ``{"$ref": name}`` becomes the rule of that name in ``$evaluators``."""

from collections.abc import Mapping

from payment_core.flags.targeting.coercion import Value

REFERENCE = "$ref"
DEPTH_MAX = 64
"""Objects and lists within each other in a rule, with what it refers to; rules of people have some ten."""
NODES_MAX = 100_000
"""Values of all rules of a document with what they refer to: few references to references could make any number."""


class NotExpanded(Exception):
    """The rule cannot be put together."""


class Expansion:
    """Puts rules together, up to the limits of one document. evaluators: the shared rules by name."""

    def __init__(self, evaluators: Mapping[str, Value]) -> None:
        self._evaluators = evaluators
        self._nodes = 0

    def of(self, logic: Value) -> Value:
        """The rule, new throughout; a reference to nothing stays. Raises NotExpanded."""
        return self._expanded(logic, (), 0)

    def _expanded(self, logic: Value, within: tuple[str, ...], depth: int) -> Value:
        self._nodes += 1
        if depth > DEPTH_MAX:
            raise NotExpanded(f"more than {DEPTH_MAX} levels; split the rule")
        if self._nodes > NODES_MAX:
            raise NotExpanded(
                f"the rules of the document have more than {NODES_MAX} parts; write fewer or shorter ones"
            )
        name = referred(logic)
        if name is not None and name in self._evaluators:
            if name in within:
                raise NotExpanded(f"$evaluators.{name} refers to itself; take one of the references out")
            return self._expanded(self._evaluators[name], (*within, name), depth)
        if isinstance(logic, dict):
            return {key: self._expanded(value, within, depth + 1) for key, value in logic.items()}
        if isinstance(logic, list):
            return [self._expanded(item, within, depth + 1) for item in logic]
        return logic


def referred(logic: Value) -> str | None:
    """The name that a reference gives; None for anything else."""
    if not isinstance(logic, dict) or len(logic) != 1:
        return None
    name = logic.get(REFERENCE)
    return name if isinstance(name, str) else None

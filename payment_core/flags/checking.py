"""What is wrong with a targeting rule, found before it is served: what no context could make right."""

from collections.abc import Collection, Iterator, Mapping, Sequence

from config.loading.suggest import closest, listed
from payment_core.flags.errors import Problem
from payment_core.flags.targeting.bucketing import WEIGHTS_MAX
from payment_core.flags.targeting.coercion import Value
from payment_core.flags.targeting.compiling import CONDITIONALS, branches_of, operation_of
from payment_core.flags.targeting.operators import OVER_DATA, OVER_ITEMS, PLAIN
from payment_core.flags.targeting.references import REFERENCE, referred
from payment_core.flags.targeting.versions import COMPARISONS, version_of

_KNOWN = {*CONDITIONALS, "and", "or", "reduce", "fractional", "sem_ver", *PLAIN, *OVER_DATA, *OVER_ITEMS}
_ARGUMENTS = {"starts_with": 2, "ends_with": 2, "sem_ver": 3}
_VARIABLE_ARGUMENTS_MAX = 2


class RuleCheck:
    """Checks the rules of a document. evaluators: the names that a rule may refer to."""

    def __init__(self, evaluators: Collection[str]) -> None:
        self._evaluators = evaluators

    def problems(self, logic: Value, place: str) -> Iterator[Problem]:
        """Everything wrong with a rule, in the order of its text."""
        if isinstance(logic, list):
            for index, item in enumerate(logic):
                yield from self.problems(item, f"{place}[{index}]")
            return
        name = referred(logic)
        if name is not None:
            yield from self._reference(name, place)
            return
        operation = operation_of(logic)
        if operation is None:
            return
        name, arguments = operation
        here = f"{place}.{name}"
        yield from _of_operator(name, arguments, here)
        for index, argument in enumerate(arguments):
            yield from self.problems(argument, f"{here}[{index}]" if isinstance(logic[name], list) else here)

    def _reference(self, name: str, place: str) -> Iterator[Problem]:
        if name not in self._evaluators:
            likely = closest(name, self._evaluators)
            fix = f"did you mean {likely!r}?" if likely is not None else "define it there, or write the rule here"
            yield Problem(f"{place}.{REFERENCE}", f"$evaluators has no {name!r}", fix)


def results(logic: Value, place: str) -> Iterator[tuple[str, Value]]:
    """Values of the rule's text that it may give, each with its place; not what it computes or refers to."""
    operation = operation_of(logic)
    if operation is None:
        yield place, logic
        return
    name, arguments = operation
    if name in CONDITIONALS:
        pairs, otherwise = branches_of(arguments)
        for index, (_, result) in enumerate(pairs):
            yield from results(result, f"{place}.{name}[{2 * index + 1}]")
        yield from results(otherwise, f"{place}.{name}[{len(arguments) - 1}]")
    elif name == "fractional":
        for index, pair in _pairs(arguments):
            if isinstance(pair, list) and pair:
                yield from results(pair[0], f"{place}.{name}[{index}][0]")


def unserved(logic: Value, place: str, variants: Mapping[str, Value]) -> Iterator[Problem]:
    """Results of the rule that are no variant of its flag."""
    for where, result in results(logic, place):
        name = str(result).lower() if isinstance(result, bool) else str(result)
        if result is not None and name not in variants:
            yield Problem(where, f"{result!r} is no variant of this flag", f"it has {listed([*map(repr, variants)])}")


def _of_operator(name: str, arguments: Sequence[Value], place: str) -> Iterator[Problem]:
    if name not in _KNOWN:
        likely = closest(name, _KNOWN)
        fix = (
            f"did you mean {likely!r}?"
            if likely is not None
            else "an object of one key is an operator; see docs/flags.md"
        )
        yield Problem(place, f"there is no operator {name!r}", fix)
    wanted = _ARGUMENTS.get(name)
    if wanted is not None and len(arguments) != wanted:
        yield Problem(place, f"{len(arguments)} arguments", f"{name} takes {wanted}")
    elif name == "var" and len(arguments) > _VARIABLE_ARGUMENTS_MAX:
        yield Problem(
            place, f"{len(arguments)} arguments", "var takes a path, and a default for where there is nothing"
        )
    elif name == "sem_ver":
        yield from _versions(arguments, place)
    elif name == "fractional":
        yield from _shares(arguments, place)


def _versions(arguments: Sequence[Value], place: str) -> Iterator[Problem]:
    comparison = arguments[1]
    if isinstance(comparison, str) and comparison not in COMPARISONS:
        yield Problem(f"{place}[1]", f"{comparison!r} compares nothing", f"use one of {listed(COMPARISONS)}")
    for index in (0, 2):
        version = arguments[index]
        if isinstance(version, dict):
            continue
        try:
            version_of(str(version))
        except ValueError:
            yield Problem(f"{place}[{index}]", f"{version!r} is no version", "write one as 1.2.3 or v1.2")


def _shares(arguments: Sequence[Value], place: str) -> Iterator[Problem]:
    pairs = _pairs(arguments)
    if not pairs:
        yield Problem(place, "no shares", 'write a key and shares: [{"var": "targetingKey"}, ["on", 10], ["off", 90]]')
    weights: list[int] = []
    for index, pair in pairs:
        match pair:
            case [_]:
                weights.append(1)
            case [_, int() as weight] if not isinstance(weight, bool):
                weights.append(max(0, weight))
            case [_, dict()] | dict():
                return
            case _:
                yield Problem(f"{place}[{index}]", "this is no share", 'write a variant and a whole number: ["on", 25]')
                return
    if pairs and not 0 < sum(weights) <= WEIGHTS_MAX:
        yield Problem(place, f"the weights add up to {sum(weights)}", f"they must add up to 1 to {WEIGHTS_MAX}")


def _pairs(arguments: Sequence[Value]) -> list[tuple[int, Value]]:
    """The shares of a rollout with their indexes: all arguments, or all but the key."""
    shorthand = bool(arguments) and isinstance(arguments[0], list)
    return list(enumerate(arguments))[0 if shorthand else 1 :]

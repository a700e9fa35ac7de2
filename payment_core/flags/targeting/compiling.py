"""A targeting rule as a function of Python: what is known beforehand is computed once, the rest becomes bytecode."""

import ast
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from payment_core.flags.targeting.bucketing import encodable, fractional, prepared, shares
from payment_core.flags.targeting.code import (
    AT,
    DATA,
    UNKNOWN,
    Code,
    Emitted,
    Kind,
    attribute,
    both,
    choose,
    compare,
    constant,
    either,
    keep,
    listing,
    load,
    method,
    negated,
    returning,
    store,
    when,
)
from payment_core.flags.targeting.coercion import Value, truthy
from payment_core.flags.targeting.operators import (
    OVER_DATA,
    OVER_ITEMS,
    PLAIN,
    reduced,
    refuse,
    variable,
    walked,
)
from payment_core.flags.targeting.shortcuts import KINDS, SHORTCUTS
from payment_core.flags.targeting.versions import sem_ver

Context = Mapping[str, Value]
Rule = Callable[[Context], Value]
SELF, FLAG_KEY, TIMESTAMP, TARGETING_KEY = "$flagd", "flagKey", "timestamp", "targetingKey"
CONDITIONALS = ("if", "?:")
CONNECTIVES = ("and", "or")
_INLINE_BRANCHES = 4
"""More branches than these make a function of their own, so that no tree gets deep."""
_ANSWERS: Mapping[str, Callable[..., Value]] = {**PLAIN, "sem_ver": sem_ver}
_NOTHING_TO_DO: Mapping[str, Value] = {"filter": [], "map": [], "all": False, "some": False, "none": True}
"""What operators over items give that were not given enough to begin."""


class Compiled(NamedTuple):
    """A rule. always: what it gives for every context, else UNKNOWN."""

    rule: Rule
    always: Value = UNKNOWN


def compile_rule(logic: Value, flag: str, now_seconds: Callable[[], int]) -> Compiled:
    """Compile a rule of a flag: into calls of our operators, with the document's values as constants, never as code.

    now_seconds: Unix time, for rules that ask for ``$flagd.timestamp``. The rule raises what its operators raise:
    UnknownOperator, and ArithmeticError, TypeError or ValueError where values do not fit.
    """
    return _Compiler(flag, now_seconds).compile(logic)


def operation_of(logic: Value) -> tuple[str, list[Value]] | None:
    """The operator and its arguments; None for a value that stands for itself."""
    if not isinstance(logic, dict) or len(logic) != 1:
        return None
    [(name, arguments)] = logic.items()
    return name, arguments if isinstance(arguments, list) else [arguments]


def branches_of(arguments: Sequence[Value]) -> tuple[list[tuple[Value, Value]], Value]:
    """The conditions of an ``if``, each with its result, and what it gives when none holds."""
    pairs = list(zip(arguments[::2], arguments[1::2], strict=False))
    return pairs, arguments[-1] if len(arguments) % 2 else None


class _Compiler:
    """One rule's compilation. ``top`` says that the data is the context, not an element of a list in it."""

    def __init__(self, flag: str, now_seconds: Callable[[], int]) -> None:
        self._flag = flag
        self._now_seconds = now_seconds
        self._code = Code()
        self._whole_is_read = False

    def compile(self, logic: Value) -> Compiled:
        body = self._body(logic, top=True)
        if isinstance(body[0], ast.Return) and isinstance(body[0].value, ast.Constant):
            always = body[0].value.value
            return Compiled(lambda _: always, always)
        if self._whole_is_read:
            whole = self._code.call(self._whole, load(DATA))
            body = [ast.Assign(targets=[store(DATA)], value=whole, **AT), *body]
        name = self._code.fresh()
        self._code.function(name, body)
        rule: Rule = self._code.run()[name]  # type: ignore[assignment]  # the function that was just made
        return Compiled(rule)

    def _whole(self, context: Context) -> dict[str, Value]:
        """The data as flagd's rules see all of it."""
        whole = {name: value for name, value in context.items() if name != TARGETING_KEY}
        whole[SELF] = {FLAG_KEY: self._flag, TIMESTAMP: self._now_seconds()}
        whole[TARGETING_KEY] = context.get(TARGETING_KEY)
        return whole

    def _body(self, logic: Value, *, top: bool) -> list[ast.stmt]:
        """Statements that return the value; a chain of conditions stays flat."""
        operation = operation_of(logic)
        if operation is None or operation[0] not in CONDITIONALS:
            return [returning(self._emit(logic, top=top).tree)]
        return self._chain(operation[1], top=top)

    def _chain(self, arguments: Sequence[Value], *, top: bool) -> list[ast.stmt]:
        """The statements of an ``if``."""
        pairs, otherwise = branches_of(arguments)
        statements: list[ast.stmt] = []
        for condition, result in pairs:
            test = self._test(condition, top=top)
            if test.value is True:
                return [*statements, *self._body(result, top=top)]
            if not test.known:
                statements.append(when(test.tree, self._body(result, top=top)))
        return [*statements, *self._body(otherwise, top=top)]

    def _own(self, body: list[ast.stmt]) -> str:
        """The name of a new function of the data with this body."""
        name = self._code.fresh()
        self._code.function(name, body)
        return name

    def _called(self, body: list[ast.stmt]) -> ast.expr:
        return ast.Call(func=load(self._own(body)), args=[load(DATA)], keywords=[], **AT)

    def _emit(self, logic: Value, *, top: bool) -> Emitted:
        if isinstance(logic, list):
            return self._list([self._emit(item, top=top) for item in logic])
        operation = operation_of(logic)
        if operation is None:
            return self._code.known(logic)
        name, arguments = operation
        if name in CONDITIONALS:
            return self._conditional(arguments, top=top)
        if name in CONNECTIVES:
            return self._connected(name, arguments, top=top)
        if name in OVER_ITEMS or name == "reduce":
            return self._over_items(name, arguments, top=top)
        return self._applied(name, [self._emit(argument, top=top) for argument in arguments], top=top)

    def _applied(self, name: str, parts: Sequence[Emitted], *, top: bool) -> Emitted:
        """An operator of whose arguments all are computed first."""
        if name == "var":
            return self._variable(parts, top=top)
        if name == "fractional":
            return self._fractional(parts, top=top)
        if name in OVER_DATA:
            return Emitted(self._over_data(OVER_DATA[name], parts, top=top), KINDS.get(name, Kind.ANY))
        return self._plain(name, parts)

    def _list(self, parts: Sequence[Emitted]) -> Emitted:
        if all(part.known for part in parts):
            return self._code.known([part.value for part in parts])
        return Emitted(listing([part.tree for part in parts]), Kind.LIST)

    def _plain(self, name: str, parts: Sequence[Emitted]) -> Emitted:
        """An operator that knows only its arguments."""
        function = _ANSWERS.get(name)
        if function is None:
            return Emitted(self._code.call(refuse, constant(name), *(part.tree for part in parts)))
        if all(part.known for part in parts):
            folded = _folded(function, [part.value for part in parts])
            if folded is not UNKNOWN:
                return self._code.known(folded)
        shortcut = SHORTCUTS.get(name)
        found = None if shortcut is None else shortcut(self._code, parts)
        if found is not None:
            return found
        return Emitted(self._code.call(function, *(part.tree for part in parts)), KINDS.get(name, Kind.ANY))

    def _test(self, logic: Value, *, top: bool) -> Emitted:
        """Whether it is true; of several conditions only as many are looked at as it takes."""
        operation = operation_of(logic)
        if operation is None:
            return self._code.test(self._emit(logic, top=top))
        name, arguments = operation
        if name in {"!", "!!"} and len(arguments) == 1:
            found = self._test(arguments[0], top=top)
            if name == "!!":
                return found
            return self._code.known(not found.value) if found.known else Emitted(negated(found.tree), Kind.TRUTH)
        if name in CONNECTIVES:
            return self._tests(name, [self._test(argument, top=top) for argument in arguments])
        return self._code.test(self._emit(logic, top=top))

    def _tests(self, name: str, tests: Sequence[Emitted]) -> Emitted:
        """``and`` and ``or`` where only their truth is asked for. Nothing after a part that decides is looked at."""
        decides = name == "or"
        open_ones: list[ast.expr] = []
        for test in tests:
            if not test.known:
                open_ones.append(test.tree)
            elif test.value is decides:
                if not open_ones:
                    return test
                open_ones.append(test.tree)
                break
        if not open_ones:
            return self._code.known(bool(tests) and not decides)
        return Emitted(either(open_ones) if decides else both(open_ones), Kind.TRUTH)

    def _connected(self, name: str, arguments: Sequence[Value], *, top: bool) -> Emitted:
        """``and`` and ``or``: the first value that decides, or the last one."""
        parts = [self._emit(argument, top=top) for argument in arguments]
        if not parts:
            return self._code.known(None)
        if len(parts) == 1:
            return parts[0]
        kinds = {part.kind for part in parts}
        if Kind.ANY not in {part.kind for part in parts[:-1]}:
            join = both if name == "and" else either
            return Emitted(join([part.tree for part in parts]), kinds.pop() if len(kinds) == 1 else Kind.ANY)
        statements: list[ast.stmt] = []
        for part in parts[:-1]:
            kept = self._code.fresh()
            test: ast.expr = self._code.call(truthy, keep(kept, part.tree))
            test = test if name == "or" else negated(test)
            statements.append(when(test, [returning(load(kept))]))
        return Emitted(self._called([*statements, returning(parts[-1].tree)]))

    def _conditional(self, arguments: Sequence[Value], *, top: bool) -> Emitted:
        pairs, otherwise = branches_of(arguments)
        if len(pairs) > _INLINE_BRANCHES:
            return Emitted(self._called(self._chain(arguments, top=top)))
        tests = [(self._test(condition, top=top), result) for condition, result in pairs]
        chosen: list[tuple[Emitted, Emitted]] = []
        for test, result in tests:
            if test.value is True:
                otherwise = result
                break
            if not test.known:
                chosen.append((test, self._emit(result, top=top)))
        found = self._emit(otherwise, top=top)
        for test, part in reversed(chosen):
            kind = found.kind if found.kind is part.kind else Kind.ANY
            found = Emitted(choose(test.tree, part.tree, found.tree), kind)
        return found

    def _over_items(self, name: str, arguments: Sequence[Value], *, top: bool) -> Emitted:
        """An operator whose second argument is a rule over each element of the first."""
        needed = 1 if name in {"map", "reduce"} else 2
        if len(arguments) < needed:
            return self._code.known(_NOTHING_TO_DO.get(name))
        items = self._emit(arguments[0], top=top)
        each = load(self._own(self._body(arguments[1] if len(arguments) > 1 else None, top=False)))
        if name == "reduce":
            initial = self._code.named(arguments[2] if len(arguments) > 2 else None)  # noqa: PLR2004  # the third one
            return Emitted(self._code.call(reduced, items.tree, each, initial))
        return Emitted(self._code.call(OVER_ITEMS[name], items.tree, each), KINDS[name])

    def _over_data(self, function: Callable[..., Value], parts: Sequence[Emitted], *, top: bool) -> ast.expr:
        self._whole_is_read |= top
        return self._code.call(function, load(DATA), *(part.tree for part in parts))

    def _variable(self, parts: Sequence[Emitted], *, top: bool) -> Emitted:
        if not parts or (parts[0].value in (None, "") and len(parts) == 1):
            self._whole_is_read |= top
            return Emitted(load(DATA))
        if type(parts[0].value) is not str or parts[0].value == "" or len(parts) > 2:  # noqa: PLR2004  # path, default
            return Emitted(self._over_data(variable, parts, top=top))
        default = parts[1] if len(parts) > 1 else self._code.known(None)
        return self._at_path(tuple(parts[0].value.split(".")), default, top=top)

    def _at_path(self, steps: tuple[str, ...], default: Emitted, *, top: bool) -> Emitted:
        """What stands at a known path."""
        if top and default.known and steps[0] == SELF:
            return self._about_itself(steps, default)
        if not top or not default.known:
            self._whole_is_read |= top and not default.known
            return Emitted(self._code.call(walked, load(DATA), self._code.named(steps), default.tree))
        first = method(load(DATA), "get", constant(steps[0]))
        if len(steps) > 1:
            return Emitted(self._code.call(walked, first, self._code.named(steps[1:]), default.tree))
        if default.value is None:
            return Emitted(first)
        name = self._code.fresh()
        there = compare(keep(name, first), ast.IsNot(), constant(None))
        return Emitted(choose(there, load(name), default.tree))

    def _about_itself(self, steps: tuple[str, ...], default: Emitted) -> Emitted:
        """What flagd adds to the context: key and time are not worth a dictionary."""
        if steps == (SELF, FLAG_KEY):
            return self._code.known(self._flag)
        if steps == (SELF, TIMESTAMP):
            return Emitted(self._code.call(self._now_seconds))
        self._whole_is_read = True
        return Emitted(self._code.call(walked, load(DATA), self._code.named(steps), default.tree))

    def _fractional(self, parts: Sequence[Emitted], *, top: bool) -> Emitted:
        """A rollout; with shares that are known and a key that is text, all but the hash is prepared."""
        customers = bool(parts) and parts[0].kind is Kind.LIST
        pairs = parts if customers else parts[1:]
        split = shares([part.value for part in pairs]) if all(part.known for part in pairs) else None
        if not top or split is None or (customers and not encodable(self._flag)):
            return Emitted(self._over_data(fractional, parts, top=top))
        key = self._code.fresh()
        if customers:
            owner = keep(key, method(load(DATA), "get", constant(TARGETING_KEY)))
            usable = both([self._code.call(isinstance, owner, self._code.named(str)), load(key)])
            side = self._code.call(prepared(split, self._flag), load(key))
            return Emitted(choose(usable, side, constant(None)))
        choice = prepared(split)
        if parts[0].kind is Kind.TEXT:
            return Emitted(self._code.call(choice, parts[0].tree))
        is_text = compare(
            attribute(keep(key, parts[0].tree), "__class__"),
            ast.Is(),
            self._code.named(str),
        )
        return Emitted(choose(is_text, self._code.call(choice, load(key)), self._of_any(pairs, load(key))))

    def _of_any(self, pairs: Sequence[Emitted], key: ast.expr) -> ast.expr:
        """The rare key that is no text: a number, or a list, which then is a share and not a key."""
        values = [part.value for part in pairs]

        def side(context: Context, found: Value) -> Value:
            return fractional(self._whole(context), found, *values)

        return self._code.call(side, load(DATA), key)


def _folded(function: Callable[..., Value], values: Sequence[Value]) -> Value:
    """What the operator gives for these values, or UNKNOWN where it raises: it does so when it is reached."""
    try:
        return function(*values)
    except Exception:  # noqa: BLE001  # whatever it raises is for the one who evaluates
        return UNKNOWN

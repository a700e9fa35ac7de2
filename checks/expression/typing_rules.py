"""The whitelist: what an expression may hold, the type of each part, and the syntax tree that reads the fact."""

import ast

from checks.expression.errors import ExpressionError
from checks.expression.source import Source
from checks.expression.types import NUMBER, TEXT, TRUTH, Kind, Type
from config.loading.suggest import closest, listed

NUMBER_MAX = 10**18
"""Larger than any amount in microcents; keeps arithmetic on constants small."""
FACT = "fact"
"""The name under which compiled code finds the fact."""

_TRUTHS = {"true": True, "false": False, "True": True, "False": False}
_ARITHMETIC: tuple[type[ast.operator], ...] = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Mod)
_ORDERING: tuple[type[ast.cmpop], ...] = (ast.Lt, ast.LtE, ast.Gt, ast.GtE)
_EQUALITY: tuple[type[ast.cmpop], ...] = (ast.Eq, ast.NotEq)
_MEMBERSHIP: tuple[type[ast.cmpop], ...] = (ast.In, ast.NotIn)
_TEXT_METHODS = ("startswith", "endswith", "contains")
_REFUSED: dict[type[ast.expr], tuple[str, str]] = {
    ast.Attribute: ("a field has no parts", "name a field of the fact alone, such as outcome"),
    ast.Subscript: ("a field has no parts", "name a field of the fact alone, such as outcome"),
    ast.Lambda: ("a lambda is no condition", "write the comparison itself"),
    ast.IfExp: ("'if' is not part of the language", "use and, or and not"),
    ast.JoinedStr: ("an f-string is not part of the language", "write a plain text such as 'card'"),
    ast.NamedExpr: ("nothing can be assigned in a condition", "write the comparison itself"),
    ast.Tuple: ("a list stands only to the right of 'in'", "write field in ('a', 'b')"),
    ast.List: ("a list stands only to the right of 'in'", "write field in ('a', 'b')"),
    ast.Set: ("a set is not part of the language", "write field in ('a', 'b')"),
    ast.Dict: ("a mapping is not part of the language", "compare the field itself"),
    ast.ListComp: ("a comprehension is not part of the language", "compare the field itself"),
    ast.SetComp: ("a comprehension is not part of the language", "compare the field itself"),
    ast.DictComp: ("a comprehension is not part of the language", "compare the field itself"),
    ast.GeneratorExp: ("a comprehension is not part of the language", "compare the field itself"),
}


class Checker:
    """Walks one expression over the fields of one kind of fact."""

    def __init__(self, source: Source, fields: dict[str, Type], kind: str) -> None:
        self._source = source
        self._fields = fields
        self._kind = kind

    def check(self, node: ast.expr) -> tuple[ast.expr, Type]:
        """The node rewritten to read the fact, and its type; raises ExpressionError at the place of the mistake."""
        match node:
            case ast.BoolOp():
                result = self._junction(node)
            case ast.UnaryOp():
                result = self._unary(node)
            case ast.BinOp():
                result = self._arithmetic(node)
            case ast.Compare():
                result = self._comparison(node)
            case ast.Call():
                result = self._method(node)
            case ast.Name():
                result = self._name(node)
            case ast.Constant():
                result = self._constant(node)
            case _:
                what, fix = _REFUSED.get(type(node), ("this is not part of the language", "compare fields of the fact"))
                raise self._refused(node, what, fix)
        return result

    def refuse_unless(self, node: ast.expr, found: Type, kind: Kind, what: str) -> None:
        """Raise ExpressionError when the node's type is of another kind."""
        if found.kind is kind:
            return
        name = f"{found.field} is" if found.field else "this is"
        article = "text" if found.kind is Kind.TEXT else f"a {found.kind}"
        fix = {
            Kind.TRUTH: "compare it: outcome == 'failed', latency_ms > 500",
            Kind.NUMBER: "use a number, such as amount_cents",
            Kind.TEXT: "use a text in quotes, such as 'card'",
        }[kind]
        raise self._refused(node, f"{what}, but {name} {article}", fix)

    def _wanted(self, node: ast.expr, kind: Kind, what: str) -> ast.expr:
        checked, found = self.check(node)
        self.refuse_unless(node, found, kind, what)
        return checked

    def _junction(self, node: ast.BoolOp) -> tuple[ast.expr, Type]:
        checked = [self._wanted(value, Kind.TRUTH, "'and' and 'or' join conditions") for value in node.values]
        return ast.BoolOp(op=node.op, values=checked), TRUTH

    def _unary(self, node: ast.UnaryOp) -> tuple[ast.expr, Type]:
        if isinstance(node.op, ast.Not):
            operand = self._wanted(node.operand, Kind.TRUTH, "'not' turns a condition")
            return ast.UnaryOp(op=node.op, operand=operand), TRUTH
        if isinstance(node.op, ast.USub | ast.UAdd):
            operand = self._wanted(node.operand, Kind.NUMBER, "a sign stands before a number")
            return ast.UnaryOp(op=node.op, operand=operand), NUMBER
        raise self._refused(node, "'~' is not part of the language", "write 'not'")

    def _arithmetic(self, node: ast.BinOp) -> tuple[ast.expr, Type]:
        if isinstance(node.op, ast.BitAnd | ast.BitOr):
            raise self._refused(node, "'&' and '|' are not part of the language", "write 'and' or 'or'")
        if not isinstance(node.op, _ARITHMETIC):
            raise self._refused(node, "this operator is not part of the language", "use + - * / and %")
        left = self._wanted(node.left, Kind.NUMBER, "arithmetic needs numbers")
        right = self._wanted(node.right, Kind.NUMBER, "arithmetic needs numbers")
        return ast.BinOp(left=left, op=node.op, right=right), NUMBER

    def _comparison(self, node: ast.Compare) -> tuple[ast.expr, Type]:
        if len(node.ops) == 1 and isinstance(node.ops[0], _MEMBERSHIP):
            return self._membership(node), TRUTH
        operands = [node.left, *node.comparators]
        checked = [self.check(operand) for operand in operands]
        for operator, left, right, (_, left_type), (_, right_type) in zip(
            node.ops, operands, operands[1:], checked, checked[1:], strict=False
        ):
            self._refuse_unlike(operator, left, left_type, right, right_type)
        tree = [operand for operand, _ in checked]
        return ast.Compare(left=tree[0], ops=node.ops, comparators=tree[1:]), TRUTH

    def _refuse_unlike(
        self, operator: ast.cmpop, left: ast.expr, left_type: Type, right: ast.expr, right_type: Type
    ) -> None:
        if isinstance(operator, _MEMBERSHIP):
            raise self._refused(right, "'in' cannot stand in a chain", "join the two conditions with 'and'")
        if not isinstance(operator, _EQUALITY + _ORDERING):
            raise self._refused(right, "'is' is not part of the language", "write == or !=")
        if left_type.kind is not right_type.kind:
            what = f"a {left_type.kind} is compared with a {right_type.kind}"
            raise self._refused(right, what, f"compare it with a {left_type.kind}{_example(left_type)}")
        if isinstance(operator, _ORDERING) and left_type.kind is not Kind.NUMBER:
            raise self._refused(right, f"a {left_type.kind} has no order", "compare it with == or !=, or use 'in'")
        self._refuse_impossible(left_type, right)
        self._refuse_impossible(right_type, left)

    def _refuse_impossible(self, known: Type, other: ast.expr) -> None:
        if not known.members or not isinstance(other, ast.Constant) or other.value in known.members:
            return
        meant = closest(str(other.value), known.members)
        fix = f"write {meant!r}" if meant else f"{known.field} is one of {listed(known.members)}"
        raise self._refused(other, f"{known.field} is never {other.value!r}", fix)

    def _membership(self, node: ast.Compare) -> ast.expr:
        items = node.comparators[0]
        left, left_type = self.check(node.left)
        if not isinstance(items, ast.Tuple | ast.List) or not items.elts:
            raise self._refused(items, "'in' needs a list of values", "write field in ('a', 'b')")
        constants: list[ast.expr] = []
        for item in items.elts:
            checked, item_type = self.check(item)
            if not isinstance(checked, ast.Constant):
                raise self._refused(item, "a list holds plain values only", "write field in ('a', 'b')")
            if item_type.kind is not left_type.kind:
                what = f"a {left_type.kind} is never in a list with a {item_type.kind}"
                raise self._refused(item, what, f"list values such as a {left_type.kind}{_example(left_type)}")
            self._refuse_impossible(left_type, item)
            constants.append(checked)
        return ast.Compare(left=left, ops=node.ops, comparators=[ast.Tuple(elts=constants, ctx=ast.Load())])

    def _method(self, node: ast.Call) -> tuple[ast.expr, Type]:
        method = node.func
        if not isinstance(method, ast.Attribute) or method.attr not in _TEXT_METHODS:
            known = listed([f".{name}" for name in _TEXT_METHODS])
            raise self._refused(node.func, "this cannot be called", f"the only calls are {known} on a text")
        target = self._wanted(method.value, Kind.TEXT, f".{method.attr} is for text")
        if len(node.args) != 1 or node.keywords:
            raise self._refused(node, f".{method.attr} takes one text", f"write .{method.attr}('x')")
        argument = node.args[0]
        if not isinstance(argument, ast.Constant) or not isinstance(argument.value, str):
            raise self._refused(argument, f".{method.attr} takes a text in quotes", f"write .{method.attr}('x')")
        text, _ = self._constant(argument)
        if method.attr == "contains":
            return ast.Compare(left=text, ops=[ast.In()], comparators=[target]), TRUTH
        bound = ast.Attribute(value=target, attr=method.attr, ctx=ast.Load())
        return ast.Call(func=bound, args=[text], keywords=[]), TRUTH

    def _name(self, node: ast.Name) -> tuple[ast.expr, Type]:
        if node.id in _TRUTHS:
            return ast.Constant(value=_TRUTHS[node.id]), TRUTH
        found = self._fields.get(node.id)
        if found is None:
            meant = closest(node.id, self._fields)
            fix = f"write {meant}" if meant else f"its fields are {listed(tuple(self._fields))}"
            raise self._refused(node, f"{self._kind} has no field {node.id!r}", fix)
        return ast.Attribute(value=ast.Name(id=FACT, ctx=ast.Load()), attr=found.field, ctx=ast.Load()), found

    def _constant(self, node: ast.Constant) -> tuple[ast.expr, Type]:
        value = node.value
        if isinstance(value, bool):
            return ast.Constant(value=value), TRUTH
        if isinstance(value, str):
            return ast.Constant(value=value), TEXT
        if isinstance(value, int | float):
            if not -NUMBER_MAX <= value <= NUMBER_MAX:
                raise self._refused(node, "the number is too large", f"write at most {NUMBER_MAX:.0e}")
            return ast.Constant(value=value), NUMBER
        raise self._refused(
            node, "this kind of value is not part of the language", "use a number, a text, true or false"
        )

    def _refused(self, node: ast.expr, what: str, fix: str) -> ExpressionError:
        offset, length = self._source.place(node)
        return ExpressionError(what, fix, offset, length)


def _example(wanted: Type) -> str:
    match wanted.kind:
        case Kind.NUMBER:
            return ", such as 500"
        case Kind.TEXT:
            return f", such as {wanted.members[0]!r}" if wanted.members else " in quotes"
        case Kind.TRUTH:
            return ": true or false"

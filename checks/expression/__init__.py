"""The rules' small expression language: parsed, type-checked against a fact, compiled to a code object."""

from checks.expression.compiled import (
    Condition,
    Selector,
    ValueExpression,
    compile_condition,
    compile_value,
    read_fields,
)
from checks.expression.errors import ExpressionError

__all__ = [
    "Condition",
    "ExpressionError",
    "Selector",
    "ValueExpression",
    "compile_condition",
    "compile_value",
    "read_fields",
]

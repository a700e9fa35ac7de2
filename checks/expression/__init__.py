"""The rules' small expression language: parsed, type-checked against a fact, compiled to a code object."""

from checks.expression.compiled import Condition, ValueExpression, compile_condition, compile_value
from checks.expression.errors import ExpressionError

__all__ = ["Condition", "ExpressionError", "ValueExpression", "compile_condition", "compile_value"]

"""What a source imports, read once for all who ask: reading every file of the house takes seconds."""

import ast
from functools import cache


@cache
def import_statements(source: str) -> tuple[ast.Import | ast.ImportFrom, ...]:
    """Its import statements, anywhere in it. Raises SyntaxError."""
    return tuple(node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Import | ast.ImportFrom))

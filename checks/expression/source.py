"""The text of an expression as a bounded syntax tree whose nodes know their place."""

import ast
import io
import tokenize
import warnings

from checks.expression.errors import ExpressionError

LENGTH_MAX = 1000
"""Characters; long enough for a list of blocked values, short enough that parsing never matters."""
DEPTH_MAX = 40
"""Nested operations; Python's own recursion limit stays far away."""

_FOREIGN_OPERATORS = {"&&": "and", "||": "or", "===": "=="}


class Source:
    """The text on one line, and the places of its syntax nodes as character offsets into the text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._start = len(text) - len(text.lstrip())
        # A line break inside an expression means no more than a blank; one line keeps every offset.
        self._line = "".join(" " if character in "\n\r\f" else character for character in text).strip()

    def parse(self) -> ast.expr:
        """The syntax tree; raises ExpressionError for what is no single, bounded expression."""
        if len(self.text) > LENGTH_MAX:
            what = f"the expression has {len(self.text)} characters"
            raise ExpressionError(what, f"write at most {LENGTH_MAX}", 0, LENGTH_MAX)
        if not self._line:
            raise ExpressionError("the expression is empty", "write a condition such as outcome == 'failed', or true")
        root = self._parsed()
        self._refuse_comments()
        self._refuse_depth(root)
        return root

    def place(self, node: ast.expr) -> tuple[int, int]:
        """Offset and length of the node, in characters of the text."""
        start = self._characters(node.col_offset)
        end = start + 1 if node.end_col_offset is None else self._characters(node.end_col_offset)
        return self._start + start, max(1, end - start)

    def _parsed(self) -> ast.expr:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")  # An invalid escape is a mistake here, not a warning.
                return ast.parse(self._line, mode="eval").body
        except SyntaxError as error:
            raise self._syntax_error(error) from None
        except (ValueError, RecursionError, MemoryError, Warning):
            raise ExpressionError("this is no expression", "write a condition such as outcome == 'failed'") from None

    def _syntax_error(self, error: SyntaxError) -> ExpressionError:
        for foreign, ours in _FOREIGN_OPERATORS.items():
            if foreign in self._line:
                offset = self._start + self._line.index(foreign)
                return ExpressionError(f"{foreign!r} is no operator here", f"write {ours!r}", offset, len(foreign))
        offset = self._start + max(0, min((error.offset or 1) - 1, len(self._line) - 1))
        what = f"the expression cannot be read: {error.msg}"
        return ExpressionError(what, "write a condition such as outcome == 'failed' and rail == 'card'", offset)

    def _refuse_comments(self) -> None:
        if "#" not in self._line:
            return
        for token in tokenize.generate_tokens(io.StringIO(self._line).readline):
            if token.type == tokenize.COMMENT:
                offset = self._start + token.start[1]
                fix = "write it outside the quotes, as a YAML comment"
                raise ExpressionError("a comment hides the rest of the expression", fix, offset, len(token.string))

    def _refuse_depth(self, root: ast.expr) -> None:
        level: list[ast.AST] = [root]
        for _ in range(DEPTH_MAX):
            level = [child for node in level for child in ast.iter_child_nodes(node)]
            if not level:
                return
        first = next((node for node in level if isinstance(node, ast.expr)), root)
        offset, length = self.place(first)
        raise ExpressionError("the expression is nested too deep", f"nest at most {DEPTH_MAX} levels", offset, length)

    def _characters(self, byte_offset: int) -> int:
        return len(self._line.encode()[:byte_offset].decode(errors="ignore"))

"""The faults of the ACH codec, one small tree."""

from payment_core.ach.problems import Problem
from payment_core.errors import CoreError

SHOWN_MAX = 5
"""Problems that an error's text names; the attribute has them all."""


class AchError(CoreError):
    """The ACH file cannot be made."""


class LayoutInvalid(AchError):
    """A record's layout does not cover its 94 positions with the fields of its type."""


class FieldInvalid(AchError):
    """A value does not fit its field; nothing was truncated."""


class TraceCollision(AchError):
    """Two entries of the file have one trace number; allocate traces once for the whole file."""


class FileInvalid(AchError):
    """The file breaks the rules, so it was not built."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        shown = "; ".join(
            f"line {problem.line} {problem.field}: {problem.code}: {problem.message}"
            for problem in problems[:SHOWN_MAX]
        )
        super().__init__(shown)
        self.problems = problems

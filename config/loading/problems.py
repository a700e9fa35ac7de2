"""What is wrong with a configuration: where it stands, what it is and how to mend it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One error. line and column count from 1; 0 when the error is about a whole file or a setting.

    excerpt: the offending line with a caret under the place, or empty.
    """

    file: str
    line: int
    column: int
    what: str
    fix: str
    excerpt: str = ""

    def __str__(self) -> str:
        place = self.file if self.line == 0 else f"{self.file}:{self.line}:{self.column}"
        text = f"{place}: {self.what}\n  fix: {self.fix}"
        return f"{text}\n{self.excerpt}" if self.excerpt else text


class ConfigurationError(Exception):
    """The configuration cannot be used; every problem found is listed."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems

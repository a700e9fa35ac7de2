"""A client of AWS that answers what a test wrote down, and keeps what it was asked."""

from collections.abc import Callable, Mapping
from typing import Any

from daemon.errors import AwsFailed

# Shapes are botocore's.
Answer = Mapping[str, Any] | AwsFailed | Callable[[dict[str, Any]], Mapping[str, Any]]


class ScriptedAws:
    """Answers by operation; a list is answered one after the other, its last entry for ever."""

    def __init__(self, **answers: Answer | list[Answer]) -> None:
        self._answers = {name: answer if isinstance(answer, list) else [answer] for name, answer in answers.items()}
        self.asked: list[tuple[str, dict[str, Any]]] = []

    async def call(self, operation: str, **arguments: Any) -> dict[str, Any]:  # noqa: ANN401  # shapes are botocore's
        self.asked.append((operation, arguments))
        script = self._answers[operation]
        answer = script.pop(0) if len(script) > 1 else script[0]
        if isinstance(answer, AwsFailed):
            raise answer
        return dict(answer(arguments) if callable(answer) else answer)

    def names(self) -> list[str]:
        """What was asked, in order."""
        return [name for name, _ in self.asked]

    def arguments(self, operation: str) -> dict[str, Any]:
        """Those of the last call of this operation."""
        return next(arguments for name, arguments in reversed(self.asked) if name == operation)


class SteppingClock:
    """Time passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.ms = 0.0

    def now_ms(self) -> int:
        return int(self.ms)

    def monotonic_ms(self) -> float:
        return self.ms

    async def sleep(self, seconds: float) -> None:
        self.ms += seconds * 1000

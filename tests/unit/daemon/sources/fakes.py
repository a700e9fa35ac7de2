"""Stand-ins that the tests of the sources share: a queue, a sink and a clock that the test turns."""

import asyncio
from collections.abc import Sequence

from checks.facts import Fact
from daemon.sources.sqs import Message

NOW_MS = 1_795_459_572_000


class FakeClock:
    """Sleeps at once, and keeps what was slept."""

    def __init__(self) -> None:
        self.now = NOW_MS
        self.slept: list[float] = []

    def now_ms(self) -> int:
        """The time that the test set, moved on by every sleep."""
        return self.now

    def monotonic_ms(self) -> float:
        """The same."""
        return self.now

    async def sleep(self, seconds: float) -> None:
        """Keep the time that was asked for, and go on at once."""
        self.slept.append(seconds)
        self.now += round(seconds * 1000)


class FakeQueue:
    """Gives the scripted answers one by one, an exception is raised; then it waits for ever, as a long poll does."""

    def __init__(self, *answers: list[Message] | Exception) -> None:
        self.answers = list(answers)
        self.deleted: list[str] = []
        self.delete_answers: list[list[str] | Exception] = []
        self.drained = asyncio.Event()

    async def receive(self, limit: int, wait_seconds: int) -> list[Message]:
        """The next answer of the script."""
        assert (limit, wait_seconds) == (10, 20)
        if not self.answers:
            self.drained.set()
            await asyncio.Event().wait()
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def delete(self, receipts: Sequence[str]) -> list[str]:
        """The next answer of the other script, or success."""
        answer = self.delete_answers.pop(0) if self.delete_answers else []
        if isinstance(answer, Exception):
            raise answer
        self.deleted += [receipt for receipt in receipts if receipt not in answer]
        return answer


class FakeSink:
    """Keeps every call; raises the scripted faults first."""

    def __init__(self, *faults: Exception) -> None:
        self.faults = list(faults)
        self.calls: list[tuple[list[Fact], str]] = []

    async def accept(self, facts: Sequence[Fact], source: str) -> None:
        """Keep the call, or raise."""
        if self.faults:
            raise self.faults.pop(0)
        self.calls.append((list(facts), source))

    @property
    def ids(self) -> list[str]:
        """Ids of all facts, in order."""
        return [fact.id for facts, _ in self.calls for fact in facts]

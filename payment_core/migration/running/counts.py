"""What running both counts in one process since its start, in plain integers."""

from collections import Counter


class RunningCounts:
    """told: calls to the old processor by verb and how they ended. compared: by outcome. dropped: not compared, by why.

    events: of the old processor, by what became of them. answered: reads, by the side that they were answered from.
    """

    def __init__(self) -> None:
        self.told: Counter[tuple[str, str]] = Counter()
        self.compared: Counter[str] = Counter()
        self.dropped: Counter[str] = Counter()
        self.events: Counter[str] = Counter()
        self.answered: Counter[str] = Counter()

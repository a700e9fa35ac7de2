"""How long a source waits after a failure before it tries again."""

from random import Random

DOUBLINGS_MAX = 10
"""So that the power of a long outage stays a small number."""


class Backoff:
    """Full jitter under a doubling cap, never less than half the first one, so that nothing spins."""

    def __init__(self, first_seconds: float, longest_seconds: float, random: Random | None = None) -> None:
        self._first_seconds = first_seconds
        self._longest_seconds = longest_seconds
        self._random = Random() if random is None else random  # noqa: S311  # jitter is no secret

    def seconds(self, failures: int) -> float:
        """After so many failures in a row."""
        cap = min(self._longest_seconds, self._first_seconds * 2 ** min(failures, DOUBLINGS_MAX))
        return self._random.uniform(self._first_seconds / 2, cap)

"""How often somebody may fail to sign in: whoever guesses is kept waiting, by the address that they come from."""

from collections import OrderedDict, deque

FAILURES_MAX = 10
"""Wrong tokens from one address in WINDOW_MS; a person mistypes less often, and 256 bits are not guessed so."""
WINDOW_MS = 60_000
ADDRESSES_MAX = 4096
"""Of which failures are remembered; whoever has more addresses than that guesses no faster for it."""


class Attempts:
    """The newest failures by address, each for a minute."""

    def __init__(self) -> None:
        self._failed_ms: OrderedDict[str, deque[float]] = OrderedDict()

    def wait_seconds(self, address: str, now_ms: float) -> int:
        """How long this address has to wait before it is listened to again; 0 when it need not."""
        times = self._recent(address, now_ms)
        if len(times) < FAILURES_MAX:
            return 0
        return max(1, round((times[0] + WINDOW_MS - now_ms) / 1000))

    def failed(self, address: str, now_ms: float) -> None:
        """Remember a wrong token."""
        times = self._failed_ms.setdefault(address, deque(maxlen=FAILURES_MAX))
        times.append(now_ms)
        self._failed_ms.move_to_end(address)
        while len(self._failed_ms) > ADDRESSES_MAX:
            self._failed_ms.popitem(last=False)

    def _recent(self, address: str, now_ms: float) -> deque[float]:
        times = self._failed_ms.get(address, deque())
        while times and now_ms - times[0] >= WINDOW_MS:
            times.popleft()
        return times

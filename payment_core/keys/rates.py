"""How many requests a key may send: a token bucket for each key, in the memory of one process."""

import math

import msgspec


class RateLimit(msgspec.Struct, frozen=True):
    """requests_per_second: what lasts. burst: how many may come at once after a pause."""

    requests_per_second: int
    burst: int


class Bucket:
    """The tokens of one key. N processes of the payment core let N times the limit through."""

    __slots__ = ("_at_ms", "_capacity", "_level", "_per_ms", "policy")

    def __init__(self, limit: RateLimit, now_ms: float) -> None:
        self._capacity = limit.burst
        self._per_ms = limit.requests_per_second / 1000
        self._level: float = limit.burst
        self._at_ms = now_ms
        window_seconds = max(1, math.ceil(limit.burst / limit.requests_per_second))
        self.policy = f'"key";q={limit.burst};w={window_seconds}'.encode()

    def take(self, now_ms: float) -> bool:
        """Take one token; False when there is none. now_ms: of the monotonic clock."""
        level = min(self._capacity, self._level + (now_ms - self._at_ms) * self._per_ms)
        self._at_ms = now_ms
        if level < 1:
            self._level = level
            return False
        self._level = level - 1
        return True

    @property
    def state(self) -> bytes:
        """The RateLimit header (draft-ietf-httpapi-ratelimit-headers): tokens left, seconds until all are back."""
        level = self._level
        full_seconds = int((self._capacity - level) / self._per_ms / 1000) + 1
        return b'"key";r=%d;t=%d' % (level, full_seconds)

    @property
    def wait_seconds(self) -> int:
        """Whole seconds until there is a token."""
        return max(1, math.ceil((1 - self._level) / self._per_ms / 1000))

    def empty(self, now_ms: float) -> bool:
        """Whether there is no token; takes none."""
        return self._level + (now_ms - self._at_ms) * self._per_ms < 1

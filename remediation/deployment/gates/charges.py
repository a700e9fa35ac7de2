"""Whether somebody was charged twice for one thing, across the two versions; one time is enough."""

from collections import OrderedDict
from dataclasses import dataclass
from typing import TypeVar

from checks.facts import PaymentCaptured

REMEMBERED_MAX = 200_000
"""Captures and requests of a stage that are remembered, the newest; 45 minutes of 74 a second."""
TOLD_MAX = 20
"""Double charges that are named; the first one ends the rollout."""


K = TypeVar("K")


@dataclass(frozen=True, slots=True)
class Double:
    """Two captures for one thing. why: ``key`` for one idempotency key, ``twin`` for one payer, card and amount."""

    why: str
    first: str
    second: str
    amount_cents: int
    at_ms: int


@dataclass(frozen=True, slots=True)
class _Seen:
    payment_id: str
    at_ms: int
    is_new: bool


class Charges:
    """Remembers captures of both versions. A later capture of the same payment is none of another.

    Two captures are a double charge when they were asked for with one idempotency key and the new version made one of
    them, or when one payer gave one card to one provider for one amount within ``twins_ms``, once on each version: that
    is a retry which the other version did not know. On one version it is somebody who buys two of something; and what
    the old version alone did twice is no fault of the new one.
    """

    def __init__(self, twins_ms: int) -> None:
        self._twins_ms = twins_ms
        self._by_key: OrderedDict[str, _Seen] = OrderedDict()
        self._by_twin: OrderedDict[tuple[str, str, str, int, str], _Seen] = OrderedDict()
        self.examined = 0
        self.doubles: list[Double] = []

    def take(self, capture: PaymentCaptured, *, is_new: bool) -> None:
        """One capture."""
        self.examined += is_new
        seen = _Seen(capture.payment_id, capture.at_ms, is_new)
        if capture.request_digest:
            known = self._by_key.get(capture.request_digest)
            if known is not None:
                self._judge("key", known, seen, capture.amount_cents)
            _remember(self._by_key, capture.request_digest, seen)
        if capture.method_fingerprint:
            twin = (
                capture.customer_id,
                capture.provider_id,
                capture.method_fingerprint,
                capture.amount_cents,
                capture.currency,
            )
            known = self._by_twin.get(twin)
            close = known is not None and abs(capture.at_ms - known.at_ms) <= self._twins_ms
            if known is not None and close and known.is_new != is_new:
                self._judge("twin", known, seen, capture.amount_cents)
            _remember(self._by_twin, twin, seen)

    def _judge(self, why: str, known: _Seen, seen: _Seen, amount_cents: int) -> None:
        if known.payment_id == seen.payment_id or not (known.is_new or seen.is_new):
            return
        if len(self.doubles) < TOLD_MAX:
            self.doubles.append(Double(why, known.payment_id, seen.payment_id, amount_cents, seen.at_ms))


def _remember(held: OrderedDict[K, _Seen], key: K, seen: _Seen) -> None:
    held[key] = seen
    held.move_to_end(key)
    if len(held) > REMEMBERED_MAX:
        held.popitem(last=False)

"""Which variants a payment's customer got, for captures: they carry the cost, and come in an event of their own."""

from collections import OrderedDict
from collections.abc import Iterator, Mapping

from checks.facts import PaymentCaptured

REMEMBERED_MAX = 20_000
"""Payments, the newest: most are captured at once. What is captured later than so many others is in no cost."""
WAITING_MAX = 2_000
"""Captures that were told of before their payment's attempt was; events of one payment come in any order."""

Variants = Mapping[str, str]
"""By flag."""


class Captures:
    """Joins captures to the variants of their payments. Not kept over a restart: both variants lose alike."""

    def __init__(self) -> None:
        self._variants: OrderedDict[str, Variants] = OrderedDict()
        self._waiting: OrderedDict[str, list[PaymentCaptured]] = OrderedDict()

    def attempted(self, payment_id: str, variants: Variants) -> Iterator[PaymentCaptured]:
        """Remember a payment's variants; what was captured of it before they were known."""
        self._variants[payment_id] = variants
        if len(self._variants) > REMEMBERED_MAX:
            self._variants.popitem(last=False)
        yield from self._waiting.pop(payment_id, ())

    def captured(self, capture: PaymentCaptured) -> Variants:
        """The variants of its payment; none while they are not known, or when the payment is in no experiment."""
        found = self._variants.get(capture.payment_id)
        if found is not None:
            return found
        self._waiting.setdefault(capture.payment_id, []).append(capture)
        if len(self._waiting) > WAITING_MAX:
            self._waiting.popitem(last=False)
        return {}

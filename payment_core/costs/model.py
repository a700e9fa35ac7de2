"""The cost of one payment by component, as it is kept with the capture that caused it."""

import msgspec


class Cost(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """What taking a payment cost, in millionths of a cent. Payout and file are added when they are known.

    rail: what the rail charges to take the money. kms, dynamodb, queue, compute: this payment's share of what the
    process used in the interval before it. baseline: what the replaced processor would have charged for it.
    sheet: the day from which the prices are in force. baseline_name: what that processor's price is called.
    """

    rail: int = 0
    kms: int = 0
    dynamodb: int = 0
    queue: int = 0
    compute: int = 0
    baseline: int = 0
    sheet: str = ""
    baseline_name: str = ""

    @property
    def total(self) -> int:
        """Everything but the baseline."""
        return self.rail + self.kms + self.dynamodb + self.queue + self.compute


NO_COST = Cost()
"""Nothing is known: no price file was given."""

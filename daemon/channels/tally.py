"""Counts what channels took and failed at since the start."""

from collections import Counter


class ChannelTally:
    """counts: by channel and outcome, ``delivered`` or ``failed``; attempts, not notices."""

    def __init__(self) -> None:
        self.counts: Counter[tuple[str, ...]] = Counter()

    def delivered(self, channel: str) -> None:
        """One was taken."""
        self.counts[channel, "delivered"] += 1

    def failed(self, channel: str) -> None:
        """One attempt failed."""
        self.counts[channel, "failed"] += 1

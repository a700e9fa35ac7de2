"""The faults of the feed, one small tree."""

from payment_core.errors import CoreError


class FeedError(CoreError):
    """The feed of the processor's events cannot be used."""


class EventUnreadable(FeedError):
    """An event of the processor has another shape than it publishes."""


class OtherMode(FeedError):
    """An event is of the processor's test data and the export of real data, or the other way round."""

"""The faults of the store on DynamoDB."""

from payment_core.errors import CoreError


class Contended(CoreError):
    """Another transaction was there first; nothing was written."""

    def __init__(self, reasons: tuple[str, ...] = ()) -> None:
        super().__init__(", ".join(sorted({reason for reason in reasons if reason != "None"})))
        self._reasons = reasons

    @property
    def reasons(self) -> tuple[str, ...]:
        """One code for each operation, in their order, ``None`` for those that were not the reason.

        Empty when the service did not say (DynamoDB API, TransactionCanceledException.CancellationReasons).
        """
        return self._reasons

    @property
    def retryable(self) -> bool:
        """Yes, with fresh reads."""
        return True


class Throttled(CoreError):
    """DynamoDB takes no more at the moment; nothing was written."""

    @property
    def retryable(self) -> bool:
        """Yes, after a pause."""
        return True


class AnswerLost(CoreError):
    """DynamoDB did not answer; a write may have taken effect."""

    @property
    def retryable(self) -> bool:
        """Yes, with the same token."""
        return True


class OutcomeUnknown(CoreError):
    """DynamoDB did not say whether it took the write; ask again with the same idempotency key."""

    @property
    def retryable(self) -> bool:
        """Yes: the key's record lies in the same transaction, so a repeated request finds its own effect."""
        return True


class TransactionTooLarge(CoreError):
    """One transaction touches more items than DynamoDB takes together; split the work."""


class WorkNotRepeatable(CoreError):
    """The work reads other keys each time it is run; read nothing under an id that the work itself makes up."""


class PlaceUnreadable(CoreError):
    """The place in the events is none that this store gave out; start from the first, or from a place it gave."""


class LayoutMismatch(CoreError):
    """The table was made with other numbers of shards; they cannot change once it holds data."""

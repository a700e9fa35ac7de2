"""The faults of proving the audit trail."""

from payment_core.errors import CoreError


class ArchiveUnavailable(CoreError):
    """The archive of daily roots cannot be read or written."""

    @property
    def retryable(self) -> bool:
        """Yes: the job comes again."""
        return True


class KeyUnusable(CoreError):
    """The key of the daily roots cannot be used."""


class RootUnreadable(CoreError):
    """A daily root is not what this program writes."""

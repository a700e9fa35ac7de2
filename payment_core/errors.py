"""The faults of the payment core, one small tree."""


class CoreError(Exception):
    """The payment core cannot go on with what it was doing."""

    def __init__(self, detail: str = "") -> None:
        message = (type(self).__doc__ or "").strip()
        super().__init__(f"{message} {detail}".strip())
        self.detail = detail

    @property
    def retryable(self) -> bool:
        """Whether the same thing may succeed later."""
        return False


class AddressTaken(CoreError):
    """The address cannot be listened on."""


class DatabaseUnusable(CoreError):
    """The database cannot be opened or is not a ledger."""


class StoreBusy(CoreError):
    """The database did not answer in time; nothing was written."""

    @property
    def retryable(self) -> bool:
        """Yes: nothing about the request was wrong."""
        return True


class StoreUnwritable(CoreError):
    """The database file cannot be written: its disk is full or broken; nothing was written."""

    @property
    def retryable(self) -> bool:
        """Yes: somebody makes room."""
        return True


class StoreClosed(CoreError):
    """The store is closed; nothing was written."""

    @property
    def retryable(self) -> bool:
        """Yes: another process of the payment core may take it."""
        return True


class BackgroundWorkDied(CoreError):
    """A task that must run for ever ended, so the process stopped."""


class IllegalTransition(CoreError):
    """A state was left in a way that the transition table does not have."""


class QueueUnavailable(CoreError):
    """The queue did not take the messages."""

    @property
    def retryable(self) -> bool:
        """Yes: the outbox keeps what was not taken."""
        return True


class UnknownAccount(CoreError):
    """The chart of accounts has no such account."""


class VersionSkipped(CoreError):
    """A document was changed from another version than the stored one."""


class JournalRefused(CoreError):
    """The ledger refused a journal that the recipes should never have made."""

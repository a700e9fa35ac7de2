"""The faults of talking with the old processor, one small tree."""

from payment_core.errors import CoreError


class OldProcessorError(CoreError):
    """The old processor did not do what was asked."""


class OldUnreachable(OldProcessorError):
    """The old processor did not answer, or cannot answer now."""

    @property
    def retryable(self) -> bool:
        """Yes: it waits."""
        return True


class OldRefused(OldProcessorError):
    """The old processor refused, and will again."""


class OldHalfMade(OldRefused):
    """The old processor made the object, and refused to give it to its owner."""

    def __init__(self, detail: str, made: str) -> None:
        super().__init__(detail)
        self.made = made


class OldKeyUsed(OldProcessorError):
    """The old processor was sent something else under this key before, and nobody knows what became of that."""

    @property
    def retryable(self) -> bool:
        """Yes, under this key, which it forgets after a day: under another one there could be two."""
        return True


class OldUnreadable(OldProcessorError):
    """The old processor answered something that is not of its published shape."""

    @property
    def retryable(self) -> bool:
        """Yes: a proxy in between may have answered in its place."""
        return True


class OldAddressUnusable(CoreError):
    """The old processor's address or key cannot be used."""

"""The faults of flags."""

from enum import StrEnum

from payment_core.errors import CoreError


class Ignored(StrEnum):
    """Why a received document is not served, in order of precedence; each is counted under its name."""

    TOO_LARGE = "too_large"
    UNREADABLE = "unreadable"
    UNKNOWN_KEY = "unknown_key"
    FORGED = "forged"
    OLDER = "older"
    EXPIRED = "expired"
    FROM_THE_FUTURE = "from_the_future"
    NOT_COMPILED = "not_compiled"


class EnvelopeRefused(CoreError):
    """The envelope of a flag document is not one to be served."""

    def __init__(self, why: Ignored, detail: str = "") -> None:
        super().__init__(detail)
        self.why = why

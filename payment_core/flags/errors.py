"""The faults of flags."""

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

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


class DocumentNotKept(CoreError):
    """The newest flag document cannot be written to disk, or read from there."""

    @property
    def retryable(self) -> bool:
        """Yes: somebody makes room."""
        return True


class FlagFileUnusable(CoreError):
    """A file that flags need cannot be used."""


class DocumentOutOfReach(CoreError):
    """A way by which flag documents come does not work now."""

    @property
    def retryable(self) -> bool:
        """Yes: the other ways go on, and this one is tried again."""
        return True


class Problem(NamedTuple):
    """What is wrong with a document: where (``flags.instant-payouts.targeting.if[0]``), what, and how to mend it."""

    place: str
    what: str
    fix: str

    def __str__(self) -> str:
        return f"{self.place}: {self.what}; {self.fix}"


class DocumentUnreadable(CoreError):
    """The flag document cannot be used."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = tuple(problems)

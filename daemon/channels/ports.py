"""What a channel is asked to do, and what it may answer."""

from dataclasses import dataclass
from typing import Protocol

from daemon.errors import DaemonError
from remediation.escalation.notices import Notice

ATTEMPT_SECONDS = 10.0
"""Of one attempt, whatever the kind: with `fallback_after` at its most, the next channel is tried within a minute."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """The channel took it. detail: what it answered, without any address or key."""

    detail: str = ""


class NotDelivered(DaemonError):
    """A channel did not take a notice.

    retry_after_seconds: how long it wants to be left alone, 0 when it did not say.
    """

    def __init__(self, detail: str, *, retry_after_seconds: float = 0.0) -> None:
        super().__init__(detail)
        self.retry_after_seconds = retry_after_seconds


class ChannelDown(NotDelivered):
    """The channel takes nothing for now, whatever it is."""

    @property
    def retryable(self) -> bool:
        """Yes: nothing was wrong with the notice."""
        return True


class NoticeNotTaken(NotDelivered):
    """The channel failed at this notice; it may take others, and this one later."""

    @property
    def retryable(self) -> bool:
        """Yes: it may have been a moment's fault."""
        return True


class NoticeRefused(NotDelivered):
    """The channel will never take this notice as it is."""


class Channel(Protocol):
    """One way to reach people."""

    async def send(self, notice: Notice, key: str, address: str, at_ms: int) -> Receipt:
        """Hand it over. key: sent twice under it, it is one. address: of whom it is for, empty where there is none.

        Raises NotDelivered, as one of its three kinds.
        """
        ...

"""The faults of the daemon, one small tree."""


class DaemonError(Exception):
    """The daemon cannot go on with what it was doing."""

    def __init__(self, detail: str = "") -> None:
        message = (type(self).__doc__ or "").strip()
        super().__init__(f"{message} {detail}".strip())
        self.detail = detail

    @property
    def retryable(self) -> bool:
        """Whether the same thing may succeed later."""
        return False


class TaskDied(DaemonError):
    """A task that must run for ever ended."""


class NotUsable(DaemonError):
    """What the daemon was given cannot be used."""


class Untranslatable(DaemonError):
    """A message cannot be turned into facts."""


class CheckpointFailed(DaemonError):
    """The checkpoint on disk could not be read or written."""

    @property
    def retryable(self) -> bool:
        """Yes: nothing about the request was wrong."""
        return True


class StateNotKept(DaemonError):
    """The state of the rules could not be written to disk, or read from it."""

    @property
    def retryable(self) -> bool:
        """Yes: until then a restart replays more facts."""
        return True


class CostsNotKept(DaemonError):
    """The bill could not be written to disk, or read from it."""

    @property
    def retryable(self) -> bool:
        """Yes: the next look takes it over."""
        return True


class ReportNotWritten(DaemonError):
    """A report could not be written."""

    @property
    def retryable(self) -> bool:
        """Yes: the slot stays due until its report is there."""
        return True


class ExperimentsNotKept(DaemonError):
    """What was counted of experiments could not be read or written."""

    @property
    def retryable(self) -> bool:
        """Yes: the facts are in the log, and are counted again."""
        return True


class QuarantineFailed(DaemonError):
    """A bad message could not be put aside."""

    @property
    def retryable(self) -> bool:
        """Yes: nothing about the request was wrong."""
        return True


class AwsFailed(DaemonError):
    """AWS did not do what was asked."""

    def __init__(self, detail: str = "", *, code: str = "", retryable: bool = True) -> None:
        super().__init__(detail)
        self.code = code
        self._retryable = retryable

    @property
    def retryable(self) -> bool:
        """Whether the same call may succeed later."""
        return self._retryable


class QueueGone(AwsFailed):
    """The queue does not exist."""


class BrokerGone(DaemonError):
    """The MQTT broker did not answer, refused, or ended the connection."""

    @property
    def retryable(self) -> bool:
        """Yes: brokers come back, and settings are mended while the daemon runs on."""
        return True


class CoreUnreachable(DaemonError):
    """A payment core gave no usable answer."""

    @property
    def retryable(self) -> bool:
        """Yes: nothing about the request was wrong."""
        return True


class NotAsked(DaemonError):
    """A payment core was not asked, so nothing is known of it."""

    @property
    def retryable(self) -> bool:
        """Not before its API key, or its release, is another."""
        return False

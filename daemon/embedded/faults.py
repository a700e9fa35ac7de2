"""What can keep the whole system from coming up on this machine, or end it."""

from daemon.errors import DaemonError


class StackFailed(DaemonError):
    """The system on this machine cannot run."""


class MissingExtra(StackFailed):
    """The AWS stand-in is not installed; install the extra: pip install 'tillwatch[embedded]'."""


class PortTaken(StackFailed):
    """Another program listens there already; free it or choose another with --port."""


class DirectoryInUse(StackFailed):
    """Another run uses this data directory; stop it or choose another with --data-dir."""


class DirectoryUnusable(StackFailed):
    """The data directory cannot be written."""


class ChildDied(StackFailed):
    """A part of the system ended while it was needed."""


class NotReady(StackFailed):
    """A part of the system did not become ready in time."""


class NotNoted(StackFailed):
    """The daemon did not note the deployment in its journal, so no traffic was moved."""

"""The faults of running on AWS, one small tree."""

from payment_core.errors import CoreError


class OptionsUnusable(CoreError):
    """The environment variables of the function are not options of the payment core."""


class JobsFailed(CoreError):
    """Background jobs failed, all of which are tried again by the next run; the log says why."""

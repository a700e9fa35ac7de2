"""The faults of running on AWS, one small tree."""

from payment_core.errors import CoreError


class OptionsUnusable(CoreError):
    """The environment variables of the function are not options of the payment core."""

"""The faults of API keys, one small tree."""

from payment_core.errors import CoreError


class AdminKeyUnusable(CoreError):
    """The file of the admin key cannot be used."""

"""The faults of building the application, one small tree."""

from payment_core.errors import CoreError


class RoutesConflict(CoreError):
    """Two routes cannot be told apart."""


class RouteIncomplete(CoreError):
    """A route lacks what it needs to be served."""

"""``validate health``: every component, probed now."""

from collections.abc import Iterable

from checks.facts import HealthStatus
from checks.health import ComponentHealth
from daemon.validation.lines import Line, Outcome

SOURCE = "Post-deployment validation: health validation"

_OUTCOMES: dict[HealthStatus, Outcome] = {
    "healthy": "passed",
    "degraded": "warned",
    "unhealthy": "failed",
    "unknown": "failed",
}


def health_lines(components: Iterable[ComponentHealth]) -> list[Line]:
    """A line for each component and environment; what is unknown fails."""
    return [
        Line(
            name=f"{one.component} ({one.environment})" if one.environment else one.component,
            outcome=_OUTCOMES[one.status],
            measured=f"{one.status}: {one.detail}",
            limit="healthy",
            source=SOURCE,
        )
        for one in components
    ]

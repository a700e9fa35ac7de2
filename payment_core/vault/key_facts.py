"""Says the state of the encryption key as the daemon hears it: a probe of the component ``encryption``."""

from typing import assert_never

from checks.facts import HealthProbed, HealthStatus
from payment_core.vault.keys import KeyState

SUBJECT = "encryption"


def key_fact(*, fact_id: str, state: KeyState, at_ms: int, detail: str, environment: str, region: str) -> HealthProbed:
    """The fact to publish when KeyWatch tells a state."""
    return HealthProbed(
        id=fact_id,
        at_ms=at_ms,
        subject=SUBJECT,
        status=health_of(state),
        detail=detail,
        environment=environment,
        region=region,
    )


def health_of(state: KeyState) -> HealthStatus:
    """An outage is degraded, because keys in memory go on working; without permission or key no card is taken."""
    match state:
        case KeyState.ENABLED:
            return "healthy"
        case KeyState.UNAVAILABLE:
            return "degraded"
        case KeyState.DISABLED | KeyState.PENDING_DELETION | KeyState.MISSING | KeyState.ACCESS_DENIED:
            return "unhealthy"
        case _:
            assert_never(state)

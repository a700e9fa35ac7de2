"""What probes say about each component, and about the system as a whole; what was not seen lately is unknown."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

from checks.facts import HealthProbed, HealthStatus

STALE_AFTER_SECONDS = 600.0
"""Two of the five-minute health checks: a component that missed both is unknown."""

WORST_FIRST: tuple[HealthStatus, ...] = ("unhealthy", "degraded", "unknown", "healthy")


@dataclass(frozen=True, slots=True)
class ComponentHealth:
    """One component, in one environment where it has several, with its region before it where there are several.

    age_seconds: since the latest probe; None when it was never probed. latency_ms: that probe's round trip.
    """

    component: str
    environment: str
    status: HealthStatus
    detail: str
    age_seconds: float | None
    latency_ms: float


def judge(
    probes: Iterable[HealthProbed],
    expected: Iterable[str],
    now_ms: int,
    stale_after_seconds: float = STALE_AFTER_SECONDS,
) -> tuple[ComponentHealth, ...]:
    """The health of every component that is expected or was probed, by the latest probe of each of its checks.

    Latest is by event time. A component that is expected and was never, or not lately, probed is unknown.
    """
    latest: dict[tuple[str, str, str], dict[str, HealthProbed]] = {}
    for probe in probes:
        by_check = latest.setdefault((probe.subject, probe.environment, probe.region), {})
        known = by_check.get(probe.check)
        if known is None or probe.at_ms >= known.at_ms:
            by_check[probe.check] = probe
    seen = {component for component, _, _ in latest}
    regions = Counter((component, environment) for component, environment, _ in latest)
    judged = [
        _worst(
            by_check.values(),
            now_ms,
            stale_after_seconds,
            in_region=region if regions[component, environment] > 1 else "",
        )
        for (component, environment, region), by_check in latest.items()
    ]
    judged.extend(
        ComponentHealth(component, "", "unknown", "it was never probed", None, 0.0)
        for component in dict.fromkeys(expected)
        if component not in seen
    )
    return tuple(sorted(judged, key=lambda health: (health.component, health.environment)))


def overall(components: Iterable[ComponentHealth]) -> HealthStatus:
    """The worst of them: unhealthy, degraded, unknown, healthy; unknown when there are none."""
    found = {health.status for health in components}
    return next((status for status in WORST_FIRST if status in found), "unknown")


def _worst(
    checks: Iterable[HealthProbed], now_ms: int, stale_after_seconds: float, *, in_region: str
) -> ComponentHealth:
    """A component that is looked at in several ways is as healthy as the worst of them, and as slow as the slowest.

    in_region: stands before the environment where several regions have one of its name; empty elsewhere.
    """
    judged = [_judged(probe, now_ms, stale_after_seconds) for probe in checks]
    worst = min(judged, key=lambda health: WORST_FIRST.index(health.status))
    detail = "; ".join(health.detail for health in judged if health.status == worst.status)
    environment = f"{in_region}/{worst.environment}" if in_region else worst.environment
    slowest = max(health.latency_ms for health in judged)
    return replace(worst, environment=environment, detail=detail, latency_ms=slowest)


def _judged(probe: HealthProbed, now_ms: int, stale_after_seconds: float) -> ComponentHealth:
    age_seconds = max(0, now_ms - probe.at_ms) / 1000
    status, detail = probe.status, probe.detail
    if age_seconds > stale_after_seconds:
        status, detail = "unknown", f"last probed {age_seconds:.0f} s ago, it was {probe.status} then"
    return ComponentHealth(probe.subject, probe.environment, status, detail, age_seconds, probe.latency_ms)

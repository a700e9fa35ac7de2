"""The console's rows of components: each with its latest probe, the ones that are not well first."""

from collections.abc import Iterable
from dataclasses import dataclass

from checks.facts import HealthProbed, HealthStatus
from checks.health import WORST_FIRST, judge
from daemon.http.words.wording import NO_DATA, age


@dataclass(frozen=True, slots=True)
class ComponentRow:
    """One component, in one environment where it has several. age: since its latest probe, in words."""

    name: str
    environment: str
    status: HealthStatus
    detail: str
    latency: str
    age: str


def component_rows(facts: Iterable[HealthProbed], now_ms: int) -> tuple[ComponentRow, ...]:
    """What the latest health check found; one that is too old makes its components unknown."""
    judged = sorted(judge(facts, (), now_ms), key=lambda health: WORST_FIRST.index(health.status))
    return tuple(
        ComponentRow(
            name=health.component,
            environment=health.environment,
            status=health.status,
            detail=health.detail,
            latency=f"{health.latency_ms:.0f} ms",
            age=NO_DATA if health.age_seconds is None else age(health.age_seconds * 1000),
        )
        for health in judged
    )

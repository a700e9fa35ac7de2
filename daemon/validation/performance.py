"""``validate performance``: the owner's limits over what real payments measured, and over a short run of probes."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from checks.facts import HealthProbed
from daemon.probes.daemon_client import RuleNow
from daemon.validation.lines import Line, line
from daemon.validation.readings import Objective, held_against

RESPONSE_MS = 2_000.0
SUCCESS_LIMIT, ERROR_LIMIT = 0.995, 0.001
OBJECTIVES = (
    Objective(
        rule="payment-success-ratio",
        least=SUCCESS_LIMIT,
        limit=">= 99.5 %",
        source="Key metrics: Payment Success Rate: >99.5%",
        samples=400,
    ),
    Objective(
        rule="payment-error-rate",
        at_most=ERROR_LIMIT,
        limit="<= 0.1 %",
        source="Key metrics: Error Rate: <0.1%",
        samples=2_000,
    ),
    Objective(
        rule="payment-response-time",
        below=RESPONSE_MS,
        limit="p95 < 2 s",
        source="Key metrics: Response Time: <2 seconds",
        samples=50,
    ),
)
IN_FLIGHT_MAX = 4
"""Health payments at a time: a probe, and no load test."""


class Payer(Protocol):
    """Takes health payments; never raises."""

    async def probe(self, environment: str, now_ms: int, number: int = 0) -> HealthProbed:
        """One payment at an environment."""


@dataclass(frozen=True, slots=True)
class ProbeRun:
    """What the short run came to, by environment."""

    environment: str
    facts: tuple[HealthProbed, ...]


async def run_probes(payer: Payer, environments: Sequence[str], count: int, now_ms: int) -> list[ProbeRun]:
    """So many health payments at each environment, a few at a time."""
    turn = asyncio.Semaphore(IN_FLIGHT_MAX)

    async def pay(environment: str, number: int) -> HealthProbed:
        async with turn:
            return await payer.probe(environment, now_ms, number)

    runs = []
    for environment in environments:
        # From 1: the health check's own payment of this moment is number 0.
        facts = await asyncio.gather(*(pay(environment, number) for number in range(1, count + 1)))
        runs.append(ProbeRun(environment, tuple(facts)))
    return runs


def reading_lines(rules: Iterable[RuleNow], silent: str = "") -> list[Line]:
    """What the daemon's rules read of real payments. silent: why no daemon could be asked, so nothing holds."""
    if silent:
        return [line(one.rule, good=False, measured=silent, limit=one.limit, source=one.source) for one in OBJECTIVES]
    known = list(rules)
    return [each for objective in OBJECTIVES for each in held_against(objective, known)]


def run_lines(run: ProbeRun) -> list[Line]:
    """Response time and success of one environment's probes.

    A payment that was taken and given back, however slowly, succeeded.
    """
    count = len(run.facts)
    place = f"({run.environment}, {count} probes)"
    if count == 0:
        return [line(f"probe run {place}", good=False, measured="no probe was made")]
    succeeded = [fact for fact in run.facts if fact.version and fact.detail.startswith(_VOIDED)]
    source = "Success criteria: Sub-2 second response times"
    if not succeeded:
        return [line(f"probe run {place}", good=False, measured=run.facts[0].detail, limit="$1 authorized and voided")]
    slowest_ms = _percentile([fact.latency_ms for fact in succeeded], 95)
    success = len(succeeded) / count
    first_bad = next((fact.detail for fact in run.facts if fact not in succeeded), "")
    hint = f"; {first_bad}" if first_bad else ""
    return [
        line(
            f"response time {place}",
            good=slowest_ms < RESPONSE_MS,
            measured=f"p95 {slowest_ms:.0f} ms",
            limit="p95 < 2 s",
            source=source,
        ),
        line(
            f"success {place}",
            good=success >= SUCCESS_LIMIT,
            measured=f"{success:.2%}{hint}",
            limit=">= 99.5 %",
            source="Key metrics: Payment Success Rate: >99.5%",
        ),
    ]


_VOIDED = "$1 health payment: authorized and voided"


def _percentile(values: Sequence[float], percent: int) -> float:
    """The smallest value that so many percent of all are not above (nearest rank)."""
    ordered = sorted(values)
    return ordered[-(-len(ordered) * percent // 100) - 1]

"""What a look at a component gives, whatever happens while it looks, and what several looks come to."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

from checks.facts import HealthStatus
from checks.health import WORST_FIRST
from daemon.errors import DaemonError, NotAsked


@dataclass(frozen=True, slots=True)
class Observed:
    """What a probe saw. detail: one line for a person. findings: everything that is wrong, in words."""

    status: HealthStatus
    detail: str
    findings: tuple[str, ...] = ()


Look = Callable[[], Awaitable[Observed]]


async def looked(look: Look, deadline_seconds: float) -> Observed:
    """One look within its deadline: unhealthy when it met a fault, unknown when it hangs or could not be made."""
    try:
        async with asyncio.timeout(deadline_seconds):
            return await look()
    except TimeoutError:
        return Observed("unknown", f"no answer in {deadline_seconds} s")
    except NotAsked as fault:
        return Observed("unknown", str(fault))
    except DaemonError as fault:
        return Observed("unhealthy", str(fault))
    except Exception as fault:  # noqa: BLE001  # a probe that cannot look says so, whatever the reason
        return Observed("unknown", f"{type(fault).__name__}: {fault}")


@dataclass(frozen=True, slots=True)
class Asked:
    """What one environment was asked and answered. away: it did not answer at all."""

    environment: str
    observed: Observed
    away: bool = False


def everywhere(environments: Iterable[Asked]) -> Observed:
    """The worst of the environments that answer, those that say the same in one breath; unhealthy when none answers.

    One that is away while another answers is the business of aws-payment-processor: they share one store.
    """
    asked = tuple(environments)
    answered = [one for one in asked if not one.away]
    same: dict[tuple[HealthStatus, str], list[Asked]] = {}
    for one in answered if answered else asked:
        same.setdefault((one.observed.status, one.observed.detail), []).append(one)
    looks = []
    for (status, detail), group in same.items():
        findings = tuple(f"{one.environment}: {each}" for one in group for each in one.observed.findings)
        looks.append(Observed(status, f"{', '.join(one.environment for one in group)}: {detail}", findings))
    return worst(looks, "no core is configured")


def worst(looks: Iterable[Observed], nothing: str) -> Observed:
    """The worst of several looks with all their findings; unknown, and why, when there is none."""
    seen = tuple(looks)
    if not seen:
        return Observed("unknown", nothing)
    status = min((one.status for one in seen), key=WORST_FIRST.index)
    findings = tuple(finding for one in seen for finding in one.findings)
    return Observed(status, "; ".join(one.detail for one in seen if one.status == status and one.detail), findings)

"""Which flags the payment cores serve: whether each answers from a readable document, and all from the same one."""

import asyncio
from collections.abc import Mapping
from typing import Protocol

from daemon.errors import CoreUnreachable, NotAsked
from daemon.probes.looking import Asked, Look, Observed, everywhere, worst
from payment_core.flags.envelope import Report

FEATURE_FLAGS = "feature-flags"
NOWHERE = "none"
"""The source of a process that has no document at all."""


class FlagCore(Protocol):
    """A payment core that can be asked."""

    async def flags_served(self) -> Report:
        """What one of its processes serves. Raises CoreUnreachable or NotAsked."""


def look_at_flags(cores: Mapping[str, FlagCore]) -> Look:
    """Ask every environment at once; which version is the newest only the running daemon knows."""

    async def look() -> Observed:
        asked = await asyncio.gather(*(_asked(environment, core) for environment, core in cores.items()))
        versions = {one.environment: report.version for one, report in asked if report is not None}
        return worst([everywhere(one for one, _ in asked), _same(versions)], "no core is configured")

    return look


async def _asked(environment: str, core: FlagCore) -> tuple[Asked, Report | None]:
    try:
        report = await core.flags_served()
    except NotAsked as fault:
        return Asked(environment, Observed("unknown", str(fault))), None
    except CoreUnreachable as fault:
        return Asked(environment, Observed("unhealthy", str(fault)), away=True), None
    return Asked(environment, _observed(report)), report


def _observed(report: Report) -> Observed:
    if report.source == NOWHERE:
        return Observed("unhealthy", "it has no document, so every flag is at its safe default", ("no document",))
    if report.missing:
        detail = f"answered with safe defaults for want of a readable flag: {', '.join(report.missing)}"
        return Observed("unhealthy", detail, (detail,))
    return Observed("healthy", f"version {report.version} ({report.source})")


def _same(versions: Mapping[str, int]) -> Observed:
    if len(set(versions.values())) <= 1:
        return Observed("healthy", "")
    detail = ", ".join(f"{environment} serves {version}" for environment, version in versions.items())
    return Observed("degraded", f"not all serve the same flags: {detail}", (detail,))

"""When one region has all that it may have and still too little: a part of its traffic goes where there is room."""

from collections.abc import Awaitable, Callable

import structlog
from msgspec.structs import replace

from checks.findings import Finding, State
from remediation.aiming.spill import SPILL_RULE, SpillAim, spilled
from remediation.errors import RemediationError
from remediation.journal.writer import JournalWriter
from remediation.ports import Clock, Traffic
from remediation.scaling.model import ScalingDecision, ScalingReason
from remediation.scaling_findings import spill_finding
from remediation.state import IncidentState

log = structlog.get_logger()


class Spilling:
    """between: what splits traffic between regions; None where there is one region alone, and nothing can be moved."""

    def __init__(
        self,
        between: Traffic | None,
        writer: JournalWriter,
        find: Callable[[Finding], Awaitable[None]],
        clock: Clock,
    ) -> None:
        self._between = between
        self._writer = writer
        self._find = find
        self._clock = clock

    async def follow(self, decision: ScalingDecision) -> None:
        """Say that the region is full and what would relieve it, or that it no longer is."""
        region = decision.target_name.removeprefix("scale:").partition("/")[0]
        if decision.reason is ScalingReason.NO_DATA:
            # Nobody knows whether it is still full.
            return
        if not decision.spill_to or self._between is None or decision.current is None:
            await self._clear(region, decision)
            return
        try:
            before = await self._between.read()
        except RemediationError as fault:
            log.warning("weights not read", action="spill_weights", region=region, fault=str(fault))
            return
        after = spilled(before, region, decision.spill_to, decision.current, decision.wanted)
        if after != before:
            aim = SpillAim(region, decision.spill_to, dict(before), after)
            await self._find(spill_finding(aim, decision, self._clock.now_ms()))

    async def _clear(self, region: str, decision: ScalingDecision) -> None:
        """What was said of this region because of this component is over."""
        for incident in self._writer.state.incidents.values():
            if incident.rule_id != SPILL_RULE or incident.state is IncidentState.RESOLVED or not incident.findings:
                continue
            last = incident.findings[-1]
            if (last.key.get("region"), last.key.get("component")) == (region, decision.component):
                await self._find(replace(last, state=State.CLEARED, at_ms=self._clock.now_ms()))

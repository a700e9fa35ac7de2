"""Writes what is due about telling people into the journal when it is due; channels send what stands there."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import structlog
from msgspec.structs import replace

from checks.findings import Finding
from config.escalation.escalation_file import Escalation
from remediation.escalation.chain import Chain, ChainState
from remediation.escalation.due import Due, due, next_due_ms
from remediation.journal.entry import Entry
from remediation.journal.writer import JournalWriter
from remediation.ports import Clock
from remediation.state import Incident, IncidentState

log = structlog.get_logger()

LOOK_MS = 1_000
"""Whoever ticks looks this often: windows that come back begin and end by the clock alone."""
ROUNDS_MAX = 100
"""Of writing and asking again at one tick; the next one goes on."""
STIRRING = ("finding", "incident.", "escalation.", "silence.", "maintenance.", "notice.")
"""Kinds of entries after which something may be due at once."""


class Pager:
    """Over the journal's state. escalation: as it is at this moment. breached: what rules find breached now.

    find: has a finding decided on, as any other. wake: makes the tick due; it may be called from anywhere on the loop.
    """

    def __init__(
        self,
        writer: JournalWriter,
        clock: Clock,
        escalation: Callable[[], Escalation],
        breached: Callable[[], Sequence[Finding]],
        find: Callable[[Finding], Awaitable[None]],
    ) -> None:
        self._writer = writer
        self._clock = clock
        self._escalation = escalation
        self._breached = breached
        self._find = find
        self._wake: Callable[[], None] = lambda: None
        self._alarm: asyncio.TimerHandle | None = None
        self._asked: set[tuple[str, int, int]] = set()
        writer.heard_by(self._heard)

    def wakes(self, wake: Callable[[], None]) -> None:
        """Call this when something is due before the next tick."""
        self._wake = wake

    async def tick(self) -> None:
        """Write what is due. A journal that takes nothing is tried again at the next tick: a page is late, not lost."""
        await self._write()
        await self._act()
        self._set_alarm()

    async def _write(self) -> None:
        before: tuple[Due, ...] = ()
        for _ in range(ROUNDS_MAX):
            seen = self._writer.state.sequence
            found = due(self._writer.state, self._escalation(), self._clock.now_ms())
            if not found:
                return
            if found == before:
                log.error("what is due stays due once it is written", action="paging_stuck", first=str(found[0])[:200])
                return
            before = found
            for body in found:
                if self._clock.now_ms() >= self._writer.lease.until_ms:
                    return
                if self._writer.state.sequence != seen:
                    # Somebody else wrote meanwhile, and what was due may be void: ask again.
                    break
                seen = (await self._writer.append(body)).sequence
        self._wake()

    async def _act(self) -> None:
        """Have the action of each step that was reached decided on, by what is measured now, and by all guards."""
        state, wanted = self._writer.state, []
        for chain in state.escalation.chains.values():
            incident = state.incidents.get(chain.incident_id)
            if incident is not None and incident.state is IncidentState.OPEN:
                wanted += [(incident, chain, step) for step in _acting(incident, chain)]
        if not wanted:
            return
        breached = {finding.fingerprint: finding for finding in self._breached()}
        for incident, chain, (number, action) in wanted:
            finding = breached.get(incident.fingerprint)
            asked = (incident.id, chain.generation, number)
            if finding is None or asked in self._asked:
                continue
            self._asked.add(asked)
            log.info("a step of the escalation acts", action="escalation_acts", incident=incident.id, wants=action)
            await self._find(replace(finding, do=(action,)))

    def _set_alarm(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        now_ms = self._clock.now_ms()
        at_ms = next_due_ms(self._writer.state, self._escalation(), now_ms)
        if at_ms is not None and at_ms - now_ms < LOOK_MS:
            self._alarm = asyncio.get_running_loop().call_later((at_ms - now_ms) / 1000, self._wake)

    def _heard(self, entry: Entry) -> None:
        if entry.kind.startswith(STIRRING):
            self._wake()


def _acting(incident: Incident, chain: Chain) -> list[tuple[int, str]]:
    """Number and action of each step that was reached, and whose action was not decided on since it was due."""
    if chain.state not in {ChainState.RUNNING, ChainState.SPENT}:
        return []
    decided = {(one.action, one.at_ms) for one in incident.decisions}
    return [
        (step.number, step.action)
        for step in chain.steps[: chain.done]
        if step.action and not any(action == step.action and at_ms >= step.at_ms for action, at_ms in decided)
    ]

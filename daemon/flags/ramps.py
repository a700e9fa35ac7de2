"""Looks at each ramp that is under way: it goes on, is over, is taken back, or waits, as evidence has it."""

import secrets
from collections.abc import Awaitable, Callable
from typing import Protocol

import structlog
from msgspec.structs import replace

from checks.findings import Finding, State
from config.delivery.deployment import Deployments
from daemon.flags.changes import FlagChanges
from daemon.flags.policies import FlagPolicies
from remediation.errors import WorldRefused
from remediation.flags.model import FlagChange, RampPlan, Setting
from remediation.flags.ramp_gates import RampPolicy
from remediation.flags.ramping import Advance, Done, Hold, Move, TakeBack, next_move
from remediation.flags.step_watch import RampReadings
from remediation.flags.telling import FLAG_RULES, goes_back, may_go_on
from remediation.journal.flag_kinds import FlagChanged
from remediation.journal.writer import JournalWriter
from remediation.ports import Clock
from remediation.state import IncidentState

log = structlog.get_logger()

KEY_BYTES = 16


class Tally(Protocol):
    """What was counted of a ramp's payments."""

    async def ramp(self, flag: str, plan_id: str) -> RampReadings | None:
        """Of the step that is under way; None when nothing was counted."""


class Ramps:
    """find: hands a finding over for deciding. moves: what each ramp did at the last look, by flag."""

    def __init__(
        self,
        writer: JournalWriter,
        changes: FlagChanges,
        tally: Tally,
        policies: FlagPolicies,
        deployments: Callable[[], Deployments],
        find: Callable[[Finding], Awaitable[None]],
        clock: Clock,
    ) -> None:
        self._writer = writer
        self._changes = changes
        self._tally = tally
        self._policies = policies
        self._deployments = deployments
        self._find = find
        self._clock = clock
        self.moves: dict[str, Move] = {}

    @property
    def held(self) -> dict[str, str]:
        """The ramps that wait for a person, by flag, each with why."""
        return {flag: move.detail for flag, move in self.moves.items() if isinstance(move, Hold) and move.held}

    async def tick(self) -> None:
        """One look at each. Journal faults are raised; the next look says the same again."""
        book, now_ms = self._changes.book, self._clock.now_ms()
        ramps = book.ramps
        self.moves = {flag: move for flag, move in self.moves.items() if flag in ramps}
        for flag, ramp in ramps.items():
            readings = await self._tally.ramp(flag, ramp.plan.id)
            policy = RampPolicy.of(self._policies.of(flag), self._deployments())
            move = next_move(ramp.plan, book, readings, policy, now_ms)
            self.moves[flag] = move
            await self._follow(ramp.plan, move, now_ms)
        await self._clear(frozenset(ramps), now_ms)

    async def _follow(self, plan: RampPlan, move: Move, now_ms: int) -> None:
        match move:
            case Advance():
                samples = _samples(move)
                await self._find(may_go_on(plan.flag, move.percent, why=move.detail, samples=samples, now_ms=now_ms))
            case TakeBack():
                await self._find(goes_back(plan.flag, why=move.reason, samples=_samples(move), now_ms=now_ms))
            case Done():
                await self._finish(plan, move)
            case Hold():
                pass

    async def _finish(self, plan: RampPlan, move: Done) -> None:
        """Everybody has the new variant by now, so that the end of a ramp changes nothing that is served."""
        setting = self._changes.book.of(plan.flag).setting
        targeting = None if setting is None else setting.targeting
        over = FlagChanged(
            flag=plan.flag,
            what=FlagChange.FINISH,
            reason=move.detail,
            key=secrets.token_hex(KEY_BYTES),
            setting=Setting(variant=plan.to_variant, targeting=targeting),
        )
        try:
            await self._changes.change(over)
        except WorldRefused as fault:
            log.error("ramp not ended", action="flag_change_refused", flag=plan.flag, fault=str(fault))

    async def _clear(self, under_way: frozenset[str], now_ms: int) -> None:
        """Tell that what a ramp found is over, once no ramp of the flag is under way."""
        for incident in self._writer.state.incidents.values():
            ours = incident.rule_id in FLAG_RULES and incident.state is not IncidentState.RESOLVED
            if ours and incident.findings and incident.findings[-1].flag not in under_way:
                await self._find(replace(incident.findings[-1], state=State.CLEARED, at_ms=now_ms))


def _samples(move: Advance | TakeBack) -> int:
    return max((one.samples for one in move.readings), default=0)

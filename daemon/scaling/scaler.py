"""Looks at every component, decides what each is to have, and hands on what is to be changed or told."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence

import structlog
from msgspec.structs import replace

from checks.findings import Finding, State
from config.scaling import AlbTargets, EcsService, Processes, Scaling
from daemon.scaling.forecasts import Forecasts
from daemon.scaling.spilling import Spilling
from daemon.scaling.watched import Watched, with_surroundings
from remediation.guardrails.money_at_risk import Flow
from remediation.journal.writer import JournalWriter
from remediation.ports import Clock
from remediation.scaling.deciding import decide
from remediation.scaling.model import Book, Component, Direction, Reading, ScalingDecision, Source
from remediation.scaling_findings import blind_finding, finding_of, short_finding
from remediation.state import Incident, IncidentState

log = structlog.get_logger()

HOUR_MS = 3_600_000
BLIND_MS = 600_000
"""CloudWatch is late by minutes now and then; who cannot be looked at for longer is somebody's to look after."""
CHANGED_BY_DEPLOYMENTS = (EcsService, AlbTargets, Processes)
"""Kinds whose units a deployment replaces."""


class Scaler:
    """The duty. watched: every component. find: hands a finding over for deciding. flow: the payments of a minute.

    Journal faults are raised, and the next look decides anew.
    """

    def __init__(
        self,
        watched: Sequence[Watched],
        *,
        policy: Scaling,
        writer: JournalWriter,
        forecasts: Forecasts,
        spilling: Spilling,
        find: Callable[[Finding], Awaitable[None]],
        flow: Callable[[], Flow | None],
        clock: Clock,
    ) -> None:
        self.watched = tuple(watched)
        self.policy = policy
        self._writer = writer
        self._forecasts = forecasts
        self._spilling = spilling
        self._find = find
        self._flow = flow
        self._clock = clock

    def follow(self, policy: Scaling) -> None:
        """Decide by this from the next look on; it has the components that were opened, with other limits."""
        self.policy = policy
        for one in self.watched:
            one.component = Component(one.component.name, policy.components[one.component.name])

    async def tick(self) -> None:
        """One look at each, all at once, and what follows from it, one after the other."""
        if self.policy.mode == "off" or not self.watched:
            return
        await asyncio.gather(*(self._look(one) for one in self.watched))
        for one in self.watched:
            decision = self.decided(one)
            one.decision = decision
            await self._tell(decision)
            await self._follow(one, decision)
        await self._forecasts.keep(self._clock.now_ms())

    async def look_at(self, one: Watched) -> None:
        """Look at one component now, for a person who asks."""
        await self._look(one)

    def decided(self, one: Watched) -> ScalingDecision:
        """What the component is to have by what is known at this moment; changes nothing in the world."""
        return self.as_if(one, one.book)

    def as_if(self, one: Watched, book: Book) -> ScalingDecision:
        """What would be decided if this were remembered of it, such as what a person sets."""
        return decide(one.component, tuple(one.readings), self.around(one, book), self.policy, self._clock.now_ms())

    def around(self, one: Watched, book: Book) -> Book:
        """The book with the deployment, the payments and the other components of this moment."""
        flow = self._flow()
        others = [other for other in self.watched if other is not one and other.newest is not None]
        return with_surroundings(
            book,
            rollout=self.changing(one),
            volume_cents_per_hour=None if flow is None else flow.amount_cents * HOUR_MS // flow.window_ms,
            others_microdollars_per_hour=sum(_hourly_microdollars(other) for other in others),
        )

    def changing(self, one: Watched) -> str:
        """The deployment whose step changes the component's units at this moment; empty for none."""
        if not isinstance(one.component.scaled, CHANGED_BY_DEPLOYMENTS):
            return ""
        place = f"environment:{one.component.scaled.region}/"
        targets = self._writer.state.targets
        return next((held.running for name, held in targets.items() if name.startswith(place) and held.running), "")

    async def _look(self, one: Watched) -> None:
        reading = await one.look(self._clock.now_ms, self.policy)
        self._learn(one, reading)

    def _learn(self, one: Watched, reading: Reading) -> None:
        now_ms, forecasting = self._clock.now_ms(), self.policy.forecasting
        one.catch_up(self._writer.state, now_ms)
        self._forecasts.take(one.component, reading, forecasting)
        one.book = replace(one.book, outlook=self._forecasts.outlook(one.component, forecasting, now_ms))

    async def _tell(self, decision: ScalingDecision) -> None:
        """Record it when it says something else than the one before; the numbers of each look are no news."""
        last = self._writer.state.scaling.get(decision.target_name)
        if last is None or _said(last) != _said(decision):
            await self._writer.append(decision)

    async def _follow(self, one: Watched, decision: ScalingDecision) -> None:
        await self._page_blind(one, decision)
        await self._page(one, decision)
        if self.policy.mode != "act":
            return
        held = self._writer.state.targets.get(decision.target_name)
        if decision.direction is not Direction.NONE and (held is None or not held.running):
            await self._find(finding_of(decision, self._clock.now_ms(), asked_by=_person(one, decision)))
        await self._spilling.follow(decision)

    async def _page_blind(self, one: Watched, decision: ScalingDecision) -> None:
        """Tell somebody what nobody could look at for long, once; and that it is over, at the first look that could."""
        now_ms = self._clock.now_ms()
        finding = blind_finding(decision, one.blind_ms / 1000, one.fault, now_ms)
        known = _open_incident(self._writer.state.incidents.values(), finding.fingerprint)
        if known is None and one.blind_ms >= BLIND_MS:
            log.warning("capacity unknown", action="capacity_blind", component=one.place, fault=one.fault)
            await self._find(finding)
        if known is not None and not one.blind_ms and one.readings:
            await self._find(replace(known.findings[-1], state=State.CLEARED, at_ms=now_ms))

    async def _page(self, one: Watched, decision: ScalingDecision) -> None:
        """Tell somebody what cannot be had, once; and that it is over, when it was for as long as a cool-down."""
        now_ms = self._clock.now_ms()
        one.short_ms = now_ms if decision.page else one.short_ms
        finding = short_finding(decision, now_ms)
        known = _open_incident(self._writer.state.incidents.values(), finding.fingerprint)
        if decision.page and known is None:
            log.warning("capacity short", action="capacity_short", component=one.place, words=decision.words)
            await self._find(finding)
        if one.blind_ms:
            # What is not known is not over: the cool-down begins when something is known again.
            one.short_ms = now_ms
            return
        calm_ms = round(one.component.scaled.cool_down.scale_in * 1000)
        if known is not None and not decision.page and now_ms - one.short_ms >= calm_ms:
            await self._find(replace(known.findings[-1], state=State.CLEARED, at_ms=now_ms))


def _person(one: Watched, decision: ScalingDecision) -> str:
    """Who set it by hand, where that is what is carried out."""
    pin = one.book.pin
    return pin.by if pin is not None and decision.source is Source.PERSON else ""


def _said(decision: ScalingDecision) -> tuple[object, ...]:
    return (
        decision.current,
        decision.target,
        decision.direction,
        decision.reason,
        decision.source,
        decision.page,
        decision.spill_to,
    )


def _hourly_microdollars(one: Watched) -> int:
    units = one.newest.desired if one.newest is not None else None
    return 0 if units is None else units * one.component.scaled.unit.hour_microdollars


def _open_incident(incidents: Iterable[Incident], fingerprint: str) -> Incident | None:
    open_ones = (one for one in incidents if one.state is not IncidentState.RESOLVED)
    return next((one for one in open_ones if one.fingerprint == fingerprint and one.findings), None)

"""Reads every gate of a deployment: from the rules' readings, and from the log of facts since the step began."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import structlog
from msgspec.structs import replace

from checks.engine import Engine
from checks.facts import Fact
from checks.readings import Reading
from checks.windows.cusum import chart
from config.delivery.deployment import Deployments
from config.delivery.gates import Gates
from config.rules.rule_file import SequentialMeasure
from config.rules.slo import ratio, share
from daemon.errors import CheckpointFailed
from daemon.storage.checkpoint import StoredBatch
from daemon.storage.fact_log import FactLog, place_before
from remediation.deployment.findings import GateReading, GateState
from remediation.deployment.gates.evidence import Unattainable, facts_to_see, facts_to_tell
from remediation.deployment.gates.observed import FUTURE_MS, Observed, thresholds
from remediation.deployment.gates.rules import red_before, rule_gates
from remediation.deployment.gates.sides import Sides, sides_of
from remediation.deployment.gates.sources import ALARMS, PAYMENTS, PROBES, QUORUM, Heard, quorum
from remediation.deployment.gates.told import UNATTAINABLE, told
from remediation.deployment.ports import StepContext
from remediation.deployment.run import DeploymentRun
from remediation.ports import Clock

log = structlog.get_logger()

PAGE_BATCHES = 200
"""Read from the log at a time; decoding that many takes some 20 ms, in a thread."""
REGIONS_MAX = 8
"""Regions whose counts are kept: one of a deployment is watched at a time, with room to spare."""
DECIDING_RULE = "payment-failure-rate"
"""The rule whose own evidence a stage has to be long enough for; see `remediation.deployment.gates.evidence`."""


class Evaluating(Protocol):
    """What evaluates facts at this moment; daemon.pipeline.Pipeline."""

    place: int

    @property
    def engine(self) -> Engine:
        """The engine with the rules of this moment."""


class Looking(Protocol):
    """Makes what only has to be known during a rollout, as facts, and remembers when it last did."""

    async def look(self, context: StepContext) -> Mapping[type[Fact], str]:
        """Look if it is time to; by kind of fact, why the last look brought none of it. Never raises."""


@dataclass(slots=True)
class _Watched:
    """One region: what was observed of one of its steps, and the place in the log up to which that goes.

    charged: up to where charges were counted, which go on from step to step. counting: what runs in a thread, and is
    not done twice when whoever waited for it did not wait to its end.
    """

    step_id: str
    observed: Observed
    place: int
    charged: int
    counting: "asyncio.Future[None] | None" = None

    def count(self, page: Sequence[StoredBatch]) -> None:
        """Observe what comes next in the log."""
        for batch in page:
            self.observed.take(batch.facts, batch.arrived_at_ms, is_charged=batch.sequence <= self.charged)
        self.place = page[-1].sequence
        self.charged = max(self.charged, self.place)


class GateReadings:
    """The gates of every running step.

    Counts are made from the log of facts, which is on disk before anything is evaluated: a daemon that was killed
    counts the same facts again and comes to the same readings. A source is dark by the daemon's own clock against the
    event times of what it brought; what nobody could hear because the daemon was down is no darkness.

    deployments: deployment.yaml as it is at this moment; a step that is watched already keeps its comparisons.
    run_of: a deployment by its id; None for one that the journal does not know yet, so that whatever is red then counts
    against it. looking: what has to be looked at during a rollout alone.
    """

    def __init__(
        self,
        pipeline: Evaluating,
        facts: FactLog,
        deployments: Callable[[], Deployments],
        clock: Clock,
        run_of: Callable[[str], DeploymentRun | None],
        looking: Sequence[Looking] = (),
    ) -> None:
        self._pipeline = pipeline
        self._facts = facts
        self._current = deployments
        self._clock = clock
        self._run_of = run_of
        self._looking = tuple(looking)
        self._listening_ms = clock.now_ms()
        self._watched: dict[tuple[str, str], _Watched] = {}
        # Two who read at once would both count what neither has.
        self._turn = asyncio.Lock()

    async def read(self, context: StepContext) -> tuple[GateReading, ...]:
        """Every gate of this moment; before anything is deployed, what is red already."""
        sides = sides_of(context.plan, context.step)
        if sides is None:
            return (_unreadable(f"the plan has no region {context.step.region}"),)
        shadow = self._gates.shadow
        if context.step.phase == "pre_deployment_validation":
            declared = context.plan.request.differential
            red = red_before(self._gates.rules, self._by_rule(), sides, shadow=shadow, differential=declared)
            return (await self._heard_before(sides), *red)
        looks = await asyncio.gather(*(one.look(context) for one in self._looking))
        run = self._run_of(context.plan.request.deployment_id)
        try:
            async with self._turn:
                watched = await self._caught_up(context, sides, run)
        except CheckpointFailed as fault:
            log.error("gates cannot be read", action="gates_unreadable", fault=str(fault))
            return (_unreadable(str(fault)),)
        now_ms = self._clock.now_ms()
        watched.observed.weigh(now_ms)
        needed = await asyncio.to_thread(self._needed, self._deciding())
        since_ms = max(context.began_at_ms, self._listening_ms)
        return (
            quorum(watched.observed.heard.newest_ms, self._dark_after, now_ms, since_ms),
            *self._seen(
                rule_gates(
                    self._gates.rules,
                    self._by_rule(),
                    sides,
                    0 if run is None else run.planned_at_ms,
                    shadow=shadow if run is None else {*shadow, *run.borne(context.step.region)},
                ),
                {kind: why for look in looks for kind, why in look.items()},
            ),
            *told(watched.observed, self._gates, self._deployments.evidence, needed),
        )

    def readers(self, context: StepContext) -> frozenset[str]:
        """Environments whose release has tried to open stored cards since the step began, as of the last reading."""
        watched = self._watched.get(_place(context))
        return frozenset(watched.observed.readers) if watched is not None and _is_of(watched, context) else frozenset()

    @property
    def _deployments(self) -> Deployments:
        return self._current()

    @property
    def _gates(self) -> Gates:
        return self._current().gates

    @property
    def _dark_after(self) -> Mapping[str, float]:
        sources = self._gates.sources
        return {PAYMENTS: sources.payments, PROBES: sources.probes, ALARMS: sources.alarms}

    def _by_rule(self) -> dict[str, list[Reading]]:
        engine = self._pipeline.engine
        readings: dict[str, list[Reading]] = {compiled.rule.id: [] for compiled in engine.rules}
        for reading in engine.current():
            readings[reading.rule_id].append(reading)
        return readings

    def _seen(self, readings: Sequence[GateReading], unseen: Mapping[type[Fact], str]) -> list[GateReading]:
        """The same, without data where the last look for a rule's facts brought none: its silence says nothing then."""
        fed = {compiled.rule.id: compiled.fact_type for compiled in self._pipeline.engine.rules}
        return [
            replace(one, state=GateState.NO_DATA, shown=unseen[fed[one.gate]])
            if one.state is not GateState.BREACHED and fed.get(one.gate) in unseen
            else one
            for one in readings
        ]

    async def _caught_up(self, context: StepContext, sides: Sides, run: DeploymentRun | None) -> _Watched:
        """What was observed of the step, with everything that the engine has seen by now."""
        watched = self._watched.get(_place(context))
        if watched is not None and watched.counting is not None:
            await asyncio.shield(watched.counting)
        if watched is None or not _is_of(watched, context):
            watched = await self._begun(context, sides, run, watched)
            self._watched[_place(context)] = watched
            while len(self._watched) > REGIONS_MAX:
                del self._watched[next(iter(self._watched))]
        while watched.place < self._pipeline.place:
            page = await self._facts.read(watched.place, self._pipeline.place, PAGE_BATCHES)
            if not page:
                break
            watched.counting = asyncio.get_running_loop().run_in_executor(None, watched.count, page)
            await asyncio.shield(watched.counting)
        return watched

    async def _heard_before(self, sides: Sides) -> GateReading:
        """Whether the sources are heard before anything is deployed: where the old version is alone, so of it alone."""
        now_ms = self._clock.now_ms()
        heard, dark_after = Heard(replace(sides, new=sides.old)), self._dark_after
        back_ms = round(max(dark_after.values()) * 1000)
        try:
            place, through = (
                await place_before(self._facts, self._pipeline.place, now_ms - back_ms),
                self._pipeline.place,
            )
            while place < through:
                page = await self._facts.read(place, through, PAGE_BATCHES)
                if not page:
                    break
                await asyncio.to_thread(_hear, heard, page)
                place = page[-1].sequence
        except CheckpointFailed as fault:
            log.error("sources cannot be heard", action="gates_unreadable", fault=str(fault))
            return _unreadable(str(fault))
        found = quorum(heard.newest_ms, dark_after, now_ms, 0)
        # A daemon that has only begun to listen waits for its sources, and calls them dark after their own silence.
        listens = found.state is not GateState.PASSED and now_ms - self._listening_ms <= back_ms
        return replace(found, state=GateState.WAITING) if listens else found

    async def _begun(
        self, context: StepContext, sides: Sides, run: DeploymentRun | None, before: _Watched | None
    ) -> _Watched:
        """The step with nothing observed yet, and with the charges of the steps before it since there were payments."""
        began_ms = context.began_at_ms
        exposed_ms = began_ms if run is None else run.exposed_ms.get(context.step.region, began_ms)
        observed = Observed(
            sides,
            self._gates,
            self._deployments.evidence,
            since_ms=began_ms,
            needed=thresholds(self._gates, context.plan),
            charges=None if before is None else before.observed.charges,
        )
        # The first of two charges may have been made before any payment of the release.
        from_ms = (exposed_ms if before is None else began_ms) - round(self._gates.twins_within * 1000)
        place = await place_before(self._facts, self._pipeline.place, from_ms)
        charged = 0 if before is None else before.charged
        return _Watched(context.step.id, observed, place if before is None else min(place, charged), charged)

    def _deciding(self) -> SequentialMeasure | None:
        """How the rule measures that every stage has to be long enough for; None when it is not sequential."""
        for compiled in self._pipeline.engine.rules:
            if compiled.rule.id == DECIDING_RULE and isinstance(compiled.rule.measure, SequentialMeasure):
                return compiled.rule.measure
        return None

    def _needed(self, measure: SequentialMeasure | None) -> int:
        """Payments of the new version that a stage takes; UNATTAINABLE when no number does."""
        evidence = self._deployments.evidence
        faulty, power = ratio(evidence.faulty), ratio(evidence.power)
        try:
            least = facts_to_tell(ratio(evidence.healthy), faulty, power, ratio(evidence.false_alarm))
            return least if measure is None else max(least, _to_fire(measure, faulty, power))
        except Unattainable:
            return UNATTAINABLE


def _place(context: StepContext) -> tuple[str, str]:
    return context.plan.request.deployment_id, context.step.region


def _is_of(watched: _Watched, context: StepContext) -> bool:
    """Whether that was observed of this step since it began."""
    return (watched.step_id, watched.observed.since_ms) == (context.step.id, context.began_at_ms)


def _to_fire(measure: SequentialMeasure, faulty: float, power: float) -> int:
    steps = chart(share(measure.healthy), share(measure.faulty), measure.facts_per_false_alarm)
    return facts_to_see(steps, faulty, power)


def _hear(heard: Heard, page: Sequence[StoredBatch]) -> None:
    for batch in page:
        for fact in batch.facts:
            if fact.at_ms <= batch.arrived_at_ms + FUTURE_MS:
                heard.take(fact)


def _unreadable(why: str) -> GateReading:
    return replace(
        quorum({}, {PAYMENTS: 0, PROBES: 0, ALARMS: 0}, 1, 0), gate=QUORUM, state=GateState.NO_DATA, shown=why
    )

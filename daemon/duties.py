"""What the daemon does by the clock: each duty is one task that waits for its tick."""

from collections.abc import Awaitable, Callable, Sequence

import structlog

from checks.facts import Fact
from daemon.deployments.absence import absent_on_purpose
from daemon.errors import CheckpointFailed
from daemon.leadership import RENEW_SECONDS, Leadership
from daemon.parts import Parts
from daemon.schedule import Standing, Ticks
from daemon.senses.health_check import HealthCheck
from daemon.senses.sightings import BEAT_SECONDS
from daemon.storage.checkpoint import PROBES
from daemon.supervisor import Task
from remediation.errors import NotJournaled
from remediation.ports import Clock

log = structlog.get_logger()

RULES_SECONDS = 1.0
"""Absence, staleness, what is still breached and what was interrupted are looked at this often."""
DEPLOYMENTS_SECONDS = 1.0
"""A step is looked at this often; whoever asks for something wakes it sooner."""
CORES_SECONDS = 2.0
"""A dead core is known within two ticks; a probe costs it one read."""
TRAFFIC_SECONDS = 2.0
BACKFILL_SECONDS = 5.0
PRUNE_SECONDS = 60.0
STATE_SECONDS = 5.0
"""How often is asked whether a snapshot is due; see `daemon.state_keeping`."""
HEALTH_SECONDS = 300.0
"""The owner's automated health check: every five minutes."""
LAG_SECONDS = 1.0
RECONCILE_SECONDS = 30.0
"""How long an incident may stay open after its rule has cleared unseen; it reads every key of every rule."""
SIGHTINGS_SECONDS = 5.0
"""Twice for each heartbeat: a command that reads them sees one that is missing within three."""
TALLY_SECONDS = 30.0
"""Before the checkpoint is pruned; an hour of 55 payments a second is what it holds at the least."""
PAGING_SECONDS = 1.0
"""Who is told of what: each entry of the journal that stirs it, and each moment at which it is due, wakes it sooner."""
CHANNELS_SECONDS = 10.0
"""How channels do is a fact this often; the rule about it wants to see it for longer."""
EXPOSURE_SECONDS = 5.0
AFTERMATH_SECONDS = 5.0
"""How often is asked whether a rollback has settled, and whether people approved what puts its payments right."""
REPORTS_SECONDS = 900.0
"""Beside the reports' own moments: one that failed, and one whose tick was missed, is not late by more."""
EXPERIMENTS_SECONDS = 5.0
"""A pane of payments; a ramp counts them itself each time it is looked at."""
FLAGS_SECONDS = 10.0
"""As often as processes report what they serve; one that does not say so over the broker is asked."""
LEDGER_SECONDS = 30.0
"""A cent that is missing is known within half a minute; a check reads the whole ledger."""


class Duties:
    """Binds ticks to what is due."""

    def __init__(self, parts: Parts, leadership: Leadership, clock: Clock) -> None:
        self._parts = parts
        self._clock = clock
        self._ticks = Ticks(clock)
        self._felt = False
        self._health = HealthCheck((parts.probes.core, parts.probes.payments, parts.probes.components), parts.writer)
        self._due: tuple[tuple[str, float, Callable[[], Awaitable[object]]], ...] = (
            ("lease", RENEW_SECONDS, leadership.renew),
            ("rules", RULES_SECONDS, parts.pipeline.tick),
            ("recover", RULES_SECONDS, parts.executor.recover),
            ("deployments", DEPLOYMENTS_SECONDS, parts.deployments.runner.tick),
            ("automation", RULES_SECONDS, parts.automation.tick),
            ("paging", PAGING_SECONDS, parts.incidents.pager.tick),
            ("public", PAGING_SECONDS, parts.public.proposer.tick),
            ("channel-health", CHANNELS_SECONDS, self._channels),
            ("exposure", EXPOSURE_SECONDS, parts.incidents.exposures.tick),
            ("rollbacks", RULES_SECONDS, parts.rollbacks.rollbacks.tick),
            ("aftermath", AFTERMATH_SECONDS, parts.rollbacks.look_back),
            ("cores", CORES_SECONDS, self._cores),
            ("traffic", TRAFFIC_SECONDS, parts.watch.look),
            ("backfill", BACKFILL_SECONDS, self._backfill),
            ("ledger", LEDGER_SECONDS, self._ledger),
            ("ramps", RULES_SECONDS, parts.flags.ramps.tick),
            ("flags", FLAGS_SECONDS, self._flags),
            ("experiments", EXPERIMENTS_SECONDS, parts.flags.tally.tick),
            ("scaling", parts.scaling.scaler.policy.every, parts.scaling.tick),
            ("reconcile", RECONCILE_SECONDS, parts.pipeline.reconcile),
            ("prune", PRUNE_SECONDS, self._prune),
            ("state", STATE_SECONDS, parts.keeping.keep_when_due),
            ("health", HEALTH_SECONDS, self._health_check),
            ("heart", BEAT_SECONDS, parts.senses.heart.beat),
            ("sightings", SIGHTINGS_SECONDS, self._sightings),
            ("tally", TALLY_SECONDS, self._tally),
            ("reports", REPORTS_SECONDS, parts.reporting.jobs.run_due),
            ("loop-lag", LAG_SECONDS, parts.loop_lag.measure),
        )

    def tasks(self) -> list[Task]:
        """One task per duty, named after it."""
        tasks = []
        for name, seconds, act in self._due:
            self._ticks.every(name, seconds)
            tasks.append(Task(name, self._ticks.loop(name, self._again(name, act))))
        for job in self._parts.reporting.jobs.jobs:
            self._ticks.at("reports", job.moment, self._parts.reporting.jobs.zone)
        return tasks

    def start(self) -> None:
        """Begin to tick; what people look at first is due at once."""
        self._ticks.start()
        self._parts.deployments.desk.wakes(lambda: self._ticks.now("deployments"))
        self._parts.incidents.pager.wakes(lambda: self._ticks.now("paging"))
        for name in ("heart", "deployments", "traffic", "cores", "backfill", "health", "tally", "reports", "paging"):
            self._ticks.now(name)

    def stop(self) -> None:
        """Let nothing become due any more; what is under way goes on until its task is stopped."""
        self._ticks.stop()

    def standings(self) -> list[Standing]:
        """When each duty was last done, and when it is due again."""
        return self._ticks.standings()

    def _again(self, name: str, act: Callable[[], Awaitable[object]]) -> Callable[[], Awaitable[None]]:
        """The act, which a disk that fails for a while leaves to its next tick; nothing that was done is lost."""

        async def attempt() -> None:
            try:
                await act()
            except (NotJournaled, CheckpointFailed) as fault:
                log.error("duty waits for the disk", action="duty_failed", duty=name, fault=str(fault))

        return attempt

    async def _cores(self) -> None:
        facts = await self._parts.probes.core.probe_all(self._clock.now_ms())
        absent = absent_on_purpose(self._parts.writer.state)
        await self._take([fact for fact in facts if (fact.region, fact.environment) not in absent])

    async def _health_check(self) -> None:
        absent = absent_on_purpose(self._parts.writer.state)
        found = await self._health.run(self._clock.now_ms())
        facts = [fact for fact in found if (fact.region, fact.environment) not in absent]
        self._parts.senses.tell(facts)
        await self._take(facts)

    async def _take(self, facts: Sequence[Fact]) -> None:
        """Probes are facts like any other; one that cannot be recorded is made again at the next tick."""
        await self._parts.pipeline.accept(facts, PROBES)

    async def _backfill(self) -> None:
        await self._parts.backfill.tick(self._clock.now_ms())

    async def _ledger(self) -> None:
        await self._take([await self._parts.probes.components.probe("database", self._clock.now_ms())])

    async def _channels(self) -> None:
        channels = self._parts.channels
        if channels is not None:
            await channels.outbox.tidy()
            await self._take(channels.health.look(self._clock.now_ms()))

    async def _flags(self) -> None:
        flags = self._parts.flags
        await self._parts.flag_reports.ask()
        await self._take([flags.health.look(self._parts.writer.state.flags, self._clock.now_ms())])

    async def _tally(self) -> None:
        await self._parts.reporting.jobs.count()
        await self._parts.reporting.jobs.watch_budget()

    async def _sightings(self) -> None:
        await self._parts.senses.keep(self._parts.sources)
        if not self._felt and self._parts.senses.sightings.beat_back_at_ms > 0:
            # The first health check came before the first heartbeat; nobody should wait five minutes for the next.
            self._felt = True
            self._ticks.now("health")

    async def _prune(self) -> None:
        await self._parts.checkpoint.prune(self._clock.now_ms())

"""The part of a run in which payments flow: traffic and scenario play, the daemon catches up, the report is made."""

import asyncio
import random
import secrets
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import assert_never

import msgspec

from config.scenario import Alert, CardTesting, CutOver, LoseRegion, SetWeights, StartCore, Step, StopCore
from config.scenario import Release as AskedRelease
from config.settings import QueueSettings
from daemon.aws.eventbridge import EventBus
from daemon.embedded.environments.cores import ADDRESSES
from daemon.embedded.layout import Layout
from daemon.embedded.marketplace.cardholders import Cardholders
from daemon.embedded.marketplace.cohort import NamedClients
from daemon.embedded.marketplace.gateway import HttpGateway
from daemon.embedded.marketplace.records import open_resolver
from daemon.embedded.marketplace.resolver import Resolves
from daemon.embedded.marketplace.testers import CardTesters
from daemon.embedded.marketplace.traffic import Traffic
from daemon.embedded.old_processor.merchant import Merchant
from daemon.embedded.processes.surroundings import REGION
from daemon.embedded.resources import Resources
from daemon.embedded.scenario.alerts import Alerts
from daemon.embedded.scenario.asking import Asking
from daemon.embedded.scenario.leaving import Leaving
from daemon.embedded.scenario.player import play
from daemon.embedded.scenario.release import Release
from daemon.embedded.stack import Stack, Wishes
from daemon.embedded.telling.books import EventCounts, count_events, measured_costs
from daemon.embedded.telling.follower import Follower
from daemon.embedded.telling.migration import MigrationWatch
from daemon.embedded.telling.narration import line_of
from daemon.embedded.telling.report import LedgerRow, Report, report
from daemon.embedded.telling.savings import saving_of
from daemon.traffic.cohort_host import CohortHost
from daemon.traffic.route53 import Route53Traffic
from payment_core.ledger.file_books import verify_file
from payment_core.outgoing.client import HttpClient
from remediation.ports import Clock
from remediation.state import DeploymentState

DRAIN_SECONDS = 15.0
"""How long the daemon may take to catch up once traffic has ended; it is less than a second behind."""
DRAIN_POLL_SECONDS = 0.2
NARRATE_SECONDS = 0.25
"""How often the journal is looked at for a line; people do not notice less."""


class Session:
    """resumed: the deployment that a former run left on its way. What the journal holds so far is a former run's."""

    def __init__(
        self,
        wishes: Wishes,
        layout: Layout,
        stack: Stack,
        follower: Follower,
        resumed: DeploymentState | None,
        resources: Resources,
        clock: Clock,
        say: Callable[[str], None],
    ) -> None:
        self._wishes = wishes
        self._layout = layout
        self._stack = stack
        self._follower = follower
        self._resumed = resumed
        self._resources = resources
        self._clock = clock
        self._say = say
        self._before = follower.state.sequence

    async def play(self, stop: asyncio.Event) -> Report:
        """Let payments flow until stop is set or the time is over, then wait for the daemon and report."""
        async with AsyncExitStack() as clients:
            policy, zone_id = self._wishes.policy.traffic, self._resources.zone_id
            route53 = await clients.enter_async_context(self._stack.clients.client("route53"))
            events = await clients.enter_async_context(self._stack.clients.client("events"))
            sqs = await clients.enter_async_context(self._stack.clients.client("sqs"))
            key = (await asyncio.to_thread(self._layout.core_key.read_text, encoding="ascii")).strip()
            gateway = await clients.enter_async_context(HttpGateway(self._stack.core_port, secrets.token_hex(4), key))
            weights = Route53Traffic(route53, zone_id, policy.record_of(REGION))
            chance = random.Random(self._wishes.scenario.traffic.seed)  # noqa: S311  # a reproducible simulation
            resolver = open_resolver(route53, zone_id, policy, self._stack.addresses, self._clock, chance)
            traffic = Traffic(
                self._wishes.scenario.traffic,
                resolver,
                gateway,
                self._clock,
                self._wishes.time_scale,
                named=NamedClients(
                    CohortHost(route53, zone_id, policy.record_of(REGION)),
                    self._stack.environments.addresses,
                    self._clock,
                ),
            )
            testers = CardTesters(resolver, gateway, self._clock, traffic.tally, self._wishes.scenario.traffic.seed)
            alerts = Alerts(sqs, QueueSettings().control_events, self._clock)
            asking = Asking(
                await clients.enter_async_context(HttpClient(trust_env=False)),
                self._stack.daemon_url,
                asks=self._layout.operator_token(),
                approves=self._layout.approver_token(),
                say=self._say,
            )
            version = self._wishes.scenario.green.version
            leaving = await self._leaving(clients, resolver, key)
            release = self._release(weights, EventBus(events))
            hands = _Hands(self._stack, release, asking, version, testers, alerts, self._follower, leaving)
            return await self._let_flow(traffic, testers, hands, stop)

    async def _leaving(self, clients: AsyncExitStack, resolver: Resolves, key: str) -> Leaving | None:
        """What is done and looked at while the old processor is left; None where there is none."""
        settings, papers = self._wishes.scenario.old_processor, self._stack.old
        if settings is None or papers is None:
            return None
        secret = (await asyncio.to_thread(papers.key.read_text, encoding="ascii")).strip()
        merchant = Merchant(self._stack.old_url, secret)
        clients.push_async_callback(merchant.close)
        port, run = self._stack.core_port, secrets.token_hex(4)
        holders = Cardholders(settings, resolver, merchant, self._clock, port=port, run=run, key=key)
        urls = tuple(f"http://{address}:{port}" for address in ADDRESSES.values())
        return Leaving(holders, MigrationWatch(urls, key, self._say), self._clock)

    def _release(self, weights: Route53Traffic, bus: EventBus) -> Release:
        return Release(
            self._wishes.scenario,
            bus=bus,
            weights=weights,
            follower=self._follower,
            clock=self._clock,
            say=self._say,
            resumed=self._resumed,
            weights_lost=self._resources.records_are_new,
        )

    async def _let_flow(self, traffic: Traffic, testers: CardTesters, hands: "_Hands", stop: asyncio.Event) -> Report:
        scenario = self._wishes.scenario
        async with asyncio.TaskGroup() as group:
            watch = group.create_task(self._stack.essential_died(), name="watch")
            narrator = group.create_task(self._narrate(), name="narrator")
            began_ms = self._clock.monotonic_ms()
            self._say(f"traffic: {scenario.traffic.payments_per_second:g} payments a second, scenario {scenario.name}")
            flowing = group.create_task(traffic.run(), name="traffic")
            testing = group.create_task(testers.run(), name="testers")
            playing = group.create_task(
                play(scenario, hands.do, self._clock, self._wishes.time_scale, self._say), name="scenario"
            )
            leaving = set() if hands.leaving is None else hands.leaving.start(group)
            await _until(stop, self._wishes.seconds)
            playing.cancel()
            traffic.end()
            testers.end()
            if hands.leaving is not None:
                hands.leaving.end()
            await asyncio.wait({flowing, testing, playing, *leaving})
            seconds = (self._clock.monotonic_ms() - began_ms) / 1000
            self._say("traffic has ended; waiting for the daemon to catch up")
            events = await self._drain()
            narrator.cancel()
            watch.cancel()
        return await self._report(traffic, hands.leaving, seconds, events)

    async def _drain(self) -> EventCounts:
        """Wait until everything published is consumed and no action is under way, or the time for it is over."""
        deadline_ms = self._clock.monotonic_ms() + DRAIN_SECONDS * 1000
        while True:
            events = await asyncio.to_thread(count_events, self._layout.payments, self._layout.checkpoint, REGION)
            await self._follower.catch_up()
            is_acting = any(target.running for target in self._follower.state.targets.values())
            late = self._clock.monotonic_ms() >= deadline_ms
            if (events.lost == 0 and not is_acting) or late or not self._stack.is_whole():
                return events
            await self._clock.sleep(DRAIN_POLL_SECONDS)

    async def _narrate(self) -> None:
        told = self._before
        while True:
            for entry in await self._follower.since(told):
                told = entry.sequence
                if line := line_of(entry):
                    self._say(line)
            await self._clock.sleep(NARRATE_SECONDS)

    async def _report(self, traffic: Traffic, leaving: Leaving | None, seconds: float, events: EventCounts) -> Report:
        ledger = await asyncio.to_thread(verify_file, self._layout.payments)
        measured = await asyncio.to_thread(measured_costs, self._layout.payments)
        return report(
            scenario=self._wishes.scenario.name,
            seconds=seconds,
            tally=traffic.tally,
            events=events,
            entries=await self._follower.since(self._before),
            state=self._follower.state,
            ledger=LedgerRow(balanced=ledger.balanced, entries=ledger.entries),
            savings=saving_of(measured, self._wishes.prices),
            migration=msgspec.UNSET if leaving is None else leaving.row(),
        )


@dataclass(frozen=True, slots=True)
class _Hands:
    """What a scenario's steps are done by."""

    stack: Stack
    release: Release
    asking: Asking
    version: str
    testers: CardTesters
    alerts: Alerts
    follower: Follower
    leaving: Leaving | None

    async def do(self, step: Step) -> None:
        """Do one step."""
        match step:
            case SetWeights():
                await self.release.shift(step.green_percent)
            case AskedRelease():
                await self.asking.release(step, self.version)
            case StopCore():
                await self.stack.stop_core(step.environment)
            case StartCore():
                await self.stack.start_core(step.environment)
            case CardTesting():
                self.testers.begin(step)
            case Alert():
                await self.alerts.tell(step.about)
            case LoseRegion():
                await self.stack.lose_region(step.region)
            case CutOver():
                if self.leaving is not None:
                    await self.leaving.until_done(self.follower, step.percent)
                    await self.asking.cut_over(step.percent)
            case _:
                assert_never(step)


async def _until(stop: asyncio.Event, seconds: float | None) -> None:
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        return

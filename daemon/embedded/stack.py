"""Brings the whole system up on this machine and takes it down in order."""

import asyncio
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx

from config.policy import Policy
from config.prices import Prices
from config.scenario import Environment, Scenario
from config.settings import AwsSettings, QueueSettings
from daemon.aws.provision import ensure_key
from daemon.aws.session import AwsClients
from daemon.embedded.auto_scaling.running import EmbeddedAutoScaling
from daemon.embedded.environments.both import EmbeddedEnvironments
from daemon.embedded.environments.core_starter import CoreStarter
from daemon.embedded.environments.cores import KEY_ALIAS, Endpoints, every_address, first_cores
from daemon.embedded.environments.daemon_key import ensure_daemon_key
from daemon.embedded.environments.far_regions import FarRegions, far_cores
from daemon.embedded.kms import program as kms
from daemon.embedded.layout import Layout
from daemon.embedded.old_processor import program as old_processor
from daemon.embedded.old_processor.papers import Papers
from daemon.embedded.processes import ministack
from daemon.embedded.processes.ports import free_port
from daemon.embedded.processes.process import Child, Launcher, Program
from daemon.embedded.processes.readiness import answers, until_ready
from daemon.embedded.processes.surroundings import ACCESS_KEY, ACCOUNT_ID, REGION, local_environment
from daemon.embedded.resources import Resources, ensure_resources
from payment_core.outgoing.client import HttpClient
from remediation.ports import Clock

HOST = "127.0.0.1"
DAEMON = "daemon"
STAND_INS = (old_processor.NAME, kms.NAME, ministack.NAME)
DAEMON_COMMAND = (sys.executable, "-m", "daemon", "run", "--config")


@dataclass(frozen=True, slots=True)
class Wishes:
    """What ``tillwatch up`` was asked for. seconds: of traffic, None until told to stop.

    configuration: a directory whose policy and rules are used in place of the defaults. daemon_command: takes the
    directory of the written configuration as its last argument. deployment: the file that is used as deployment.yaml;
    None: the one of the configuration.
    """

    scenario: Scenario
    policy: Policy
    prices: Prices
    data_directory: Path
    port: int = 8080
    seconds: float | None = None
    time_scale: float = 1.0
    configuration: Path | None = None
    deployment: Path | None = None
    daemon_command: tuple[str, ...] = DAEMON_COMMAND


class Stack:
    """ministack, the KMS stand-in, two payment cores and the daemon, as children.

    clients, resources: set once start has returned.
    """

    def __init__(
        self, wishes: Wishes, layout: Layout, launcher: Launcher, clock: Clock, say: Callable[[str], None]
    ) -> None:
        self._wishes = wishes
        self._layout = layout
        self._launcher = launcher
        self._clock = clock
        self._say = say
        self._environment = local_environment(os.environ)
        self._queues = QueueSettings()
        self._children: dict[str, Child] = {}
        self._aws_port = free_port(ministack.HOST)
        self._kms_port = free_port(kms.HOST)
        far = far_cores(wishes.scenario, 0)
        self.core_port = free_port(*every_address(), *(core.address for core in far.values()))
        self.far = FarRegions(far_cores(wishes.scenario, self.core_port))
        self._cores = first_cores(wishes.scenario, self.core_port)
        self._endpoint_url = ministack.endpoint_url(self._aws_port)
        self.old = None if wishes.scenario.old_processor is None else Papers(layout.old_processor)
        self._old_port = free_port(old_processor.HOST) if self.old is not None else 0
        self._endpoints = Endpoints(
            self._queues.payment_events,
            self._endpoint_url,
            kms.endpoint_url(self._kms_port),
            f"ws://{ministack.broker_host(REGION)}:{self._aws_port}{ministack.BROKER_PATH}",
            f"{self.daemon_url}/api/v1/flags/document",
            {} if self.old is None else self.old.core_options(self.old_url),
        )
        aws = AwsSettings(region=REGION, endpoint_url=self._endpoint_url, account_id=ACCOUNT_ID)
        self.clients = AwsClients(aws, ACCESS_KEY, ACCESS_KEY)
        self.token = layout.console_token()
        self.environments = EmbeddedEnvironments(layout.environments_token(), clock)
        self._auto_scaling = EmbeddedAutoScaling(clock)

    @property
    def daemon_url(self) -> str:
        """Where the daemon answers."""
        return f"http://{HOST}:{self._wishes.port}"

    @property
    def old_url(self) -> str:
        """Where the old processor answers, if there is one."""
        return old_processor.url_of(self._old_port)

    async def start(self) -> Resources:
        """Start everything, and return when everything is ready. Raises StackFailed, AwsFailed or NotUsable."""
        async with HttpClient(trust_env=False) as client:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._start_cores(client), name="start-cores")
                resources = group.create_task(self._start_aws(client), name="start-aws")
            self.environments.serve()
            await self._auto_scaling.begin(self.clients)
            await self._start_daemon(client, resources.result())
        return resources.result()

    async def stop(self) -> None:
        """Stop the daemon, then the cores, then ministack, each in bounded time."""
        if daemon := self._children.get(DAEMON):
            await daemon.stop()
            self._say("stopped: daemon")
        await asyncio.gather(self.environments.stop(), self.far.stop(), self._auto_scaling.stop())
        stand_ins = [self._children[name] for name in STAND_INS if name in self._children]
        for stand_in in stand_ins:
            await stand_in.stop()
        if stand_ins:
            self._say("stopped: payment cores and AWS stand-ins")

    def kill(self) -> None:
        """Kill everything at once, for the one who does not want to wait."""
        for child in self._children.values():
            child.hurry()
        self.environments.hurry()
        self.far.hurry()

    async def essential_died(self) -> None:
        """Raise ChildDied, saying which, when the daemon or a stand-in ends; return when all were stopped.

        Raises TaskDied when what serves the environments ends.
        """
        async with asyncio.TaskGroup() as group:
            for name in self._essential:
                group.create_task(self._children[name].die(), name=f"watch-{name}")
            group.create_task(self.environments.watch(), name="watch-environments")
            group.create_task(self._auto_scaling.watch(), name="watch-auto-scaling")

    @property
    def _essential(self) -> tuple[str, ...]:
        return (DAEMON, *(name for name in STAND_INS if name != old_processor.NAME or self.old is not None))

    def is_whole(self) -> bool:
        """Whether the daemon and the stand-ins are running."""
        return all(self._children[name].running for name in self._essential)

    async def stop_core(self, environment: Environment) -> None:
        """Kill the environment's processes, as a crash would."""
        await self.environments.groups[environment].crash()

    async def start_core(self, environment: Environment) -> None:
        """Start the environment's processes, and return when they take payments."""
        await self.environments.groups[environment].restart()

    async def lose_region(self, region: str) -> None:
        """Kill every core of the region, as a crash would; they stay dead."""
        if region == REGION:
            await asyncio.gather(*(group.crash() for group in self.environments.groups.values()))
        else:
            await self.far.crash(region)

    def addresses(self, region: str, environment: str) -> tuple[str, ...]:
        """Where an environment of a region takes payments; none for one that is not of this machine."""
        if region == REGION:
            return self.environments.addresses(environment)
        return tuple(address for name, address in self.far.environments(region).items() if name == environment)

    async def _start_aws(self, client: httpx.AsyncClient) -> Resources:
        program = ministack.program(self._aws_port, self._layout.root, self._layout.logs, self._environment)
        child = await self._launch(program, program.name)
        await until_ready(child, lambda: ministack.is_healthy(client, self._aws_port), self._clock)
        policy = self._wishes.policy.traffic
        far = {region: self.far.environments(region) for region in policy.regions if region != REGION}
        resources = await ensure_resources(self.clients, self._queues, policy.record_name, far)
        self._say(f"started: AWS stand-in at {self._endpoint_url}")
        return resources

    async def _start_cores(self, client: httpx.AsyncClient) -> None:
        """Start what keeps the keys, then both cores: a core needs its key to take cards."""
        program = kms.program(self._kms_port, self._layout.root, self._layout.logs, self._environment)
        child = await self._launch(program, program.name)
        await until_ready(child, lambda: kms.is_healthy(client, self._kms_port), self._clock)
        keys = AwsSettings(region=REGION, endpoint_url=self._endpoints.kms_url, account_id=ACCOUNT_ID)
        await ensure_key(AwsClients(keys, ACCESS_KEY, ACCESS_KEY), KEY_ALIAS)
        starter = CoreStarter(
            self._wishes.scenario,
            port=self.core_port,
            layout=self._layout,
            surroundings=self._environment,
            endpoints=self._endpoints,
            launcher=self._launcher,
            client=self.environments.client,
            clock=self._clock,
            say=self._say,
        )
        await self._start_old(client)
        versions = {name: core.release.version for name, core in self._cores.items()}
        async with asyncio.TaskGroup() as group:
            group.create_task(self.environments.begin(starter, versions), name="start-home")
            group.create_task(self.far.start(starter), name="start-far")

    async def _start_old(self, client: httpx.AsyncClient) -> None:
        """Start the old processor, which exports itself first; nothing where the scenario has none."""
        settings = self._wishes.scenario.old_processor
        if self.old is None or settings is None:
            return
        self._layout.make_old_processor(self.old)
        pushed = tuple(f"{core.url}/v1/migration/events" for core in self._cores.values())
        program = old_processor.program(
            self._old_port,
            self.old,
            self._layout.logs,
            self._environment,
            customers=settings.customers,
            push_to=pushed,
        )
        child = await self._launch(program, program.name)
        await until_ready(child, lambda: old_processor.is_healthy(client, self._old_port), self._clock)
        self._say(f"started: old processor with {settings.customers} customers at {self.old_url}")

    async def _start_daemon(self, client: httpx.AsyncClient, resources: Resources) -> None:
        self._layout.claim_configuration(self._wishes.configuration)
        await ensure_daemon_key(client, self._cores["blue"].url, self._layout.core_key, self._layout.daemon_key)
        self._layout.write_settings(
            endpoint_url=self._endpoint_url,
            broker_port=self._aws_port,
            port=self._wishes.port,
            zone_id=resources.zone_id,
            cores={str(name): core for name, core in self._cores.items()} | self.far.cores,
            environments_url=self.environments.url,
            token=self.token,
            throttle_every=self._wishes.scenario.throttle_every,
            auto_scaling_url=self._auto_scaling.url,
        )
        self._layout.write_prices(datetime.fromtimestamp(self._clock.now_ms() / 1000, tz=UTC).date())
        self._layout.take_policy_and_rules(self._wishes.configuration)
        self._layout.write_scaling(self._wishes.configuration, self._wishes.scenario.scaling)
        self._layout.open_at_any_hour()
        if self._wishes.deployment is not None:
            self._layout.take_deployment(self._wishes.deployment)
        rooms = {region: room.payments_per_second for region, room in self._wishes.policy.traffic.regions.items()}
        if rooms or self._wishes.configuration is not None:
            self._layout.set_regions(rooms)
        program = Program(
            name=DAEMON,
            command=(*self._wishes.daemon_command, str(self._layout.configuration)),
            environment=self._environment,
            log=self._layout.logs / f"{DAEMON}.log",
        )
        child = await self._launch(program, DAEMON)
        readiness = f"http://{HOST}:{self._wishes.port}/readyz"
        await until_ready(child, lambda: answers(client, readiness), self._clock)
        self._say(f"started: daemon at http://{HOST}:{self._wishes.port}")

    async def _launch(self, program: Program, key: str) -> Child:
        child = await self._launcher.start(program)
        self._children[key] = child
        return child

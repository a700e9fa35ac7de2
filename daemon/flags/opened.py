"""Opens what flags are made of: who signs, who publishes, who follows, and whom people ask."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

from checks.findings import Finding
from config.delivery.deployment import Deployments
from config.load import Configuration
from config.policy import Policy
from daemon.deployments.absence import absent_on_purpose
from daemon.flags.base import BaseDocument
from daemon.flags.broker import open_flag_broker
from daemon.flags.changes import FlagChanges
from daemon.flags.desk import FlagDesk
from daemon.flags.followers import Followers
from daemon.flags.health import FlagHealth
from daemon.flags.keys import open_signer
from daemon.flags.parts import FlagFoundation, FlagParts
from daemon.flags.policies import FlagPolicies
from daemon.flags.publisher import FlagPublisher
from daemon.flags.ramps import Ramps
from daemon.flags.tally import FILE, ExperimentTally
from daemon.storage.fact_log import FollowedLog
from remediation.flags.ramp_gates import RampPolicy
from remediation.journal.writer import JournalWriter
from remediation.ports import Clock


async def open_flag_foundation(configuration: Configuration, writer: JournalWriter, clock: Clock) -> FlagFoundation:
    """Sign, publish and record. Raises NotUsable for a key or a file of TLS that cannot be used."""
    settings = configuration.settings
    signer = await asyncio.to_thread(open_signer, settings.data_dir)
    broker = None if settings.flag_broker is None else await open_flag_broker(settings.flag_broker)
    followers = Followers(lambda: absent_on_purpose(writer.state))
    publisher = FlagPublisher(lambda: writer.state.flags, signer, broker, followers, clock)
    changes = FlagChanges(writer, followers, publisher.publish, clock)
    return FlagFoundation(
        policies=FlagPolicies(configuration.flags), followers=followers, publisher=publisher, changes=changes
    )


async def open_flags(
    stack: AsyncExitStack,
    over: FlagFoundation,
    *,
    data_dir: Path,
    facts: FollowedLog,
    writer: JournalWriter,
    policy: Callable[[], Policy],
    deployments: Callable[[], Deployments],
    find: Callable[[Finding], Awaitable[None]],
    region: str,
    clock: Clock,
) -> FlagParts:
    """Everything over the foundation; counts are kept when the stack is closed. Raises ExperimentsNotKept."""

    def held_against(flag: str) -> RampPolicy:
        return RampPolicy.of(over.policies.of(flag), deployments())

    tally = await ExperimentTally.open(data_dir / FILE, facts, lambda: writer.state.flags, held_against, clock)
    stack.push_async_callback(tally.close)
    ramps = Ramps(writer, over.changes, tally, over.policies, deployments, find, clock)
    health = FlagHealth(over.followers, over.publisher, ramps, region)
    return FlagParts(
        policies=over.policies,
        followers=over.followers,
        publisher=over.publisher,
        changes=over.changes,
        desk=FlagDesk(writer, over.changes, over.policies, policy, clock),
        ramps=ramps,
        base=BaseDocument(over.changes, over.policies, health),
        health=health,
        tally=tally,
    )

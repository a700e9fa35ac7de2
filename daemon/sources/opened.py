"""Every source that the settings name, opened: each runs as a task of its own."""

import asyncio
import os
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Protocol

from config.settings import Settings
from daemon.archive.reading import ArchiveUnreadable, archive_files
from daemon.aws.cloudwatch import CloudWatchMetrics
from daemon.aws.session import AwsClient, AwsClients
from daemon.aws.sns_certificates import open_certificates
from daemon.aws.sqs import SqsQueue
from daemon.errors import NotUsable
from daemon.sources.cloudwatch import MetricSource
from daemon.sources.devices import DeviceSource
from daemon.sources.mqtt import open_broker
from daemon.sources.parquet import need_parquet, parquet_files
from daemon.sources.replay import ReplaySource
from daemon.sources.sink import FactSink
from daemon.sources.sns_signatures import SnsSignatures
from daemon.sources.sqs import SqsSource
from daemon.sources.trust import Trust, check_account, trusted_regions
from daemon.storage.quarantine import Quarantine
from daemon.view.system import Polled
from remediation.ports import Clock

PAYMENTS = "payment-events"
"""The queue of the payment cores, without which nobody knows how payments are."""


class Source(Polled, Protocol):
    """Brings facts until it is cancelled; the view tells from the rest of it whether it is silent."""

    async def run(self) -> None:
        """Bring facts; no fault of the other side, of the sink or of a message ends it."""


async def open_trust(stack: AsyncExitStack, settings: Settings, clock: Clock) -> Trust:
    """Whom the settings say to believe; closed when the stack is. Raises NotUsable when that is everybody."""
    check_account(settings.aws, os.environ)
    signatures = None
    if settings.aws.sns_signatures == "required":
        signatures = SnsSignatures(await stack.enter_async_context(open_certificates()), clock.now_ms)
    return Trust(settings.aws.account_id, trusted_regions(settings.aws), signatures)


async def open_sources(
    stack: AsyncExitStack,
    settings: Settings,
    clients: AwsClients,
    sqs: AwsClient,
    sink: FactSink,
    quarantine: Quarantine,
    trust: Trust,
    clock: Clock,
) -> tuple[Source, ...]:
    """The queues first, then whatever else is configured; connections are closed when the stack is."""
    account_id = settings.aws.account_id
    queues = ((PAYMENTS, settings.queues.payment_events), ("control-events", settings.queues.control_events))
    sources: list[Source] = [
        SqsSource(SqsQueue(sqs, queue), sink, quarantine, clock, name=name, trust=trust) for name, queue in queues
    ]
    if settings.metrics.queries:
        cloudwatch = CloudWatchMetrics(await stack.enter_async_context(clients.client("cloudwatch")))
        sources.append(
            MetricSource(cloudwatch, settings.metrics, sink, clock, region=settings.aws.region, account_id=account_id)
        )
    if settings.mqtt is not None:
        broker = await open_broker(settings.mqtt)
        sources.append(DeviceSource(broker, settings.mqtt.topics, sink, quarantine, clock))
    if settings.replay is not None:
        sources.append(await open_replay(settings.replay, sink, clock))
    return tuple(sources)


async def open_replay(place: Path, sink: FactSink, clock: Clock) -> ReplaySource:
    """The archive of the settings. Raises NotUsable when there is none, or nothing here can read it."""
    try:
        if await asyncio.to_thread(parquet_files, place):
            need_parquet()
        else:
            await asyncio.to_thread(archive_files, place)
    except (ArchiveUnreadable, OSError) as fault:
        raise NotUsable(f"replay: {fault}") from fault
    return ReplaySource(place, sink, clock)

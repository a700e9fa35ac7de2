"""Every probe that the settings allow, opened for a daemon or for one look from the command line."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass

from config.settings import Settings
from daemon.aws.session import AwsClient
from daemon.aws.sqs import SqsQueue
from daemon.errors import NotUsable
from daemon.ledger_watch import LedgerWatch
from daemon.probes.components import ComponentProbes, look_at_queues
from daemon.probes.core import COMPONENT, CoreProbe
from daemon.probes.core_client import CoreClient
from remediation.ports import Clock


@dataclass(frozen=True, slots=True)
class Probes:
    """core: the payment core by environment. components: everything else. clients: the connections they share."""

    core: CoreProbe
    components: ComponentProbes
    ledger: LedgerWatch
    clients: tuple[CoreClient, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The components that can be probed."""
        return (COMPONENT, *self.components.components)


async def open_probes(stack: AsyncExitStack, settings: Settings, sqs: AwsClient, clock: Clock) -> Probes:
    """Connect to every core of the settings; the connections are closed when the stack is. Raises NotUsable."""
    token = await _core_token(settings)
    clients = {
        environment: await stack.enter_async_context(CoreClient(target.url, token))
        for environment, target in settings.cores.items()
    }
    ledger = LedgerWatch(tuple(clients.values()), clock)
    queues = [SqsQueue(sqs, name) for name in (settings.queues.payment_events, settings.queues.control_events)]
    components = ComponentProbes(
        {"monitoring": look_at_queues(queues), "database": ledger.look}, clock, region=settings.aws.region
    )
    core = CoreProbe(clients, clock, region=settings.aws.region)
    return Probes(core, components, ledger, tuple(clients.values()))


async def _core_token(settings: Settings) -> str:
    """The API key that the cores ask for; empty when none is configured."""
    if settings.core_token_file is None:
        return settings.core_token.get_secret_value()
    try:
        return (await asyncio.to_thread(settings.core_token_file.read_text, encoding="ascii")).strip()
    except (OSError, UnicodeError) as fault:
        raise NotUsable(
            f"{settings.core_token_file}: the API key of the payment cores cannot be read: {fault}"
        ) from fault

"""The daemon's senses, over the AWS that the settings name."""

from contextlib import AsyncExitStack

from config.settings import Settings
from daemon.aws.eventbridge import EventBus
from daemon.aws.metric_publishing import MetricPublishing
from daemon.aws.session import AwsClients
from daemon.senses.heart import Heart
from daemon.senses.metric_outlet import MetricOutlet
from daemon.senses.sightings import Sightings
from daemon.senses.signs_of_life import Senses
from remediation.ports import Clock


async def open_senses(
    stack: AsyncExitStack, settings: Settings, clients: AwsClients, sightings: Sightings, clock: Clock
) -> Senses:
    """Make the clients; they are closed when the stack is. Raises NotUsable."""
    events = await stack.enter_async_context(clients.client("events"))
    outlet = None
    if settings.health.publish:
        cloudwatch = await stack.enter_async_context(clients.client("cloudwatch"))
        outlet = MetricOutlet(MetricPublishing(cloudwatch, settings.health.namespace), clock)
    return Senses(settings.data_dir, sightings, Heart(EventBus(events), sightings, clock), outlet)

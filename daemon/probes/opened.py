"""Every probe that the settings allow, opened for a daemon or for one look from the command line."""

from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from config.prices import Prices
from config.settings import Settings
from daemon.aws.session import AwsClient
from daemon.aws.sqs import SqsQueue
from daemon.cores.ledger_watch import LedgerWatch
from daemon.cores.token import read_core_token
from daemon.probes.api import look_at_api
from daemon.probes.compliance import look_at_compliance
from daemon.probes.components import ComponentProbes
from daemon.probes.core import COMPONENT, CoreProbe
from daemon.probes.core_client import CoreClient
from daemon.probes.costs import look_at_costs
from daemon.probes.flags import FEATURE_FLAGS, look_at_flags
from daemon.probes.looking import Look
from daemon.probes.monitoring import See, look_at_monitoring
from daemon.probes.payments import HealthPaymentProbe
from daemon.probes.policies import TEMPLATES
from daemon.probes.self_checks import AUDIT_TRAIL, CHECKED_BY_CORES, look_at_cores, look_at_shared
from payment_core.logs import written
from remediation.ports import Clock

COMPLIANCE = "compliance"


@dataclass(frozen=True, slots=True)
class Probes:
    """core: readiness of the payment core by environment; payments: a payment at each. components: everything else.

    clients: the connections they share.
    """

    core: CoreProbe
    payments: HealthPaymentProbe
    components: ComponentProbes
    ledger: LedgerWatch
    clients: tuple[CoreClient, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The components that can be probed."""
        return (COMPONENT, *self.components.components)


async def open_probes(
    stack: AsyncExitStack,
    settings: Settings,
    sqs: AwsClient,
    clock: Clock,
    *,
    prices: Prices,
    see: See,
    templates: Path = TEMPLATES,
) -> Probes:
    """Connect to every core of the settings; the connections are closed when the stack is. Raises NotUsable.

    see: what the running daemon has seen. templates: the folder with the IAM policies of this release.
    """
    token = await read_core_token(settings)
    clients = {
        environment: await stack.enter_async_context(CoreClient(target.url, token))
        for environment, target in settings.cores.items()
    }
    ledger = LedgerWatch(tuple(clients.values()), clock)
    queues = {
        "payment-events": SqsQueue(sqs, settings.queues.payment_events),
        "control-events": SqsQueue(sqs, settings.queues.control_events),
    }
    compliance = look_at_compliance(
        look_at_cores(clients, COMPLIANCE),
        addresses=_addresses(settings),
        queues=tuple(queues.values()),
        write_log=written,
        templates=templates,
    )
    looks: Mapping[str, Look] = {
        **{component: look_at_cores(clients, component) for component in CHECKED_BY_CORES},
        "database": ledger.look,
        AUDIT_TRAIL: look_at_shared(clients, AUDIT_TRAIL),
        "api": look_at_api(clients),
        "monitoring": look_at_monitoring(queues, see, clock),
        "cost-optimization": look_at_costs(prices, see, clock, billed=settings.costs.is_read),
        COMPLIANCE: compliance,
        FEATURE_FLAGS: look_at_flags(clients),
    }
    region = settings.aws.region
    return Probes(
        core=CoreProbe(clients, clock, region=region),
        payments=HealthPaymentProbe(clients, clock, region=region),
        components=ComponentProbes(looks, clock, region=region),
        ledger=ledger,
        clients=tuple(clients.values()),
    )


def _addresses(settings: Settings) -> dict[str, str]:
    """What is spoken to, by what it is; AWS itself is always spoken to over TLS."""
    addresses = {f"core {environment}": target.url for environment, target in settings.cores.items()}
    if settings.aws.endpoint_url is not None:
        addresses["AWS"] = str(settings.aws.endpoint_url)
    return addresses

"""The bill's source and the place of reports, as the settings name them."""

from contextlib import AsyncExitStack
from pathlib import Path

from config.settings import Settings
from daemon.aws.cost_explorer import CostExplorer
from daemon.aws.s3 import S3Objects
from daemon.aws.session import AwsClients
from daemon.costs.book import CostBook
from daemon.costs.exports import ExportBucket, ExportFolder, ExportPlace
from daemon.costs.source import BillSource
from daemon.sources.sink import FactSink
from daemon.storage.quarantine import Quarantine
from remediation.ports import Clock

S3 = "s3://"


async def open_bill(
    stack: AsyncExitStack,
    settings: Settings,
    clients: AwsClients,
    book: CostBook,
    sink: FactSink,
    quarantine: Quarantine,
    clock: Clock,
) -> tuple[BillSource, ...]:
    """The source; none when no bill is read. Connections are closed when the stack is. Raises NotUsable."""
    if not settings.costs.is_read:
        return ()
    costs = None
    if settings.costs.cost_explorer:
        costs = CostExplorer(await stack.enter_async_context(clients.client("ce")))
    return (
        BillSource(
            book,
            settings.costs,
            sink,
            quarantine,
            clock,
            costs=costs,
            place=await _open_exports(stack, settings, clients),
            region=settings.aws.region,
            account_id=settings.aws.account_id,
        ),
    )


async def open_bucket(stack: AsyncExitStack, place: str, clients: AwsClients) -> S3Objects:
    """The bucket and prefix of an ``s3://`` address. Raises NotUsable."""
    bucket, _, prefix = place.removeprefix(S3).partition("/")
    return S3Objects(await stack.enter_async_context(clients.client("s3")), bucket, prefix)


async def _open_exports(stack: AsyncExitStack, settings: Settings, clients: AwsClients) -> ExportPlace | None:
    place = settings.costs.exports
    if place == "":
        return None
    if place.startswith(S3):
        return ExportBucket(await open_bucket(stack, place, clients), settings.data_dir)
    return ExportFolder(Path(place))

"""Opens the places of the status page, where the configuration asks for one."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack

from config.public.reading import Public
from config.settings import Settings
from daemon.aws.s3 import S3Objects
from daemon.aws.session import AwsClients
from daemon.status_page.places import Folder, PageBucket, Place
from daemon.status_page.publisher import StatusPublisher
from daemon.status_page.rendering import Renderer
from remediation.ports import Clock
from remediation.state import State

FOLDER = "status"
"""In ``data_dir``, unless ``status-page.yaml`` names another."""


async def open_status_page(
    stack: AsyncExitStack,
    settings: Settings,
    clients: AwsClients,
    clock: Clock,
    *,
    state: Callable[[], State],
    public: Callable[[], Public],
    watched: Callable[[], bool],
) -> StatusPublisher | None:
    """None where no page is kept. The folder is always written; the bucket as well, when there is one."""
    page = public().page
    if not page.enabled:
        return None
    directory = settings.data_dir / FOLDER if page.directory is None else page.directory
    places: dict[str, Place] = {"folder": Folder(directory)}
    if page.bucket is not None:
        s3 = await stack.enter_async_context(clients.client("s3"))
        places["bucket"] = PageBucket(S3Objects(s3, page.bucket.name, page.bucket.prefix))
    renderer = await asyncio.to_thread(Renderer)
    return StatusPublisher(places, renderer, clock, state, public, watched)

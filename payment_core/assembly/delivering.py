"""The way to the bank that the options name: a folder beside the database, an S3 bucket or the bank's SFTP server."""

from contextlib import AsyncExitStack

from payment_core.ach.delivery.folder import FolderDelivery
from payment_core.ach.delivery.port import Delivery
from payment_core.ach.delivery.sftp import SftpDelivery
from payment_core.aws.s3_delivery import S3Delivery
from payment_core.options import CoreOptions


async def open_delivery(stack: AsyncExitStack, options: CoreOptions) -> Delivery:
    """The delivery, closed with the stack. Raises SshFileUnusable."""
    server = options.ach_sftp
    if server is not None:
        # Costs 0.13 s and 12 MB, which only who delivers over SSH should pay.
        from payment_core.ach.delivery.ssh_session import SshSession  # noqa: PLC0415 - see above

        session = await stack.enter_async_context(SshSession(server))
        return SftpDelivery(
            session,
            outbound=options.ach_sftp_outbound,
            inbound=options.ach_sftp_inbound,
            sender=options.producer,
        )
    if options.ach_bucket != "":
        bucket = S3Delivery(
            bucket=options.ach_bucket, prefix="ach/", region=options.region, endpoint_url=options.endpoint_url
        )
        return await stack.enter_async_context(bucket)
    return FolderDelivery(options.beside("ach"))

"""The deliveries under test, each with a way to leave something in its inbox and to break its outbox."""

import contextlib
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
from aiobotocore.session import get_session

from payment_core.ach.delivery.folder import FolderDelivery
from payment_core.ach.delivery.memory import MemoryDelivery
from payment_core.ach.delivery.port import Delivery, DeliveryUnavailable
from payment_core.ach.delivery.sftp import RemoteFile, SftpDelivery
from payment_core.ach.delivery.ssh_session import SshSession
from payment_core.aws.s3_delivery import S3Delivery
from tests.contract.delivery.bank_servers import bank_server

BUCKET = "files"


class DeliveryWorld(msgspec.Struct):
    """leave: what the bank does. overwrite: what nobody should do to a file that was delivered."""

    delivery: Delivery
    leave: Callable[[str, bytes], Awaitable[None]]
    overwrite: Callable[[str, bytes], Awaitable[None]]


class Listed(msgspec.Struct, frozen=True):
    """One name of the fake server."""

    name: str
    size_bytes: int
    modified_s: int


class FakeSftp:
    """A server that never overwrites: SSH_FXF_EXCL and version 3's rename fail when the name exists."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}

    async def write_exclusively(self, path: str, content: bytes) -> bool:
        if path in self.files:
            return False
        self.files[path] = content
        return True

    async def read(self, path: str) -> bytes | None:
        return self.files.get(path)

    async def move(self, path: str, target: str) -> bool:
        if target in self.files:
            return False
        if path not in self.files:
            raise DeliveryUnavailable
        self.files[target] = self.files.pop(path)
        return True

    async def list(self, directory: str) -> list[RemoteFile]:
        prefix = f"{directory}/"
        return [
            Listed(path.removeprefix(prefix), len(content), int(hashlib.sha256(content).hexdigest()[:6], 16))
            for path, content in self.files.items()
            if path.startswith(prefix)
        ]


@asynccontextmanager
async def memory_world() -> AsyncIterator[DeliveryWorld]:
    delivery = MemoryDelivery()

    async def leave(name: str, content: bytes) -> None:
        delivery.inbox[name] = content

    async def overwrite(name: str, content: bytes) -> None:
        delivery.outbound[name] = content

    yield DeliveryWorld(delivery, leave, overwrite)


@asynccontextmanager
async def folder_world(root: Path) -> AsyncIterator[DeliveryWorld]:
    async def leave(name: str, content: bytes) -> None:
        _write(root / "inbound" / name, content)

    async def overwrite(name: str, content: bytes) -> None:
        _write(root / "outbound" / name, content)

    yield DeliveryWorld(FolderDelivery(root), leave, overwrite)


@asynccontextmanager
async def sftp_world() -> AsyncIterator[DeliveryWorld]:
    session = FakeSftp()

    async def leave(name: str, content: bytes) -> None:
        session.files[f"from_bank/{name}"] = content

    async def overwrite(name: str, content: bytes) -> None:
        session.files[f"to_bank/{name}"] = content

    delivery = SftpDelivery(session, outbound="to_bank", inbound="from_bank", sender="blue-1")
    yield DeliveryWorld(delivery, leave, overwrite)


@asynccontextmanager
async def ssh_world(root: Path) -> AsyncIterator[DeliveryWorld]:
    async def leave(name: str, content: bytes) -> None:
        _write(root / "box" / "inbound" / name, content)

    async def overwrite(name: str, content: bytes) -> None:
        _write(root / "box" / "outbound" / name, content)

    async with bank_server(root / "box") as bank, SshSession(bank.address(root / "keys")) as session:
        delivery = SftpDelivery(session, outbound="outbound", inbound="inbound", sender="blue-1")
        yield DeliveryWorld(delivery, leave, overwrite)


@asynccontextmanager
async def s3_world(url: str, prefix: str) -> AsyncIterator[DeliveryWorld]:
    client_of = get_session().create_client("s3", region_name="us-east-1", endpoint_url=url)
    async with (
        client_of as client,
        S3Delivery(bucket=BUCKET, prefix=prefix, region="us-east-1", endpoint_url=url) as delivery,
    ):
        with contextlib.suppress(client.exceptions.BucketAlreadyOwnedByYou, client.exceptions.BucketAlreadyExists):
            await client.create_bucket(Bucket=BUCKET)

        async def leave(name: str, content: bytes) -> None:
            await client.put_object(Bucket=BUCKET, Key=f"{prefix}inbound/{name}", Body=content)

        async def overwrite(name: str, content: bytes) -> None:
            await client.put_object(Bucket=BUCKET, Key=f"{prefix}outbound/{name}", Body=content)

        yield DeliveryWorld(delivery, leave, overwrite)


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)

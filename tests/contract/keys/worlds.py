"""A key service of each kind together with what an operator can do to its key."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Protocol

from aiobotocore.session import get_session

from payment_core.aws.kms import AwsKeyService
from payment_core.clock import SystemClock
from payment_core.vault.keys.local_keys import LocalKeyService
from payment_core.vault.keys.port import KeyService, KeyState
from payment_core.vault.memory import MemoryKeyService

REGION = "us-east-1"


class KeyWorld(Protocol):
    """One key and its operator. url: where its server listens, empty for a file."""

    keys: KeyService
    url: str

    async def disable(self) -> None: ...

    async def enable(self) -> None: ...

    async def schedule_deletion(self) -> None: ...

    async def rotate(self) -> None: ...


class MemoryWorld:
    """The fake that other tests use."""

    def __init__(self) -> None:
        self._fake = MemoryKeyService()
        self.keys: KeyService = self._fake
        self.url = ""

    async def disable(self) -> None:
        self._fake.set_state(KeyState.DISABLED)

    async def enable(self) -> None:
        self._fake.set_state(KeyState.ENABLED)

    async def schedule_deletion(self) -> None:
        self._fake.set_state(KeyState.PENDING_DELETION)

    async def rotate(self) -> None:
        self._fake.rotate()


class LocalWorld:
    """A file of master keys."""

    def __init__(self, keys: LocalKeyService) -> None:
        self.keys: KeyService = keys
        self._file = keys
        self.url = ""

    async def disable(self) -> None:
        await self._file.set_state(KeyState.DISABLED)

    async def enable(self) -> None:
        await self._file.set_state(KeyState.ENABLED)

    async def schedule_deletion(self) -> None:
        await self._file.set_state(KeyState.PENDING_DELETION)

    async def rotate(self) -> None:
        await self._file.rotate()


class AwsWorld:
    """A key that speaks the KMS protocol."""

    def __init__(self, keys: AwsKeyService, client: Any, key_id: str, url: str) -> None:  # noqa: ANN401  # aiobotocore publishes no types
        self.keys: KeyService = keys
        self.url = url
        self._client = client
        self._key_id = key_id

    async def disable(self) -> None:
        await self._client.disable_key(KeyId=self._key_id)

    async def enable(self) -> None:
        await self._client.enable_key(KeyId=self._key_id)

    async def schedule_deletion(self) -> None:
        await self._client.schedule_key_deletion(KeyId=self._key_id, PendingWindowInDays=7)

    async def rotate(self) -> None:
        await self._client.rotate_key_on_demand(KeyId=self._key_id)


@asynccontextmanager
async def memory_world() -> AsyncIterator[KeyWorld]:
    """With a new key."""
    yield MemoryWorld()


@asynccontextmanager
async def local_world(path: Path) -> AsyncIterator[KeyWorld]:
    """Over a new file."""
    keys = LocalKeyService(path, SystemClock())
    await keys.open(create=True)
    yield LocalWorld(keys)


@asynccontextmanager
async def aws_world(url: str) -> AsyncIterator[KeyWorld]:
    """Over a new key at this address."""
    async with get_session().create_client("kms", region_name=REGION, endpoint_url=url) as client:
        key_id = str((await client.create_key())["KeyMetadata"]["KeyId"])
        async with AwsKeyService(key=key_id, region=REGION, endpoint_url=url) as keys:
            yield AwsWorld(keys, client, key_id, url)

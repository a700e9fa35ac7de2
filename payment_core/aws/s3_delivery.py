"""Delivery into an S3 bucket: created only if absent (If-None-Match), checked by SHA-256."""

import asyncio
import base64
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Any, Self

from aiobotocore.config import AioConfig
from aiobotocore.session import get_session
from botocore.exceptions import BotoCoreError, ClientError

from payment_core.ach.delivery.names import INBOUND_BYTES_MAX, INBOUND_FILES_MAX, checked_name
from payment_core.ach.delivery.port import (
    DeliveryConflict,
    DeliveryUnavailable,
    Inbound,
    NameUnusable,
    Presence,
)

CONNECT_SECONDS = 2.0
READ_SECONDS = 30.0
"""A file of 10 MB goes up in a few seconds."""

ATTEMPTS = 3
CONNECTIONS = 4
_SHA256 = "sha256"
_CONFLICTS = frozenset({"PreconditionFailed", "ConditionalRequestConflict", "412", "409"})
_ABSENT = frozenset({"NoSuchKey", "NotFound", "404"})


class S3Delivery:
    """``<prefix>outbound/`` is what the bank's gateway takes, ``<prefix>inbound/`` what it leaves.

    kms_key_id: encrypts the objects with this key; empty for the bucket's own rule. Credentials come from the
    environment.
    """

    def __init__(
        self, *, bucket: str, prefix: str, region: str, endpoint_url: str | None, kms_key_id: str = ""
    ) -> None:
        self._bucket = bucket
        self._prefix = prefix
        self._region = region
        self._endpoint_url = endpoint_url
        self._encryption = {} if kms_key_id == "" else {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": kms_key_id}
        self._stack = AsyncExitStack()
        # aiobotocore publishes no types; everything read from it is checked here.
        self._client: Any = None

    async def __aenter__(self) -> Self:
        config = AioConfig(
            user_agent="tillwatch-payment-core",
            retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
            connect_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            max_pool_connections=CONNECTIONS,
            s3={"addressing_style": "path"} if self._endpoint_url is not None else {},
        )
        self._client = await self._stack.enter_async_context(
            get_session().create_client("s3", region_name=self._region, endpoint_url=self._endpoint_url, config=config)
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def put(self, name: str, content: bytes, sha256: str) -> None:
        """PutObject with If-None-Match: a retry of the client that finds its own object is a success, too."""
        created = await self._call(
            "put_object",
            Key=f"{self._prefix}outbound/{checked_name(name)}",
            Body=content,
            IfNoneMatch="*",
            ChecksumSHA256=base64.b64encode(bytes.fromhex(sha256)).decode(),
            Metadata={_SHA256: sha256},
            **self._encryption,
        )
        presence = Presence.SAME if created is not None else await self.find(name, sha256)
        if presence is Presence.OTHER:
            raise DeliveryConflict(name)
        if presence is Presence.ABSENT:
            raise DeliveryUnavailable("another write under the name is under way")

    async def find(self, name: str, sha256: str) -> Presence:
        """HeadObject; the hash was written with the object and checked by S3 when it took it."""
        head = await self._call("head_object", Key=f"{self._prefix}outbound/{checked_name(name)}")
        if head is None:
            return Presence.ABSENT
        stored = str(head.get("Metadata", {}).get(_SHA256, ""))
        return Presence.SAME if stored == sha256 else Presence.OTHER

    async def inbound(self) -> list[Inbound]:
        """ListObjectsV2, one page: it is sorted by name."""
        prefix = f"{self._prefix}inbound/"
        page = await self._call("list_objects_v2", Prefix=prefix, MaxKeys=INBOUND_FILES_MAX)
        listed = [] if page is None else page.get("Contents", [])
        return [
            Inbound(str(item["Key"])[len(prefix) :], str(item["ETag"]).strip('"'), int(item["Size"]))
            for item in listed
            if item["Key"] != prefix
        ]

    async def fetch(self, name: str) -> bytes:
        """GetObject."""
        answer = await self._call("get_object", Key=f"{self._prefix}inbound/{checked_name(name)}")
        if answer is None or int(answer["ContentLength"]) > INBOUND_BYTES_MAX:
            raise NameUnusable(f"{name} is gone or larger than {INBOUND_BYTES_MAX} bytes.")
        try:
            async with answer["Body"] as stream:
                return bytes(await stream.read())
        except (BotoCoreError, OSError, TimeoutError, asyncio.IncompleteReadError) as fault:
            raise DeliveryUnavailable(type(fault).__name__) from fault

    async def _call(self, operation: str, **arguments: object) -> dict[str, Any] | None:
        """The answer; None when the object is absent, or was there already."""
        try:
            answer: dict[str, Any] = await getattr(self._client, operation)(Bucket=self._bucket, **arguments)
        except ClientError as fault:
            code = str(fault.response.get("Error", {}).get("Code", ""))
            if code in _ABSENT or code in _CONFLICTS:
                return None
            raise DeliveryUnavailable(code) from fault
        except (BotoCoreError, OSError, TimeoutError, asyncio.IncompleteReadError) as fault:
            raise DeliveryUnavailable(type(fault).__name__) from fault
        return answer

"""Daily roots in an S3 bucket with Object Lock; the only file of the audit trail that knows an AWS client."""

import asyncio
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any, Self

from aiobotocore.config import AioConfig
from aiobotocore.session import get_session
from botocore.exceptions import BotoCoreError, ClientError

from payment_core.audit.errors import ArchiveUnavailable
from payment_core.clock import Clock

RETENTION_DAYS = 7 * 365
"""How long nobody, the account's owner included, can delete a root: longer than disputes and audits reach back."""

CONNECT_SECONDS = 1.0
READ_SECONDS = 10.0
ATTEMPTS = 3

_TAKEN = frozenset({"PreconditionFailed", "ConditionalRequestConflict"})


class S3Roots:
    """A RootArchive. The bucket needs versions and Object Lock; a root is retained in COMPLIANCE mode."""

    def __init__(
        self,
        *,
        bucket: str,
        prefix: str = "audit-roots/",
        region: str,
        endpoint_url: str | None,
        clock: Clock,
        retention_days: int = RETENTION_DAYS,
    ) -> None:
        self._bucket = bucket
        self._prefix = prefix
        self._region = region
        self._endpoint_url = endpoint_url
        self._clock = clock
        self._retention_days = retention_days
        self._stack = AsyncExitStack()
        # aiobotocore publishes no types; everything read from it is checked here.
        self.client: Any = None

    async def __aenter__(self) -> Self:
        config = AioConfig(
            user_agent="tillwatch-payment-core",
            retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
            connect_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            s3={"addressing_style": "path"} if self._endpoint_url is not None else {},
        )
        self.client = await self._stack.enter_async_context(
            get_session().create_client("s3", region_name=self._region, endpoint_url=self._endpoint_url, config=config)
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def names(self) -> list[str]:
        """ListObjectVersions, all pages: a root under a delete marker is still there."""
        return sorted({str(version["Key"]).removeprefix(self._prefix) for version in await self._versions("root-")})

    async def read(self, name: str) -> bytes:
        """GetObject of the first version: a later one can lie over it, but cannot replace it."""
        key = self._prefix + name
        versions = [version for version in await self._versions(name) if version["Key"] == key]
        if not versions:
            raise ArchiveUnavailable(f"{self._bucket}/{key}: it has no version.")
        first = min(versions, key=lambda version: version["LastModified"])
        got = await self._call("get_object", Bucket=self._bucket, Key=key, VersionId=first["VersionId"])
        async with got["Body"] as body:
            return bytes(await body.read())

    async def _versions(self, start: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        arguments = {"Bucket": self._bucket, "Prefix": self._prefix + start}
        while True:
            answer = await self._call("list_object_versions", **arguments)
            found += answer.get("Versions", [])
            if not answer.get("IsTruncated"):
                return found
            arguments["KeyMarker"] = str(answer["NextKeyMarker"])
            arguments["VersionIdMarker"] = str(answer["NextVersionIdMarker"])

    async def write(self, name: str, body: bytes) -> bool:
        """PutObject with If-None-Match, retained until its time is over."""
        now = datetime.fromtimestamp(self._clock.now_ms() / 1000, tz=UTC)
        try:
            await self._call(
                "put_object",
                Bucket=self._bucket,
                Key=self._prefix + name,
                Body=body,
                ContentType="application/json",
                IfNoneMatch="*",
                ObjectLockMode="COMPLIANCE",
                ObjectLockRetainUntilDate=now + timedelta(days=self._retention_days),
            )
        except _NameTaken:
            return False
        return True

    async def _call(self, operation: str, **arguments: object) -> dict[str, Any]:
        try:
            answer: dict[str, Any] = await getattr(self.client, operation)(**arguments)
        except ClientError as fault:
            code = str(fault.response.get("Error", {}).get("Code", ""))
            if code in _TAKEN:
                raise _NameTaken from fault
            raise ArchiveUnavailable(f"{self._bucket}: {operation} answered {code}.") from fault
        except (BotoCoreError, OSError, TimeoutError, asyncio.IncompleteReadError) as fault:
            raise ArchiveUnavailable(f"{self._bucket}: {type(fault).__name__}.") from fault
        return answer


class _NameTaken(Exception):
    """The object exists."""

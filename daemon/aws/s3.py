"""Objects of one S3 bucket under one prefix: listed, downloaded piece by piece, and written whole."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
from botocore.exceptions import BotoCoreError

from daemon.aws.session import Aws
from daemon.errors import AwsFailed

PAGES_MAX = 100
"""100,000 objects: more under one prefix is not an export of costs."""
PIECE_BYTES = 1 << 20
"""Of a download that are in memory at a time."""


@dataclass(frozen=True, slots=True)
class S3Object:
    """An object. name: without the prefix. version: another one means other content."""

    name: str
    version: str
    size_bytes: int
    changed_ms: int


class S3Objects:
    """A bucket and a prefix. Raises AwsFailed."""

    def __init__(self, aws: Aws, bucket: str, prefix: str) -> None:
        self._aws = aws
        self._bucket = bucket
        self._prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""

    async def files(self) -> list[S3Object]:
        """Everything under the prefix."""
        found: list[S3Object] = []
        token: dict[str, str] = {}
        for _ in range(PAGES_MAX):
            page = await self._aws.call("list_objects_v2", Bucket=self._bucket, Prefix=self._prefix, **token)
            found += [self._object(one) for one in page.get("Contents", ())]
            if not page.get("IsTruncated"):
                return found
            token = {"ContinuationToken": page["NextContinuationToken"]}
        raise AwsFailed(f"s3://{self._bucket}/{self._prefix} has more than {PAGES_MAX} pages.", retryable=False)

    async def download(self, name: str, into: Path) -> None:
        """Write the whole object to a file of this machine. Raises AwsFailed also when the disk does not take it."""
        answer = await self._aws.call("get_object", Bucket=self._bucket, Key=f"{self._prefix}{name}")
        try:
            async with answer["Body"] as body:
                with await asyncio.to_thread(into.open, "wb") as file:
                    while piece := await body.read(PIECE_BYTES):
                        await asyncio.to_thread(file.write, piece)
        except (BotoCoreError, aiohttp.ClientError, OSError, TimeoutError, asyncio.IncompleteReadError) as fault:
            raise AwsFailed(f"{type(fault).__name__}: {fault}") from fault

    async def write(self, name: str, content: bytes, content_type: str) -> str:
        """Put the object in place of whatever was there; returns its address."""
        key = f"{self._prefix}{name}"
        await self._aws.call("put_object", Bucket=self._bucket, Key=key, Body=content, ContentType=content_type)
        return f"s3://{self._bucket}/{key}"

    def _object(self, listed: dict[str, Any]) -> S3Object:
        return S3Object(
            name=str(listed["Key"])[len(self._prefix) :],
            version=str(listed["ETag"]).strip('"'),
            size_bytes=int(listed["Size"]),
            changed_ms=round(listed["LastModified"].timestamp() * 1000),
        )

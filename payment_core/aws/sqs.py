"""The queue on SQS that takes the events."""

from contextlib import AsyncExitStack
from types import TracebackType
from typing import Any, Self

from aiobotocore.config import AioConfig
from aiobotocore.session import get_session
from botocore.exceptions import BotoCoreError, ClientError

from payment_core.errors import QueueUnavailable

CONNECT_SECONDS = 1.0
READ_SECONDS = 3.0
"""A queue answers in milliseconds; what takes longer is retried by the relay."""

ATTEMPTS_MAX = 2
"""Within one call; the relay itself never gives up."""


class SqsQueue:
    """Sends packed events with SendMessageBatch. Credentials come from the environment, as AWS clients find them."""

    def __init__(self, *, name: str, region: str, endpoint_url: str | None) -> None:
        self._name = name
        self._region = region
        self._endpoint_url = endpoint_url
        self._stack = AsyncExitStack()
        # aiobotocore publishes no types; everything read from it is checked here.
        self._client: Any = None
        self._url = ""

    async def __aenter__(self) -> Self:
        config = AioConfig(
            user_agent="tillwatch-payment-core",
            parameter_validation=False,
            retries={"mode": "standard", "max_attempts": ATTEMPTS_MAX},
            connect_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
        )
        self._client = await self._stack.enter_async_context(
            get_session().create_client("sqs", region_name=self._region, endpoint_url=self._endpoint_url, config=config)
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def send(self, messages: list[bytes]) -> list[int]:
        """Send up to ten messages; returns the positions that were refused. Raises QueueUnavailable."""
        entries = [{"Id": str(position), "MessageBody": body.decode()} for position, body in enumerate(messages)]
        try:
            if self._url == "":
                self._url = str((await self._client.get_queue_url(QueueName=self._name))["QueueUrl"])
            answer = await self._client.send_message_batch(QueueUrl=self._url, Entries=entries)
        except (BotoCoreError, ClientError, OSError, TimeoutError) as error:
            # A queue that was deleted and made again may have another address.
            self._url = ""
            raise QueueUnavailable(f"{self._name}: {error}") from error
        taken = {str(entry["Id"]) for entry in answer.get("Successful", [])}
        return [position for position in range(len(messages)) if str(position) not in taken]

"""AWS clients, made one way: bounded waits and retries, and the address that the settings say or none."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Protocol

import aiohttp
from aiobotocore.config import AioConfig
from aiobotocore.session import get_session
from botocore.exceptions import BotoCoreError, ClientError

from config.settings import AwsSettings
from daemon.aws.throttling import Throttle
from daemon.errors import AwsFailed, NotUsable

CONNECT_SECONDS = 3.0
READ_SECONDS = 5.0
"""Control calls answer within a second; a rollback must not wait for one that hangs."""
LONG_POLL_READ_SECONDS = 30.0
"""More than the 20 seconds that SQS may hold a receive."""
ATTEMPTS = 3
"""Of botocore's standard mode; whoever calls has its own, longer patience."""
CONNECTIONS = 16
"""Per client: more than the calls that any part of the daemon has under way at once."""

_PASSING = frozenset(
    {
        "ExpiredToken",
        "ExpiredTokenException",
        "OverLimit",
        "PriorRequestNotComplete",
        "RequestExpired",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestTimeout",
        "RequestTimeoutException",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)
"""Codes with a 4xx status that say nothing against the request: it may be sent again."""
_SERVER_FAULT = 500


class AwsClient:
    """One service. botocore builds its clients at run time, so operations are called by name."""

    def __init__(self, client: object) -> None:
        self._client = client

    async def call(self, operation: str, **arguments: object) -> dict[str, Any]:
        """Do one call; raise AwsFailed with AWS's own code in place of whatever the client raises."""
        try:
            answer: dict[str, Any] = await getattr(self._client, operation)(**arguments)
        except ClientError as fault:
            error = fault.response.get("Error", {})
            code = str(error.get("Code", ""))
            status = int(fault.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
            passing = code in _PASSING or status >= _SERVER_FAULT
            raise AwsFailed(f"{code}: {error.get('Message', '')}", code=code, retryable=passing) from fault
        except (BotoCoreError, aiohttp.ClientError, TimeoutError, OSError) as fault:
            raise AwsFailed(f"{type(fault).__name__}: {fault}") from fault
        return answer


class Aws(Protocol):
    """What the adapters need of a client. Raises AwsFailed."""

    async def call(self, operation: str, **arguments: object) -> dict[str, Any]:
        """Do one call."""


class AwsClients:
    """Makes clients. key and secret are for a stand-in; without them the environment's own credentials are used."""

    def __init__(self, settings: AwsSettings, key: str | None = None, secret: str | None = None) -> None:
        self._settings = settings
        self._key = key
        self._secret = secret
        self._session = get_session()
        self.throttle = None if settings.throttle_every is None else Throttle(settings.throttle_every)
        """Of a stand-in alone; None for AWS itself."""

    def _endpoint_of(self, service: str) -> str | None:
        own = self._settings.auto_scaling_url if service == "application-autoscaling" else None
        return self._settings.endpoint_url if own is None else own

    @asynccontextmanager
    async def client(self, service: str, region: str = "") -> AsyncIterator[AwsClient]:
        """A client of a service, such as ``sqs`` or ``route53``, for the length of the block.

        region: another one than the settings'; empty for theirs.
        Raises NotUsable when the address, the region or the credentials cannot be used at all.
        """
        read_seconds = LONG_POLL_READ_SECONDS if service == "sqs" else READ_SECONDS
        config = AioConfig(
            # A fixed user agent saves a tenth of a call's CPU, and no parameter validation another tenth.
            user_agent="tillwatch/1",
            parameter_validation=False,
            retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
            connect_timeout=CONNECT_SECONDS,
            read_timeout=read_seconds,
            max_pool_connections=CONNECTIONS,
            tcp_keepalive=True,
        )
        making = self._session.create_client(
            service,
            region_name=region if region else self._settings.region,
            endpoint_url=self._endpoint_of(service),
            aws_access_key_id=self._key,
            aws_secret_access_key=self._secret,
            config=config,
        )
        try:
            client = await making.__aenter__()
        except (BotoCoreError, ValueError) as fault:
            raise NotUsable(f"No {service} client can be made: {fault}") from fault
        if self.throttle is not None:
            self.throttle.hold(client)
        try:
            yield AwsClient(client)
        finally:
            await making.__aexit__(None, None, None)

"""A stand-in that throttles is told from AWS in no protocol, and what is tried again gets through."""

import asyncio

import pytest
from botocore.retries.standard import ExponentialBackoff

from config.settings import AwsSettings
from daemon.aws.session import ATTEMPTS, AwsClients
from daemon.aws.throttling import Throttle
from daemon.errors import AwsFailed
from tests.serving import serving

CALLS: dict[str, tuple[str, dict[str, object]]] = {
    "sqs": ("get_queue_url", {"QueueName": "q"}),
    "route53": ("list_hosted_zones", {}),
    "lambda": ("get_account_settings", {}),
    "ecs": ("list_clusters", {}),
    "elbv2": ("describe_account_limits", {}),
    "dynamodb": ("describe_limits", {}),
    "cloudwatch": ("list_dashboards", {}),
}
"""One of each protocol: JSON, REST with XML and with JSON, queries, and one that speaks several."""


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is tried again is not waited for: how long the client pauses is botocore's own matter."""
    monkeypatch.setattr(ExponentialBackoff, "delay_amount", lambda *_: 0)


async def test_a_throttled_request_is_never_sent_and_says_so_in_every_protocol() -> None:
    clients = AwsClients(AwsSettings(endpoint_url="http://127.0.0.1:9"), "key", "secret")

    async def code_of(service: str) -> tuple[str, bool, int]:
        clients.throttle = throttle = Throttle(1)
        operation, arguments = CALLS[service]
        async with clients.client(service) as client:
            with pytest.raises(AwsFailed) as raised:
                await client.call(operation, **arguments)
        return raised.value.code, raised.value.retryable, throttle.answered

    for service in CALLS:
        assert await code_of(service) == ("ThrottlingException", True, ATTEMPTS), service


async def test_with_every_third_request_throttled_each_call_gets_through_once() -> None:
    seen: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
            seen.append(await reader.readexactly(int(length.partition(b":")[2])))
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 23\r\n\r\n" + b'{"QueueUrl":"http://q"}')
            await writer.drain()

    async with serving(answer) as port:
        clients = AwsClients(AwsSettings(endpoint_url=f"http://127.0.0.1:{port}", throttle_every=3), "key", "secret")
        async with clients.client("sqs") as one, clients.client("sqs") as other:
            calls = [client.call("get_queue_url", QueueName="q") for client in (one, other) for _ in range(5)]
            answers = await asyncio.gather(*calls)
    assert [one["QueueUrl"] for one in answers] == ["http://q"] * 10
    assert len(seen) == 10
    assert clients.throttle is not None
    assert clients.throttle.answered == 4


def test_without_the_setting_nothing_stands_before_the_calls() -> None:
    assert AwsClients(AwsSettings()).throttle is None

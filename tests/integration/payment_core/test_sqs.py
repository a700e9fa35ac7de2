"""Events reach a real SQS queue, and a queue that is away costs no payment."""

import asyncio
import itertools
from collections.abc import Callable
from typing import Any

import httpx
import msgspec
import pytest

from checks.packed import PackedEvents
from daemon.aws.session import Aws
from payment_core.aws.sqs import SqsQueue
from payment_core.errors import QueueUnavailable

StartCore = Callable[..., Any]  # conftest's CoreProcess: fixtures' classes cannot be imported
NUMBERS = itertools.count()


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")


async def receive(sqs: Aws, queue_name: str, count: int) -> list[int]:
    """Sequences of the first count events, in the order of the messages."""
    url = (await sqs.call("get_queue_url", QueueName=queue_name))["QueueUrl"]
    sequences: list[int] = []
    async with asyncio.timeout(30):
        while len(sequences) < count:
            answer = await sqs.call("receive_message", QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1)
            for message in answer.get("Messages", []):
                packed = msgspec.json.decode(message["Body"], type=PackedEvents)
                sequences.extend(event.sequence for event in packed.events)
                await sqs.call("delete_message", QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return sequences


async def test_the_queue_takes_a_batch_of_messages(ministack_url: str, sqs: Aws, queue_name: str) -> None:
    empty = msgspec.json.encode({"schema": "tillwatch.events.v1", "events": []})
    async with SqsQueue(name=queue_name, region="us-east-1", endpoint_url=ministack_url) as queue:
        assert await queue.send([empty] * 10) == []
    url = (await sqs.call("get_queue_url", QueueName=queue_name))["QueueUrl"]
    answer = await sqs.call("receive_message", QueueUrl=url, MaxNumberOfMessages=10)
    assert answer["Messages"][0]["Body"].encode() == empty


async def test_a_queue_that_does_not_exist_or_answer_is_unavailable(ministack_url: str) -> None:
    for name, endpoint_url in (("no-such-queue", ministack_url), ("any", "http://127.0.0.1:9")):
        async with SqsQueue(name=name, region="us-east-1", endpoint_url=endpoint_url) as queue:
            with pytest.raises(QueueUnavailable) as caught:
                await queue.send([b"{}"])
            assert caught.value.retryable


async def pay(client: httpx.AsyncClient, url: str) -> None:
    payment = {
        "amount": {"amount_cents": 1000, "currency": "USD"},
        "payment_method": "tok_declined_generic",
        "customer_id": "cus_1",
        "provider_id": "pro_1",
    }
    key = {"Idempotency-Key": f"k{next(NUMBERS)}"}
    assert (await client.post(f"{url}/v1/payments", json=payment, headers=key)).status_code == 402


async def test_events_of_a_process_arrive_once_and_in_order(
    start_core: StartCore, ministack_url: str, sqs: Aws, queue_name: str
) -> None:
    core = start_core("--queue", queue_name, "--endpoint-url", ministack_url)
    async with httpx.AsyncClient(headers=core.headers) as client:
        for _ in range(20):
            await pay(client, core.url)
    # A declined payment is two events: it was requested, and it was declined.
    sequences = await receive(sqs, queue_name, 40)
    assert sequences == list(range(1, len(sequences) + 1))


async def test_events_wait_for_a_queue_that_comes_later_and_payments_do_not(
    start_core: StartCore, ministack_url: str, sqs: Aws, unique: str
) -> None:
    core = start_core("--queue", f"late-{unique}", "--endpoint-url", ministack_url)
    async with httpx.AsyncClient(headers=core.headers) as client:
        for _ in range(5):
            await pay(client, core.url)
        await sqs.call("create_queue", QueueName=f"late-{unique}")
        sequences = await receive(sqs, f"late-{unique}", 10)
    assert sequences == list(range(1, len(sequences) + 1))

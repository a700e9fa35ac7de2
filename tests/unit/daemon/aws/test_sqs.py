"""The queue adapter speaks of messages and receipts, and knows when the queue is gone."""

from typing import Any

import pytest

from daemon.aws.sqs import SqsQueue
from daemon.errors import AwsFailed, QueueGone
from daemon.sources.sqs import Message


class FakeSqs:
    """Answers by operation; an exception is raised."""

    def __init__(self, **answers: dict[str, Any] | AwsFailed) -> None:
        self.answers: dict[str, dict[str, Any] | AwsFailed] = {
            "get_queue_url": {"QueueUrl": "http://queue"},
            **answers,
        }
        self.calls: list[tuple[str, dict[str, Any]]] = []

    async def call(self, operation: str, **arguments: Any) -> dict[str, Any]:  # noqa: ANN401  # shapes are botocore's
        """One call."""
        self.calls.append((operation, arguments))
        answer = self.answers[operation]
        if isinstance(answer, AwsFailed):
            raise answer
        return answer


async def test_messages_are_received_with_their_receipts() -> None:
    answer = {"MessageId": "m", "ReceiptHandle": "r", "Body": "b", "Attributes": {"SentTimestamp": "1795459572000"}}
    untimed = {"MessageId": "n", "ReceiptHandle": "s", "Body": "c"}
    fake = FakeSqs(receive_message={"Messages": [answer, untimed]})
    queue = SqsQueue(fake, "q")
    assert await queue.receive(10, 20) == [
        Message(receipt="r", body="b", sent_at_ms=1_795_459_572_000),
        Message(receipt="s", body="c"),
    ]
    assert fake.calls[1] == (
        "receive_message",
        {
            "QueueUrl": "http://queue",
            "MaxNumberOfMessages": 10,
            "WaitTimeSeconds": 20,
            "AttributeNames": ["SentTimestamp"],
        },
    )
    await queue.receive(10, 20)
    assert [operation for operation, _ in fake.calls].count("get_queue_url") == 1


async def test_an_empty_receive_is_an_empty_list() -> None:
    assert await SqsQueue(FakeSqs(receive_message={}), "q").receive(10, 20) == []


async def test_only_deletes_worth_repeating_are_returned() -> None:
    failed = [
        {"Id": "1", "Code": "InternalError", "SenderFault": False},
        {"Id": "2", "Code": "ReceiptHandleIsInvalid", "SenderFault": True},
    ]
    fake = FakeSqs(delete_message_batch={"Failed": failed})
    assert await SqsQueue(fake, "q").delete(["a", "b", "c"]) == ["b"]


@pytest.mark.parametrize("code", ["QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue"])
async def test_a_queue_that_is_gone_says_so_and_is_looked_up_again(code: str) -> None:
    fake = FakeSqs(receive_message=AwsFailed("gone", code=code, retryable=False))
    queue = SqsQueue(fake, "till-payment-events")
    for _ in range(2):
        with pytest.raises(QueueGone, match="till-payment-events"):
            await queue.receive(10, 20)
    assert [operation for operation, _ in fake.calls].count("get_queue_url") == 2


async def test_other_faults_pass_through() -> None:
    fault = AwsFailed("denied", code="AccessDenied", retryable=False)
    with pytest.raises(AwsFailed) as caught:
        await SqsQueue(FakeSqs(receive_message=fault), "q").receive(10, 20)
    assert caught.value is fault


async def test_depth_is_what_waits_and_what_is_worked_on() -> None:
    attributes = {"ApproximateNumberOfMessages": "12", "ApproximateNumberOfMessagesNotVisible": "3"}
    queue = SqsQueue(FakeSqs(get_queue_attributes={"Attributes": attributes}), "q")
    assert await queue.depth() == (12, 3)
    assert queue.name == "q"


@pytest.mark.parametrize(
    ("attributes", "encrypted"),
    [
        ({}, False),
        ({"SqsManagedSseEnabled": "false"}, False),
        ({"SqsManagedSseEnabled": "true"}, True),
        ({"SqsManagedSseEnabled": "false", "KmsMasterKeyId": "alias/x"}, True),
    ],
)
async def test_a_queue_says_whether_it_is_encrypted(attributes: dict[str, str], *, encrypted: bool) -> None:
    assert await SqsQueue(FakeSqs(get_queue_attributes={"Attributes": attributes}), "q").encrypted() is encrypted

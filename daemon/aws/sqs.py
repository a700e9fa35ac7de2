"""SQS queues by name."""

from collections.abc import Sequence
from typing import Any

from daemon.aws.session import Aws
from daemon.errors import AwsFailed, QueueGone
from daemon.sources.sqs import Message

_SENT = "SentTimestamp"
_GONE = frozenset({"QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue"})


class SqsQueue:
    """One queue; its address is looked up at the first call, and again when the queue was gone."""

    def __init__(self, aws: Aws, name: str) -> None:
        self._aws = aws
        self._name = name
        self._url = ""

    @property
    def name(self) -> str:
        """The queue's name."""
        return self._name

    async def receive(self, limit: int, wait_seconds: int) -> list[Message]:
        """Up to limit messages, at most ten, waiting so long for the first one."""
        answer = await self._call(
            "receive_message", MaxNumberOfMessages=limit, WaitTimeSeconds=wait_seconds, AttributeNames=[_SENT]
        )
        return [
            Message(
                receipt=message["ReceiptHandle"],
                body=message["Body"],
                sent_at_ms=int(message.get("Attributes", {}).get(_SENT, 0)),
            )
            for message in answer.get("Messages", ())
        ]

    async def delete(self, receipts: Sequence[str]) -> list[str]:
        """Delete up to ten deliveries; return the receipts of those that were not and may be tried again.

        A receipt that is no longer valid is as good as deleted: its message was delivered anew.
        """
        entries = [{"Id": str(number), "ReceiptHandle": receipt} for number, receipt in enumerate(receipts)]
        answer = await self._call("delete_message_batch", Entries=entries)
        return [
            receipts[int(failure["Id"])]
            for failure in answer.get("Failed", ())
            if "ReceiptHandle" not in failure.get("Code", "")
        ]

    async def depth(self) -> tuple[int, int]:
        """About how many messages wait, and how many are being worked on."""
        answer = await self._call(
            "get_queue_attributes",
            AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
        )
        attributes = answer["Attributes"]
        return (
            int(attributes["ApproximateNumberOfMessages"]),
            int(attributes["ApproximateNumberOfMessagesNotVisible"]),
        )

    async def encrypted(self) -> bool:
        """Whether SQS encrypts it at rest, with a key of its own or of KMS."""
        answer = await self._call("get_queue_attributes", AttributeNames=["SqsManagedSseEnabled", "KmsMasterKeyId"])
        attributes = answer.get("Attributes", {})
        return attributes.get("SqsManagedSseEnabled") == "true" or bool(attributes.get("KmsMasterKeyId"))

    async def _call(self, operation: str, **arguments: object) -> dict[str, Any]:
        try:
            if not self._url:
                found = await self._aws.call("get_queue_url", QueueName=self._name)
                self._url = found["QueueUrl"]
            return await self._aws.call(operation, QueueUrl=self._url, **arguments)
        except AwsFailed as fault:
            if fault.code not in _GONE:
                raise
            self._url = ""
            raise QueueGone(self._name, code=fault.code) from fault

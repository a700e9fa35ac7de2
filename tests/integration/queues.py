"""What tests do to a queue and the daemon never does."""

from daemon.aws.session import Aws


async def send(sqs: Aws, queue_name: str, body: str) -> None:
    """Put one message into a queue, by the queue's name."""
    found = await sqs.call("get_queue_url", QueueName=queue_name)
    await sqs.call("send_message", QueueUrl=found["QueueUrl"], MessageBody=body)

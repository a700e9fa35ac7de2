"""SNS, to which text messages and topics are handed."""

from daemon.aws.session import Aws


class SnsPublishing:
    """The port `daemon.channels.kinds.sms.Publishing`."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws

    async def publish(self, request: dict[str, object]) -> None:
        """One message. Raises AwsFailed."""
        await self._aws.call("publish", **request)

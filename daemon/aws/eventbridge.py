"""Puts our own events on the default EventBridge bus."""

from collections.abc import Mapping

import msgspec

from daemon.aws.session import Aws
from daemon.errors import AwsFailed


class EventBus:
    """The default bus of an account."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws

    async def put(self, source: str, detail_type: str, detail: Mapping[str, object]) -> None:
        """Put one event. Raises AwsFailed, also when the call was answered and the event refused."""
        entry = {"Source": source, "DetailType": detail_type, "Detail": msgspec.json.encode(detail).decode()}
        answer = await self._aws.call("put_events", Entries=[entry])
        if answer.get("FailedEntryCount", 0):
            failed = answer["Entries"][0]
            raise AwsFailed(f"{failed.get('ErrorCode')}: {failed.get('ErrorMessage')}", code=str(failed["ErrorCode"]))

"""Text messages over Amazon SNS: to a number, or to a topic whose subscribers each get what fits them."""

import hashlib
import json
from typing import Protocol

from config.escalation.channel_kinds import is_sns_topic, phone_of
from daemon.channels.cutting import cut, cut_bytes, in_one_line
from daemon.channels.kinds.sms_text import sms_of
from daemon.channels.ports import ChannelDown, NoticeRefused, Receipt
from daemon.errors import AwsFailed
from remediation.escalation.notices import Notice

SUBJECT_LENGTH_MAX = 100
"""Of a topic's e-mails: ASCII, below 100 characters."""
TOPIC_BYTES_MAX = 128 * 1024
"""SNS takes 256 KiB, in which the text stands in JSON that is itself written in JSON."""
_REFUSED = frozenset(
    {
        "EndpointDisabled",
        "InvalidParameter",
        "InvalidParameterValue",
        "NotFound",
        "NotFoundException",
        "OptedOut",
        "OptedOutException",
        "ParameterValueInvalid",
    }
)
"""Codes that say that this number or topic will never take it; every other one says that SNS takes nothing from us."""


class Publishing(Protocol):
    """What SNS is asked for. Raises AwsFailed."""

    async def publish(self, request: dict[str, object]) -> None:
        """Publish it, with the parameters of SNS's own call."""


class Sms:
    """Channel. messages_max: of 140 bytes, for one notice. sender_id: empty for none.

    Source: https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
    """

    def __init__(self, publishing: Publishing, messages_max: int, sender_id: str) -> None:
        self._publishing = publishing
        self._messages_max = messages_max
        self._sender_id = sender_id

    async def send(self, notice: Notice, key: str, address: str, at_ms: int) -> Receipt:
        """See Channel; a text message has no key, so that one sent twice is known by the alert's key at its end."""
        del at_ms
        try:
            await self._publishing.publish(self._request(notice, key, address))
        except AwsFailed as fault:
            # SNS's own words name the number.
            words = f"SNS: {fault.code}" if fault.code else "SNS does not answer"
            raise (NoticeRefused(words) if fault.code in _REFUSED else ChannelDown(words)) from fault
        return Receipt("SNS took it")

    def text_of(self, notice: Notice) -> str:
        """What a phone shows."""
        return sms_of(notice, self._messages_max)

    def _request(self, notice: Notice, key: str, address: str) -> dict[str, object]:
        text = self.text_of(notice)
        if is_sns_topic(address):
            return topic_request(notice, key, address, text)
        number = phone_of(address)
        if number is None:
            raise NoticeRefused("the contact's address is neither a number with its country nor a topic of SNS")
        return number_request(number, text, self._sender_id)


def number_request(number: str, text: str, sender_id: str) -> dict[str, object]:
    """Publish to one number, as a message that must arrive rather than one that may be cheap."""
    attributes = {"AWS.SNS.SMS.SMSType": "Transactional"} | ({"AWS.SNS.SMS.SenderID": sender_id} if sender_id else {})
    return {
        "PhoneNumber": number,
        "Message": text,
        "MessageAttributes": {name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()},
    }


def topic_request(notice: Notice, key: str, arn: str, text: str) -> dict[str, object]:
    """Publish to a topic: phones get the short text, everything else the whole."""
    whole = cut_bytes(f"{notice.title}\n{notice.body}\n{notice.dedup_key}", TOPIC_BYTES_MAX)
    subject = in_one_line(notice.title).encode("ascii", "replace").decode("ascii").strip()
    request: dict[str, object] = {
        "TopicArn": arn,
        "MessageStructure": "json",
        "Message": json.dumps({"default": whole, "sms": text}),
        "Subject": cut(subject if subject else notice.dedup_key, SUBJECT_LENGTH_MAX - 1),
        "MessageAttributes": {"notice": {"DataType": "String", "StringValue": key}},
    }
    if arn.endswith(".fifo"):
        request["MessageGroupId"] = notice.dedup_key
        request["MessageDeduplicationId"] = hashlib.sha256(key.encode()).hexdigest()
    return request

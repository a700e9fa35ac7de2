"""The EventBridge envelope, and the readings that every kind of event needs: times, text and exact decoding."""

from datetime import datetime
from typing import Generic, TypeVar

import msgspec

from daemon.errors import Untranslatable

Detail = TypeVar("Detail")
Decoded = TypeVar("Decoded")

MAX_TEXT = 512
"""Reasons and titles are cut here: they are for a person to read, and some findings carry pages."""


class Envelope(msgspec.Struct, Generic[Detail], frozen=True, gc=False, rename={"detail_type": "detail-type"}):
    """An event as EventBridge delivers it. time is ISO 8601 in UTC, to the second; account has 12 digits."""

    id: str
    detail_type: str
    source: str
    account: str
    time: str
    region: str
    detail: Detail
    resources: list[str] = []


def decode(decoder: msgspec.json.Decoder[Decoded], body: bytes) -> Decoded:
    """Decode or raise Untranslatable with the path of what is wrong."""
    try:
        return decoder.decode(body)
    except RecursionError:
        raise Untranslatable("It is nested too deeply.") from None
    except (msgspec.MsgspecError, UnicodeError) as fault:
        raise Untranslatable(f"{fault}.") from None


def milliseconds(time: str, path: str) -> int:
    """Unix epoch milliseconds of an ISO 8601 time with an offset, ``Z`` or ``+0000`` alike."""
    try:
        moment = datetime.fromisoformat(time)
    except ValueError:
        raise Untranslatable(f"{path} is not an ISO 8601 time: {cut(time)!r}.") from None
    if moment.tzinfo is None:
        raise Untranslatable(f"{path} has no offset from UTC: {cut(time)!r}.")
    seconds, microsecond = int(moment.replace(microsecond=0).timestamp()), moment.microsecond
    return seconds * 1000 + microsecond // 1000


def cut(text: str) -> str:
    """The beginning of a text, as much as a person needs."""
    return text if len(text) <= MAX_TEXT else f"{text[: MAX_TEXT - 1]}…"

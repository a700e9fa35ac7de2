"""Reads request bodies: bounded, free of card numbers, and of the shape that the operation needs."""

import re
from typing import TypeVar

import msgspec

from checks.redaction.card_numbers import holds_card_number
from payment_core.answers import Answer
from payment_core.http import problems
from payment_core.http.asgi import Receive

T = TypeVar("T", bound=msgspec.Struct)

_ERROR_PATH = re.compile(r"^(?P<detail>.*?)(?: - at `(?P<path>.*)`)?$", re.DOTALL)
_QUOTED_VALUE = re.compile(r"(?<=Invalid enum value ).*|(?<=unknown field ).*", re.DOTALL)

_LIKELY = re.compile(rb"[2-6](?:[ -]?[0-9]){12}|[2-6][0-9]{3}\.[0-9]{4}")
"""Part of every card number in ASCII text; looking for it costs a fifth of the whole search."""


class ClientLeft(Exception):
    """The connection ended before the whole body was there."""


async def read_body(receive: Receive, limit_bytes: int) -> bytes | None:
    """The whole body, or None as soon as it is longer than the limit. Raises ClientLeft."""
    message = await receive()
    if message["type"] != "http.request":
        raise ClientLeft
    body: bytes = message.get("body", b"")
    if not message.get("more_body", False):
        return None if len(body) > limit_bytes else body
    chunks, length = [body], len(body)
    while length <= limit_bytes:
        message = await receive()
        if message["type"] != "http.request":
            raise ClientLeft
        chunk: bytes = message.get("body", b"")
        chunks.append(chunk)
        length += len(chunk)
        if not message.get("more_body", False):
            return None if length > limit_bytes else b"".join(chunks)
    return None


def decode_body(
    body: bytes, decoder: msgspec.json.Decoder[T], instance: str, *, cards_allowed: bool = False
) -> T | Answer:
    """The body as the operation's type, or the problem; what was sent is never repeated in it."""
    if body == b"":
        body = b"{}"
    if not cards_allowed and body_holds_card_number(body):
        return problems.card_number_refused(instance)
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        match = _ERROR_PATH.match(str(error))
        detail = "is not valid" if match is None else match["detail"]
        path = "$" if match is None or match["path"] is None else match["path"]
        return problems.invalid_request(instance, path, _QUOTED_VALUE.sub("(not repeated)", detail))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return problems.malformed_json(instance)


def body_holds_card_number(body: bytes) -> bool:
    """Whether any text or number in a JSON body looks like a card number, however it is written or escaped."""
    if body.isascii() and b"\\" not in body:
        return ascii_holds_card_number(body)
    try:
        plain = msgspec.json.encode(msgspec.json.decode(body)).decode()
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        plain = body.decode("utf-8", errors="replace")
    return holds_card_number(plain)


def ascii_holds_card_number(text: bytes) -> bool:
    """Whether this ASCII text holds what looks like a card number."""
    return _LIKELY.search(text) is not None and holds_card_number(text.decode("ascii"))

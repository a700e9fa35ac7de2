"""Reads request bodies: bounded, free of card numbers, and of the shape that the operation needs."""

import re
from typing import TypeVar

import msgspec
from starlette.requests import Request

from checks.card_numbers import holds_card_number
from payment_core.http import problems
from payment_core.payments.answers import Answer

T = TypeVar("T", bound=msgspec.Struct)

BODY_BYTES_MAX = 64 * 1024
"""A payment takes 300 bytes; this bounds what one request can hold in memory."""

_ERROR_PATH = re.compile(r"^(?P<detail>.*?)(?: - at `(?P<path>.*)`)?$", re.DOTALL)
_QUOTED_VALUE = re.compile(r"(?<=Invalid enum value ).*|(?<=unknown field ).*", re.DOTALL)


def instance_of(request: Request) -> str:
    """The address that a problem document names; never one that holds a card number."""
    path = request.url.path
    return "" if holds_card_number(path) else path


async def read_body(request: Request) -> bytes | Answer:
    """The whole body, or 413 as soon as it is longer than the limit."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_BYTES_MAX:
            return problems.body_too_large(instance_of(request), BODY_BYTES_MAX)
    return body


def decode_body(body: bytes, decoder: msgspec.json.Decoder[T], instance: str) -> T | Answer:
    """The body as the operation's type, or the problem; what was sent is never repeated in it."""
    if body == b"":
        body = b"{}"
    if body_holds_card_number(body):
        return problems.card_number_refused(instance)
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        match = _ERROR_PATH.match(str(error))
        detail = "is not valid" if match is None else match["detail"]
        path = "$" if match is None or match["path"] is None else match["path"]
        return problems.invalid_body(instance, path, _QUOTED_VALUE.sub("(not repeated)", detail))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return problems.malformed_json(instance, "The body has to be one JSON object in UTF-8.")


def body_holds_card_number(body: bytes) -> bool:
    """Whether any text or number in a JSON body looks like a card number, however it is written or escaped."""
    if body.isascii() and b"\\" not in body:
        return holds_card_number(body.decode("ascii"))
    try:
        plain = msgspec.json.encode(msgspec.json.decode(body)).decode()
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        plain = body.decode("utf-8", errors="replace")
    return holds_card_number(plain)

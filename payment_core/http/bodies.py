"""Reads request bodies: bounded, free of card numbers, and of the shape that the operation needs."""

import re
import unicodedata
from typing import TypeVar

import msgspec
from starlette.requests import Request

from payment_core.http import problems
from payment_core.payments.answers import Answer

T = TypeVar("T", bound=msgspec.Struct)

BODY_BYTES_MAX = 64 * 1024
"""A payment takes 300 bytes; this bounds what one request can hold in memory."""

_CARD_NUMBER_DIGITS = range(13, 20)
_DIGIT_RUN = re.compile(r"(?<![0-9A-Za-z])[2-6](?:[ -]?[0-9]){12,18}(?![0-9A-Za-z])")
_ERROR_PATH = re.compile(r"^(?P<detail>.*?)(?: - at `(?P<path>.*)`)?$", re.DOTALL)
_QUOTED_VALUE = re.compile(r"(?<=Invalid enum value ).*|(?<=unknown field ).*", re.DOTALL)


def instance_of(request: Request) -> str:
    """The address that a problem document names; never one that holds a card number."""
    path = request.url.path
    return "" if looks_like_card_number(path) else path


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
    if holds_card_number(body):
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


def holds_card_number(body: bytes) -> bool:
    """Whether any text or number in a JSON body looks like a card number, however it is written.

    Escapes and full-width digits are resolved first; a run of 13 to 19 digits counts when its Luhn check holds.
    """
    if body.isascii() and b"\\" not in body:
        return looks_like_card_number(body.decode("ascii"))
    try:
        plain = msgspec.json.encode(msgspec.json.decode(body)).decode()
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        plain = body.decode("utf-8", errors="replace")
    return looks_like_card_number(unicodedata.normalize("NFKC", plain))


def looks_like_card_number(text: str) -> bool:
    """Whether the text holds 13 to 19 digits, spaced or not, that pass the Luhn check of ISO/IEC 7812."""
    return any(_passes_luhn(re.sub(r"[ -]", "", run)) for run in _DIGIT_RUN.findall(text))


def _passes_luhn(digits: str) -> bool:
    if len(digits) not in _CARD_NUMBER_DIGITS:
        return False
    total = 0
    for position, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + position % 2)
        total += value - 9 if value > 9 else value  # noqa: PLR2004 - the digit sum of 10 to 18
    return total % 10 == 0

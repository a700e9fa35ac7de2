"""Reads request bodies up to a stated size."""

from starlette.requests import Request

DIGITS_MAX = 15
"""Of a length: a petabyte."""


class BodyTooLarge(Exception):
    """The request's body is larger than this door takes."""


async def read_body(request: Request, limit_bytes: int) -> bytes:
    """The body, or BodyTooLarge as soon as it is known to exceed the limit."""
    declared = request.headers.get("content-length", "")
    # Digits of other scripts are digits to Python, and thousands of them no number.
    if declared.isascii() and declared.isdigit() and (len(declared) > DIGITS_MAX or int(declared) > limit_bytes):
        raise BodyTooLarge
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > limit_bytes:
            raise BodyTooLarge
        parts.append(part)
    return b"".join(parts)

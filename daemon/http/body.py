"""Reads request bodies up to a stated size."""

from starlette.requests import Request


class BodyTooLarge(Exception):
    """The request's body is larger than this door takes."""


async def read_body(request: Request, limit_bytes: int) -> bytes:
    """The body, or BodyTooLarge as soon as it is known to exceed the limit."""
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > limit_bytes:
        raise BodyTooLarge
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > limit_bytes:
            raise BodyTooLarge
        parts.append(part)
    return b"".join(parts)

"""Sends an answer: status, the headers that it asks for, and those that every answer has."""

from payment_core.answers import Answer
from payment_core.http.asgi import Headers, Send

RETRY_AFTER_SECONDS = b"1"
"""A running operation ends within seconds, a busy store sooner."""

_PROBLEM = b"application/problem+json"

SECURITY_HEADERS: tuple[tuple[bytes, bytes], ...] = (
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"strict-transport-security", b"max-age=31536000; includeSubDomains"),
    (b"x-content-type-options", b"nosniff"),
)
"""What a browser must not do with an answer (OWASP REST Security Cheat Sheet, "Security Headers")."""

_FIRST_ERROR = 400
_RETRIED = frozenset({409, 503})


async def respond(send: Send, answer: Answer, media_type: bytes, more: Headers, *, with_body: bool = True) -> None:
    """Send the answer. media_type: of a success. more: headers of this request. with_body: False for HEAD."""
    status = answer.status
    body = answer.body
    is_problem = status >= _FIRST_ERROR and body.startswith(b'{"type":"urn:')
    headers: Headers = [
        (b"content-type", _PROBLEM if is_problem else media_type),
        (b"content-length", b"%d" % len(body)),
        *SECURITY_HEADERS,
        *more,
    ]
    if answer.replayed:
        headers.append((b"idempotent-replayed", b"true"))
    if status in _RETRIED:
        headers.append((b"retry-after", RETRY_AFTER_SECONDS))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body if with_body else b""})

"""A certificate is fetched whole, bounded, and from where it was asked for."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from daemon.aws.sns_certificates import CERTIFICATE_BYTES_MAX, open_certificates
from daemon.errors import AwsFailed


@asynccontextmanager
async def answering(status: str, body: bytes, header: str = "") -> AsyncIterator[str]:
    """A server that answers every request the same; its address."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n{header}\r\n"
        writer.write(head.encode() + body)
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/a.pem"


async def test_what_is_there_is_given_as_it_is() -> None:
    async with answering("200 OK", b"PEM") as url, open_certificates() as certificates:
        assert await certificates.fetch(url) == b"PEM"


@pytest.mark.parametrize(
    ("status", "body", "header"),
    [
        ("404 Not Found", b"", ""),
        ("302 Found", b"", "Location: http://127.0.0.1:9/\r\n"),
        ("200 OK", b"x" * (CERTIFICATE_BYTES_MAX + 1), ""),
    ],
    ids=["missing", "sent elsewhere", "too large"],
)
async def test_anything_else_can_be_asked_for_again(status: str, body: bytes, header: str) -> None:
    async with answering(status, body, header) as url, open_certificates() as certificates:
        with pytest.raises(AwsFailed) as caught:
            await certificates.fetch(url)
    assert caught.value.retryable


async def test_nobody_there_is_a_fault_that_may_pass() -> None:
    async with open_certificates() as certificates:
        with pytest.raises(AwsFailed):
            await certificates.fetch("http://127.0.0.1:9/a.pem")

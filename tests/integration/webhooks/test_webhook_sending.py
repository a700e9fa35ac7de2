"""Webhooks over real sockets: the checked address is called, under the URL's name, bounded in time and size."""

import asyncio
import ipaddress
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from payment_core.webhooks.addresses import Address
from payment_core.webhooks.ports import Sent
from payment_core.webhooks.sending import HttpSender, SystemResolver
from tests.serving import serving

NAME = "hooks.shop.example"
BODY = b'{"type":"payment.captured"}'
Answering = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]


class Names:
    """Every name is this machine, asked once for each attempt."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def resolve(self, host: str, port: int) -> Sequence[Address]:
        assert port > 0
        self.asked.append(host)
        return [ipaddress.ip_address("127.0.0.1")]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of the receiver's name with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, NAME)])
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(begin)
        .not_valid_after(begin + timedelta(days=36500))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "receiver.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


@asynccontextmanager
async def receiving(answering: Answering, context: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """A receiver on this machine; gives its port."""

    async def receive(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        await answering(head + await reader.readexactly(len(BODY)), writer)

    async with serving(receive, context) as port:
        yield port


def saying(answer: bytes, requests: list[bytes]) -> Answering:
    """Note the request and give this answer."""

    async def answering(request: bytes, writer: asyncio.StreamWriter) -> None:
        requests.append(request)
        writer.write(answer)
        await writer.drain()

    return answering


async def test_the_checked_address_is_called_under_the_name_of_the_url(certificate: Path) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    names, requests = Names(), list[bytes]()
    greeted: list[str | None] = []
    context.sni_callback = lambda _socket, name, _context: greeted.append(name)
    trust = ssl.create_default_context(cafile=str(certificate))
    answering = saying(b"HTTP/1.1 204 No Content\r\n\r\n", requests)
    async with (
        receiving(answering, context) as port,
        HttpSender(resolver=names, loopback_allowed=True, trust=trust) as sender,
    ):
        sent = await sender.send(f"https://{NAME}:{port}/hooks?x=1", {"webhook-id": "m"}, BODY)
        assert sent == Sent(204)
        other = await sender.send(f"https://other.example:{port}/hooks", {}, BODY)
        assert other == Sent(0, "ConnectError")
    [request] = requests
    assert request.startswith(b"POST /hooks?x=1 HTTP/1.1\r\n")
    assert f"host: {NAME}:{port}\r\n".encode() in request.lower()
    assert b"webhook-id: m\r\n" in request
    assert request.endswith(BODY)
    assert greeted == [NAME, "other.example"]
    assert names.asked == [NAME, "other.example"]


async def test_a_redirect_is_not_followed() -> None:
    requests: list[bytes] = []
    answer = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"
    async with receiving(saying(answer, requests)) as port, HttpSender(loopback_allowed=True) as sender:
        assert await sender.send(f"http://127.0.0.1:{port}/", {}, BODY) == Sent(302)
    assert len(requests) == 1


async def test_an_answer_without_end_is_read_no_further_than_its_limit() -> None:
    async def endless(_request: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            writer.write(b"1000\r\n" + b"x" * 4096 + b"\r\n")
            await writer.drain()

    async with receiving(endless) as port, HttpSender(loopback_allowed=True) as sender:
        assert await sender.send(f"http://127.0.0.1:{port}/", {}, BODY) == Sent(200)


async def test_a_receiver_that_does_not_answer_is_left() -> None:
    left = asyncio.Event()

    async def silent(_request: bytes, _writer: asyncio.StreamWriter) -> None:
        await left.wait()

    async with receiving(silent) as port, HttpSender(loopback_allowed=True, timeout_seconds=0.05) as sender:
        sent = await sender.send(f"http://127.0.0.1:{port}/", {}, BODY)
        left.set()
    assert sent.status_code == 0
    assert sent.fault in {"no answer within 0.05 s", "ReadTimeout"}


@pytest.mark.parametrize("answer", [b"nonsense\r\n\r\n", b"HTTP/1.1 99999 X\r\n\r\n", b""])
async def test_an_answer_that_is_no_http_is_a_fault_without_its_content(answer: bytes) -> None:
    async with receiving(saying(answer, [])) as port, HttpSender(loopback_allowed=True) as sender:
        sent = await sender.send(f"http://127.0.0.1:{port}/", {}, BODY)
    assert sent.status_code == 0
    assert sent.fault == "RemoteProtocolError"


async def test_a_port_where_nobody_listens_is_a_fault() -> None:
    async with receiving(saying(b"", [])) as port:
        pass
    async with HttpSender(loopback_allowed=True) as sender:
        assert await sender.send(f"http://127.0.0.1:{port}/", {}, BODY) == Sent(0, "ConnectError")


async def test_inner_addresses_are_not_called_even_by_name() -> None:
    requests: list[bytes] = []
    async with receiving(saying(b"", requests)) as port, HttpSender(resolver=Names()) as sender:
        for url in (f"https://{NAME}:{port}/", f"https://127.0.0.1:{port}/", f"http://127.0.0.1:{port}/"):
            sent = await sender.send(url, {}, BODY)
            assert sent.status_code == 0
            assert sent.fault.startswith("the URL ")
    assert requests == []


async def test_the_machine_resolves_its_own_name() -> None:
    found = await SystemResolver().resolve("localhost", 443)
    assert found
    assert all(address.is_loopback for address in found)

"""What the client of KMS makes of a server that is gone, busy, slow or talks nonsense."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from payment_core.aws import kms
from payment_core.aws.kms import AwsKeyService
from payment_core.vault.errors import KeyAccessDenied, KeyMissing, KeyUnavailable, VaultError
from payment_core.vault.keys.port import KeyState
from tests.serving import serving

CONTEXT = {"purpose": "records", "tenant": "acme"}

Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def http(status: str, body: str, length: int | None = None) -> Answer:
    """Answer with this; a length greater than the body's leaves the client waiting for the rest."""
    size = len(body) if length is None else length

    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = f"HTTP/1.1 {status}\r\nContent-Type: application/x-amz-json-1.1\r\nContent-Length: {size}\r\n"
        writer.write(f"{head}Connection: close\r\n\r\n{body}".encode())
        await writer.drain()

    return answer


async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


async def stay_silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    await reader.read()


class Scripted:
    """A server that gives every request the same answer, and counts them."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self.requests = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        self.requests += 1
        await self._answer(reader, writer)


@asynccontextmanager
async def keys_at(port: int) -> AsyncIterator[AwsKeyService]:
    """The client of a server at this port."""
    async with AwsKeyService(key="alias/till", region="us-east-1", endpoint_url=f"http://127.0.0.1:{port}") as keys:
        yield keys


@asynccontextmanager
async def scripted(answer: Answer) -> AsyncIterator[tuple[Scripted, AwsKeyService]]:
    """A server with one answer, and its client."""
    script = Scripted(answer)
    async with serving(script.serve) as port, keys_at(port) as keys:
        yield script, keys


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kms, "READ_SECONDS", 0.1)
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (http("400 Bad Request", '{"__type":"NotFoundException","message":"no such key"}'), KeyMissing),
        (http("400 Bad Request", '{"__type":"AccessDeniedException","message":"no"}'), KeyAccessDenied),
        (http("400 Bad Request", '{"__type":"ThrottlingException","message":"slower"}'), KeyUnavailable),
        (http("500 Internal Server Error", '{"__type":"KMSInternalException"}'), KeyUnavailable),
        (http("503 Service Unavailable", "busy"), KeyUnavailable),
        (http("200 OK", "{}"), KeyUnavailable),
        (http("200 OK", "no json"), KeyUnavailable),
        (http("200 OK", '{"Plaintext":"AAAA","CiphertextBlob":"AAAA","KeyId":"k"}'), KeyUnavailable),
        (http("200 OK", '{"Plain', length=400), KeyUnavailable),
        (hang_up, KeyUnavailable),
        (stay_silent, KeyUnavailable),
    ],
    ids=[
        "missing",
        "denied",
        "throttled",
        "internal",
        "busy",
        "empty",
        "nonsense",
        "short-key",
        "half-an-answer",
        "hung-up",
        "silent",
    ],
)
async def test_each_fault_of_the_server_has_its_error(answer: Answer, error: type[VaultError]) -> None:
    async with scripted(answer) as (_, keys):
        with pytest.raises(error) as caught:
            await keys.generate_data_key(CONTEXT)
    assert caught.value.retryable is (error is KeyUnavailable)


async def test_a_busy_server_is_asked_a_bounded_number_of_times() -> None:
    async with scripted(http("503 Service Unavailable", "busy")) as (script, keys):
        with pytest.raises(KeyUnavailable):
            await keys.generate_data_key(CONTEXT)
    assert script.requests == kms.ATTEMPTS


async def test_a_refusal_is_not_asked_again() -> None:
    async with scripted(http("400 Bad Request", '{"__type":"DisabledException","message":"x"}')) as (script, keys):
        with pytest.raises(VaultError):
            await keys.generate_data_key(CONTEXT)
    assert script.requests == 1


async def test_without_a_server_the_key_is_unavailable(unused_port: int) -> None:
    async with keys_at(unused_port) as keys:
        with pytest.raises(KeyUnavailable):
            await keys.generate_data_key(CONTEXT)
        assert await keys.state() is KeyState.UNAVAILABLE


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (http("400 Bad Request", '{"__type":"NotFoundException","message":"no such key"}'), KeyState.MISSING),
        (http("400 Bad Request", '{"__type":"AccessDeniedException","message":"no"}'), KeyState.ACCESS_DENIED),
        (http("200 OK", '{"KeyMetadata":{"KeyState":"PendingReplicaDeletion"}}'), KeyState.PENDING_DELETION),
        (http("200 OK", '{"KeyMetadata":{"KeyState":"Creating"}}'), KeyState.UNAVAILABLE),
        (http("200 OK", "{}"), KeyState.UNAVAILABLE),
    ],
    ids=["missing", "denied", "deletion", "creating", "empty"],
)
async def test_the_state_is_told_and_never_raised(answer: Answer, state: KeyState) -> None:
    async with scripted(answer) as (_, keys):
        assert await keys.state() is state

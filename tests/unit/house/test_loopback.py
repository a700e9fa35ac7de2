"""The guard of the root conftest: tests stay on this machine and inherit nothing."""

import asyncio
import os
import socket
from collections.abc import Callable

import pytest

ELSEWHERE = "192.0.2.1"  # TEST-NET-1 of RFC 5737: belongs to nobody


def refused(act: Callable[[], object]) -> bool:
    """Whether the guard, and not the network, stopped it."""
    try:
        act()
    except AssertionError as fault:
        return "is not on this machine" in str(fault)
    return False


def test_a_connection_to_another_machine_is_refused() -> None:
    with socket.socket() as sock:
        assert refused(lambda: sock.connect((ELSEWHERE, 80)))
        assert refused(lambda: sock.connect_ex((ELSEWHERE, 80)))


def test_a_datagram_to_another_machine_is_refused() -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as sock:
        assert refused(lambda: sock.sendto(b"x", (ELSEWHERE, 53)))
        assert refused(lambda: sock.sendto(b"x", 0, (ELSEWHERE, 53)))


def test_a_name_is_not_looked_up_elsewhere() -> None:
    assert refused(lambda: socket.getaddrinfo("sqs.us-east-1.amazonaws.com", 443))
    assert socket.getaddrinfo("127.0.0.1", 80)
    assert socket.getaddrinfo("localhost", 80)


async def test_asyncio_is_guarded_too() -> None:
    with pytest.raises(AssertionError, match="is not on this machine"):
        await asyncio.open_connection(ELSEWHERE, 80)


async def test_loopback_works() -> None:
    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"yes")
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.2", 0)
    async with server:
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        assert await reader.read() == b"yes"
        writer.close()
        await writer.wait_closed()


def test_unix_sockets_work() -> None:
    left, right = socket.socketpair(socket.AF_UNIX)
    with left, right:
        left.send(b"yes")
        assert right.recv(3) == b"yes"


def test_settings_of_the_user_are_gone() -> None:
    assert not [name for name in os.environ if name.startswith("TILL_")]
    assert os.environ.get("AWS_ACCESS_KEY_ID") is None
    assert os.environ["AWS_SHARED_CREDENTIALS_FILE"] == os.devnull


def test_a_missing_server_is_a_named_skip(
    require: Callable[[str, bool], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="needs chromium"):
        require("chromium", False)
    require("chromium", True)


def test_a_missing_server_fails_in_ci(require: Callable[[str, bool], None], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="chromium is missing"):
        require("chromium", False)

"""What a session with the bank's SFTP server does about wrong keys, unusable files, refusals, silence and death."""

import asyncio
import hashlib
import os
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import asyncssh
import msgspec
import pytest
import uvloop
from structlog.testing import capture_logs

from payment_core.ach.delivery.names import INBOUND_BYTES_MAX
from payment_core.ach.delivery.port import DeliveryUnavailable, NameUnusable, Presence
from payment_core.ach.delivery.sftp import SftpDelivery, SftpServer
from payment_core.ach.delivery.ssh_session import OPERATION_SECONDS, SshFileUnusable, SshSession
from tests.contract.delivery.bank_servers import BankServer, bank_server, public_line, write_key

NAME = "2026-11-27-A-0123456789abcdef.ach"
CONTENT = bytes(range(256)) * 1000
SHA256 = hashlib.sha256(CONTENT).hexdigest()
SOON = 0.05


@pytest.fixture
async def bank(tmp_path: Path) -> AsyncIterator[BankServer]:
    async with bank_server(tmp_path / "box") as started:
        yield started


@pytest.fixture
def server(bank: BankServer, tmp_path: Path) -> SftpServer:
    return bank.address(tmp_path / "keys")


def over(session: SshSession) -> SftpDelivery:
    """A delivery into the bank's directories."""
    return SftpDelivery(session, outbound="outbound", inbound="inbound", sender="blue")


def leave(path: bytes, content: bytes) -> None:
    """What the bank does; bytes, because a name on a server may be in any encoding."""
    with open(path, "wb") as file:  # noqa: PTH123 - a Path is text
        file.write(content)


def delivered(bank: BankServer) -> dict[str, bytes]:
    """What the bank takes; what begins with a dot is not finished."""
    return {
        path.name: path.read_bytes() for path in (bank.root / "outbound").iterdir() if not path.name.startswith(".")
    }


async def refusal(session: SshSession) -> str:
    """The sentence with which a session gives up."""
    with pytest.raises(DeliveryUnavailable) as caught:
        await session.read("outbound/a")
    return str(caught.value)


async def test_nothing_is_asked_before_it_is_needed(bank: BankServer, server: SftpServer) -> None:
    async with SshSession(server):
        assert bank.connections == []


async def test_one_connection_serves_many_requests_and_is_closed_at_the_end(
    bank: BankServer, server: SftpServer
) -> None:
    async with SshSession(server) as session:
        await over(session).put(NAME, CONTENT, SHA256)
        assert await over(session).inbound() == []
        assert len(bank.connections) == 1
    await bank.connections[0].wait_closed()


@pytest.mark.parametrize("known", ["another key", "nothing", "revoked"])
async def test_a_server_with_another_key_gets_neither_a_login_nor_a_file(
    bank: BankServer, server: SftpServer, known: str
) -> None:
    lines = {
        "another key": bank.known_as(asyncssh.generate_private_key("ssh-ed25519")),
        "nothing": "",
        "revoked": f"{bank.known_as(bank.host_key)}@revoked {bank.known_as(bank.host_key)}",
    }
    server.known_hosts_file.write_text(lines[known], encoding="ascii")
    async with SshSession(server) as session:
        assert "known hosts" in await refusal(session)
    assert bank.logins == 0


async def test_a_server_with_a_key_of_another_kind_is_refused(bank: BankServer, server: SftpServer) -> None:
    other = asyncssh.generate_private_key("ecdsa-sha2-nistp256")
    server.known_hosts_file.write_text(bank.known_as(other), encoding="ascii")
    async with SshSession(server) as session:
        assert "another kind" in await refusal(session)
    assert bank.logins == 0


async def test_a_key_that_the_server_does_not_know_is_named_as_the_reason(server: SftpServer) -> None:
    write_key(asyncssh.generate_private_key("ssh-ed25519"), server.key_file)
    async with SshSession(server) as session:
        assert "does not take the client key" in await refusal(session)


async def test_the_reason_is_in_the_log(server: SftpServer) -> None:
    write_key(asyncssh.generate_private_key("ssh-ed25519"), server.key_file)
    async with SshSession(server) as session:
        with capture_logs() as logs:
            await refusal(session)
    (entry,) = logs
    assert entry["action"] == "ach_sftp_failed"
    assert "does not take the client key" in entry["reason"]


async def test_a_server_without_sftp_is_named_as_the_reason(tmp_path: Path) -> None:
    served = bank_server(tmp_path / "box", offers_sftp=False)
    async with served as bank, SshSession(bank.address(tmp_path / "keys")) as session:
        assert "offers no SFTP" in await refusal(session)


async def test_a_server_that_is_not_there_is_named_as_the_reason(server: SftpServer) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        nowhere = msgspec.structs.replace(server, port=taken.getsockname()[1])
        async with SshSession(nowhere) as session:
            assert "ECONNREFUSED" in await refusal(session)


async def test_a_server_that_says_nothing_is_not_waited_for(server: SftpServer) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        nobody = msgspec.structs.replace(server, port=silent.getsockname()[1])
        async with SshSession(nobody, connect_seconds=SOON) as session:
            assert "no connection within 0.05 s" in await refusal(session)


async def test_a_server_that_dies_while_it_is_written_to_gets_one_whole_file_later(
    bank: BankServer, server: SftpServer
) -> None:
    bank.dies_at = len(CONTENT) // 2
    async with SshSession(server) as session:
        with pytest.raises(DeliveryUnavailable, match="the connection was lost"):
            await over(session).put(NAME, CONTENT, SHA256)
        assert delivered(bank) == {}
        for _ in range(2):
            await over(session).put(NAME, CONTENT, SHA256)
    assert delivered(bank) == {NAME: CONTENT}
    assert len(bank.connections) == 2


async def test_a_connection_that_was_lost_is_opened_again(bank: BankServer, server: SftpServer) -> None:
    async with SshSession(server) as session:
        await over(session).put(NAME, CONTENT, SHA256)
        bank.cut()
        assert session._opened is not None
        await session._opened.connection.wait_closed()
        assert await over(session).find(NAME, SHA256) is Presence.SAME
    assert len(bank.connections) == 2


async def test_a_server_that_ended_sftp_alone_is_left_for_a_new_connection(
    bank: BankServer, server: SftpServer
) -> None:
    async with SshSession(server) as session:
        await session.read("outbound/a")
        bank.channels[0].close()
        assert "the connection was lost" in await refusal(session)
        assert await session.read("outbound/a") is None
    assert len(bank.connections) == 2


async def test_an_idle_connection_is_not_used_again(bank: BankServer, server: SftpServer) -> None:
    async with SshSession(server, idle_seconds=-1.0) as session:
        await session.read("outbound/a")
        await session.read("outbound/a")
    assert len(bank.connections) == 2


async def test_requests_at_once_share_a_connection(bank: BankServer, server: SftpServer) -> None:
    async with SshSession(server) as session, asyncio.TaskGroup() as group:
        for number in range(8):
            group.create_task(session.write_exclusively(f"outbound/{number}", CONTENT))
    assert delivered(bank) == {str(number): CONTENT for number in range(8)}
    assert len(bank.connections) == 1


async def test_a_server_that_hangs_is_given_up_in_time_and_asked_anew(bank: BankServer, server: SftpServer) -> None:
    bank.hangs = True
    async with SshSession(server, operation_seconds=SOON) as session:
        assert "did not answer within 0.05 s" in await refusal(session)
        with pytest.raises(DeliveryUnavailable, match="did not answer"):
            await over(session).inbound()
        bank.hangs = False
        session._operation_seconds = OPERATION_SECONDS
        await over(session).put(NAME, CONTENT, SHA256)
    assert delivered(bank) == {NAME: CONTENT}


async def test_a_request_that_is_canceled_does_not_wait_for_a_server_that_hangs(
    bank: BankServer, server: SftpServer
) -> None:
    bank.hangs = True
    async with SshSession(server) as session:
        async with asyncio.timeout(OPERATION_SECONDS / 2), asyncio.TaskGroup() as group:
            listing = group.create_task(session.list("inbound"))
            await bank.hung.wait()
            listing.cancel()
        assert listing.cancelled()
        bank.hangs = False
        assert await session.list("inbound") == []


async def test_a_refusal_is_told_and_keeps_the_connection(bank: BankServer, server: SftpServer) -> None:
    bank.refuses = asyncssh.SFTPFailure("no space for 4111111111111111")
    async with SshSession(server) as session:
        with pytest.raises(DeliveryUnavailable, match="the server answered SFTPFailure") as caught:
            await over(session).put(NAME, CONTENT, SHA256)
        assert "4111" not in str(caught.value)
        bank.refuses = None
        await over(session).put(NAME, CONTENT, SHA256)
    assert delivered(bank) == {NAME: CONTENT}
    assert len(bank.connections) == 1


async def test_a_directory_that_is_missing_is_not_an_empty_one(bank: BankServer, server: SftpServer) -> None:
    (bank.root / "inbound").rmdir()
    async with SshSession(server) as session:
        with pytest.raises(DeliveryUnavailable, match="SFTPNoSuchFile"):
            await over(session).inbound()


@pytest.mark.parametrize("can_sync", [True, False])
async def test_a_file_is_synced_where_the_server_can(bank: BankServer, server: SftpServer, *, can_sync: bool) -> None:
    bank.can_sync = can_sync
    async with SshSession(server) as session:
        await over(session).put(NAME, CONTENT, SHA256)
    assert delivered(bank) == {NAME: CONTENT}
    assert bank.synced == (1 if can_sync else 0)


async def test_a_file_that_is_too_large_is_not_read_to_its_end(bank: BankServer, server: SftpServer) -> None:
    for name, size in (("fits.ach", INBOUND_BYTES_MAX), ("large.ach", INBOUND_BYTES_MAX * 1000)):
        (bank.root / "inbound" / name).touch()
        os.truncate(bank.root / "inbound" / name, size)
    async with SshSession(server) as session:
        read = await session.read("inbound/large.ach")
        assert read is not None
        assert len(read) == INBOUND_BYTES_MAX + 1
        assert len(await over(session).fetch("fits.ach")) == INBOUND_BYTES_MAX
        with pytest.raises(NameUnusable):
            await over(session).fetch("large.ach")


async def test_only_files_are_listed_and_a_strange_name_hides_no_other(bank: BankServer, server: SftpServer) -> None:
    inbound = bank.root / "inbound"
    (inbound / "folder").mkdir()
    (inbound / "link").symlink_to(inbound / "a.ach")
    (inbound / "a.ach").write_bytes(b"first")
    leave(bytes(inbound) + b"/\xff.ach", b"second")
    async with SshSession(server) as session:
        assert [file.name for file in await over(session).inbound()] == ["\\xff.ach", "a.ach"]


@pytest.mark.parametrize("broken", ["missing", "readable by others", "with a passphrase", "public", "known hosts"])
async def test_a_file_that_cannot_be_used_is_told_before_anything_is_sent(
    bank: BankServer, server: SftpServer, broken: str
) -> None:
    match broken:
        case "missing":
            server.key_file.unlink()
        case "readable by others":
            server.key_file.chmod(0o644)
        case "with a passphrase":
            server.key_file.write_bytes(bank.client_key.export_private_key("pkcs8-pem", passphrase="secret"))
        case "public":
            server.key_file.write_text(public_line(bank.client_key), encoding="ascii")
        case _:
            server.known_hosts_file.write_text("half\n", encoding="ascii")
    with pytest.raises(SshFileUnusable) as caught:
        async with SshSession(server):
            pass
    unusable = server.known_hosts_file if broken == "known hosts" else server.key_file
    assert str(unusable) in str(caught.value)
    assert bank.connections == []


async def test_files_are_read_again_for_each_connection(bank: BankServer, server: SftpServer) -> None:
    async with SshSession(server, idle_seconds=-1.0) as session:
        await session.read("outbound/a")
        server.key_file.unlink()
        assert "No such file" in await refusal(session)
        write_key(bank.client_key, server.key_file)
        assert await session.read("outbound/a") is None


def test_a_file_is_delivered_on_the_event_loop_of_production(tmp_path: Path) -> None:
    async def deliver() -> None:
        async with bank_server(tmp_path / "box") as bank, SshSession(bank.address(tmp_path / "keys")) as session:
            await over(session).put(NAME, CONTENT, SHA256)
            assert delivered(bank) == {NAME: CONTENT}

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(deliver())

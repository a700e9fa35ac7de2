"""What every SFTP session has to do, so that a delivery over it never overwrites."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from payment_core.ach.delivery.port import DeliveryUnavailable
from payment_core.ach.delivery.sftp import SftpSession
from payment_core.ach.delivery.ssh_session import SshSession
from tests.contract.delivery.bank_servers import bank_server
from tests.contract.delivery.worlds import FakeSftp


@pytest.fixture(params=["fake", "ssh"])
async def session(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[SftpSession]:
    if request.param == "fake":
        yield FakeSftp()
        return
    async with bank_server(tmp_path / "box") as bank, SshSession(bank.address(tmp_path / "keys")) as opened:
        yield opened


async def test_what_was_written_is_read(session: SftpSession) -> None:
    assert await session.read("outbound/a") is None
    assert await session.write_exclusively("outbound/a", b"first") is True
    assert await session.read("outbound/a") == b"first"


async def test_an_empty_file_is_a_file(session: SftpSession) -> None:
    assert await session.write_exclusively("outbound/a", b"") is True
    assert await session.read("outbound/a") == b""


async def test_a_file_of_many_blocks_keeps_their_order(session: SftpSession) -> None:
    content = b"".join(number.to_bytes(4, "big") for number in range(500_000))
    assert await session.write_exclusively("outbound/a", content) is True
    assert await session.read("outbound/a") == content


async def test_a_name_that_exists_is_not_written_again(session: SftpSession) -> None:
    await session.write_exclusively("outbound/a", b"first")
    assert await session.write_exclusively("outbound/a", b"second") is False
    assert await session.read("outbound/a") == b"first"


async def test_a_file_is_moved_once(session: SftpSession) -> None:
    await session.write_exclusively("outbound/.a", b"first")
    assert await session.move("outbound/.a", "outbound/a") is True
    assert await session.read("outbound/a") == b"first"
    assert await session.read("outbound/.a") is None


async def test_moving_onto_a_file_leaves_both_as_they_are(session: SftpSession) -> None:
    await session.write_exclusively("outbound/a", b"first")
    await session.write_exclusively("outbound/.a", b"second")
    assert await session.move("outbound/.a", "outbound/a") is False
    assert await session.read("outbound/a") == b"first"
    assert await session.read("outbound/.a") == b"second"


async def test_moving_what_is_not_there_is_no_success(session: SftpSession) -> None:
    with pytest.raises(DeliveryUnavailable):
        await session.move("outbound/.a", "outbound/a")


async def test_a_directory_is_listed_with_sizes(session: SftpSession) -> None:
    await session.write_exclusively("outbound/a", b"first")
    await session.write_exclusively("outbound/b", b"")
    await session.write_exclusively("inbound/c", b"other")
    found = await session.list("outbound")
    assert sorted((file.name, file.size_bytes) for file in found) == [("a", 5), ("b", 0)]

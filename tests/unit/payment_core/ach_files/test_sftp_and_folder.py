"""What a sender that died leaves behind in a folder or on a server does not stop the next one."""

import hashlib
from pathlib import Path

import pytest

from payment_core.ach.delivery.folder import FolderDelivery
from payment_core.ach.delivery.port import DeliveryConflict, DeliveryUnavailable, NameUnusable, Presence
from payment_core.ach.delivery.sftp import PARTIALS_MAX, SftpDelivery
from tests.contract.delivery.worlds import FakeSftp

NAME = "2026-11-27-A-0123456789abcdef.ach"
CONTENT = b"content"
SHA256 = hashlib.sha256(CONTENT).hexdigest()


async def test_a_partial_file_of_a_dead_sender_is_never_taken_for_the_file() -> None:
    session = FakeSftp()
    session.files[f"out/.{NAME}.blue.0"] = b"cont"
    delivery = SftpDelivery(session, outbound="out", inbound="in", sender="blue")
    assert await delivery.find(NAME, SHA256) is Presence.ABSENT
    await delivery.put(NAME, CONTENT, SHA256)
    assert session.files[f"out/{NAME}"] == CONTENT


async def test_a_whole_partial_file_is_finished_instead_of_written_again() -> None:
    session = FakeSftp()
    session.files[f"out/.{NAME}.blue.0"] = CONTENT
    await SftpDelivery(session, outbound="out", inbound="in", sender="blue").put(NAME, CONTENT, SHA256)
    assert session.files == {f"out/{NAME}": CONTENT}


async def test_a_server_that_keeps_other_bytes_than_it_was_given_is_no_delivery() -> None:
    session = FakeSftp()
    for attempt in range(PARTIALS_MAX):
        session.files[f"out/.{NAME}.blue.{attempt}"] = b"broken"
    with pytest.raises(DeliveryConflict):
        await SftpDelivery(session, outbound="out", inbound="in", sender="blue").put(NAME, CONTENT, SHA256)
    assert f"out/{NAME}" not in session.files


async def test_a_folder_shows_no_file_that_is_still_being_written(tmp_path: Path) -> None:
    delivery = FolderDelivery(tmp_path)
    await delivery.put(NAME, CONTENT, SHA256)
    assert [path.name for path in (tmp_path / "outbound").iterdir()] == [NAME]
    assert list((tmp_path / "partial").iterdir()) == []
    assert (tmp_path / "outbound" / NAME).stat().st_mode & 0o077 == 0


async def test_a_link_in_the_inbox_is_not_followed(tmp_path: Path) -> None:
    delivery = FolderDelivery(tmp_path)
    await delivery.inbound()
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "inbound" / "link.ach").symlink_to(tmp_path / "secret")
    assert await delivery.inbound() == []
    with pytest.raises(NameUnusable):
        await delivery.fetch("link.ach")


async def test_a_folder_that_cannot_be_written_is_unavailable_and_names_no_path(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DeliveryUnavailable) as caught:
        await FolderDelivery(tmp_path / "file").put(NAME, CONTENT, SHA256)
    assert str(tmp_path) not in str(caught.value)

"""Delivery over SFTP: written exclusively under a partial name, then linked to its own name without overwriting."""

import hashlib
from pathlib import Path
from typing import Protocol

import msgspec
import structlog

from payment_core.ach.delivery.names import INBOUND_BYTES_MAX, INBOUND_FILES_MAX, checked_name
from payment_core.ach.delivery.port import DeliveryConflict, Inbound, NameUnusable, Presence

_log = structlog.get_logger(__name__)

PARTIALS_MAX = 5
"""Each one is a sender that died while writing; more mean that the box does not keep what is written."""


class SftpServer(msgspec.Struct, frozen=True):
    """Where the bank's box is, and how both sides prove who they are: we with a key, the server with a known one."""

    host: str
    port: int
    user: str
    key_file: Path
    known_hosts_file: Path


class RemoteFile(Protocol):
    """One name in a remote directory."""

    @property
    def name(self) -> str:
        """Without the directory."""
        ...

    @property
    def size_bytes(self) -> int:
        """Its size."""
        ...

    @property
    def modified_s(self) -> int:
        """Unix seconds of its last change."""
        ...


class SftpSession(Protocol):
    """What a client of the SSH file transfer protocol must do; every method raises DeliveryUnavailable on failure."""

    async def write_exclusively(self, path: str, content: bytes) -> bool:
        """Open with SSH_FXF_CREAT and SSH_FXF_EXCL, write, sync where the server can, close; False: it exists."""
        ...

    async def read(self, path: str) -> bytes | None:
        """The bytes, or None when there is no such file; of one above INBOUND_BYTES_MAX one byte more than that."""
        ...

    async def move(self, path: str, target: str) -> bool:
        """SSH_FXP_RENAME of protocol version 3, which never overwrites; False when the target exists."""
        ...

    async def list(self, directory: str) -> list[RemoteFile]:
        """Regular files of a directory."""
        ...


class SftpDelivery:
    """A bank's SFTP box. A partial file that a dead sender left is finished when its bytes are whole, else kept aside.

    sender: tells processes apart, so that two never write one partial file.
    """

    def __init__(self, session: SftpSession, *, outbound: str, inbound: str, sender: str) -> None:
        self._session = session
        self._outbound = outbound
        self._inbound = inbound
        self._sender = checked_name(sender)

    async def put(self, name: str, content: bytes, sha256: str) -> None:
        """Create under a partial name, read back, then rename."""
        presence = await self.find(name, sha256)
        if presence is Presence.SAME:
            return
        if presence is Presence.OTHER:
            raise DeliveryConflict(name)
        partial = await self._write_partial(name, content, sha256)
        if not await self._session.move(partial, f"{self._outbound}/{name}"):
            if await self.find(name, sha256) is not Presence.SAME:
                raise DeliveryConflict(name)
            _log.info("another sender was faster", action="ach_sftp_raced", name=name)

    async def find(self, name: str, sha256: str) -> Presence:
        """Reads the file: a listing has no hash."""
        content = await self._session.read(f"{self._outbound}/{checked_name(name)}")
        if content is None:
            return Presence.ABSENT
        return Presence.SAME if hashlib.sha256(content).hexdigest() == sha256 else Presence.OTHER

    async def inbound(self) -> list[Inbound]:
        """What the bank left."""
        found = [
            Inbound(file.name, f"{file.size_bytes}-{file.modified_s}", file.size_bytes)
            for file in await self._session.list(self._inbound)
            if not file.name.startswith(".")
        ]
        return sorted(found, key=lambda inbound: inbound.name)[:INBOUND_FILES_MAX]

    async def fetch(self, name: str) -> bytes:
        """The bytes of one."""
        content = await self._session.read(f"{self._inbound}/{checked_name(name)}")
        if content is None or len(content) > INBOUND_BYTES_MAX:
            raise NameUnusable(f"{name} is gone or larger than {INBOUND_BYTES_MAX} bytes.")
        return content

    async def _write_partial(self, name: str, content: bytes, sha256: str) -> str:
        """A partial file that holds exactly these bytes; a broken one is left behind, and another is begun."""
        for attempt in range(PARTIALS_MAX):
            partial = f"{self._outbound}/.{name}.{self._sender}.{attempt}"
            await self._session.write_exclusively(partial, content)
            written = await self._session.read(partial)
            if written is not None and hashlib.sha256(written).hexdigest() == sha256:
                return partial
        raise DeliveryConflict(f"{name}: {PARTIALS_MAX} partial files are in the way.")

"""An SFTP server on loopback over a folder, with keys of its own, that dies, hangs or refuses when a test says so."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncssh

from payment_core.ach.delivery.sftp import SftpServer

HOST = "127.0.0.1"
USER = "till"


class BankServer:
    """dies_at: cuts the connection at the first write from this offset on. refuses: what a write is answered with.

    hung: set when a request is held back; go_on lets it go. connections and logins: as they came.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.host_key = asyncssh.generate_private_key("ssh-ed25519")
        self.client_key = asyncssh.generate_private_key("ssh-ed25519")
        self.port = 0
        self.connections: list[asyncssh.SSHServerConnection] = []
        self.channels: list[asyncssh.SSHServerChannel[bytes]] = []
        self.logins = 0
        self.dies_at: int | None = None
        self.refuses: asyncssh.SFTPError | None = None
        self.can_sync = True
        self.synced = 0
        self.hangs = False
        self.hung = asyncio.Event()
        self.go_on = asyncio.Event()
        for name in ("outbound", "inbound"):
            (root / name).mkdir(parents=True, exist_ok=True)

    def address(self, keys: Path) -> SftpServer:
        """Where it is, with the files that a client needs."""
        keys.mkdir(exist_ok=True)
        key_file, known_hosts_file = keys / "key", keys / "known_hosts"
        write_key(self.client_key, key_file)
        known_hosts_file.write_text(self.known_as(self.host_key), encoding="ascii")
        return SftpServer(HOST, self.port, USER, key_file, known_hosts_file)

    def known_as(self, key: asyncssh.SSHKey) -> str:
        """A line of known_hosts that says that this server has the key."""
        return f"[{HOST}]:{self.port} {public_line(key)}\n"

    async def hold(self) -> None:
        """Hold a request back while the server hangs."""
        if self.hangs:
            self.hung.set()
            await self.go_on.wait()

    def cut(self) -> None:
        """Cut every connection without a word."""
        for connection in self.connections:
            connection.abort()


class _Guard(asyncssh.SSHServer):
    """Counts who comes."""

    def __init__(self, bank: BankServer) -> None:
        self._bank = bank

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._bank.connections.append(conn)

    def begin_auth(self, username: str) -> bool:  # noqa: ARG002 - the library passes it
        self._bank.logins += 1
        return True


class _Box(asyncssh.SFTPServer):
    """The folder, with the faults of the bank."""

    def __init__(self, channel: "asyncssh.SSHServerChannel[bytes]", bank: BankServer) -> None:
        super().__init__(channel, chroot=bytes(bank.root))
        self._bank = bank
        bank.channels.append(channel)

    # The library takes methods with and without await.
    async def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> object:
        await self._bank.hold()
        return super().open(path, pflags, attrs)

    async def scandir(self, path: bytes) -> AsyncIterator[asyncssh.SFTPName]:
        await self._bank.hold()
        async for name in super().scandir(path):
            yield name

    def write(self, file_obj: Any, offset: int, data: bytes) -> int:  # noqa: ANN401  # the library's own type
        if self._bank.refuses is not None:
            raise self._bank.refuses
        if self._bank.dies_at is not None and offset >= self._bank.dies_at:
            self._bank.dies_at = None
            self._bank.cut()
            data = data[: len(data) // 2]
        file_obj.seek(offset)
        return int(file_obj.write(data))

    def fsync(self, file_obj: object) -> None:
        if not self._bank.can_sync:
            raise asyncssh.SFTPOpUnsupported("no")
        self._bank.synced += 1
        super().fsync(file_obj)

    def posix_rename(self, oldpath: bytes, newpath: bytes) -> None:
        raise AssertionError(f"{oldpath!r} would overwrite {newpath!r}")


def public_line(key: asyncssh.SSHKey) -> str:
    """The public half, as files of keys have it."""
    return key.export_public_key().decode("ascii").strip()


def write_key(key: asyncssh.SSHKey, path: Path) -> None:
    """The private half, for its owner alone."""
    path.write_bytes(key.export_private_key())
    path.chmod(0o600)


@asynccontextmanager
async def bank_server(root: Path, *, offers_sftp: bool = True) -> AsyncIterator[BankServer]:
    """A server that listens."""
    bank = BankServer(root)

    def box(channel: "asyncssh.SSHServerChannel[bytes]") -> _Box:
        return _Box(channel, bank)

    listener = await asyncssh.listen(
        HOST,
        0,
        server_factory=lambda: _Guard(bank),
        server_host_keys=[bank.host_key],
        authorized_client_keys=asyncssh.import_authorized_keys(public_line(bank.client_key)),
        sftp_factory=box if offers_sftp else None,
        config=None,
    )
    bank.port = listener.get_port()
    try:
        yield bank
    finally:
        bank.go_on.set()
        bank.cut()
        listener.close()
        await listener.wait_closed()
        for connection in bank.connections:
            await connection.wait_closed()

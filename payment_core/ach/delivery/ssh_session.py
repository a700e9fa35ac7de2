"""A session with an SFTP server: connects when it is used, trusts pinned host keys alone, and bounds every wait."""

import asyncio
import errno
from collections.abc import Awaitable, Callable
from stat import S_IMODE
from types import TracebackType
from typing import Self, TypeVar

import asyncssh
import msgspec
import structlog

from payment_core.ach.delivery.port import DeliveryError, DeliveryUnavailable
from payment_core.ach.delivery.sftp import RemoteFile, SftpServer
from payment_core.ach.delivery.ssh_requests import list_files, move_file, read_file, write_file

_log = structlog.get_logger(__name__)

T = TypeVar("T")

CONNECT_SECONDS = 10.0
OPERATION_SECONDS = 25.0
"""A put connects and does four of them: 110 s, within the 120 s after which its sender is taken for dead."""

IDLE_SECONDS = 30.0
"""Banks and the networks before them cut idle connections, some without a word; longer than an operation takes."""

CLOSE_SECONDS = 2.0
"""To say goodbye; a server that does not listen is left without."""

_PUBLIC_MODE = 0o077
_BROKEN = (asyncssh.SFTPNoConnection, asyncssh.SFTPConnectionLost, asyncssh.SFTPBadMessage)
# ValueError: of a packet that cannot be decoded.
_FAULTS = (asyncssh.Error, OSError, EOFError, ValueError, DeliveryUnavailable)

_REASONS: dict[type[Exception], str] = {
    asyncssh.HostKeyNotVerifiable: "the server's key is not in the file of known hosts; ask the bank before adding it",
    asyncssh.KeyExchangeFailed: "no algorithm is common; the file of known hosts may have a key of another kind",
    asyncssh.PermissionDenied: "the server does not take the client key for this user",
    asyncssh.ChannelOpenError: "the server offers no SFTP",
    asyncssh.ConnectionLost: "the connection was lost",
    asyncssh.SFTPConnectionLost: "the connection was lost",
    asyncssh.SFTPNoConnection: "the connection was lost",
    EOFError: "the connection was lost",
}


class SshFileUnusable(DeliveryError):
    """The client key or the known hosts of the SFTP server cannot be used."""


class _Opened(msgspec.Struct):
    """A connection. used_at: on the event loop's clock."""

    connection: asyncssh.SSHClientConnection
    client: asyncssh.SFTPClient
    used_at: float = 0.0


class _Failed(msgspec.Struct, frozen=True):
    fault: Exception


class SshSession:
    """One connection at a time, opened anew after any fault of it; a request that failed is not repeated here.

    The key and the known hosts are read for each connection, so they may be exchanged while the process runs.
    """

    def __init__(
        self,
        server: SftpServer,
        *,
        connect_seconds: float = CONNECT_SECONDS,
        operation_seconds: float = OPERATION_SECONDS,
        idle_seconds: float = IDLE_SECONDS,
    ) -> None:
        self._server = server
        self._connect_seconds = connect_seconds
        self._operation_seconds = operation_seconds
        self._idle_seconds = idle_seconds
        self._connecting = asyncio.Lock()
        self._opened: _Opened | None = None

    async def __aenter__(self) -> Self:
        """Look at the files, without connecting. Raises SshFileUnusable."""
        await asyncio.to_thread(_read_files, self._server)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        async with self._connecting:
            await self._close()

    async def write_exclusively(self, path: str, content: bytes) -> bool:
        """Create, or answer False."""
        return await self._ask(lambda client: write_file(client, path, content))

    async def read(self, path: str) -> bytes | None:
        """The bytes, or None."""
        return await self._ask(lambda client: read_file(client, path))

    async def move(self, path: str, target: str) -> bool:
        """Rename, or answer False."""
        return await self._ask(lambda client: move_file(client, path, target))

    async def list(self, directory: str) -> list[RemoteFile]:
        """A name that is not UTF-8 is shown with escapes, and keeps no other from being seen."""
        return await self._ask(lambda client: list_files(client, directory))

    async def _ask(self, request: Callable[[asyncssh.SFTPClient], Awaitable[T]]) -> T:
        """The answer to a request. Raises DeliveryUnavailable, of which callers log no more than the name."""
        try:
            return await self._answer(request)
        except DeliveryUnavailable as fault:
            _log.warning("no answer", action="ach_sftp_failed", host=self._server.host, reason=fault.detail)
            raise

    async def _answer(self, request: Callable[[asyncssh.SFTPClient], Awaitable[T]]) -> T:
        opened = await self._connected()
        answer = await self._bounded(opened, request)
        opened.used_at = asyncio.get_running_loop().time()
        if not isinstance(answer, _Failed):
            return answer
        fault = answer.fault
        if isinstance(fault, DeliveryUnavailable):
            raise fault
        # A server that says no still works; anything else leaves the connection in doubt.
        if not isinstance(fault, asyncssh.SFTPError) or isinstance(fault, _BROKEN):
            await self._drop(opened)
        raise DeliveryUnavailable(_reason(fault)) from fault

    async def _bounded(self, opened: _Opened, request: Callable[[asyncssh.SFTPClient], Awaitable[T]]) -> T | _Failed:
        """The connection is cut before a request is given up: it waits for the server even to clean up after itself."""
        async with asyncio.TaskGroup() as group:
            asking = group.create_task(_attempt(request(opened.client)), name="sftp-request")
            try:
                await asyncio.wait((asking,), timeout=self._operation_seconds)
                in_time = asking.done()
            finally:
                if not asking.done():
                    opened.connection.abort()
                    await asyncio.wait((asking,))
        answer = asking.result()
        if in_time or not isinstance(answer, _Failed):
            return answer
        await self._drop(opened)
        raise DeliveryUnavailable(f"the server did not answer within {self._operation_seconds:g} s") from answer.fault

    async def _connected(self) -> _Opened:
        async with self._connecting:
            now = asyncio.get_running_loop().time()
            if self._opened is not None and (
                self._opened.connection.is_closed() or now - self._opened.used_at > self._idle_seconds
            ):
                await self._close()
            if self._opened is None:
                self._opened = await self._connect()
            self._opened.used_at = now
            return self._opened

    async def _connect(self) -> _Opened:
        try:
            key, known_hosts = await asyncio.to_thread(_read_files, self._server)
            async with asyncio.timeout(self._connect_seconds):
                opened = await _open(self._server, key, known_hosts)
        except SshFileUnusable as fault:
            raise DeliveryUnavailable(fault.detail) from fault
        except TimeoutError as fault:
            raise DeliveryUnavailable(f"there was no connection within {self._connect_seconds:g} s") from fault
        except _FAULTS as fault:
            raise DeliveryUnavailable(f"there is no connection: {_reason(fault)}") from fault
        _log.info("connected", action="ach_sftp_connected", host=self._server.host, port=self._server.port)
        return opened

    async def _drop(self, opened: _Opened) -> None:
        """Leave a connection that is in doubt, unless another request has already replaced it."""
        if self._opened is opened:
            self._opened = None
        await _abort(opened.connection)

    async def _close(self) -> None:
        opened, self._opened = self._opened, None
        if opened is None:
            return
        opened.connection.close()
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await opened.connection.wait_closed()
        except TimeoutError:
            await _abort(opened.connection)


async def _open(server: SftpServer, key: asyncssh.SSHKey, known_hosts: asyncssh.SSHKnownHosts) -> _Opened:
    """Nothing of the user's own SSH settings, agent or keys is used."""
    connection = await asyncssh.connect(
        server.host,
        server.port,
        username=server.user,
        client_keys=[key],
        known_hosts=known_hosts,
        config=None,
        agent_path=None,
        gss_host=None,
        x509_trusted_certs=None,
        preferred_auth="publickey",
    )
    try:
        client = await connection.start_sftp_client(path_errors="backslashreplace", sftp_version=3)
    except BaseException:
        await _abort(connection)
        raise
    return _Opened(connection, client)


async def _abort(connection: asyncssh.SSHClientConnection) -> None:
    connection.abort()
    await connection.wait_closed()


async def _attempt(request: Awaitable[T]) -> T | _Failed:
    try:
        return await request
    except _FAULTS as fault:
        return _Failed(fault)


def _read_files(server: SftpServer) -> tuple[asyncssh.SSHKey, asyncssh.SSHKnownHosts]:
    """Raises SshFileUnusable. What the library says about a file could quote it."""
    path = server.key_file
    try:
        mode = S_IMODE(path.stat().st_mode)
        if mode & _PUBLIC_MODE:
            raise SshFileUnusable(f"{path} has mode {mode:04o}; run: chmod 600 {path}")
        key = asyncssh.read_private_key(path)
        path = server.known_hosts_file
        known_hosts = asyncssh.read_known_hosts(str(path))
    except OSError as fault:
        raise SshFileUnusable(f"{path}: {fault.strerror}") from fault
    except ValueError:
        kind = "a private key without a passphrase" if path == server.key_file else "a list of known hosts"
        raise SshFileUnusable(f"{path} is not {kind}") from None
    return key, known_hosts


def _reason(fault: Exception) -> str:
    """A sentence of ours: what the server wrote is not repeated."""
    for kind, sentence in _REASONS.items():
        if isinstance(fault, kind):
            return sentence
    if isinstance(fault, asyncssh.SFTPError):
        return f"the server answered {type(fault).__name__}"
    name = type(fault).__name__
    return errno.errorcode.get(fault.errno, name) if isinstance(fault, OSError) and fault.errno is not None else name

"""What a session asks an SFTP server of protocol version 3, block by block, with nothing that overwrites."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import TypeVar

import asyncssh
import msgspec

from payment_core.ach.delivery.names import INBOUND_BYTES_MAX
from payment_core.ach.delivery.port import DeliveryUnavailable
from payment_core.ach.delivery.sftp import RemoteFile

T = TypeVar("T")

BLOCK_BYTES = 32 * 1024
"""Every server must take so much in one packet."""

BLOCKS_AT_ONCE = 32
"""1 MiB for each round trip: 16 MiB from 100 ms away take 2 s."""

LISTED_MAX = 50_000
"""So many names are kept in memory, about 10 MB; a box that has more is not being emptied."""

_FILE_TYPES = frozenset({asyncssh.FILEXFER_TYPE_REGULAR, asyncssh.FILEXFER_TYPE_UNKNOWN})


class ListedFile(msgspec.Struct, frozen=True):
    """One regular file of a remote directory."""

    name: str
    size_bytes: int
    modified_s: int


async def write_file(client: asyncssh.SFTPClient, path: str, content: bytes) -> bool:
    """False when the name exists. The server's own rules say who may read the file: the bank must."""
    flags = asyncssh.FXF_WRITE | asyncssh.FXF_CREAT | asyncssh.FXF_EXCL
    try:
        file = await client.open(path, flags, encoding=None, block_size=0)
    except asyncssh.SFTPError:
        # Version 3 has no code for it: the same failure means a full disk.
        if await _exists(client, path):
            return False
        raise
    async with file:
        await _by_blocks(len(content), lambda offset, size: file.write(content[offset : offset + size], offset))
        with suppress(asyncssh.SFTPOpUnsupported):
            await file.fsync()
    return True


async def read_file(client: asyncssh.SFTPClient, path: str) -> bytes | None:
    """None when there is no such file; of one above INBOUND_BYTES_MAX one byte more than that."""
    try:
        file = await client.open(path, asyncssh.FXF_READ, encoding=None, block_size=0)
    except (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath):
        return None
    async with file:
        size_bytes = (await file.stat()).size
        wanted = INBOUND_BYTES_MAX + 1 if size_bytes is None else min(size_bytes, INBOUND_BYTES_MAX + 1)
        blocks = await _by_blocks(wanted, lambda offset, size: _read_block(file, offset, size))
    return b"".join(blocks)


async def _exists(client: asyncssh.SFTPClient, path: str) -> bool:
    """A link that leads nowhere is in the way, too."""
    try:
        await client.lstat(path)
    except (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath):
        return False
    return True


async def _read_block(file: asyncssh.SFTPClientFile, offset: int, size: int) -> bytes:
    """A server may answer with less than it was asked for; nothing means the end."""
    found = b""
    while len(found) < size:
        part: bytes = await file.read(size - len(found), offset + len(found))
        if not part:
            break
        found += part
    return found[:size]


async def _by_blocks(size: int, handle: Callable[[int, int], Coroutine[None, None, T]]) -> list[T]:
    """What handle gives for each block, in order. Raises the first fault, after every block that was begun ended."""
    done: list[T] = []
    for start in range(0, size, BLOCK_BYTES * BLOCKS_AT_ONCE):
        end = min(start + BLOCK_BYTES * BLOCKS_AT_ONCE, size)
        try:
            async with asyncio.TaskGroup() as group:
                blocks = [
                    group.create_task(handle(offset, min(BLOCK_BYTES, end - offset)), name="sftp-block")
                    for offset in range(start, end, BLOCK_BYTES)
                ]
        except ExceptionGroup as faults:
            raise faults.exceptions[0] from None
        done += [block.result() for block in blocks]
    return done


async def move_file(client: asyncssh.SFTPClient, path: str, target: str) -> bool:
    """False when the target exists. Never posix-rename@openssh.com, which overwrites."""
    try:
        await client.rename(path, target)
    except asyncssh.SFTPError:
        if await _exists(client, target):
            return False
        raise
    return True


async def list_files(client: asyncssh.SFTPClient, directory: str) -> list[RemoteFile]:
    """Regular files, and what the server does not say the type of: a return file must not be passed over."""
    found: list[RemoteFile] = []
    async for entry in client.scandir(directory):
        if entry.attrs.type not in _FILE_TYPES:
            continue
        if entry.attrs.size is None or entry.attrs.mtime is None:
            raise DeliveryUnavailable("the server lists a file without its size or time")
        if len(found) == LISTED_MAX:
            raise DeliveryUnavailable(f"the directory has more than {LISTED_MAX} files; the bank has to empty it")
        found.append(ListedFile(str(entry.filename), entry.attrs.size, int(entry.attrs.mtime)))
    return found

"""An encrypted file as a stream of clear bytes: decrypted by a process of its own, through a pipe, never on disk."""

import asyncio
import os
import struct
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NoReturn, assert_never

import structlog

from checks.redaction.card_numbers import mask_card_numbers
from payment_core.migration.export.errors import (
    CipherDamaged,
    CipherTooLarge,
    CipherUnprotected,
    FileUnreadable,
    KeyUnusable,
    NotForThisKey,
)
from payment_core.migration.export.opening.keys import PrivateKey
from payment_core.migration.export.opening.verdicts import LENGTH, VERDICT_BYTES_MAX, Verdict

log = structlog.get_logger()

CHUNK_BYTES = 256 * 1024
"""What is taken at once: some 250 records, a few milliseconds of work."""

EXPANSION_MAX = 100
"""JSON is packed to a tenth or twentieth; what grows a hundredfold was made to fill a memory or a disk."""

EXPANSION_BYTES_MIN = 16 * 2**20
"""Below this nobody is harmed, whatever the ratio."""

STOP_SECONDS = 5.0
"""A process that was told to end has nothing to tidy up."""


@asynccontextmanager
async def decrypted(path: Path, key: PrivateKey) -> AsyncIterator[AsyncIterator[bytes]]:
    """The clear bytes of an OpenPGP file, in pieces. The process ends when this block does.

    Raises, at the latest with the last piece: NotForThisKey, KeyUnusable, CipherDamaged, CipherUnprotected,
    CipherTooLarge, FileUnreadable. Until it ended without one of them no piece is proven.
    """
    reading, writing = os.pipe()
    try:
        process = await _started(path, writing)
    except BaseException:
        os.close(reading)
        raise
    finally:
        os.close(writing)
    try:
        async with _connected(reading) as reader:
            await _hand_over(process, key)
            yield _pieces(path, process, reader)
    finally:
        await _ended(process)


@asynccontextmanager
async def _connected(descriptor: int) -> AsyncIterator[asyncio.StreamReader]:
    """A reader of a pipe, which it closes."""
    reader = asyncio.StreamReader(limit=CHUNK_BYTES)
    # The transport closes the descriptor, and nobody else may: its number could be another's by then.
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(descriptor, "rb", buffering=0)
    )
    try:
        yield reader
    finally:
        transport.close()


async def _started(path: Path, writing: int) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "payment_core.migration.export.opening.decrypting",
        str(path),
        str(writing),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        pass_fds=(writing,),
    )


async def _hand_over(process: asyncio.subprocess.Process, key: PrivateKey) -> None:
    """Give the key by standard input, which no listing of processes shows."""
    if process.stdin is None:
        return
    passphrase = b"" if key.passphrase is None else key.passphrase.encode()
    for secret in (key.key, passphrase):
        process.stdin.write(struct.pack(LENGTH, len(secret)) + secret)
    try:
        await process.stdin.drain()
    except (BrokenPipeError, ConnectionResetError):
        # It ended already; what it says on standard error tells why.
        return
    process.stdin.close()


async def _pieces(
    path: Path, process: asyncio.subprocess.Process, reader: asyncio.StreamReader
) -> AsyncIterator[bytes]:
    size = (await asyncio.to_thread(path.stat)).st_size
    most, taken = max(EXPANSION_BYTES_MIN, size * EXPANSION_MAX), 0
    while piece := await reader.read(CHUNK_BYTES):
        taken += len(piece)
        if taken > most:
            raise CipherTooLarge(f"{path.name}: {size} bytes hold more than {most}.")
        yield piece
    said = b"" if process.stderr is None else await process.stderr.read(VERDICT_BYTES_MAX)
    if await process.wait() != 0:
        _refuse(path.name, said)


def _refuse(name: str, said: bytes) -> NoReturn:
    """Raise what the process said."""
    word, _, line = said.decode(errors="replace").partition(" ")
    try:
        verdict = Verdict(word)
    except ValueError:
        # A process that died of something else leaves a trace of that, which is not for an error's text.
        verdict, line = Verdict.OTHER, "the decrypting process died"
    detail = f"{name}: {mask_card_numbers(line)}."
    match verdict:
        case Verdict.KEY_UNUSABLE:
            raise KeyUnusable(mask_card_numbers(line))
        case Verdict.NOT_FOR_THIS_KEY:
            raise NotForThisKey(name)
        case Verdict.DAMAGED:
            raise CipherDamaged(detail)
        case Verdict.UNPROTECTED:
            raise CipherUnprotected(detail)
        case Verdict.UNREADABLE | Verdict.NOBODY_READS | Verdict.OTHER:
            raise FileUnreadable(detail)
        case _:
            assert_never(verdict)


async def _ended(process: asyncio.subprocess.Process) -> None:
    """See the process end; nobody reads what it writes any more."""
    if process.returncode is None:
        try:
            process.kill()
        except ProcessLookupError:
            return
    try:
        async with asyncio.timeout(STOP_SECONDS):
            # What it still says is read, so that its pipe is closed, too.
            await process.communicate()
    except TimeoutError:
        log.error("decrypting process did not end", action="decrypting_stuck", pid=process.pid)

"""A key service without AWS: master keys in a file that only its owner reads."""

import asyncio
import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from stat import S_IMODE
from typing import TypeVar

import msgspec

from payment_core.clock import Clock
from payment_core.vault.errors import KeyFileUnusable, KeyMissing
from payment_core.vault.keys.master_keys import VERSION, MasterKeys
from payment_core.vault.keys.port import Context, KeyState, NewDataKey, WrappedKey

PRIVATE = 0o600
Result = TypeVar("Result")


class LocalKeyService:
    """A KeyService on a file with mode 0600, which is read at every call, so all processes see one state.

    Whoever has this file and the database has the numbers: keep their backups apart. Losing it loses the numbers.
    """

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path = path
        self._clock = clock

    async def open(self, *, create: bool) -> None:
        """Check the file, or make it when create is set; only a new database may. Raises KeyFileUnusable."""
        await _off_the_loop(lambda: self._prepare(create=create))

    async def generate_data_key(self, context: Context) -> NewDataKey:
        """A new data key under the newest material."""
        return await _off_the_loop(lambda: self._read().generate(context))

    async def decrypt(self, wrapped: WrappedKey, context: Context) -> bytearray:
        """The data key in clear."""
        return await _off_the_loop(lambda: self._read().decrypt(wrapped, context))

    async def re_encrypt(self, wrapped: WrappedKey, context: Context) -> WrappedKey:
        """The same data key under the newest material."""
        return await _off_the_loop(lambda: self._read().re_encrypt(wrapped, context))

    async def state(self) -> KeyState:
        """The state that the file says; MISSING without a file, UNAVAILABLE when it cannot be read."""
        return await _off_the_loop(self._state)

    async def rotate(self) -> None:
        """Encrypt with new material from now on; what the old one encrypted stays readable."""
        await _off_the_loop(lambda: self._change(lambda keys: keys.rotated(self._clock.now_ms())))

    async def set_state(self, state: KeyState) -> None:
        """Disable the key, enable it, or mark it for deletion."""
        await _off_the_loop(lambda: self._change(lambda keys: msgspec.structs.replace(keys, state=state)))

    def _prepare(self, *, create: bool) -> None:
        try:
            with self._locked():
                if create and not self._path.exists():
                    self._write(MasterKeys.new(self._clock.now_ms()))
        except OSError as error:
            raise KeyFileUnusable(f"{self._path}: {error.strerror}") from error
        try:
            self._read()
        except KeyMissing:
            raise KeyFileUnusable(f"{self._path} does not exist; restore it from its backup") from None

    def _state(self) -> KeyState:
        try:
            return self._read().state
        except KeyMissing:
            return KeyState.MISSING
        except KeyFileUnusable:
            return KeyState.UNAVAILABLE

    def _read(self) -> MasterKeys:
        try:
            with self._path.open("rb") as opened:
                mode = S_IMODE(os.fstat(opened.fileno()).st_mode)
                if mode & ~PRIVATE:
                    raise KeyFileUnusable(f"{self._path} has mode {mode:04o}; run: chmod 600 {self._path}")
                keys = msgspec.json.decode(opened.read(), type=MasterKeys)
        except FileNotFoundError:
            raise KeyMissing(str(self._path)) from None
        except OSError as error:
            raise KeyFileUnusable(f"{self._path}: {error.strerror}") from error
        except msgspec.MsgspecError:
            # The message of a decoder could quote a secret.
            raise KeyFileUnusable(f"{self._path} is not a file of master keys") from None
        if keys.version != VERSION or not keys.materials:
            raise KeyFileUnusable(f"{self._path} has another layout or no key")
        return keys

    def _change(self, change: Callable[[MasterKeys], MasterKeys]) -> None:
        try:
            with self._locked():
                self._write(change(self._read()))
        except OSError as error:
            raise KeyFileUnusable(f"{self._path}: {error.strerror}") from error

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """One writer among all processes."""
        descriptor = os.open(self._path.with_name(f"{self._path.name}.lock"), os.O_RDWR | os.O_CREAT, PRIVATE)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _write(self, keys: MasterKeys) -> None:
        """Replace the file in one step, durably."""
        new = self._path.with_name(f"{self._path.name}.new")
        new.unlink(missing_ok=True)
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE)
        with os.fdopen(descriptor, "wb") as opened:
            opened.write(msgspec.json.encode(keys))
            opened.flush()
            os.fsync(opened.fileno())
        new.replace(self._path)
        directory = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)


async def _off_the_loop(work: Callable[[], Result]) -> Result:
    return await asyncio.get_running_loop().run_in_executor(None, work)

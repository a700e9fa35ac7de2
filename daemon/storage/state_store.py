"""Snapshots of the engine on disk: each with its hash, the newest two, and none that is half written."""

import asyncio
import hashlib
from dataclasses import dataclass
from pathlib import Path

import msgspec

from checks import state as states
from checks.state import EngineState, StateUnfit
from daemon.errors import StateNotKept
from daemon.storage.whole_file import DRAFT, write_whole

KEPT_FILES = 2
"""The one before the newest is there for when the newest cannot be read."""
STATE_BYTES_MAX = 512 * 1024 * 1024
"""About 30 million counts by key and pane; more is a rule with a key that should be none, and fills the disk."""

_MAGIC = b"tillwatch state\n"
_HASH_BYTES = hashlib.sha256().digest_size
_SUFFIX = ".state"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """An engine's state and where in the log of facts it was taken.

    log_id, sequence: the engine has seen the facts of this log up to this place. at_ms: the time it was told last.
    """

    log_id: str
    sequence: int
    at_ms: int
    engine: EngineState


@dataclass(frozen=True, slots=True)
class Found:
    """What a folder holds: snapshots, newest first, and what is wrong with each file that cannot be used."""

    snapshots: tuple[Snapshot, ...]
    problems: tuple[str, ...]


class StateStore:
    """One folder of numbered files; the caller writes one at a time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def keep(self, snapshot: Snapshot) -> int:
        """Write a snapshot; it is on disk when this returns its size in bytes. Raises StateNotKept."""
        return await asyncio.to_thread(self._keep, snapshot)

    async def read(self) -> Found:
        """Every snapshot that is whole and of this version. Raises StateNotKept when the folder cannot be read."""
        return await asyncio.to_thread(self._read)

    def _keep(self, snapshot: Snapshot) -> int:
        payload = states.encode(
            _Stored(snapshot.log_id, snapshot.sequence, snapshot.at_ms, states.encode(snapshot.engine))
        )
        if len(payload) > STATE_BYTES_MAX:
            raise StateNotKept(f"{len(payload)} bytes are more than the {STATE_BYTES_MAX} that are kept")
        try:
            numbers = self._numbers()
            path = self._path(numbers[0] + 1 if numbers else 1)
            write_whole(path, _MAGIC + hashlib.sha256(payload).digest() + payload)
            self._forget_old()
        except OSError as fault:
            raise StateNotKept(str(fault)) from fault
        return len(payload)

    def _read(self) -> Found:
        snapshots: list[Snapshot] = []
        problems: list[str] = []
        try:
            for number in self._numbers():
                path = self._path(number)
                try:
                    snapshots.append(_decode(path.read_bytes()))
                except StateUnfit as fault:
                    problems.append(f"{path.name}: {fault}")
        except OSError as fault:
            raise StateNotKept(str(fault)) from fault
        return Found(tuple(snapshots), tuple(problems))

    def _numbers(self) -> list[int]:
        """The numbers of the files, newest first."""
        stems = (path.stem for path in self._folder.glob(f"*{_SUFFIX}"))
        return sorted((int(stem) for stem in stems if stem.isascii() and stem.isdigit()), reverse=True)

    def _path(self, number: int) -> Path:
        return self._folder / f"{number:010d}{_SUFFIX}"

    def _forget_old(self) -> None:
        for number in self._numbers()[KEPT_FILES:]:
            self._path(number).unlink(missing_ok=True)
        for path in self._folder.glob(f"*{DRAFT}"):
            path.unlink(missing_ok=True)


class _Stored(msgspec.Struct, frozen=True):
    log_id: str
    sequence: int
    at_ms: int
    engine: bytes


def _decode(blob: bytes) -> Snapshot:
    """The snapshot in a file. Raises StateUnfit."""
    start = len(_MAGIC) + _HASH_BYTES
    payload = blob[start:]
    if not blob.startswith(_MAGIC) or hashlib.sha256(payload).digest() != blob[len(_MAGIC) : start]:
        message = "its content does not have the hash that it was written with"
        raise StateUnfit(message)
    try:
        stored = msgspec.msgpack.decode(payload, type=_Stored)
    except msgspec.MsgspecError as fault:
        raise StateUnfit(str(fault)) from fault
    return Snapshot(stored.log_id, stored.sequence, stored.at_ms, states.decode(stored.engine))

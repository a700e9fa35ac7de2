"""Keeps the book of the simulated old processor on disk, so that a second run goes on with it."""

import asyncio
import os
from pathlib import Path
from typing import Any

import msgspec

from daemon.embedded.old_processor.book import Answer, Book

PRIVATE = 0o600
SECONDS = 1.0
"""At most once so often; what a kill loses is a second of a simulation."""


class _Kept(msgspec.Struct, frozen=True):
    objects: dict[str, dict[str, Any]]
    events: list[dict[str, Any]]
    answered: dict[str, tuple[str, int, dict[str, Any]]]
    serial: int


_KEPT = msgspec.json.Decoder(_Kept)


def kept_book(path: Path, book: Book) -> Book:
    """The book with what a former run has left, if there was one."""
    if path.is_file():
        kept = _KEPT.decode(path.read_bytes())
        book.objects, book.events, book.serial = kept.objects, kept.events, kept.serial
        book.answered = {key: (digest, Answer(status, body)) for key, (digest, status, body) in kept.answered.items()}
    return book


async def keep(path: Path, book: Book, changed: asyncio.Event) -> None:
    """Write the book whenever it has changed, for ever."""
    while True:
        await changed.wait()
        changed.clear()
        answered = {key: (digest, answer.status, answer.body) for key, (digest, answer) in book.answered.items()}
        body = msgspec.json.encode(_Kept(book.objects, book.events, answered, book.serial))
        await asyncio.to_thread(_write, path, body)
        await asyncio.sleep(SECONDS)


def _write(path: Path, body: bytes) -> None:
    draft = path.with_name(f".{path.name}.draft")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE)
    with os.fdopen(descriptor, "wb") as file:
        file.write(body)
    draft.replace(path)

"""``flags.json``, the document of all flags in flagd's format: its text, or where it is no JSON object."""

import json
from collections.abc import Sequence
from pathlib import Path

from config.loading.loader import content_of
from config.loading.problems import Problem

DOCUMENT_BYTES_MAX = 100_000
"""Sealed, it still fits into the largest message of AWS IoT Core, which is 128 KiB."""


def read_flag_document(path: Path) -> tuple[str | None, list[Problem]]:
    """The text of the file, compact and with sorted keys; None, and what is wrong with it.

    What its flags mean is looked at by whoever compiles them.
    """
    content = content_of(path)
    text = content if isinstance(content, Problem) else _text_of(str(path), content)
    return (None, [text]) if isinstance(text, Problem) else (text, [])


def _text_of(file: str, content: bytes) -> str | Problem:
    try:
        document = json.loads(content.decode("utf-8-sig"), object_pairs_hook=_each_once)
        text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        size = len(text.encode())
    except UnicodeDecodeError:
        return Problem(file, 1, 1, "the file is not UTF-8", "save it as UTF-8")
    except json.JSONDecodeError as fault:
        return Problem(file, fault.lineno, fault.colno, f"this is no JSON: {fault.msg}", "mend it there")
    except (ValueError, RecursionError) as fault:
        return Problem(file, 0, 0, f"this cannot be read as JSON: {fault}", "mend it")
    if not isinstance(document, dict) or not isinstance(document.get("flags"), dict):
        return Problem(file, 1, 1, "there are no flags in it", 'write {"flags": {...}}, flagd\'s format')
    if size > DOCUMENT_BYTES_MAX:
        what = f"the document has {size} bytes, {DOCUMENT_BYTES_MAX} are the most"
        return Problem(file, 0, 0, what, "take out the flags that nothing asks for any more")
    return text


def _each_once(pairs: Sequence[tuple[str, object]]) -> dict[str, object]:
    """Of two flags of one name JSON keeps the last, silently."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {twice!r:.100} stands twice in one object")
    return found

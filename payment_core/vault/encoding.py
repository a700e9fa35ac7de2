"""One spelling for what is authenticated and compared: no two different lists of parts have the same bytes."""

from collections.abc import Mapping

LENGTH_BYTES = 4


def framed(*parts: str | bytes) -> bytes:
    """Each part preceded by its length in bytes (4, big-endian), so that ("ab", "c") is not ("a", "bc")."""
    encoded = [part.encode() if isinstance(part, str) else part for part in parts]
    return b"".join(len(part).to_bytes(LENGTH_BYTES, "big") + part for part in encoded)


def framed_context(key_id: str, context: Mapping[str, str]) -> bytes:
    """A key's id and an encryption context, whose order means nothing (AWS KMS: encryption context)."""
    return framed(key_id, *(part for name in sorted(context) for part in (name, context[name])))

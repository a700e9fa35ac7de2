"""A flag document under a version, an end and a signature: what the daemon seals is what a core serves."""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Annotated

import msgspec

from payment_core.audit.signing import Checker, Ed25519Checker, Ed25519Signer
from payment_core.flags.errors import EnvelopeRefused, Ignored

BYTES_MAX = 128 * 1024
"""The largest message that AWS IoT Core takes (its quota "Publish request size"); other brokers take more."""

VALID_MS = 24 * 3600 * 1000
"""How long an envelope is taken over after it was sealed. It is sealed anew each minute, so this is how long a broker's
retained message still serves a new process after the daemon died, and how old a replay to a process without a past."""

AHEAD_MS = 5 * 60 * 1000
"""How far an envelope's issue may lie in our future: clocks differ."""

VERSION_MAX = 2**53 - 1
"""Numbers in JSON are exact up to here."""

DOCUMENT_TOPIC = "till/flags/document"
"""Where envelopes are retained."""

REPORT_TOPICS = "till/flags/reports/"
"""Each process reports under its own name below this."""

_DOMAIN = b"tillwatch flag document, format 1\n"
"""Keeps a signature of one thing from being one of another."""

_Version = Annotated[int, msgspec.Meta(ge=0, le=VERSION_MAX)]
_TimeMs = Annotated[int, msgspec.Meta(ge=0, le=VERSION_MAX)]


class _Sealed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The envelope as it travels: JSON in which the document is JSON, byte for byte as it was signed."""

    version: _Version
    issued_at_ms: _TimeMs
    expires_at_ms: _TimeMs
    key_id: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{16}$")]
    signature: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{128}$")]
    document: msgspec.Raw


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """A document whose signature was found right. version: of the change, only grows; times in Unix milliseconds."""

    version: int
    issued_at_ms: int
    expires_at_ms: int
    key_id: str
    document: bytes

    @property
    def place(self) -> tuple[int, int]:
        """What orders envelopes: a later version, or the same one sealed anew."""
        return self.version, self.issued_at_ms


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What one process runs.

    applied_at_ms: since when; source: embedded, disk, mqtt, http, or none when it serves safe defaults alone.
    missing: flags that had to be answered with their safe default in the last minute; ignored: documents that were not
    taken over since the process started. ended: the process stops in order, and this is the last that it says.
    """

    process: str
    region: str
    environment: str
    release: str
    version: int
    applied_at_ms: int
    source: str
    missing: tuple[str, ...] = ()
    ignored: int = 0
    ended: bool = False


def key_id(public_key: bytes) -> str:
    """How a key is named in envelopes: the first 64 bits of its SHA-256, in hexadecimal."""
    return hashlib.sha256(public_key).hexdigest()[:16]


def seal(
    document: bytes, *, version: int, issued_at_ms: int, signer: Ed25519Signer, expires_at_ms: int | None = None
) -> bytes:
    """The envelope of a document, ready to be sent; it expires VALID_MS after its issue when no other end is given.

    document: JSON, taken as it is. Raises EnvelopeRefused when it is no JSON or makes the envelope too large.
    """
    ends_at_ms = issued_at_ms + VALID_MS if expires_at_ms is None else expires_at_ms
    document = document.strip()
    try:
        msgspec.json.decode(document, type=dict[str, msgspec.Raw])
    except msgspec.DecodeError as fault:
        raise EnvelopeRefused(Ignored.UNREADABLE, f"The document is no JSON object: {fault}.") from fault
    key = key_id(signer.public_key)
    statement = _statement(version, issued_at_ms, ends_at_ms, key, document)
    signature = signer.sign(statement)
    sealed = _Sealed(version, issued_at_ms, ends_at_ms, key, signature, msgspec.Raw(document))
    body = msgspec.json.encode(sealed)
    if len(body) > BYTES_MAX:
        raise EnvelopeRefused(Ignored.TOO_LARGE, f"It has {len(body)} bytes; {BYTES_MAX} are the most.")
    return body


def open_envelope(body: bytes, keys: Mapping[str, Checker]) -> Envelope:
    """The envelope in a message, once its signature was checked. keys: the public ones that are trusted, by id.

    Says nothing of its time: see `untimely`. Raises EnvelopeRefused.
    """
    if len(body) > BYTES_MAX:
        raise EnvelopeRefused(Ignored.TOO_LARGE, f"It has {len(body)} bytes; {BYTES_MAX} are the most.")
    try:
        sealed = msgspec.json.decode(body, type=_Sealed)
    except (msgspec.DecodeError, UnicodeDecodeError) as fault:
        raise EnvelopeRefused(Ignored.UNREADABLE, f"{fault}.") from fault
    checker = keys.get(sealed.key_id)
    if checker is None:
        raise EnvelopeRefused(Ignored.UNKNOWN_KEY, f"It is signed by key {sealed.key_id}, which is not trusted here.")
    document = bytes(sealed.document)
    statement = _statement(sealed.version, sealed.issued_at_ms, sealed.expires_at_ms, sealed.key_id, document)
    if not checker.check(statement, sealed.signature):
        raise EnvelopeRefused(Ignored.FORGED, f"The signature of version {sealed.version} is not that of its key.")
    return Envelope(
        version=sealed.version,
        issued_at_ms=sealed.issued_at_ms,
        expires_at_ms=sealed.expires_at_ms,
        key_id=sealed.key_id,
        document=document,
    )


def untimely(envelope: Envelope, now_ms: int) -> Ignored | None:
    """Why an envelope that arrives at this time is not taken over; None when it may be."""
    if now_ms >= envelope.expires_at_ms:
        return Ignored.EXPIRED
    if envelope.issued_at_ms > now_ms + AHEAD_MS:
        return Ignored.FROM_THE_FUTURE
    return None


def checkers_of(public_keys: Iterable[bytes]) -> Mapping[str, Checker]:
    """What checks envelopes of these keys; two while one key takes over from the other."""
    return {key_id(key): Ed25519Checker(key) for key in public_keys}


def _statement(version: int, issued_at_ms: int, expires_at_ms: int, key: str, document: bytes) -> bytes:
    """The bytes that are signed: no two envelopes with a difference have the same."""
    return _DOMAIN + f"{version} {issued_at_ms} {expires_at_ms} {key}\n".encode("ascii") + document

"""One hash over the fields that have to be the same on both sides."""

import hashlib

import msgspec

_encode = msgspec.json.Encoder(order="deterministic").encode


def digest_of(*fields: object) -> str:
    """SHA-256 of the fields in canonical JSON, in hexadecimal."""
    return hashlib.sha256(_encode(fields)).hexdigest()

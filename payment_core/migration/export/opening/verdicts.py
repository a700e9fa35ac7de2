"""What a decrypting process says of a file, and how it is given its key."""

from enum import StrEnum

LENGTH = ">I"
"""Before the key, and before the passphrase: its length in bytes, in network order (``struct``)."""

VERDICT_BYTES_MAX = 512


class Verdict(StrEnum):
    """Why a file was not decrypted."""

    KEY_UNUSABLE = "key_unusable"
    NOT_FOR_THIS_KEY = "not_for_this_key"
    DAMAGED = "damaged"
    UNPROTECTED = "unprotected"
    UNREADABLE = "unreadable"
    NOBODY_READS = "nobody_reads"
    OTHER = "other"

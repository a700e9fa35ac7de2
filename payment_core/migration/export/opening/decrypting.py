"""The process that decrypts one OpenPGP file into a pipe: the library holds Python's lock while it works."""

import os
import resource
import struct
import sys
from typing import BinaryIO

import pysequoia

from payment_core.migration.export.opening.verdicts import LENGTH, VERDICT_BYTES_MAX, Verdict

_VERDICTS = (
    ("No key to decrypt", Verdict.NOT_FOR_THIS_KEY),
    ("Broken pipe", Verdict.NOBODY_READS),
    ("No space", Verdict.OTHER),
    ("Failed to open", Verdict.UNREADABLE),
    ("Policy rejected", Verdict.UNPROTECTED),
    ("Missing session key", Verdict.DAMAGED),
    ("aead::Error", Verdict.DAMAGED),
    ("manipulated", Verdict.DAMAGED),
    ("Manipulated", Verdict.DAMAGED),
    ("EOF", Verdict.DAMAGED),
    ("Malformed", Verdict.DAMAGED),
)
"""How the library's sentences begin or what is in them, in the order in which they are looked for."""


def main() -> int:
    """Decrypt the file named first into the descriptor named second; the key comes by standard input."""
    # A core dump would hold clear numbers and the key.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    path, descriptor = sys.argv[1], int(sys.argv[2])
    key, passphrase = _given(sys.stdin.buffer), _given(sys.stdin.buffer)
    try:
        secret = pysequoia.Tsk.from_bytes(key)
        decryptor = secret.decryptor(passphrase.decode()) if passphrase else secret.decryptor()
    except (RuntimeError, OSError, ValueError, TypeError) as error:
        return _told(Verdict.KEY_UNUSABLE, error)
    try:
        # Opening it anew is how the library takes a descriptor; nothing is made on disk.
        pysequoia.decrypt_file(path, f"/dev/fd/{descriptor}", decryptor)
    except (RuntimeError, OSError, ValueError) as error:
        return _told(_verdict_of(str(error)), error)
    finally:
        os.close(descriptor)
    return 0


def _given(stream: BinaryIO) -> bytes:
    (length,) = struct.unpack(LENGTH, stream.read(struct.calcsize(LENGTH)))
    return stream.read(length)


def _verdict_of(text: str) -> Verdict:
    return next((verdict for part, verdict in _VERDICTS if part in text), Verdict.OTHER)


def _told(verdict: Verdict, error: Exception) -> int:
    """One word and the library's first line on standard error; what follows it is a trace of the library."""
    line = str(error).splitlines()[0] if str(error) else type(error).__name__
    sys.stderr.buffer.write(f"{verdict} {line}".encode()[:VERDICT_BYTES_MAX])
    return 1


if __name__ == "__main__":
    sys.exit(main())

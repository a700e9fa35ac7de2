"""The key that documents of flags are signed with, in the data directory; every call waits for a disk."""

import os
import secrets
from pathlib import Path

from daemon.errors import NotUsable
from payment_core.audit.errors import KeyUnusable
from payment_core.audit.signing import KEY_BYTES, Ed25519Signer, read_key

PRIVATE, PUBLIC = "flags.key", "flags.pub"
_OWNER_ALONE = 0o600


def open_signer(directory: Path) -> Ed25519Signer:
    """The signer of this directory, made at the first start; its public key lies beside it for payment cores.

    A public file that holds more keys than ours is left alone: there one key is about to take over from another.
    Raises NotUsable.
    """
    private, public = directory / PRIVATE, directory / PUBLIC
    try:
        if not private.exists():
            _make(private)
        signer = Ed25519Signer(read_key(private, secret=True))
        ours = signer.public_key.hex()
        if not public.exists() or ours not in public.read_text("ascii").split():
            public.write_text(f"{ours}\n", "ascii")
    except (OSError, UnicodeDecodeError, KeyUnusable) as fault:
        raise NotUsable(f"The key of flags: {fault}") from fault
    return signer


def _make(path: Path) -> None:
    """Whole or not at all, so that a crash leaves no half a key."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(".new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_CREAT | os.O_EXCL | os.O_WRONLY, _OWNER_ALONE), "w", encoding="ascii") as file:
        file.write(f"{secrets.token_hex(KEY_BYTES)}\n")
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)

"""The key that documents of flags are signed with, in the data directory; every call waits for a disk."""

import secrets
from pathlib import Path

from daemon.errors import NotUsable
from daemon.storage.whole_file import OWNER_ALONE, write_whole
from payment_core.audit.errors import KeyUnusable
from payment_core.audit.signing import KEY_BYTES, Ed25519Signer, read_key

PRIVATE, PUBLIC = "flags.key", "flags.pub"


def open_signer(directory: Path) -> Ed25519Signer:
    """The signer of this directory, made at the first start; its public key lies beside it for payment cores.

    A public file that holds more keys than ours is left alone: there one key is about to take over from another.
    Raises NotUsable.
    """
    private, public = directory / PRIVATE, directory / PUBLIC
    try:
        if not private.exists():
            write_whole(private, f"{secrets.token_hex(KEY_BYTES)}\n".encode("ascii"), mode=OWNER_ALONE)
        signer = Ed25519Signer(read_key(private, secret=True))
        ours = signer.public_key.hex()
        if not public.exists() or ours not in public.read_text("ascii").split():
            public.write_text(f"{ours}\n", "ascii")
    except (OSError, UnicodeDecodeError, KeyUnusable) as fault:
        raise NotUsable(f"The key of flags: {fault}") from fault
    return signer

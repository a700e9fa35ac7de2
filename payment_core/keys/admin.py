"""The first key: an admin key in a file that only its owner reads, made once, so that other keys can be made."""

import os
import secrets
import stat
from pathlib import Path

from payment_core.keys.errors import AdminKeyUnusable
from payment_core.keys.secrets import SECRET, KeyMode, new_secret

_MODE = 0o600


def ensure_admin_key(path: Path, mode: KeyMode = "live") -> str:
    """The admin key in this file, made when there is none. Raises AdminKeyUnusable.

    Several processes may start at once on one file: the first to link it wins, the others read it.
    """
    try:
        if not path.exists():
            _write_once(path, new_secret(mode))
        return _read(path)
    except OSError as error:
        raise AdminKeyUnusable(f"{path}: {error.strerror}.") from error


def _write_once(path: Path, secret: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _MODE)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(f"{secret}\n")
            file.flush()
            os.fsync(file.fileno())
        path.hardlink_to(draft)
    except FileExistsError:
        return
    finally:
        draft.unlink()


def _read(path: Path) -> str:
    with path.open() as file:
        permissions = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
        secret = file.read(256).strip()
    if permissions & 0o077:
        raise AdminKeyUnusable(
            f"{path} has mode {permissions:04o}; others can read it; remove it, and a new one is made."
        )
    if SECRET.fullmatch(secret) is None:
        raise AdminKeyUnusable(f"{path} holds no API key; move it away, and a new one is made.")
    return secret

"""The files that trust and connections need: public keys, secrets and certificates; each call may wait for a disk."""

import ssl
from collections.abc import Mapping
from pathlib import Path
from stat import S_IMODE

from payment_core.audit.signing import KEY_BYTES, Checker
from payment_core.flags.envelope import checkers_of
from payment_core.flags.errors import FlagFileUnusable

SECRET_BYTES_MAX = 4096
_READABLE_BY_OTHERS = 0o077


def read_trusted_keys(path: Path) -> Mapping[str, Checker]:
    """What checks documents, by the ids of the keys in this file, one a line. Raises FlagFileUnusable."""
    try:
        keys = [bytes.fromhex(line) for line in path.read_text("ascii").split()]
        if not keys or any(len(key) != KEY_BYTES for key in keys):
            raise FlagFileUnusable(f"{path}: write one public key a line, {2 * KEY_BYTES} hexadecimal digits each.")
        return checkers_of(keys)
    except (OSError, ValueError) as fault:
        raise FlagFileUnusable(f"{path}: {fault}.") from fault


def read_secret(path: Path | None) -> str:
    """What stands in a file that only its owner reads; empty without a file. Raises FlagFileUnusable."""
    if path is None:
        return ""
    try:
        with path.open(encoding="utf-8") as file:
            if S_IMODE(path.stat().st_mode) & _READABLE_BY_OTHERS:
                raise FlagFileUnusable(f"{path}: others may read it; set its mode to 600.")
            return file.read(SECRET_BYTES_MAX).strip()
    except (OSError, UnicodeDecodeError) as fault:
        raise FlagFileUnusable(f"{path}: {fault}.") from fault


def client_tls(ca_file: Path | None, certificate_file: Path | None, key_file: Path | None) -> ssl.SSLContext:
    """TLS 1.2 or later, with our certificate where there is one. Raises FlagFileUnusable."""
    try:
        context = ssl.create_default_context(cafile=ca_file)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if certificate_file is not None and key_file is not None:
            context.load_cert_chain(certificate_file, key_file)
    except (OSError, ssl.SSLError) as fault:
        raise FlagFileUnusable(f"The files of TLS for the broker of flags: {fault}.") from fault
    return context
